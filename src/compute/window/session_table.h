#pragma once

#include <memory>
#include <vector>

#include "compute/operator/operator.h"
#include "compute/state/timed_rows.h"
#include "compute/window/window_assigner.h"
#include "sql/plan/plan.h"

namespace forebay::compute {

/// SESSION as a table (StreamExecWindowTableFunction with UnalignedWindowTableFunctionOperator): a
/// row waits until the watermark, or the clock, reaches the end - 1 of its session, and is then
/// sent with window_start, window_end and window_time, a session's rows in the order in which they
/// came, each as the kind of change that it came as. A row is late, and dropped and counted, when
/// it touches no open session and its own would have fired.
///
/// The rows of a key lie in the order of their times, so a session is a run of them with no more
/// than the gap between two, and the first session is the first to fire. The key's timer is the
/// moment before an end that the first session has at least: up to there its rows are known to
/// hang together, and whether it goes on is looked at when the timer is due.
class SessionTableOperator : public Operator {
 public:
  static Result<std::unique_ptr<Operator>> Make(const sql::WindowTableNode& node,
                                                const EvaluationContext& context);
  Status Process(int input, model::Batch batch) override;
  Status ProcessWatermark(Watermark watermark) override;
  Status Tick(int64_t now_ms) override;
  Status Finish() override;
  Status BeginSnapshot(StateWriter& writer) override;
  bool ContinueSnapshot(int64_t deadline_ns) override {
    return rows_.ContinueSnapshot(deadline_ns);
  }
  Status Restore(StateReader& reader) override;
  int64_t StateBytes() const override { return rows_.MemoryBytes(); }
  int64_t late_rows() const { return late_rows_; }

 private:
  SessionTableOperator(const sql::WindowTableNode& node, WindowClock clock);
  Status AdvanceTo(int64_t time);
  /// Keeps a row; false when it is late.
  bool Keep(TimedRows::Entry* entry, int64_t time, std::string_view row, model::ChangeType change);
  /// Sends the key's first session, or puts its timer off when the session goes on behind `timer`.
  Status FireFirst(TimedRows::Entry* entry, int64_t timer);
  void AddToSent(std::span<StoredRow* const> rows, TimeWindow window);
  Status Flush();

  const std::vector<int> keys_;
  const std::vector<model::DataType> types_;  ///< of the results' columns
  const int64_t gap_;
  const WindowClock clock_;
  const RowCodec codecs_[2];  ///< of the input's rows; TimedRows has two sides, here the first only
  TimedRows rows_;
  int64_t progress_ = kMinWatermark;  ///< the watermark or processing time reached
  int64_t late_rows_ = 0;

  // Scratch of a batch.
  std::vector<int64_t> times_;
  EncodedRows row_bytes_;
  std::vector<TimedRows::Entry*> entries_;

  // Rows that are being sent.
  std::vector<const char*> sent_;
  std::vector<model::ChangeType> sent_changes_;
  std::vector<TimeWindow> sent_windows_;
};

}  // namespace forebay::compute
