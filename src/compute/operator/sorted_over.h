#pragma once

#include <memory>
#include <vector>

#include "compute/operator/accumulator.h"
#include "compute/operator/operator.h"
#include "compute/state/emptied_entries.h"
#include "compute/state/keyed_table.h"
#include "compute/state/row_list.h"
#include "compute/state/sort_key.h"
#include "compute/state/state_expiry.h"
#include "sql/plan/plan.h"

namespace forebay::compute {

/// Aggregates over the rows up to each row, ordered by a column that is no time attribute
/// (NonTimeRangeUnboundedPrecedingFunction, NonTimeRowsUnboundedPrecedingFunction). Every key's
/// rows lie in order, equal ones by arrival; a change is answered at once, for its own row and for
/// all behind it whose results it moves. RANGE: rows of equal order have one result. The rows of a
/// key are gone through for every change, so keys should be small. With a TTL a key's rows go when
/// none has come or gone for so long.
class SortedOverOperator : public Operator {
 public:
  static Result<std::unique_ptr<Operator>> Make(const sql::OverAggregateNode& node);
  Status Process(int input, model::Batch batch) override;
  Status Snapshot(StateWriter& writer) override {
    RETURN_IF_ERROR(BeginSnapshot(writer));
    ContinueSnapshot(INT64_MAX);
    return Status::Ok();
  }
  Status BeginSnapshot(StateWriter& writer) override;
  bool ContinueSnapshot(int64_t deadline_ns) override;
  Status Tick(int64_t now_ms) override;
  Status Restore(StateReader& reader) override;
  int64_t StateBytes() const override { return table_.MemoryBytes() + store_.MemoryBytes(); }

 private:
  /// The accumulators of one run over a key's rows.
  struct Run {
    std::unique_ptr<char[]> memory;
    char* payload = nullptr;  ///< aligned, inside
  };

  SortedOverOperator(const sql::OverAggregateNode& node, KeyCodec codec, AccumulatorSet calls);
  RowList& ListOf(KeyedTable::Entry* entry) const {
    return *reinterpret_cast<RowList*>(table_.Payload(entry));
  }
  Status LoadRows(StateReader& reader);
  void Expire(KeyedTable::Entry* entry);
  void ExpireLookedUp();
  void Sweep(int64_t budget_ns);
  void Insert(KeyedTable::Entry* entry, std::string_view row, model::ChangeType change);
  void Retract(KeyedTable::Entry* entry, std::string_view row);
  /// Sends what changes when `changed` is in the list now and was not before, or the other way
  /// round: `old_rows` and `new_rows` are the list before and after.
  void Compare(std::span<StoredRow* const> old_rows, std::span<StoredRow* const> new_rows,
               StoredRow* changed, model::ChangeType change);
  /// The end of the rows that have one result with row `begin`.
  size_t GroupEnd(std::span<StoredRow* const> rows, size_t begin) const;
  void Start(Run& run);
  void Accumulate(Run& run, std::span<StoredRow* const> rows);
  std::string StateOf(const Run& run) const;
  void Send(const StoredRow* row, model::ChangeType change, Run& run);
  Status Flush();

  sql::OverAggregateNode node_;
  RowCodec rows_;
  SortKeyCodec order_;
  KeyCodec codec_;
  AccumulatorSet calls_;
  KeyedTable table_;
  RowStore store_;
  EmptiedEntries emptied_;  ///< a snapshot found nothing left of them
  const StateTtl ttl_;
  StateExpiry expiry_;
  int64_t now_ms_ = 0;  ///< with a TTL
  Run old_;
  Run new_;

  EncodedKeys encoded_;
  EncodedRows row_bytes_;
  std::string sort_key_;
  std::vector<uint32_t> all_rows_;
  std::vector<KeyedTable::Entry*> entries_;
  std::vector<StoredRow*> removed_;  ///< freed after the batch's changes are sent
  std::vector<const char*> sent_;
  std::vector<model::ChangeType> changes_;
  std::vector<model::ColumnBuilder> results_;
};

}  // namespace forebay::compute
