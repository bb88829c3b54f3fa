#include "storage/kv/row_table.h"

namespace forebay::storage {

RowEntry* RowTable::Insert(std::string_view key, uint64_t hash) {
  if ((size_ + 1) * 4 > slots_.size() * 3) Grow();
  size_t i = hash & Mask();
  while (slots_[i].entry != nullptr) i = (i + 1) & Mask();
  slots_[i].hash = hash;
  slots_[i].entry = std::make_unique<RowEntry>();
  slots_[i].entry->hash = hash;
  slots_[i].entry->key = key;
  ++size_;
  return slots_[i].entry.get();
}

void RowTable::Grow() {
  std::vector<Slot> old(slots_.size() * 2);
  old.swap(slots_);
  hand_ = 0;
  for (Slot& slot : old) {
    if (slot.entry == nullptr) continue;
    size_t i = slot.hash & Mask();
    while (slots_[i].entry != nullptr) i = (i + 1) & Mask();
    slots_[i] = std::move(slot);
  }
}

void RowTable::EraseAt(size_t hole) {
  slots_[hole].entry.reset();
  --size_;
  // Close the hole with the entries behind it that may stand there.
  for (size_t i = (hole + 1) & Mask(); slots_[i].entry != nullptr; i = (i + 1) & Mask()) {
    size_t home = slots_[i].hash & Mask();
    if (((i - home) & Mask()) < ((i - hole) & Mask())) continue;
    slots_[hole] = std::move(slots_[i]);
    hole = i;
  }
}

int64_t RowTable::Evict(int64_t bytes) {
  int64_t freed = 0;
  for (size_t steps = 0; steps < slots_.size() && freed < bytes; ++steps) {
    hand_ &= Mask();
    RowEntry* entry = slots_[hand_].entry.get();
    if (entry != nullptr && entry->MayEvict() && !std::exchange(entry->referenced, false)) {
      freed += entry->MemoryBytes();
      EraseAt(hand_);  // another entry may stand here now
      continue;
    }
    ++hand_;
  }
  return freed;
}

}  // namespace forebay::storage
