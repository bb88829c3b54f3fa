#include "storage/kv/roaring_union.h"

#include <span>
#include <vector>

#include "storage/kv/roaring_container.h"

namespace forebay::storage {
namespace {

template <typename T>
void AppendRaw(std::string& out, T value) {
  char bytes[sizeof(T)];
  StoreLe(bytes, value);
  out.append(bytes, sizeof(T));
}

Status AddContainer(RoaringContainers& containers, uint64_t key, Runs runs) {
  if (runs.empty()) return {};
  if (containers.emplace(key, std::move(runs)).second) return {};
  return Corruption("a bitmap has the key {} twice", key);
}

// ---- 32 bits: a cookie; keys and counts; offsets, unless there are few containers and one has
// runs; containers. ----

constexpr uint32_t kCookieWithRuns = 12347;
constexpr uint32_t kCookie = 12346;
constexpr uint32_t kContainersMax = 1 << 16;
constexpr size_t kOffsetsFrom = 4;  ///< containers, when some have runs

bool HasBit(std::string_view bits, size_t index) {
  return index / 8 < bits.size() && (bits[index / 8] >> (index % 8) & 1) != 0;
}

Result<RoaringContainers> Read32(std::string_view bytes) {
  ByteReader reader(bytes);
  ASSIGN_OR_RETURN(uint32_t cookie, reader.Read<uint32_t>());
  bool with_runs = (cookie & 0xffff) == kCookieWithRuns;
  if (!with_runs && cookie != kCookie) return Corruption("a bitmap begins with {}", cookie);
  size_t count = (cookie >> 16) + 1;
  std::string_view has_runs;
  if (with_runs) {
    ASSIGN_OR_RETURN(has_runs, reader.ReadBytes((count + 7) / 8));
  } else {
    ASSIGN_OR_RETURN(count, reader.Read<uint32_t>());
    if (count > kContainersMax) return Corruption("a bitmap of {} containers", count);
  }
  ASSIGN_OR_RETURN(std::string_view headers, reader.ReadBytes(count * 4));
  if (!with_runs || count >= kOffsetsFrom) RETURN_IF_ERROR(reader.ReadBytes(count * 4));
  RoaringContainers containers;
  for (size_t i = 0; i < count; ++i) {
    auto key = LoadLe<uint16_t>(headers.data() + i * 4);
    int numbers = LoadLe<uint16_t>(headers.data() + i * 4 + 2) + 1;
    ContainerKind kind = numbers > kArrayCountMax ? ContainerKind::kBits : ContainerKind::kArray;
    if (HasBit(has_runs, i)) kind = ContainerKind::kRuns;
    ASSIGN_OR_RETURN(Runs runs, ReadContainer(kind, numbers, reader));
    RETURN_IF_ERROR(AddContainer(containers, key, std::move(runs)));
  }
  return containers;
}

std::string Write32(const RoaringContainers& containers) {
  size_t count = containers.size();
  std::string has_runs((count + 7) / 8, '\0');
  bool with_runs = false;
  std::string headers;
  std::string bodies;
  size_t index = 0;
  std::vector<uint32_t> begins;
  for (const auto& [key, runs] : containers) {
    ContainerKind kind = KindOf(runs);
    if (kind == ContainerKind::kRuns) {
      has_runs[index / 8] = static_cast<char>(has_runs[index / 8] | 1 << (index % 8));
      with_runs = true;
    }
    AppendRaw(headers, static_cast<uint16_t>(key));
    AppendRaw(headers, static_cast<uint16_t>(CountOf(runs) - 1));
    begins.push_back(static_cast<uint32_t>(bodies.size()));
    AppendContainer(kind, runs, bodies);
    ++index;
  }
  std::string out;
  if (with_runs) {
    AppendRaw(out, static_cast<uint32_t>(kCookieWithRuns | (count - 1) << 16));
    out += has_runs;
  } else {
    AppendRaw(out, kCookie);
    AppendRaw(out, static_cast<uint32_t>(count));
  }
  out += headers;
  if (!with_runs || count >= kOffsetsFrom) {
    auto first = static_cast<uint32_t>(out.size() + count * 4);
    for (uint32_t begin : begins) AppendRaw(out, first + begin);
  }
  return out + bodies;
}

// ---- 64 bits ----

constexpr int kKeyBytes = 6;
enum NodeType : uint8_t { kNode4, kNode16, kNode48, kNode256, kLeaf };
constexpr uint8_t kNoChild = 0xff;
constexpr int8_t kNotTrimmed = -2;

/// A leaf: the upper 48 bits and the number of the container.
struct Leaf {
  uint64_t key;
  uint64_t container;
};

size_t BodyBytes(uint8_t node_type) {
  constexpr size_t kBytes[] = {4, 16, 256, 32, kKeyBytes + 8};
  return kBytes[node_type];
}

/// Reads a node and what is below it, which stands behind it.
Status ReadNode(ByteReader& reader, int depth, std::vector<Leaf>& leaves) {
  if (depth > kKeyBytes) return Corruption("a bitmap's tree is deeper than its keys");
  ASSIGN_OR_RETURN(uint8_t type, reader.Read<uint8_t>());
  ASSIGN_OR_RETURN(uint16_t children, reader.Read<uint16_t>());
  ASSIGN_OR_RETURN(uint8_t prefix, reader.Read<uint8_t>());
  if (type > kLeaf || prefix > kKeyBytes) return Corruption("a bitmap's node of type {}", type);
  RETURN_IF_ERROR(reader.ReadBytes(prefix));
  ASSIGN_OR_RETURN(std::string_view body, reader.ReadBytes(BodyBytes(type)));
  if (type == kLeaf) {
    Leaf leaf{0, LoadLe<uint64_t>(body.data() + kKeyBytes)};
    for (int i = 0; i < kKeyBytes; ++i) leaf.key = leaf.key << 8 | static_cast<uint8_t>(body[i]);
    leaves.push_back(leaf);
    return {};
  }
  for (int i = 0; i < children; ++i) RETURN_IF_ERROR(ReadNode(reader, depth + 1, leaves));
  return {};
}

/// The containers by number.
Result<RoaringContainers> ReadNumbered(ByteReader& reader) {
  RoaringContainers numbered;
  ASSIGN_OR_RETURN(uint32_t arrays, reader.Read<uint32_t>());
  for (uint64_t array = 0; array < arrays; ++array) {
    RETURN_IF_ERROR(reader.Read<uint8_t>());
    ASSIGN_OR_RETURN(uint32_t count, reader.Read<uint32_t>());
    for (uint64_t i = 0; i < count; ++i) {
      ASSIGN_OR_RETURN(uint8_t is_there, reader.Read<uint8_t>());
      if (is_there == 0) continue;
      ASSIGN_OR_RETURN(uint8_t kind, reader.Read<uint8_t>());
      ASSIGN_OR_RETURN(int32_t numbers, reader.Read<int32_t>());
      ASSIGN_OR_RETURN(Runs runs, ReadContainer(static_cast<ContainerKind>(kind), numbers, reader));
      RETURN_IF_ERROR(AddContainer(numbered, array << 32 | i, std::move(runs)));
    }
  }
  return numbered;
}

Result<RoaringContainers> Read64(std::string_view bytes) {
  ByteReader reader(bytes);
  ASSIGN_OR_RETURN(uint8_t is_filled, reader.Read<uint8_t>());
  RoaringContainers containers;
  if (is_filled == 0) return containers;
  RETURN_IF_ERROR(reader.Read<uint64_t>());  // the number of keys
  std::vector<Leaf> leaves;
  RETURN_IF_ERROR(ReadNode(reader, 0, leaves));
  ASSIGN_OR_RETURN(RoaringContainers numbered, ReadNumbered(reader));
  for (const Leaf& leaf : leaves) {
    auto found = numbered.extract(leaf.container);
    if (found.empty()) continue;
    RETURN_IF_ERROR(AddContainer(containers, leaf.key, std::move(found.mapped())));
  }
  return containers;
}

uint8_t KeyByte(uint64_t key, int depth) {
  return static_cast<uint8_t>(key >> (8 * (kKeyBytes - 1 - depth)));
}

/// The body of a branch: which bytes its children have, in rising order. Keys lie in words of 64
/// bits (a node of four: 32), the first in the highest byte.
void AppendBranchBody(NodeType type, std::span<const uint8_t> bytes, std::string& out) {
  size_t start = out.size();
  out.append(BodyBytes(type), type == kNode48 ? static_cast<char>(kNoChild) : '\0');
  size_t word = type == kNode4 ? 4 : 8;
  auto place = [&](size_t index) { return start + index / word * word + word - 1 - index % word; };
  for (size_t i = 0; i < bytes.size(); ++i) {
    if (type == kNode256) {
      char& mask = out[start + bytes[i] / 8];
      mask = static_cast<char>(mask | 1 << (bytes[i] % 8));
    } else if (type == kNode48) {
      out[place(bytes[i])] = static_cast<char>(i);
    } else {
      out[place(i)] = static_cast<char>(bytes[i]);
    }
  }
}

void AppendHeader(NodeType type, size_t children, std::string_view prefix, std::string& out) {
  AppendRaw(out, static_cast<uint8_t>(type));
  AppendRaw(out, static_cast<uint16_t>(children));
  AppendRaw(out, static_cast<uint8_t>(prefix.size()));
  out += prefix;
}

/// The node for `keys`, which rise and agree in their first `depth` bytes; `first` is the number of
/// the first one's container.
void AppendNode(std::span<const uint64_t> keys, int depth, uint64_t first, std::string& out) {
  if (keys.size() == 1) {
    AppendHeader(kLeaf, 0, "", out);
    for (int i = 0; i < kKeyBytes; ++i) out += static_cast<char>(KeyByte(keys[0], i));
    return AppendRaw(out, first);
  }
  std::string prefix;
  for (; KeyByte(keys.front(), depth) == KeyByte(keys.back(), depth); ++depth) {
    prefix += static_cast<char>(KeyByte(keys.front(), depth));
  }
  std::vector<uint8_t> bytes;
  std::vector<size_t> begins;
  for (size_t i = 0; i < keys.size(); ++i) {
    uint8_t byte = KeyByte(keys[i], depth);
    if (!bytes.empty() && bytes.back() == byte) continue;
    bytes.push_back(byte);
    begins.push_back(i);
  }
  size_t count = bytes.size();
  NodeType type = count <= 4 ? kNode4 : count <= 16 ? kNode16 : count <= 48 ? kNode48 : kNode256;
  AppendHeader(type, count, prefix, out);
  AppendBranchBody(type, bytes, out);
  begins.push_back(keys.size());
  for (size_t i = 0; i < count; ++i) {
    AppendNode(keys.subspan(begins[i], begins[i + 1] - begins[i]), depth + 1, first + begins[i],
               out);
  }
}

std::string Write64(const RoaringContainers& containers) {
  std::string out(1, containers.empty() ? '\0' : '\1');
  if (containers.empty()) return out;
  std::vector<uint64_t> keys;
  for (const auto& [key, runs] : containers) keys.push_back(key);
  AppendRaw(out, static_cast<uint64_t>(keys.size()));
  AppendNode(keys, 0, 0, out);
  AppendRaw(out, uint32_t{1});
  AppendRaw(out, kNotTrimmed);
  AppendRaw(out, static_cast<uint32_t>(keys.size()));
  for (const auto& [key, runs] : containers) {
    ContainerKind kind = KindOf(runs);
    AppendRaw(out, uint8_t{1});
    AppendRaw(out, static_cast<uint8_t>(kind));
    AppendRaw(out, static_cast<int32_t>(CountOf(runs)));
    AppendContainer(kind, runs, out);
  }
  AppendRaw(out, static_cast<uint64_t>(keys.size()));
  AppendRaw(out, uint32_t{0});  // the last container's place in the arrays
  AppendRaw(out, static_cast<uint32_t>(keys.size() - 1));
  return out;
}

}  // namespace

Result<std::string> UniteRoaring32(std::string_view a, std::string_view b) {
  ASSIGN_OR_RETURN(RoaringContainers containers, Read32(a));
  ASSIGN_OR_RETURN(RoaringContainers others, Read32(b));
  UniteInto(containers, std::move(others));
  return Write32(containers);
}

Result<std::string> UniteRoaring64(std::string_view a, std::string_view b) {
  ASSIGN_OR_RETURN(RoaringContainers containers, Read64(a));
  ASSIGN_OR_RETURN(RoaringContainers others, Read64(b));
  UniteInto(containers, std::move(others));
  return Write64(containers);
}

}  // namespace forebay::storage
