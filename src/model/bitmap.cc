#include "model/bitmap.h"

#include <algorithm>
#include <cstring>

#include "base/bytes.h"

namespace forebay::model {

namespace {

// RoaringBitmap's format: a cookie, for each container its key and its count less one, where the
// containers begin, and the containers. With the second cookie, which holds the number of
// containers too, a bit a container says whether it is a list of runs.
constexpr uint32_t kCookie = 12346;
constexpr uint32_t kRunCookie = 12347;
constexpr uint32_t kContainersMax = 65536;
/// With runs, fewer containers than these have no offsets.
constexpr size_t kOffsetsMin = 4;
constexpr size_t kBitsBytes = 8192;
/// Java's toString() writes no more characters than about these.
constexpr size_t kTextMax = 0x80000;

template <typename T>
void Append(std::string& out, T value) {
  char bytes[sizeof(T)];
  std::memcpy(bytes, &value, sizeof(T));
  out.append(bytes, sizeof(T));
}

Error NoBitmap() { return InvalidArgument("the bytes are no bitmap"); }

}  // namespace

void Bitmap::Container::Add(uint16_t low) {
  if (bits != nullptr) {
    if (bits.use_count() > 1) bits = std::make_shared<Bits>(*bits);
    uint64_t& word = (*bits)[low >> 6];
    uint64_t bit = uint64_t{1} << (low & 63);
    count += (word & bit) == 0 ? 1 : 0;
    word |= bit;
    return;
  }
  auto at = std::lower_bound(list.begin(), list.end(), low);
  if (at != list.end() && *at == low) return;
  list.insert(at, low);
  ++count;
  if (list.size() <= kListMax) return;
  bits = std::make_shared<Bits>(AllBits());
  list = {};
}

Bitmap::Bits Bitmap::Container::AllBits() const {
  if (bits != nullptr) return *bits;
  Bits all{};
  for (uint16_t low : list) all[low >> 6] |= uint64_t{1} << (low & 63);
  return all;
}

Bitmap::Container Bitmap::Made(uint16_t key, const Bits& bits) {
  Container made;
  made.key = key;
  for (uint64_t word : bits) made.count += __builtin_popcountll(word);
  auto shared = std::make_shared<Bits>(bits);
  made.bits = std::move(shared);
  if (made.count > static_cast<int>(kListMax)) return made;
  std::vector<uint16_t> list;
  list.reserve(static_cast<size_t>(made.count));
  made.ForEachLow([&](uint16_t low) { list.push_back(low); });
  made.list = std::move(list);
  made.bits = nullptr;
  return made;
}

Bitmap::Container Bitmap::Combined(const Container& a, const Container& b, Operation operation) {
  Bits left = a.AllBits();
  const Bits right = b.AllBits();
  for (size_t i = 0; i < left.size(); ++i) {
    switch (operation) {
      case Operation::kAnd: left[i] &= right[i]; break;
      case Operation::kOr: left[i] |= right[i]; break;
      case Operation::kXor: left[i] ^= right[i]; break;
      case Operation::kAndNot: left[i] &= ~right[i]; break;
    }
  }
  return Made(a.key, left);
}

void Bitmap::Add(uint32_t value) {
  auto key = static_cast<uint16_t>(value >> 16);
  auto at = std::lower_bound(containers_.begin(), containers_.end(), key,
                             [](const Container& c, uint16_t wanted) { return c.key < wanted; });
  if (at == containers_.end() || at->key != key) {
    at = containers_.insert(at, Container());
    at->key = key;
  }
  at->Add(static_cast<uint16_t>(value));
}

int64_t Bitmap::Cardinality() const {
  int64_t count = 0;
  for (const Container& container : containers_) count += container.count;
  return count;
}

void Bitmap::Apply(const Bitmap& other, Operation operation) {
  bool keeps_left = operation != Operation::kAnd;
  bool keeps_right = operation == Operation::kOr || operation == Operation::kXor;
  std::vector<Container> result;
  size_t i = 0, j = 0;
  while (i < containers_.size() || j < other.containers_.size()) {
    bool has_left = i < containers_.size(), has_right = j < other.containers_.size();
    if (!has_right || (has_left && containers_[i].key < other.containers_[j].key)) {
      if (keeps_left) result.push_back(std::move(containers_[i]));
      ++i;
    } else if (!has_left || other.containers_[j].key < containers_[i].key) {
      if (keeps_right) result.push_back(other.containers_[j]);
      ++j;
    } else {
      Container both = Combined(containers_[i++], other.containers_[j++], operation);
      if (both.count > 0) result.push_back(std::move(both));
    }
  }
  containers_ = std::move(result);
}

void Bitmap::And(const Bitmap& other) { Apply(other, Operation::kAnd); }
void Bitmap::Or(const Bitmap& other) { Apply(other, Operation::kOr); }
void Bitmap::Xor(const Bitmap& other) { Apply(other, Operation::kXor); }
void Bitmap::AndNot(const Bitmap& other) { Apply(other, Operation::kAndNot); }

std::string Bitmap::ToText() const {
  std::string text = "{";
  bool is_cut = false;
  for (const Container& container : containers_) {
    if (is_cut) break;
    container.ForEachLow([&](uint16_t low) {
      if (is_cut) return;
      if (text.size() > 1) text += ',';
      is_cut = text.size() > kTextMax;
      text += is_cut ? "..." : std::to_string(uint32_t{container.key} << 16 | low);
    });
  }
  return text + "}";
}

namespace {

/// How many runs of neighbours the container is made of, or 0 when another form is smaller.
template <typename Container>
int RunsWorthWriting(const Container& container) {
  int runs = 0;
  int before = -2;
  container.ForEachLow([&](uint16_t low) {
    runs += low != before + 1 ? 1 : 0;
    before = low;
  });
  size_t as_runs = 2 + 4 * static_cast<size_t>(runs);
  size_t plain = container.bits != nullptr ? kBitsBytes : container.list.size() * 2;
  return as_runs < plain ? runs : 0;
}

}  // namespace

void Bitmap::AppendContainer(std::string& out, const Container& container, int runs) {
  if (runs == 0 && container.bits != nullptr) {
    for (uint64_t word : *container.bits) Append<uint64_t>(out, word);
    return;
  }
  if (runs == 0) {
    for (uint16_t low : container.list) Append<uint16_t>(out, low);
    return;
  }
  Append<uint16_t>(out, static_cast<uint16_t>(runs));
  int first = -1, before = -2;
  auto close = [&] {
    if (first < 0) return;
    Append<uint16_t>(out, static_cast<uint16_t>(first));
    Append<uint16_t>(out, static_cast<uint16_t>(before - first));
  };
  container.ForEachLow([&](uint16_t low) {
    if (low != before + 1) {
      close();
      first = low;
    }
    before = low;
  });
  close();
}

std::string Bitmap::Serialize() const {
  std::vector<int> runs;
  bool any_runs = false;
  for (const Container& container : containers_) {
    runs.push_back(RunsWorthWriting(container));
    any_runs = any_runs || runs.back() > 0;
  }
  std::string out;
  size_t size = containers_.size();
  if (any_runs) {
    Append<uint32_t>(out, kRunCookie | static_cast<uint32_t>(size - 1) << 16);
    std::string flags((size + 7) / 8, '\0');
    for (size_t i = 0; i < size; ++i) {
      if (runs[i] > 0) flags[i / 8] = static_cast<char>(flags[i / 8] | 1 << (i % 8));
    }
    out += flags;
  } else {
    Append<uint32_t>(out, kCookie);
    Append<uint32_t>(out, static_cast<uint32_t>(size));
  }
  for (const Container& container : containers_) {
    Append<uint16_t>(out, container.key);
    Append<uint16_t>(out, static_cast<uint16_t>(container.count - 1));
  }
  bool has_offsets = !any_runs || size >= kOffsetsMin;
  std::string bodies;
  size_t begin = out.size() + (has_offsets ? size * 4 : 0);
  for (size_t i = 0; i < size; ++i) {
    if (has_offsets) Append<uint32_t>(out, static_cast<uint32_t>(begin + bodies.size()));
    AppendContainer(bodies, containers_[i], runs[i]);
  }
  return out + bodies;
}

Result<Bitmap> Bitmap::Parse(std::string_view bytes) {
  ByteReader reader(bytes);
  auto cookie = reader.Read<uint32_t>();
  if (!cookie.ok()) return NoBitmap();
  bool has_runs = (*cookie & 0xffff) == kRunCookie;
  size_t size = (*cookie >> 16) + 1;
  std::string_view flags;
  if (has_runs) {
    auto read = reader.ReadBytes((size + 7) / 8);
    if (!read.ok()) return NoBitmap();
    flags = *read;
  } else {
    auto count = reader.Read<uint32_t>();
    if (*cookie != kCookie || !count.ok() || *count > kContainersMax) return NoBitmap();
    size = *count;
  }
  auto heads = reader.ReadBytes(size * 4);
  if (!heads.ok()) return NoBitmap();
  if ((!has_runs || size >= kOffsetsMin) && !reader.ReadBytes(size * 4).ok()) return NoBitmap();
  Bitmap bitmap;
  int last_key = -1;
  for (size_t i = 0; i < size; ++i) {
    uint16_t key = 0, less_one = 0;
    std::memcpy(&key, heads->data() + i * 4, 2);
    std::memcpy(&less_one, heads->data() + i * 4 + 2, 2);
    if (key <= last_key) return NoBitmap();
    last_key = key;
    Bits bits{};
    bool is_runs = has_runs && (flags[i / 8] >> (i % 8) & 1) != 0;
    size_t count = size_t{less_one} + 1;
    if (!is_runs && count > kListMax) {
      auto body = reader.ReadBytes(kBitsBytes);
      if (!body.ok()) return NoBitmap();
      std::memcpy(bits.data(), body->data(), kBitsBytes);
    } else {
      size_t entries = count;
      if (is_runs) {
        auto runs = reader.Read<uint16_t>();
        if (!runs.ok()) return NoBitmap();
        entries = *runs;
      }
      for (size_t entry = 0; entry < entries; ++entry) {
        auto first = reader.Read<uint16_t>();
        auto length = is_runs ? reader.Read<uint16_t>() : Result<uint16_t>(uint16_t{0});
        if (!first.ok() || !length.ok() || *first + *length > 0xffff) return NoBitmap();
        for (int low = *first; low <= *first + *length; ++low) {
          bits[static_cast<size_t>(low) >> 6] |= uint64_t{1} << (low & 63);
        }
      }
    }
    Container container = Made(key, bits);
    if (container.count > 0) bitmap.containers_.push_back(std::move(container));
  }
  return bitmap;
}

}  // namespace forebay::model
