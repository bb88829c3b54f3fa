#pragma once

#include <string_view>
#include <vector>

#include "compute/state/emptied_entries.h"
#include "compute/state/key_codec.h"
#include "compute/state/keyed_table.h"
#include "compute/state/row_codec.h"
#include "compute/state/row_list.h"
#include "compute/state/state_expiry.h"
#include "model/batch.h"

namespace forebay::compute {

/// A list of rows for every key: the state of operators that go through a key's rows in an order
/// of their own. With a TTL a key's rows go together, when none has come or gone for so long.
/// Belongs to one thread at a time.
class KeyedRows {
 public:
  using Entry = KeyedTable::Entry;

  /// `name`: of the entries in checkpoints. `rows`: of the rows; outlives this.
  KeyedRows(std::string_view name, KeyCodec codec, const RowCodec& rows, StateTtl ttl);

  bool HasTtl() const { return ttl_.IsOn(); }
  /// The entry of every row's key, made where there was none, and to be changed: rows that are due
  /// are gone, and the next are due a TTL after `now_ms` (without a TTL nobody looks at it).
  void FindOrInsert(const model::Batch& batch, std::span<const int> keys, int64_t now_ms,
                    std::vector<Entry*>& entries);
  RowList& ListOf(Entry* entry) const { return *reinterpret_cast<RowList*>(table_.Payload(entry)); }
  /// `head`: as in StoredRow.
  StoredRow* Insert(RowList& list, uint32_t position, std::string_view head, std::string_view row) {
    StoredRow* added = store_.NewRow(head, row, 0);
    store_.Insert(list, position, added);
    return added;
  }
  /// Takes the row at `position` out, keeping the order. It can be read until EndBatch.
  StoredRow* Remove(RowList& list, uint32_t position) {
    removed_.push_back(store_.Remove(list, position));
    return removed_.back();
  }
  /// Frees what was removed, and lets some of what is due go.
  void EndBatch();
  /// Lets more of what is due go.
  void Tick(int64_t now_ms);

  /// As Operator's.
  void BeginSnapshot(StateWriter& writer);
  bool ContinueSnapshot(int64_t deadline_ns);
  Status Restore(StateReader& reader, int64_t now_ms);
  int64_t MemoryBytes() const { return table_.MemoryBytes() + store_.MemoryBytes(); }

 private:
  void SetNow(int64_t now_ms);
  void Expire(Entry* entry);
  /// Lets an entry go that has no rows here, nor in a checkpoint: those go with the next one.
  void EraseIfUnused(Entry* entry);
  void Sweep(int64_t budget_ns);

  const std::string_view name_;
  const KeyCodec codec_;
  const RowCodec& rows_;
  KeyedTable table_;
  RowStore store_;
  EmptiedEntries emptied_;  ///< a snapshot found nothing left of them
  const StateTtl ttl_;
  StateExpiry expiry_;
  int64_t now_ms_ = 0;  ///< with a TTL
  std::vector<StoredRow*> removed_;

  // Of the batch that is being processed:
  EncodedKeys keys_;
  std::vector<uint32_t> all_rows_;
};

}  // namespace forebay::compute
