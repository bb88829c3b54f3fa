#pragma once

#include <memory>
#include <vector>

#include "base/result.h"
#include "model/batch.h"
#include "sql/plan/expression.h"

namespace forebay::compute {

/// Takes rows for which an expression failed. Belongs to one thread at a time.
class FailedRows {
 public:
  virtual ~FailedRows() = default;
  /// An error ends the evaluation.
  virtual Status TakeFailed(const model::Batch& batch, int row, const Status& failure) = 0;
};

/// What scalar evaluation depends on besides its input.
struct EvaluationContext {
  /// Milliseconds since the epoch that CURRENT_TIMESTAMP and its kin return; 0: read the clock once
  /// a batch.
  int64_t fixed_now_ms = 0;
  /// `table.local-time-zone`, e.g. "UTC", "Europe/Berlin".
  std::string time_zone = "UTC";
  /// Null: the first failure ends the evaluation. Else rows that fail are given to it, are not
  /// selected, and have NULL for all expressions. Outlives the evaluators.
  FailedRows* failed_rows = nullptr;
};

/// Evaluates typed expressions over batches with Flink's semantics. Prepared once; an instance
/// belongs to one thread at a time (it keeps scratch memory). Runtime failures (CAST of bad text,
/// division by zero) are kInvalidArgument errors that name the function and the value.
class Evaluator {
 public:
  /// kNotSupported, naming the function and argument types, when there is no kernel.
  static Result<std::unique_ptr<Evaluator>> Make(std::vector<sql::ExpressionPtr> expressions,
                                                 const EvaluationContext& context);
  virtual ~Evaluator() = default;

  /// The watermark CURRENT_WATERMARK returns from now on; the smallest int64 means none.
  virtual void SetWatermark(int64_t watermark_ms) = 0;
  /// One column an expression, of the batch's rows.
  virtual Result<std::vector<model::Column>> Evaluate(const model::Batch& batch) = 0;
  /// The rows for which expression `index` (a BOOLEAN) is TRUE, ascending, into `rows`.
  virtual Status Select(int index, const model::Batch& batch, std::vector<uint32_t>& rows) = 0;
};

/// Evaluates an expression without columns; for literals folding, options and VALUES.
Result<model::Value> EvaluateConstant(const sql::ExpressionPtr& expression,
                                      const EvaluationContext& context);

}  // namespace forebay::compute
