#pragma once

#include <memory>
#include <vector>

#include "compute/aggregate/accumulator.h"
#include "compute/operator/operator.h"
#include "compute/state/key_codec.h"
#include "compute/window/window_assigner.h"
#include "sql/plan/plan.h"

namespace forebay::compute {

/// GROUP BY over windows: what the operators for the kinds of windows have in common, which are
/// the time of rows, how far time has come, and the columns of keys. Windows of event time fire by
/// watermarks, those of processing time by Tick, and all that are open at Finish.
class WindowOperator : public Operator {
 public:
  Status Process(int input, model::Batch batch) final;
  Status ProcessWatermark(Watermark watermark) final;
  Status Tick(int64_t now_ms) override;
  Status Finish() final;
  int64_t late_rows() const { return late_rows_; }

 protected:
  /// What is made of a node and can fail.
  struct Parts {
    WindowClock clock;
    KeyCodec codec;
    AccumulatorSet calls;
  };
  /// The accumulators' payloads begin with `header_bytes` of the operator's own.
  static Result<Parts> MakeParts(const sql::WindowAggregateNode& node,
                                 const EvaluationContext& context, int header_bytes);

  WindowOperator(const sql::WindowAggregateNode& node, Parts parts);

  /// Takes a batch whose keys and times are in encoded_ and times_.
  virtual Status Accumulate(const model::Batch& batch) = 0;
  /// Fires the windows that end by progress_.
  virtual Status FireDue() = 0;

  /// A batch of the results' key columns.
  model::Batch KeyColumns(std::span<const char* const> keys) const;

  const std::vector<int> keys_;
  const std::vector<sql::WindowProperty> properties_;
  const std::vector<model::DataType> types_;  ///< of the results' columns
  const WindowClock clock_;
  const KeyCodec codec_;
  AccumulatorSet calls_;
  int64_t progress_ = kMinWatermark;  ///< the watermark or processing time reached
  int64_t late_rows_ = 0;

  // Scratch of a batch.
  EncodedKeys encoded_;
  std::vector<int64_t> times_;

 private:
  Status AdvanceTo(int64_t time);
};

}  // namespace forebay::compute
