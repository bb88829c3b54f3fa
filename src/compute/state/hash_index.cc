#include "compute/state/hash_index.h"

#include <algorithm>
#include <cstring>

#include "compute/state/state_fetch.h"

namespace forebay::compute {

HashIndex::HashIndex() : parts_(1), fills_(1) { parts_[0] = {NewGroups(1), 0, 0}; }

/// Parts of full size come in huge pages when there are many.
HashIndex::Group* HashIndex::NewGroups(size_t count) {
  constexpr size_t kSingleParts = 4;
  constexpr size_t kPartBytes = kPartGroups * sizeof(Group);
  bool is_part = count == kPartGroups;
  if (!is_part || free_parts_ == 0) {
    size_t together = is_part && fills_.size() >= kSingleParts ? kHugePageBytes / kPartBytes : 1;
    memory_.push_back(MakeLargeChars(together * count * sizeof(Group), true));
    if (is_part) {
      next_groups_ = reinterpret_cast<Group*>(memory_.back().get());
      free_parts_ = together;
    }
  }
  auto* groups = reinterpret_cast<Group*>(memory_.back().get());
  if (is_part) {
    groups = next_groups_;
    next_groups_ += kPartGroups;
    --free_parts_;
  }
  std::memset(static_cast<void*>(groups), 0, count * sizeof(Group));
  bytes_ += static_cast<int64_t>(count * sizeof(Group));
  return groups;
}

void HashIndex::Insert(uint64_t hash, uint32_t number) {
  const Part& part = PartOf(hash);
  Fill& fill = fills_[part.number];
  uint32_t distance = 0;
  for (size_t g = hash & part.group_mask;; g = (g + 1) & part.group_mask, ++distance) {
    Group& group = part.groups[g];
    uint32_t free = FreeSlots(group);
    if (free == 0) continue;
    int slot = __builtin_ctz(free);
    fill.used += group.tags[slot] == kEmpty ? 1 : 0;
    ++fill.live;
    group.tags[slot] = TagOf(hash);
    group.bits[slot] = static_cast<uint8_t>(hash >> BitsShift(fill.depth));
    group.distances &= ~(kFar << 3 * slot);
    group.distances |= std::min(distance, kFar) << 3 * slot;
    group.entries[slot] = number;
    return;
  }
}

void HashIndex::Erase(uint64_t hash, uint32_t number) {
  const Part& part = PartOf(hash);
  Fill& fill = fills_[part.number];
  for (size_t g = hash & part.group_mask;; g = (g + 1) & part.group_mask) {
    Group& group = part.groups[g];
    uint32_t match = MatchTag(group, TagOf(hash));
    while (match != 0 && group.entries[__builtin_ctz(match)] != number) match &= match - 1;
    if (match == 0) continue;
    // A group that was never full ends every probe, so its slot may become empty again.
    bool was_full = MatchTag(group, kEmpty) == 0;
    group.tags[__builtin_ctz(match)] = was_full ? kTombstone : kEmpty;
    fill.used -= was_full ? 0 : 1;
    --fill.live;
    return;
  }
}

/// Hashes without a pattern need a directory of about as many places as there are parts.
bool HashIndex::MaySplit(const Fill& fill) const {
  constexpr size_t kPlacesPerPart = 8;
  constexpr size_t kPlacesMin = size_t{1} << 16;
  bool has_place = size_t{1} << fill.depth < parts_.size();
  return fill.depth < kDepthMax &&
         (has_place || parts_.size() * 2 <= std::max(fills_.size() * kPlacesPerPart, kPlacesMin));
}

/// The entries of the part that `hash` belongs to.
void HashIndex::TakeAll(const Part& part, uint64_t hash, Taken& taken) const {
  const Fill& fill = fills_[part.number];
  const size_t groups = size_t{part.group_mask} + 1;
  const uint64_t common = hash & ((uint64_t{1} << fill.depth) - 1) << kGroupBits;
  StateFetch fetch;
  constexpr size_t kGroupsPerPage = 4096 / sizeof(Group);
  for (size_t g = 0; fetch.IsNeeded() && g < groups; g += kGroupsPerPage) {
    fetch.Add(&part.groups[g]);
  }
  fetch.Go();
  taken.numbers.clear();
  taken.hashes.clear();
  taken.far.clear();
  taken.numbers.reserve(static_cast<size_t>(fill.live));
  taken.hashes.reserve(static_cast<size_t>(fill.live));
  for (size_t g = 0; g < groups; ++g) {
    const Group& group = part.groups[g];
    for (uint32_t held = ~FreeSlots(group) & kSlotMask; held != 0; held &= held - 1) {
      int slot = __builtin_ctz(held);
      uint32_t distance = group.distances >> 3 * slot & kFar;
      if (distance == kFar) {
        taken.far.push_back(group.entries[slot]);
        continue;
      }
      taken.numbers.push_back(group.entries[slot]);
      taken.hashes.push_back(((g - distance) & part.group_mask) | common |
                             uint64_t{group.bits[slot]} << BitsShift(fill.depth) |
                             uint64_t{group.tags[slot] & 0x7fu} << kTagShift);
    }
  }
}

void HashIndex::InsertAll(const Taken& taken) {
  for (size_t i = 0; i < taken.numbers.size(); ++i) Insert(taken.hashes[i], taken.numbers[i]);
}

void HashIndex::Grow(uint64_t hash, const HashesFunction& hashes_of) {
  // Of the thread, since fresh memory costs as much as all the rest.
  static thread_local Taken taken;
  while (IsFull(hash)) {
    const Part part = PartOf(hash);
    Fill& fill = fills_[part.number];
    TakeAll(part, hash, taken);
    bool has_tombstones = fill.live * 2 <= fill.used;
    bool splits = !has_tombstones && part.group_mask + 1 == kPartGroups && MaySplit(fill);
    bool needs_more = splits ? (fill.depth + 1) % kSlotBits == 0 : !has_tombstones;
    size_t known = needs_more ? 0 : taken.numbers.size();
    taken.numbers.insert(taken.numbers.end(), taken.far.begin(), taken.far.end());
    taken.hashes.resize(taken.numbers.size());
    if (known < taken.numbers.size()) {
      hashes_of(std::span(taken.numbers).subspan(known), std::span(taken.hashes).subspan(known));
    }
    fill.used = fill.live = 0;
    if (has_tombstones) {
      // The same size again suffices.
      std::memset(static_cast<void*>(part.groups), 0,
                  (size_t{part.group_mask} + 1) * sizeof(Group));
    } else if (splits) {
      Split(part, hash);
    } else {
      Double(part);
    }
    InsertAll(taken);
  }
}

/// One that is small, or that bits of its hashes do not divide.
void HashIndex::Double(Part part) {
  const Part before = part;
  size_t count = (size_t{part.group_mask} + 1) * 2;
  part.groups = NewGroups(count);
  part.group_mask = static_cast<uint32_t>(count - 1);
  for (Part& each : parts_) {
    if (each.number == before.number) each = part;
  }
  if (fills_.size() > 1) return;
  // The only one: what lay in the memory before is here.
  memory_.erase(memory_.begin(), memory_.end() - 1);
  bytes_ = static_cast<int64_t>(count * sizeof(Group));
}

void HashIndex::Split(Part part, uint64_t hash) {
  const int depth = fills_[part.number].depth++;
  if (size_t{1} << depth == parts_.size()) {
    parts_.reserve(parts_.size() * 2);
    std::copy_n(parts_.begin(), part_mask_ + 1, std::back_inserter(parts_));
    part_mask_ = parts_.size() - 1;
  }
  std::memset(static_cast<void*>(part.groups), 0, kPartGroups * sizeof(Group));
  Part other{NewGroups(kPartGroups), part.group_mask, static_cast<uint32_t>(fills_.size())};
  Fill fill = fills_[part.number];
  fills_.push_back(fill);
  const size_t step = size_t{1} << depth;
  size_t first = (hash >> kGroupBits & (step - 1)) + step;
  for (size_t place = first; place < parts_.size(); place += 2 * step) parts_[place] = other;
}

}  // namespace forebay::compute
