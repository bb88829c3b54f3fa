#pragma once

#include <emmintrin.h>

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "compute/state/large_memory.h"

namespace forebay::compute {

/// Finds the numbers of entries by the hashes of their keys: the index of a KeyedTable.
///
/// Open addressing in groups of ten slots, one cache line each: ten one-byte tags that one SSE2
/// comparison checks, and ten entry numbers. Groups lie in parts of 4,096 (256 KiB), and a
/// directory says by the next bits of a hash which part it is (extendible hashing): what is full is
/// one part, which is split in two by one bit more, so that no insert takes longer than that,
/// however large the table is. A slot holds so much of its hash that a split does not read the
/// entries, which may lie anywhere and on disk. Belongs to one thread at a time.
class HashIndex {
 public:
  static constexpr uint32_t kNone = UINT32_MAX;
  static constexpr int kSlots = 10;

  struct alignas(64) Group {
    uint8_t tags[kSlots];
    uint8_t bits[kSlots];  ///< of the hash: those of the next splits
    uint32_t distances;    ///< three bits a slot: groups from the hash's own one, up to kFar
    uint32_t entries[kSlots];
  };
  static_assert(sizeof(Group) == 64);

  HashIndex();
  HashIndex(HashIndex&&) = default;

  /// Where a probe begins: to be prefetched.
  const Group* GroupOf(uint64_t hash) const {
    const Part& part = PartOf(hash);
    return part.groups + (hash & part.group_mask);
  }
  /// The first entry in the hash's own group whose tag fits, usually the right one; kNone.
  static uint32_t Candidate(const Group* group, uint64_t hash) {
    uint32_t match = MatchTag(*group, TagOf(hash));
    return match == 0 ? kNone : group->entries[__builtin_ctz(match)];
  }
  /// The entry of this hash for which is_it(number) holds; kNone.
  template <typename F>
  uint32_t Find(uint64_t hash, F&& is_it) const {
    const Part& part = PartOf(hash);
    const uint8_t tag = TagOf(hash);
    for (size_t g = hash & part.group_mask;; g = (g + 1) & part.group_mask) {
      const Group& group = part.groups[g];
      for (uint32_t match = MatchTag(group, tag); match != 0; match &= match - 1) {
        uint32_t number = group.entries[__builtin_ctz(match)];
        if (is_it(number)) return number;
      }
      if (MatchTag(group, kEmpty) != 0) return kNone;
    }
  }

  /// Reads the hashes of entries.
  using HashesFunction =
      std::function<void(std::span<const uint32_t> numbers, std::span<uint64_t> hashes)>;
  /// Whether Grow comes before an Insert.
  bool IsFull(uint64_t hash) const {
    const Part& part = PartOf(hash);
    return fills_[part.number].used >= SlotsUsedMax(part);
  }
  /// Makes room for one entry of this hash at least.
  void Grow(uint64_t hash, const HashesFunction& hashes_of);
  /// An entry that is not here.
  void Insert(uint64_t hash, uint32_t number);
  /// One that is.
  void Erase(uint64_t hash, uint32_t number);

  int64_t MemoryBytes() const {
    return bytes_ + static_cast<int64_t>(parts_.size() * sizeof(Part));
  }

 private:
  static constexpr uint8_t kEmpty = 0;
  static constexpr uint8_t kTombstone = 1;
  static constexpr int kGroupBits = 12;
  static constexpr size_t kPartGroups = size_t{1} << kGroupBits;
  static constexpr int kSlotBits = 8;  ///< of a hash, in Group::bits
  static constexpr uint32_t kFar = 7;  ///< in Group::distances: so many or more
  static constexpr int kDepthMax = 24;
  static constexpr int kTagShift = 49;

  /// In the directory, as often as its hashes have fewer bits than the directory.
  struct Part {
    Group* groups;
    uint32_t group_mask;
    uint32_t number;
  };
  struct Fill {
    int64_t used = 0;  ///< slots of entries and tombstones
    int64_t live = 0;
    int depth = 0;  ///< bits of the directory that its hashes have in common
  };
  /// What is taken out of a part, to be inserted again.
  struct Taken {
    std::vector<uint32_t> numbers;
    std::vector<uint64_t> hashes;  ///< the bits that the index looks at
    std::vector<uint32_t> far;     ///< entries whose slots do not say these bits
  };

  static uint8_t TagOf(uint64_t hash) {
    return static_cast<uint8_t>(0x80 | (hash >> kTagShift & 0x7f));
  }
  static uint32_t MatchTag(const Group& group, uint8_t tag) {
    __m128i tags = _mm_load_si128(reinterpret_cast<const __m128i*>(group.tags));
    __m128i equal = _mm_cmpeq_epi8(tags, _mm_set1_epi8(static_cast<char>(tag)));
    return static_cast<uint32_t>(_mm_movemask_epi8(equal)) & kSlotMask;
  }
  /// Empty slots and tombstones.
  static uint32_t FreeSlots(const Group& group) {
    __m128i tags = _mm_load_si128(reinterpret_cast<const __m128i*>(group.tags));
    return ~static_cast<uint32_t>(_mm_movemask_epi8(tags)) & kSlotMask;
  }
  static constexpr uint32_t kSlotMask = (1u << kSlots) - 1;
  /// Parts fill at one pace: each has a limit of its own, from 5/6 down to 2/3 of its slots, so
  /// that not all of them are split within a few batches.
  static int64_t SlotsUsedMax(const Part& part) {
    int64_t groups = int64_t{part.group_mask} + 1;
    return groups * kSlots * 5 / 6 - groups * (part.number % 16) / 9;
  }
  /// Group::bits of a part of this depth begin there, and last for kSlotBits splits.
  static int BitsShift(int depth) { return kGroupBits + depth / kSlotBits * kSlotBits; }

  const Part& PartOf(uint64_t hash) const { return parts_[hash >> kGroupBits & part_mask_]; }
  bool MaySplit(const Fill& fill) const;
  Group* NewGroups(size_t count);
  void TakeAll(const Part& part, uint64_t hash, Taken& taken) const;
  void InsertAll(const Taken& taken);
  void Double(Part part);
  void Split(Part part, uint64_t hash);

  std::vector<Part> parts_;  ///< the directory
  uint64_t part_mask_ = 0;
  std::vector<Fill> fills_;  ///< by number
  std::vector<LargeChars> memory_;
  Group* next_groups_ = nullptr;  ///< of the newest memory
  size_t free_parts_ = 0;         ///< there
  int64_t bytes_ = 0;
};

}  // namespace forebay::compute
