#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "compute/batch/batch_letters.h"
#include "compute/expression/evaluator.h"
#include "sql/plan/plan.h"

namespace forebay::compute {

/// Keeps the rows that a node of a batch query cannot compute from it. Belongs to one thread.
class RowGuard {
 public:
  virtual ~RowGuard() = default;
  /// The rows that the node can compute and its condition lets pass, ascending.
  virtual Result<std::vector<uint32_t>> Pass(const model::Batch& batch) = 0;
};

using MakeRowGuard = std::function<Result<std::unique_ptr<RowGuard>>()>;

/// Whether `node` may fail for a row of its input, and there is what takes such rows.
bool NeedsGuard(const sql::PlanNode& node, const BatchLetters* letters);
/// `node`, `letters` must outlive the guards.
MakeRowGuard GuardOf(const sql::PlanNode& node, const EvaluationContext& context,
                     BatchLetters& letters);

}  // namespace forebay::compute
