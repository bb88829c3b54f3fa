#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "compute/aggregate/accumulator.h"
#include "compute/expression/evaluator.h"
#include "sql/plan/plan.h"

namespace forebay::compute {

/// Finds the rows that an aggregate function cannot take, before they touch the state of a group:
/// each row is given to a state of its own. Belongs to one thread at a time.
class AggregateCheck {
 public:
  /// Null when `node` has no aggregate functions, or none that can fail for a row.
  static Result<std::unique_ptr<AggregateCheck>> Make(const sql::PlanNode& node);

  /// The rows, ascending, that all functions can take; the others go to `failed`.
  Result<std::vector<uint32_t>> GoodRows(const model::Batch& batch, FailedRows& failed);

 private:
  /// What Accumulators want their states aligned to.
  struct alignas(16) Slot {
    char bytes[16];
  };

  explicit AggregateCheck(std::vector<model::DataType> input) : input_(std::move(input)) {}
  Status Try(const model::Batch& batch);

  std::vector<sql::AggregateCall> calls_;  ///< those that can fail
  const std::vector<model::DataType> input_;
  std::optional<AccumulatorSet> accumulators_;  ///< nothing after a failure
  std::vector<Slot> states_;
};

}  // namespace forebay::compute
