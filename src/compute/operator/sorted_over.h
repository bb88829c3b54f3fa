#pragma once

#include <memory>
#include <vector>

#include "compute/aggregate/accumulator.h"
#include "compute/operator/operator.h"
#include "compute/state/keyed_rows.h"
#include "compute/state/sort_key.h"
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
  Status BeginSnapshot(StateWriter& writer) override {
    keys_.BeginSnapshot(writer);
    return Status::Ok();
  }
  bool ContinueSnapshot(int64_t deadline_ns) override {
    return keys_.ContinueSnapshot(deadline_ns);
  }
  Status Tick(int64_t now_ms) override {
    keys_.Tick(now_ms);
    return Status::Ok();
  }
  Status Restore(StateReader& reader) override { return keys_.Restore(reader, NowMs()); }
  int64_t StateBytes() const override { return keys_.MemoryBytes(); }

 private:
  /// The accumulators of one run over a key's rows.
  struct Run {
    std::unique_ptr<char[]> memory;
    char* payload = nullptr;  ///< aligned, inside
  };

  SortedOverOperator(const sql::OverAggregateNode& node, KeyCodec codec, AccumulatorSet calls);
  int64_t NowMs() const { return keys_.HasTtl() ? context_.now_ms() : 0; }
  void Insert(RowList& list, std::string_view row, model::ChangeType change);
  void Retract(RowList& list, std::string_view row);
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
  AccumulatorSet calls_;
  KeyedRows keys_;
  Run old_;
  Run new_;

  EncodedRows row_bytes_;
  std::string sort_key_;
  std::vector<uint32_t> all_rows_;
  std::vector<KeyedTable::Entry*> entries_;
  std::vector<const char*> sent_;
  std::vector<model::ChangeType> changes_;
  std::vector<model::ColumnBuilder> results_;
};

}  // namespace forebay::compute
