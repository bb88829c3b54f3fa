#pragma once

#include <memory>

#include "compute/join/joined_rows.h"
#include "compute/operator/operator.h"
#include "compute/state/timed_rows.h"

namespace forebay::compute {

/// Joins every left row with the right row of its key that was the last one at the left row's time
/// (TemporalRowTimeJoinOperator): inner, left. Left rows wait until the watermark reaches their
/// time; late ones are answered at the next watermark. Per key and time the last right row counts;
/// a deleted one matches nothing. Keys that are NULL are equal, as in Flink. Versions go that no
/// left row at or behind the watermark can need: all before the last one at it. By processing time
/// a key has one version, the last that came, and left rows are answered at once
/// (TemporalProcessTimeJoinOperator).
class TemporalJoinOperator : public Operator {
 public:
  /// `condition` evaluates the node's condition; null when it has none.
  static Result<std::unique_ptr<Operator>> Make(const sql::JoinNode& node,
                                                std::shared_ptr<Evaluator> condition);
  Status Process(int input, model::Batch batch) override;
  Status ProcessWatermark(Watermark watermark) override;
  Status BeginSnapshot(StateWriter& writer) override;
  bool ContinueSnapshot(int64_t deadline_ns) override {
    return rows_.ContinueSnapshot(deadline_ns);
  }
  Status Restore(StateReader& reader) override;
  int64_t StateBytes() const override { return rows_.MemoryBytes(); }

 private:
  TemporalJoinOperator(const sql::JoinNode& node, std::shared_ptr<Evaluator> condition);
  Status ProcessNow(int input, const model::Batch& batch);
  void AddVersion(TimedRows::Entry* entry, std::string_view row, int64_t time, uint8_t change);
  void Answer(TimedRows::Entry* entry, int64_t watermark);
  Status Flush();

  bool left_outer_;
  sql::JoinVersions times_;
  std::vector<int> keys_[2];
  int64_t units_per_ms_[2];
  JoinedRows joined_;
  TimedRows rows_;

  EncodedRows row_bytes_;
  std::vector<TimedRows::Entry*> entries_;
  std::vector<JoinedRows::Pair> pairs_;
  std::vector<model::ChangeType> changes_;  ///< of pairs_
  std::vector<uint8_t> is_true_;
};

}  // namespace forebay::compute
