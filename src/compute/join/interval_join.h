#pragma once

#include <memory>

#include "compute/join/joined_rows.h"
#include "compute/operator/operator.h"
#include "compute/state/timed_rows.h"

namespace forebay::compute {

/// Joins rows of equal keys whose times are near enough (StreamExecIntervalJoin): inner, left,
/// right, full. A row stays until the watermark (or the clock) says that no partner can come; then
/// it goes, and is sent with NULLs when it met none and the join keeps such rows. As in Flink, the
/// time of an operator is never before 1970, and a row that is out of date goes when its key is
/// next looked at: at the key's timer, which the first row of a side sets, or when a row of the
/// other side comes; until then late rows still meet it.
class IntervalJoinOperator : public Operator {
 public:
  /// `condition` evaluates the node's condition; null when it has none.
  static Result<std::unique_ptr<Operator>> Make(const sql::JoinNode& node,
                                                std::shared_ptr<Evaluator> condition);
  Status Process(int input, model::Batch batch) override;
  Status ProcessWatermark(Watermark watermark) override;
  Watermark OutputWatermark(Watermark watermark) const override;
  Status Tick(int64_t now_ms) override;
  Status BeginSnapshot(StateWriter& writer) override;
  bool ContinueSnapshot(int64_t deadline_ns) override {
    return rows_.ContinueSnapshot(deadline_ns);
  }
  Status Restore(StateReader& reader) override;
  int64_t StateBytes() const override { return rows_.MemoryBytes(); }

 private:
  /// What happens when a row of the batch comes: it meets a stored row, or finds it out of date.
  struct Event {
    StoredRow* stored;
    bool expires;
  };

  IntervalJoinOperator(const sql::JoinNode& node, std::shared_ptr<Evaluator> condition);
  Status ReadTimes(int input, const model::Batch& batch);
  int64_t ExpirationOf(int side) const;
  void CollectEvents(int side, int row);
  /// Decides about row `row`, whose events are [begin, end) and pairs begin at `pair`.
  void Decide(int side, int row, size_t begin, size_t end, size_t& pair);
  void Keep(int side, int row, bool is_matched);
  Status Fire();
  void Send(const char* left, const char* right, int row);
  Status Flush(const model::Batch* batch, int side);

  sql::JoinKind kind_;
  sql::JoinInterval interval_;
  bool is_empty_;  ///< nothing is within the interval
  std::vector<int> keys_[2];
  int64_t units_per_ms_[2];
  /// How long after its time a row of a side may meet one of the other.
  int64_t sizes_[2];
  JoinedRows joined_;
  TimedRows rows_;
  int64_t now_ = 0;
  int64_t expired_[2] = {0, 0};  ///< the rows up to it are gone, or will be

  // Scratch.
  EncodedRows row_bytes_;
  std::vector<uint8_t> has_key_;
  std::vector<int64_t> times_;
  std::vector<TimedRows::Entry*> entries_;
  std::vector<Event> events_;
  std::vector<JoinedRows::Pair> pairs_;
  std::vector<uint8_t> is_true_;
  std::vector<JoinedRows::Pair> sent_;
};

}  // namespace forebay::compute
