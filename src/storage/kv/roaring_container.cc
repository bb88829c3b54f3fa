#include "storage/kv/roaring_container.h"

#include <algorithm>
#include <bit>

namespace forebay::storage {
namespace {

constexpr size_t kBitsBytes = 8192;

template <typename T>
void AppendRaw(std::string& out, T value) {
  char bytes[sizeof(T)];
  StoreLe(bytes, value);
  out.append(bytes, sizeof(T));
}

/// Adds numbers that lie behind all others.
void Extend(Runs& runs, int first, int last) {
  if (!runs.empty() && runs.back().last + 1 >= first) {
    runs.back().last = static_cast<uint16_t>(std::max<int>(runs.back().last, last));
  } else {
    runs.push_back({static_cast<uint16_t>(first), static_cast<uint16_t>(last)});
  }
}

Result<Runs> ReadRuns(ByteReader& reader) {
  ASSIGN_OR_RETURN(uint16_t count, reader.Read<uint16_t>());
  Runs runs;
  int next = 0;
  for (int i = 0; i < count; ++i) {
    ASSIGN_OR_RETURN(uint16_t first, reader.Read<uint16_t>());
    ASSIGN_OR_RETURN(uint16_t more, reader.Read<uint16_t>());
    int last = first + more;
    if (first < next || last > UINT16_MAX) return Corruption("a bitmap's runs do not rise");
    Extend(runs, first, last);
    next = last + 1;
  }
  return runs;
}

Result<Runs> ReadArray(int count, ByteReader& reader) {
  if (count < 0) return Corruption("a bitmap's array of {} numbers", count);
  ASSIGN_OR_RETURN(std::string_view bytes,
                   reader.ReadBytes(static_cast<size_t>(count) * sizeof(uint16_t)));
  Runs runs;
  int next = 0;
  for (int i = 0; i < count; ++i) {
    auto number = LoadLe<uint16_t>(bytes.data() + static_cast<size_t>(i) * sizeof(uint16_t));
    if (number < next) return Corruption("a bitmap's numbers do not rise");
    Extend(runs, number, number);
    next = number + 1;
  }
  return runs;
}

Result<Runs> ReadBits(ByteReader& reader) {
  ASSIGN_OR_RETURN(std::string_view bytes, reader.ReadBytes(kBitsBytes));
  Runs runs;
  for (size_t word = 0; word < kBitsBytes / 8; ++word) {
    auto bits = LoadLe<uint64_t>(bytes.data() + word * 8);
    int position = static_cast<int>(word * 64);
    while (bits != 0) {
      int skipped = std::countr_zero(bits);
      int length = std::countr_one(bits >> skipped);
      Extend(runs, position + skipped, position + skipped + length - 1);
      bits = skipped + length == 64 ? 0 : bits >> (skipped + length);
      position += skipped + length;
    }
  }
  return runs;
}

Runs Unite(const Runs& a, const Runs& b) {
  Runs united;
  size_t i = 0, j = 0;
  while (i < a.size() || j < b.size()) {
    bool from_a = j == b.size() || (i < a.size() && a[i].first < b[j].first);
    const Run& next = from_a ? a[i++] : b[j++];
    Extend(united, next.first, next.last);
  }
  return united;
}

}  // namespace

int CountOf(const Runs& runs) {
  int count = 0;
  for (const Run& run : runs) count += run.last - run.first + 1;
  return count;
}

size_t ContainerBytes(ContainerKind kind, const Runs& runs) {
  switch (kind) {
    case ContainerKind::kRuns: return sizeof(uint16_t) + runs.size() * sizeof(Run);
    case ContainerKind::kArray: return static_cast<size_t>(CountOf(runs)) * sizeof(uint16_t);
    default: return kBitsBytes;
  }
}

ContainerKind KindOf(const Runs& runs) {
  ContainerKind plain =
      CountOf(runs) <= kArrayCountMax ? ContainerKind::kArray : ContainerKind::kBits;
  bool runs_are_less = ContainerBytes(ContainerKind::kRuns, runs) < ContainerBytes(plain, runs);
  return runs_are_less ? ContainerKind::kRuns : plain;
}

void AppendContainer(ContainerKind kind, const Runs& runs, std::string& out) {
  if (kind == ContainerKind::kRuns) {
    AppendRaw(out, static_cast<uint16_t>(runs.size()));
    for (const Run& run : runs) {
      AppendRaw(out, run.first);
      AppendRaw(out, static_cast<uint16_t>(run.last - run.first));
    }
    return;
  }
  size_t start = out.size();
  if (kind == ContainerKind::kBits) out.append(kBitsBytes, '\0');
  for (const Run& run : runs) {
    for (int number = run.first; number <= run.last; ++number) {
      if (kind == ContainerKind::kArray) {
        AppendRaw(out, static_cast<uint16_t>(number));
      } else {
        char& byte = out[start + static_cast<size_t>(number) / 8];
        byte = static_cast<char>(byte | 1 << (number % 8));
      }
    }
  }
}

Result<Runs> ReadContainer(ContainerKind kind, int count, ByteReader& reader) {
  switch (kind) {
    case ContainerKind::kRuns: return ReadRuns(reader);
    case ContainerKind::kBits: return ReadBits(reader);
    case ContainerKind::kArray: return ReadArray(count, reader);
  }
  return Corruption("a bitmap's container of kind {}", static_cast<int>(kind));
}

void UniteInto(RoaringContainers& into, RoaringContainers&& from) {
  for (auto& [key, runs] : from) {
    Runs& united = into[key];
    united = united.empty() ? std::move(runs) : Unite(united, runs);
  }
}

}  // namespace forebay::storage
