#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace forebay::storage {

/// One row's coming state: written, but not durable yet.
struct RowChange;

/// One row in memory: its durable state, and what is about to become of it.
struct RowEntry {
  uint64_t hash = 0;
  std::string key;
  std::string value;                   ///< when `present`
  const RowChange* pending = nullptr;  ///< the last change that is not durable
  const RowChange* overlay = nullptr;  ///< the last change of the batch that is being applied
  uint32_t pins = 0;                   ///< changes that refer to the entry
  bool present = false;                ///< the row exists
  bool dirty = false;                  ///< not handed to the row store yet
  bool moving = false;                 ///< being written to the row store
  bool referenced = true;              ///< used since the clock hand came by
  bool known =
      true;  ///< `value` and `present` are the row's durable state, else nobody has read it

  /// Whether what the next write will find is in memory.
  bool HasLatest() const { return known || pending != nullptr || overlay != nullptr; }
  bool MayEvict() const { return pins == 0 && !dirty && !moving; }
  int64_t MemoryBytes() const {
    return static_cast<int64_t>(sizeof(RowEntry) + 32 + value.capacity() +
                                (key.size() > 15 ? key.capacity() : 0));
  }
};

struct RowChange {
  RowEntry* entry;
  std::string value;
  bool present;
};

/// A hash table of rows by key: open addressing over pointers, so that entries stay where they are.
/// Thread-compatible.
class RowTable {
 public:
  RowTable() : slots_(kSlotsMin) {}

  RowEntry* Find(std::string_view key, uint64_t hash) const {
    for (size_t i = hash & Mask(); slots_[i].entry != nullptr; i = (i + 1) & Mask()) {
      if (slots_[i].hash == hash && slots_[i].entry->key == key) return slots_[i].entry.get();
    }
    return nullptr;
  }
  void Prefetch(uint64_t hash) const { __builtin_prefetch(&slots_[hash & Mask()]); }
  /// The key must not be there.
  RowEntry* Insert(std::string_view key, uint64_t hash);
  /// Moves the clock hand and removes rows that were not used since its last round, until `bytes`
  /// are free or it came round once. Gives the bytes freed.
  int64_t Evict(int64_t bytes);
  size_t size() const { return size_; }

 private:
  struct Slot {
    uint64_t hash = 0;
    std::unique_ptr<RowEntry> entry;
  };
  static constexpr size_t kSlotsMin = 64;

  size_t Mask() const { return slots_.size() - 1; }
  void Grow();
  void EraseAt(size_t slot);

  std::vector<Slot> slots_;
  size_t size_ = 0;
  size_t hand_ = 0;
};

}  // namespace forebay::storage
