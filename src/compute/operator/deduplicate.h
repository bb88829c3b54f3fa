#pragma once

#include <map>
#include <memory>

#include "compute/expression/evaluator.h"
#include "compute/operator/operator.h"
#include "compute/state/keyed_table.h"
#include "compute/state/row_list.h"
#include "compute/state/state_expiry.h"
#include "sql/plan/plan.h"

namespace forebay::compute {

/// Keeps the first or the last row of every key by a time attribute (StreamExecDeduplicate). By
/// rowtime, the last row is replaced by one that is as late or later, the first one by one that is
/// earlier; by processing time order of arrival decides. Per key and batch one change is sent. When
/// the node may only insert (first row by rowtime), a row is sent when the watermark reaches its
/// time. Retractions (last row by processing time) delete the key's row when it is the one
/// retracted. With a TTL a row is forgotten when no other has taken its place for so long.
class DeduplicateOperator : public Operator {
 public:
  /// `condition` evaluates the node's condition; null when it has none.
  static Result<std::unique_ptr<Operator>> Make(const sql::DeduplicateNode& node,
                                                std::shared_ptr<Evaluator> condition = nullptr);
  Status Process(int input, model::Batch batch) override;
  Status ProcessWatermark(Watermark watermark) override;
  Status Tick(int64_t now_ms) override;
  Status BeginSnapshot(StateWriter& writer) override;
  bool ContinueSnapshot(int64_t deadline_ns) override {
    return table_.ContinueSnapshot(deadline_ns);
  }
  Status Restore(StateReader& reader) override;
  int64_t StateBytes() const override;

 private:
  struct Kept {
    StoredRow* row;    ///< null: none, or the row need not be remembered
    int64_t time;      ///< of the row, in the column's unit
    uint64_t touched;  ///< the last batch that had the key
    uint32_t slot;     ///< its place in touched_
    uint32_t is_set;   ///< 1: there is a row, 2: it was sent and is final
  };
  struct Touched {
    KeyedTable::Entry* entry;
    StoredRow* old_row;  ///< as it was before the batch; freed at its end
    bool was_set;
    int new_row;     ///< in the batch, or -1
    size_t encoded;  ///< its place in chosen_
  };

  DeduplicateOperator(const sql::DeduplicateNode& node, KeyCodec codec);
  Kept* KeptOf(KeyedTable::Entry* entry) const {
    return reinterpret_cast<Kept*>(table_.Payload(entry));
  }
  bool WaitsForWatermark() const { return !keep_last_ && is_rowtime_ && changelog_.IsInsertOnly(); }
  bool RemembersRow() const { return keep_last_ || is_rowtime_; }
  /// Fills passes_.
  Status Filter(const model::Batch& batch);
  void Expire(KeyedTable::Entry* entry);
  void Sweep(int64_t budget_ns);
  Status LoadRow(const StoredEntry& stored);
  void Choose(const model::Batch& batch);
  /// Encodes the chosen rows; as Flink's ChangelogNormalize, a row that changes nothing is none.
  void EncodeChosen(const model::Batch& batch);
  Status SendChanges(const model::Batch& batch);
  void StoreRows();

  std::vector<int> keys_;
  int time_column_;
  bool keep_last_;
  bool is_rowtime_;
  int64_t units_per_ms_;
  bool normalizes_;
  std::shared_ptr<Evaluator> condition_;
  sql::ChangelogMode changelog_;
  RowCodec rows_;
  KeyCodec codec_;
  KeyedTable table_;
  RowStore store_;
  const StateTtl ttl_;
  StateExpiry expiry_;
  int64_t now_ms_ = 0;  ///< with a TTL
  uint64_t batch_number_ = 0;
  /// Keys by the time of their row in milliseconds, when rows wait for the watermark; stale ones
  /// are skipped.
  std::multimap<int64_t, KeyedTable::Entry*> waiting_;

  EncodedKeys encoded_;
  std::vector<uint32_t> selected_;
  std::vector<uint8_t> passes_;  ///< whether a row meets the condition
  std::vector<uint32_t> all_rows_;
  std::vector<KeyedTable::Entry*> entries_;
  std::vector<Touched> touched_;
  EncodedRows chosen_;  ///< the new rows of touched_, when they are remembered
};

}  // namespace forebay::compute
