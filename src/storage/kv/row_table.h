#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <string_view>
#include <vector>

#include "storage/kv/row_store.h"
#include "storage/kv/row_value.h"

namespace forebay::storage {

/// Frees a segment of a RowTable. Those of full size are mapped one by one: freed in no order, they
/// would leave holes in the heap that nothing fills.
struct FreeSegment {
  size_t mapped = 0;  ///< bytes; 0: from the heap
  void operator()(char* bytes) const;
};
using SegmentBytes = std::unique_ptr<char[], FreeSegment>;

/// Durable rows in memory, by key: those that the row store does not have yet, and those that were
/// used lately. Also that a key has no row can be known. Rows lie one after the other in segments,
/// a hash table of 8 bytes a slot leads to them. Thread-compatible, but for what BeginMove gives.
class RowTable {
 public:
  /// What is known of a key.
  class Row {
   public:
    std::string_view key() const { return {bytes(), key_size_}; }
    /// See row_value.h; nothing when the key has no row.
    std::string_view value() const { return {bytes() + key_size_, value_size_}; }
    bool present() const { return (flags_ & kPresent) != 0; }
    /// It stays longer than rows that nobody uses.
    void MarkUsed() { flags_ |= kUsed; }

   private:
    friend class RowTable;
    enum Flag : uint8_t { kPresent = 1, kDirty = 2, kMoving = 4, kUsed = 8, kDead = 16 };

    static size_t BytesOf(size_t key_size, size_t value_size) {
      return (kHeaderBytes + key_size + value_size + kUnit - 1) / kUnit * kUnit;
    }
    size_t size_bytes() const { return BytesOf(key_size_, value_size_); }
    bool Is(Flag flag) const { return (flags_ & flag) != 0; }
    const char* bytes() const { return reinterpret_cast<const char*>(this) + kHeaderBytes; }
    char* bytes() { return reinterpret_cast<char*>(this) + kHeaderBytes; }
    void SetValue(const std::optional<StoredRow>& row);

    static constexpr size_t kHeaderBytes = 9;

    uint32_t key_size_;
    uint32_t value_size_;
    uint8_t flags_;  ///< the key and the value follow, without padding
  };

  RowTable() : slots_(kSlotsMin) {}

  static uint32_t HashOf(std::string_view key);

  /// nullptr: nothing is known. Valid until the next change of the table.
  Row* Find(std::string_view key, uint32_t hash) const;
  /// Begin to bring what Find needs into the processor's cache, the second some time after the
  /// first.
  void PrefetchSlot(uint32_t hash) const { __builtin_prefetch(&slots_[hash & Mask()]); }
  void PrefetchRow(uint32_t hash) const;
  /// What became of the key's row; the row store does not have that yet.
  void Write(std::string_view key, uint32_t hash, const std::optional<StoredRow>& row);
  /// What the row store has, of a key of which nothing is known.
  void Keep(std::string_view key, uint32_t hash, const std::optional<StoredRow>& row);

  /// Everything that was written since the last call, in no order; the views hold, without a lock,
  /// until EndMove. One move at a time.
  std::vector<RowStore::Put> BeginMove();
  /// `moved`: the row store has it now.
  void EndMove(bool moved);

  /// Lets go of rows that the row store has, until `bytes` are free or there are none left. Gives
  /// the bytes freed, and whether a row is no longer known.
  struct Eviction {
    int64_t bytes = 0;
    bool lost_rows = false;
  };
  Eviction Evict(int64_t bytes);

  bool has_dirty() const { return !dirty_.empty(); }
  int64_t dirty_bytes() const { return dirty_bytes_; }
  int64_t memory_bytes() const { return memory_bytes_; }

 private:
  /// A segment's number in the upper half, and where in it, in units.
  using Ref = uint32_t;
  struct Slot {
    uint32_t hash = 0;
    Ref ref = kNone;
  };
  struct Segment {
    SegmentBytes bytes;  ///< null: the number is free
    size_t size = 0;
    size_t used = 0;
    size_t dead = 0;  ///< of rows that were written anew elsewhere
    size_t pins = 0;  ///< rows in `dirty_` or `moving_`
  };

  static constexpr Ref kNone = UINT32_MAX;
  static constexpr size_t kUnit = 4;
  static constexpr size_t kSlotsMin = 16;
  static constexpr size_t kSegmentBytesMin = 2 << 10;
  static constexpr size_t kSegmentBytes = kUnit << 16;
  static constexpr size_t kSegmentsMax = 60'000;

  size_t Mask() const { return slots_.size() - 1; }
  Row& At(Ref ref) const {
    return *reinterpret_cast<Row*>(segments_[ref >> 16].bytes.get() + (ref & 0xffff) * kUnit);
  }
  Segment& SegmentOf(Ref ref) { return segments_[ref >> 16]; }
  Slot* FindSlot(std::string_view key, uint32_t hash) const;
  Ref Insert(std::string_view key, uint32_t hash, const std::optional<StoredRow>& row);
  Ref Append(std::string_view key, const std::optional<StoredRow>& row);
  static SegmentBytes Allocate(size_t size);
  size_t OpenSegment(size_t bytes_min);
  void AddDirty(Ref ref);
  void Kill(Ref ref);
  void Grow();
  void EraseAt(size_t slot);
  std::optional<size_t> PickVictim();
  bool EvictSegment(size_t number);

  mutable std::vector<Slot> slots_;
  size_t size_ = 0;
  std::vector<Segment> segments_;
  std::vector<size_t> free_numbers_;
  size_t head_ = SIZE_MAX;  ///< rows are appended to this segment
  std::vector<Ref> dirty_;
  std::vector<Ref> moving_;
  int64_t dirty_bytes_ = 0;
  int64_t memory_bytes_ = 0;
  std::minstd_rand random_;
};

}  // namespace forebay::storage
