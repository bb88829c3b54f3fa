#include "storage/kv/row_table.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/bytes.h"
#include "base/hash.h"

namespace forebay::storage {

namespace {

/// Segments that are tried at random before all are looked at.
constexpr int kVictimTries = 8;

size_t ValueBytes(const std::optional<StoredRow>& row) {
  return row.has_value() ? kRowValuePrefixBytes + row->row.size() : 0;
}

}  // namespace

uint32_t RowTable::HashOf(std::string_view key) { return static_cast<uint32_t>(HashBytes(key)); }

void RowTable::Row::SetValue(const std::optional<StoredRow>& row) {
  value_size_ = static_cast<uint32_t>(ValueBytes(row));
  flags_ = static_cast<uint8_t>(row.has_value() ? flags_ | kPresent : flags_ & ~kPresent);
  if (!row.has_value()) return;
  char* out = bytes() + key_size_;
  StoreLe(out, static_cast<int16_t>(row->schema_id.value()));
  std::memcpy(out + kRowValuePrefixBytes, row->row.data(), row->row.size());
}

RowTable::Slot* RowTable::FindSlot(std::string_view key, uint32_t hash) const {
  for (size_t i = hash & Mask(); slots_[i].ref != kNone; i = (i + 1) & Mask()) {
    if (slots_[i].hash == hash && At(slots_[i].ref).key() == key) return &slots_[i];
  }
  return nullptr;
}

RowTable::Row* RowTable::Find(std::string_view key, uint32_t hash) const {
  Slot* slot = FindSlot(key, hash);
  return slot == nullptr ? nullptr : &At(slot->ref);
}

void RowTable::PrefetchRow(uint32_t hash) const {
  constexpr int kSteps = 4;
  size_t i = hash & Mask();
  for (int step = 0; step < kSteps && slots_[i].ref != kNone; ++step, i = (i + 1) & Mask()) {
    if (slots_[i].hash != hash) continue;
    const char* row = reinterpret_cast<const char*>(&At(slots_[i].ref));
    __builtin_prefetch(row);
    __builtin_prefetch(row + 64);
    return;
  }
}

void RowTable::Write(std::string_view key, uint32_t hash, const std::optional<StoredRow>& row) {
  Slot* slot = FindSlot(key, hash);
  if (slot == nullptr) return AddDirty(Insert(key, hash, row));
  Row& old = At(slot->ref);
  bool fits = old.size_bytes() == Row::BytesOf(key.size(), ValueBytes(row));
  if (fits && !old.Is(Row::kMoving)) {
    old.SetValue(row);
    old.MarkUsed();
    if (!old.Is(Row::kDirty)) AddDirty(slot->ref);
    return;
  }
  Kill(slot->ref);
  slot->ref = Append(key, row);
  AddDirty(slot->ref);
}

void RowTable::Keep(std::string_view key, uint32_t hash, const std::optional<StoredRow>& row) {
  Insert(key, hash, row);
}

RowTable::Ref RowTable::Insert(std::string_view key, uint32_t hash,
                               const std::optional<StoredRow>& row) {
  if ((size_ + 1) * 4 > slots_.size() * 3) Grow();
  size_t i = hash & Mask();
  while (slots_[i].ref != kNone) i = (i + 1) & Mask();
  slots_[i] = {hash, Append(key, row)};
  ++size_;
  return slots_[i].ref;
}

RowTable::Ref RowTable::Append(std::string_view key, const std::optional<StoredRow>& row) {
  size_t bytes = Row::BytesOf(key.size(), ValueBytes(row));
  if (head_ == SIZE_MAX || segments_[head_].used + bytes > segments_[head_].size) {
    head_ = OpenSegment(bytes);
  }
  Segment& segment = segments_[head_];
  Ref ref = static_cast<Ref>(head_ << 16 | segment.used / kUnit);
  segment.used += bytes;
  Row& appended = At(ref);
  appended.key_size_ = static_cast<uint32_t>(key.size());
  appended.flags_ = 0;
  std::memcpy(appended.bytes(), key.data(), key.size());
  appended.SetValue(row);
  return ref;
}

void FreeSegment::operator()(char* bytes) const {
  if (mapped == 0) {
    delete[] bytes;
  } else {
    ::munmap(bytes, mapped);
  }
}

SegmentBytes RowTable::Allocate(size_t size) {
  if (size >= kSegmentBytes) {
    void* mapped =
        ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    // A process may have only so many mappings.
    if (mapped != MAP_FAILED) return {static_cast<char*>(mapped), FreeSegment{size}};
  }
  return {new char[size], FreeSegment{}};
}

/// Tables with few rows begin with small segments.
size_t RowTable::OpenSegment(size_t bytes_min) {
  size_t growing = kSegmentBytesMin << std::min<size_t>(segments_.size(), 20);
  size_t size = std::max(bytes_min, std::min(growing, kSegmentBytes));
  size_t number = segments_.size();
  if (free_numbers_.empty()) {
    segments_.emplace_back();
  } else {
    number = free_numbers_.back();
    free_numbers_.pop_back();
  }
  segments_[number] = {Allocate(size), size, 0, 0, 0};
  memory_bytes_ += static_cast<int64_t>(size);
  return number;
}

void RowTable::AddDirty(Ref ref) {
  Row& row = At(ref);
  row.flags_ |= Row::kDirty;
  SegmentOf(ref).pins += 1;
  dirty_bytes_ += static_cast<int64_t>(row.size_bytes());
  dirty_.push_back(ref);
}

void RowTable::Kill(Ref ref) {
  At(ref).flags_ |= Row::kDead;
  SegmentOf(ref).dead += At(ref).size_bytes();
}

std::vector<RowStore::Put> RowTable::BeginMove() {
  constexpr size_t kAhead = 16;
  std::vector<RowStore::Put> puts;
  puts.reserve(dirty_.size());
  moving_.swap(dirty_);
  dirty_bytes_ = 0;
  for (size_t i = 0; i < moving_.size(); ++i) {
    if (i + kAhead < moving_.size()) __builtin_prefetch(&At(moving_[i + kAhead]));
    Row& row = At(moving_[i]);
    if (row.Is(Row::kDead)) continue;
    row.flags_ = static_cast<uint8_t>((row.flags_ & ~Row::kDirty) | Row::kMoving);
    puts.push_back({row.key(), std::nullopt});
    if (row.present()) puts.back().value = row.value();
  }
  return puts;
}

void RowTable::EndMove(bool moved) {
  std::vector<Ref> refs;
  refs.swap(moving_);
  for (Ref ref : refs) {
    Row& row = At(ref);
    row.flags_ = static_cast<uint8_t>(row.flags_ & ~Row::kMoving);
    SegmentOf(ref).pins -= 1;
    if (!moved && !row.Is(Row::kDead)) AddDirty(ref);
  }
}

void RowTable::Grow() {
  std::vector<Slot> old(slots_.size() * 2);
  memory_bytes_ += static_cast<int64_t>(slots_.size() * sizeof(Slot));
  old.swap(slots_);
  for (const Slot& slot : old) {
    if (slot.ref == kNone) continue;
    size_t i = slot.hash & Mask();
    while (slots_[i].ref != kNone) i = (i + 1) & Mask();
    slots_[i] = slot;
  }
}

void RowTable::EraseAt(size_t hole) {
  slots_[hole].ref = kNone;
  --size_;
  // Close the hole with the slots behind it that may stand there.
  for (size_t i = (hole + 1) & Mask(); slots_[i].ref != kNone; i = (i + 1) & Mask()) {
    size_t home = slots_[i].hash & Mask();
    if (((i - home) & Mask()) < ((i - hole) & Mask())) continue;
    slots_[hole] = slots_[i];
    slots_[i].ref = kNone;
    hole = i;
  }
}

/// A segment at random, so that of rows that are used in turn, and are too many, most stay; sooner
/// one with many dead rows.
std::optional<size_t> RowTable::PickVictim() {
  auto may_go = [this](size_t number) {
    const Segment& segment = segments_[number];
    return segment.bytes != nullptr && segment.pins == 0 && number != head_;
  };
  if (segments_.empty()) return std::nullopt;
  std::optional<size_t> best;
  auto offer = [&](size_t number) {
    if (!may_go(number)) return;
    if (!best.has_value() || segments_[number].dead > segments_[*best].dead) best = number;
  };
  for (int i = 0; i < kVictimTries; ++i) offer(random_() % segments_.size());
  for (size_t i = 0; !best.has_value() && i < segments_.size(); ++i) offer(i);
  return best;
}

/// Rows that were used since they came move on, as long as they are few. Whether a row is no longer
/// known.
bool RowTable::EvictSegment(size_t number) {
  Segment victim = std::move(segments_[number]);
  segments_[number] = {};
  bool lost_rows = false;
  size_t kept_bytes = 0;
  for (size_t at = 0; at < victim.used;) {
    const Row& row = *reinterpret_cast<Row*>(victim.bytes.get() + at);
    Ref ref = static_cast<Ref>(number << 16 | at / kUnit);
    at += row.size_bytes();
    if (row.Is(Row::kDead)) continue;
    size_t slot = HashOf(row.key()) & Mask();
    while (slots_[slot].ref != ref) slot = (slot + 1) & Mask();
    if (row.Is(Row::kUsed) && row.present() && kept_bytes + row.size_bytes() <= victim.size / 4) {
      kept_bytes += row.size_bytes();
      std::string_view value = row.value();
      slots_[slot].ref = Append(row.key(), StoredRow::Of(value));
      continue;
    }
    lost_rows |= row.present();
    EraseAt(slot);
  }
  memory_bytes_ -= static_cast<int64_t>(victim.size);
  free_numbers_.push_back(number);
  return lost_rows;
}

RowTable::Eviction RowTable::Evict(int64_t bytes) {
  Eviction eviction;
  int64_t before = memory_bytes_;
  while (before - memory_bytes_ < bytes || segments_.size() - free_numbers_.size() > kSegmentsMax) {
    std::optional<size_t> victim = PickVictim();
    if (!victim.has_value()) break;
    eviction.lost_rows |= EvictSegment(*victim);
  }
  eviction.bytes = before - memory_bytes_;
  return eviction;
}

}  // namespace forebay::storage
