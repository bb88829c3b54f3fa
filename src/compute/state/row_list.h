#pragma once

#include <cstdint>
#include <cstring>
#include <map>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "compute/state/byte_arena.h"
#include "compute/state/state_io.h"

namespace forebay::compute {

/// A row kept in state: its encoded bytes follow. `tag` is the operator's own (a join's match
/// count, a rank's time).
struct StoredRow {
  int64_t tag;
  uint32_t size;
  uint32_t head_bytes;  ///< leading bytes of `bytes()` that are no part of the row: a sort key

  char* bytes() { return reinterpret_cast<char*>(this + 1); }
  const char* bytes() const { return reinterpret_cast<const char*>(this + 1); }
  std::string_view view() const { return {bytes(), size}; }
  const char* row() const { return bytes() + head_bytes; }
  std::string_view row_view() const { return {row(), size - head_bytes}; }
  std::string_view head() const { return {bytes(), head_bytes}; }
};

/// The rows of one key in a payload: one pointer inline, more in an array. Zeros are an empty list.
/// It knows which positions changed since the last snapshot, so that appending to a long list
/// writes only the new rows.
struct RowList {
  union {
    StoredRow* one;
    StoredRow** many;
  };
  uint32_t count;
  uint32_t capacity;  ///< of `many`; 0: `one`
  uint32_t clean;     ///< positions below are as the last snapshot has them
  uint32_t stored;    ///< positions that the last snapshot has

  StoredRow* const* begin() const { return capacity == 0 ? &one : many; }
  StoredRow* const* end() const { return begin() + count; }
  StoredRow* operator[](uint32_t i) const { return begin()[i]; }
};

/// Owns the rows and arrays of the row lists of a table. Belongs to one thread at a time.
///
/// With a TTL rows know when they were written: behind a row's bytes lie i64 milliseconds and the
/// u32 number of the arena it is in. Rows of one age are in one arena, so that memory goes back to
/// the system when they have expired.
class RowStore {
 public:
  /// Rows get times; before the first row.
  void KeepTimes(int64_t ttl_ms) { ttl_ms_ = ttl_ms; }
  /// The time of what is written from now on; with a TTL, before each batch.
  void SetNow(int64_t now_ms);
  bool HasTimes() const { return ttl_ms_ > 0; }
  static int64_t WrittenAt(const StoredRow* row) {
    return LoadLe<int64_t>(row->bytes() + row->size);
  }
  void Renew(StoredRow* row) const { StoreLe<int64_t>(row->bytes() + row->size, now_ms_); }

  StoredRow* NewRow(std::string_view head, std::string_view row, int64_t tag) {
    size_t size = head.size() + row.size();
    char* memory = HasTimes() ? AllocateTimed(size) : arena_.Allocate(sizeof(StoredRow) + size);
    auto* stored = reinterpret_cast<StoredRow*>(memory);
    stored->tag = tag;
    stored->size = static_cast<uint32_t>(size);
    stored->head_bytes = static_cast<uint32_t>(head.size());
    if (!head.empty()) std::memcpy(stored->bytes(), head.data(), head.size());
    std::memcpy(stored->bytes() + head.size(), row.data(), row.size());
    return stored;
  }
  void FreeRow(StoredRow* row) {
    if (HasTimes()) return FreeTimed(row);
    arena_.Free(reinterpret_cast<char*>(row), sizeof(StoredRow) + row->size);
  }
  void Append(RowList& list, StoredRow* row) { Insert(list, list.count, row); }
  void Insert(RowList& list, uint32_t position, StoredRow* row);
  /// Takes the row at `position` out, keeping the order; the caller frees it.
  StoredRow* Remove(RowList& list, uint32_t position);
  /// Takes out and frees the rows that were written by `written_ms`; whether there were any.
  bool RemoveExpired(RowList& list, int64_t written_ms);
  /// When the oldest row was written; kNoRow: there is none.
  static int64_t OldestOf(const RowList& list);
  static constexpr int64_t kNoRow = INT64_MAX;
  /// Frees the array; the rows are freed already or live on.
  void Clear(RowList& list);
  /// Says that the row at `position` changed in place.
  static void Touch(RowList& list, uint32_t position) {
    if (position < list.clean) list.clean = position;
  }
  int64_t MemoryBytes() const;

  /// Writes the positions that changed, under `key` + `side` + u32 position, and marks all clean. A
  /// value is i64 tag, u32 bytes of the head (with kTimed: i64 when it was written), head and row.
  void Save(StateWriter& writer, std::string_view table, uint64_t hash, std::string_view key,
            char side, RowList& list) const;
  /// The row without its head in what Save wrote; kCorruption when there is none.
  static Result<std::string_view> SavedRow(std::string_view value);
  /// Puts a saved row at its position; positions come in any order and have no gaps in the end. A
  /// row that was saved without a time was written now.
  Status Load(RowList& list, uint32_t position, std::string_view value);
  /// Bytes behind the key in stored keys: side and position.
  static constexpr size_t kSuffixBytes = 5;

 private:
  static constexpr uint32_t kTimed = uint32_t{1} << 31;
  static constexpr size_t kTrailerBytes = sizeof(int64_t) + sizeof(uint32_t);
  struct SavedHead {
    int64_t tag = 0;
    uint32_t head_bytes = 0;
    bool is_timed = false;
    int64_t written_ms = 0;
    std::string_view bytes;  ///< head and row
  };
  static Result<SavedHead> ReadHead(std::string_view value);
  char* AllocateTimed(size_t size);
  void FreeTimed(StoredRow* row);

  ByteArena arena_;  ///< arrays, and rows without times
  int64_t ttl_ms_ = 0;
  int64_t now_ms_ = 0;
  std::map<uint32_t, ByteArena> ages_;  ///< rows with times; the last one is for new rows
  int64_t age_begun_ms_ = 0;
};

}  // namespace forebay::compute
