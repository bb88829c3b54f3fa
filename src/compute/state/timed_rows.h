#pragma once

#include <map>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "compute/state/keyed_table.h"
#include "compute/state/row_list.h"
#include "compute/state/state_allocator.h"

namespace forebay::compute {

/// What a join in time keeps: for every key the rows of both sides (an operator of one input has
/// one), and the times at which it wants to be woken. A row has a time and a mark, which are its
/// owner's; `order_by_time` says of each side whether its rows lie in the order of their times
/// (equal ones as they came), or as they came.
///
/// In checkpoints a row stands under its key and a number of its own, so a row that stays is
/// written once:
///
///   key     encoded key, u64 number
///   value   u8 side, u8 mark, i64 time, encoded row
///
/// and the wake-up times under the key alone, as two i64. Belongs to one thread at a time.
class TimedRows {
 public:
  using Entry = KeyedTable::Entry;
  using Rows = StateVector<StoredRow*>;
  static constexpr int64_t kNoTimer = INT64_MIN;
  struct Key {
    Rows rows[2];
    int64_t timers[2] = {kNoTimer, kNoTimer};
  };

  /// `rows`: the codecs of both sides; must outlive this.
  TimedRows(KeyCodec keys, const RowCodec* rows, bool left_by_time, bool right_by_time);
  ~TimedRows();
  TimedRows(const TimedRows&) = delete;
  TimedRows& operator=(const TimedRows&) = delete;

  /// The entry of every row of a batch by its key columns.
  void FindOrInsert(const model::Batch& batch, const std::vector<int>& keys,
                    std::vector<Entry*>& entries);
  Key& Of(Entry* entry) const { return **reinterpret_cast<Key**>(table_.Payload(entry)); }
  /// Rows of a key have their numbers in the order in which they came.
  static int64_t NumberOf(const StoredRow* row) { return LoadLe<int64_t>(row->bytes()); }
  static uint8_t MarkOf(const StoredRow* row) { return static_cast<uint8_t>(row->bytes()[8]); }

  /// Puts a row where the side's order wants it.
  StoredRow* Add(Entry* entry, int side, std::string_view row, int64_t time, uint8_t mark);
  void SetMark(Entry* entry, StoredRow* row, uint8_t mark);
  /// Takes the rows [begin, end) out. Their bytes stay until FreeRemoved.
  void Remove(Entry* entry, int side, size_t begin, size_t end);
  /// Takes the rows out that `wanted` is true for, and calls it once for every row.
  template <typename F>
  void RemoveIf(Entry* entry, int side, F wanted) {
    Rows& rows = Of(entry).rows[side];
    size_t kept = 0;
    for (StoredRow* row : rows) {
      if (wanted(row)) {
        Forget(entry, row);
      } else {
        rows[kept++] = row;
      }
    }
    rows.resize(kept);
  }
  void FreeRemoved();

  /// kNoTimer takes it away.
  void SetTimer(Entry* entry, int which, int64_t time);
  /// Calls f(entry, which, time) for every timer up to `now`, earliest first, those that f sets
  /// among them, and takes it away before.
  template <typename F>
  void Fire(int64_t now, F f) {
    while (!timers_.empty() && timers_.begin()->first <= now) {
      auto due = timers_.extract(timers_.begin());
      for (auto [entry, which] : due.mapped()) {
        bool is_set = table_.IsLive(entry) && Of(entry).timers[which] == due.key();
        if (!is_set) continue;
        SetTimer(entry, which, kNoTimer);
        f(entry, which, due.key());
      }
    }
  }
  /// Forgets a key that has neither rows nor timers; to be called last.
  void EraseIfEmpty(Entry* entry);

  /// Begins to write what changed since the last snapshot; ContinueSnapshot does the work. `writer`
  /// must live until then.
  void BeginSnapshot(StateWriter& writer);
  /// Goes on until MonotonicNs() is past `deadline_ns`; whether it is done.
  bool ContinueSnapshot(int64_t deadline_ns);
  Status Restore(StateReader& reader);
  int64_t MemoryBytes() const { return table_.MemoryBytes() + store_.MemoryBytes(); }

 private:
  /// A row that the next snapshot, or the one being written, wants; null when it does not any more.
  struct Changed {
    Entry* entry;
    StoredRow* row;
  };
  void Place(Entry* entry, int side, StoredRow* row);
  Key& Ensure(Entry* entry);
  void Forget(Entry* entry, StoredRow* row);
  void List(Entry* entry, StoredRow* row);
  void Unlist(StoredRow* row);
  void WriteIfPending(StoredRow* row);
  void Write(const Changed& changed);
  StateString StoredKey(const Entry* entry, const StoredRow* row) const;
  Status RestoreRows(StateReader& reader);

  KeyCodec codec_;
  const RowCodec* rows_;
  bool by_time_[2];
  KeyedTable table_;
  RowStore store_;
  using Timer = std::pair<Entry*, int>;
  StateOrderedMap<int64_t, StateVector<Timer>> timers_;
  int64_t next_number_ = 0;
  int64_t stored_below_ = 0;  ///< rows with smaller numbers are in a checkpoint
  // A row's head says in which of the two lists it stands, and where; the lists change places.
  StateVector<Changed> changed_;
  uint8_t changed_list_ = 1;
  StateVector<std::pair<uint64_t, StateString>> deleted_;
  // Of the snapshot that is being written:
  StateWriter* writer_ = nullptr;
  StateVector<Changed> pending_;
  size_t next_pending_ = 0;
  StateVector<std::pair<uint64_t, StateString>> pending_deleted_;
  std::vector<StoredRow*> removed_;
  EncodedKeys encoded_;
  std::vector<uint32_t> all_rows_;
};

}  // namespace forebay::compute
