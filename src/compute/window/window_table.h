#pragma once

#include <memory>

#include "compute/operator/operator.h"
#include "compute/window/window_assigner.h"
#include "sql/plan/plan.h"

namespace forebay::compute {

/// TUMBLE, HOP and CUMULATE as tables (StreamExecWindowTableFunction): every row once per window it
/// is in, with window_start, window_end and window_time behind it. Has no state and drops no late
/// rows.
class WindowTableOperator : public Operator {
 public:
  static Result<std::unique_ptr<Operator>> Make(const sql::WindowTableNode& node,
                                                const EvaluationContext& context);
  Status Process(int input, model::Batch batch) override;

 private:
  WindowTableOperator(const sql::WindowTableNode& node, WindowClock clock)
      : types_(node.OutputTypes()), assigner_(node.window), clock_(clock) {}
  Status EmitPart(const model::Batch& batch, size_t begin, size_t end);

  std::vector<model::DataType> types_;
  WindowAssigner assigner_;
  WindowClock clock_;
  std::vector<int64_t> times_;
  std::vector<int64_t> ends_;
  std::vector<uint32_t> rows_;
  std::vector<TimeWindow> windows_;  ///< one for each of rows_
};

}  // namespace forebay::compute
