#include "storage/kv/change_index.h"

namespace forebay::storage {

size_t ChangeIndex::Seek(std::string_view key, uint32_t hash) const {
  size_t i = hash & Mask();
  while (slots_[i].last != nullptr && (slots_[i].hash != hash || slots_[i].last->key != key)) {
    i = (i + 1) & Mask();
  }
  return i;
}

void ChangeIndex::Add(RowChange& change) {
  if ((size_ + 1) * 2 > slots_.size()) Grow();
  Slot& slot = slots_[Seek(change.key, change.hash)];
  if (slot.last == nullptr) ++size_;
  change.before = slot.last;
  if (change.before != nullptr) change.before->after = &change;
  slot = {change.hash, &change};
}

void ChangeIndex::Undo(const RowChange& change) {
  size_t slot = Seek(change.key, change.hash);
  if (change.before == nullptr) return EraseAt(slot);
  slots_[slot].last = change.before;
  change.before->after = nullptr;
}

void ChangeIndex::Remove(const RowChange& change) {
  if (change.after == nullptr) return EraseAt(Seek(change.key, change.hash));
  change.after->before = nullptr;
}

void ChangeIndex::Grow() {
  std::vector<Slot> old(slots_.size() * 2);
  old.swap(slots_);
  for (const Slot& slot : old) {
    if (slot.last == nullptr) continue;
    size_t i = slot.hash & Mask();
    while (slots_[i].last != nullptr) i = (i + 1) & Mask();
    slots_[i] = slot;
  }
}

void ChangeIndex::EraseAt(size_t hole) {
  slots_[hole].last = nullptr;
  if (--size_ == 0 && slots_.size() > kSlotsKept) {
    slots_ = std::vector<Slot>(kSlotsMin);
    return;
  }
  // Close the hole with the slots behind it that may stand there.
  for (size_t i = (hole + 1) & Mask(); slots_[i].last != nullptr; i = (i + 1) & Mask()) {
    size_t home = slots_[i].hash & Mask();
    if (((i - home) & Mask()) < ((i - hole) & Mask())) continue;
    slots_[hole] = slots_[i];
    slots_[i].last = nullptr;
    hole = i;
  }
}

}  // namespace forebay::storage
