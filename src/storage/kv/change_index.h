#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "storage/kv/row_value.h"

namespace forebay::storage {

/// One row's coming state: written, but not durable yet.
struct RowChange {
  std::string_view key;
  uint32_t hash = 0;
  int8_t added_rows = 0;         ///< 1 when the key had no row, -1 when it has none any more
  std::optional<StoredRow> row;  ///< nullopt: there is none
  RowChange* before = nullptr;   ///< the change of the same key that comes before
  RowChange* after = nullptr;    ///< and the one that comes after
};

/// The last change of each key that is not durable yet. Thread-compatible.
class ChangeIndex {
 public:
  ChangeIndex() : slots_(kSlotsMin) {}

  const RowChange* Find(std::string_view key, uint32_t hash) const {
    return size_ == 0 ? nullptr : slots_[Seek(key, hash)].last;
  }
  /// Begins to bring what the others need into the processor's cache.
  void Prefetch(uint32_t hash) const { __builtin_prefetch(&slots_[hash & Mask()]); }
  /// It is its key's last; it stays where it is until it is removed.
  void Add(RowChange& change);
  /// The change will not come: it is its key's last.
  void Undo(const RowChange& change);
  /// The change came, or will not come and neither will those behind it: it is its key's first.
  void Remove(const RowChange& change);

 private:
  struct Slot {
    uint32_t hash = 0;
    RowChange* last = nullptr;
  };
  static constexpr size_t kSlotsMin = 16;
  /// An empty index with more slots gives them back.
  static constexpr size_t kSlotsKept = 64 << 10;

  size_t Mask() const { return slots_.size() - 1; }
  /// The key's slot, or the one where it would stand.
  size_t Seek(std::string_view key, uint32_t hash) const;
  void Grow();
  void EraseAt(size_t slot);

  std::vector<Slot> slots_;
  size_t size_ = 0;
};

}  // namespace forebay::storage
