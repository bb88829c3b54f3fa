#pragma once

#include <memory>

#include "compute/aggregate/accumulator.h"
#include "compute/operator/operator.h"
#include "compute/state/keyed_table.h"
#include "compute/state/state_expiry.h"
#include "sql/plan/plan.h"

namespace forebay::compute {

/// GROUP BY without a window, and SELECT DISTINCT (StreamExecGroupAggregate). A batch is a
/// mini-batch: for every key in it at most one change is sent, +I, -U/+U or -D, and none when the
/// result stays the same. A key whose row count falls to zero is deleted; a retraction of a key
/// that has no rows is ignored, as in Flink. Without keys nothing is sent before the first row.
/// With a TTL a group goes when no row has come to it for so long, and a result that stays the same
/// is sent all the same, so that state behind does not expire; distinct values have an age each.
class GroupAggregateOperator : public Operator {
 public:
  static Result<std::unique_ptr<Operator>> Make(const sql::AggregateNode& node);
  ~GroupAggregateOperator() override;

  Status Process(int input, model::Batch batch) override;
  Status Tick(int64_t now_ms) override;
  Status BeginSnapshot(StateWriter& writer) override;
  bool ContinueSnapshot(int64_t deadline_ns) override {
    return table_.ContinueSnapshot(deadline_ns);
  }
  Status Restore(StateReader& reader) override;
  int64_t StateBytes() const override;

 private:
  struct Header {
    int64_t rows;      ///< accumulated minus retracted
    uint64_t touched;  ///< the last batch that had the key
  };
  struct Touched {
    KeyedTable::Entry* entry;
    int64_t rows_before;
    int old_result;  ///< its row among the results, or -1
    int new_result;
  };
  /// One output row: a key and a row of the results.
  struct Change {
    KeyedTable::Entry* entry;
    uint32_t result;
    model::ChangeType type;
  };

  GroupAggregateOperator(const sql::AggregateNode& node, KeyCodec codec, AccumulatorSet calls);
  Header* HeaderOf(KeyedTable::Entry* entry) const {
    return reinterpret_cast<Header*>(table_.Payload(entry));
  }
  Status LoadGroups(StateReader& reader);
  void Sweep(int64_t budget_ns);
  /// Empties the groups of entries_ that have expired.
  void Expire();
  /// Fills rows_, payloads_, signs_ with the rows that count, and touched_.
  void CountRows(const model::Batch& batch);
  void EmitOld(std::vector<model::ColumnBuilder>& results);
  void EmitNew(std::vector<model::ColumnBuilder>& results);
  void Compare(const model::Batch& batch, const std::vector<model::Column>& results);
  /// As Flink, which keeps sums of VAR_POP and VAR_SAMP: any value of theirs is a change.
  void MarkVariances(const model::Batch& batch, std::vector<uint8_t>& same) const;
  Status Send(const std::vector<model::Column>& results);

  std::vector<int> keys_;
  std::vector<model::DataType> types_;
  sql::ChangelogMode changelog_;
  KeyCodec codec_;
  AccumulatorSet calls_;
  KeyedTable table_;
  const StateTtl ttl_;
  StateExpiry expiry_;
  int64_t now_ms_ = 0;  ///< of the batch; with a TTL
  uint64_t batch_number_ = 0;

  // Scratch of a batch.
  EncodedKeys encoded_;
  std::vector<uint32_t> all_rows_;
  std::vector<KeyedTable::Entry*> entries_;
  std::vector<uint32_t> rows_;
  std::vector<char*> payloads_;
  std::vector<int8_t> signs_;
  std::vector<Touched> touched_;
  std::vector<Change> changes_;
};

}  // namespace forebay::compute
