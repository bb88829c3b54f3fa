#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace forebay::storage {

/// Consecutive numbers, both ends included.
struct Run {
  uint16_t first;
  uint16_t last;
};

/// Numbers of 16 bits as rising runs that do not touch.
using Runs = std::vector<Run>;
/// The containers of a bitmap by the upper bits of their numbers; none is empty.
using RoaringContainers = std::map<uint64_t, Runs>;

/// A container's kinds, as Java's Containers number them.
enum class ContainerKind : uint8_t { kRuns = 0, kBits = 1, kArray = 2 };

/// In a container with more numbers than this an array would be larger than the bits.
inline constexpr int kArrayCountMax = 4096;

int CountOf(const Runs& runs);
/// The kind that takes the least space, as RoaringBitmap.runOptimize chooses it.
ContainerKind KindOf(const Runs& runs);
/// The bytes of a container of a kind, without its header.
size_t ContainerBytes(ContainerKind kind, const Runs& runs);
void AppendContainer(ContainerKind kind, const Runs& runs, std::string& out);
/// `count` is the number of numbers, which only an array needs. kCorruption unless they rise.
Result<Runs> ReadContainer(ContainerKind kind, int count, ByteReader& reader);

void UniteInto(RoaringContainers& into, RoaringContainers&& from);

}  // namespace forebay::storage
