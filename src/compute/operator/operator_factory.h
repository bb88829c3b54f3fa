#pragma once

#include <memory>
#include <vector>

#include "client/connection.h"
#include "compute/expression/evaluator.h"
#include "compute/operator/operator.h"
#include "sql/plan/plan.h"

namespace forebay::compute {

/// What operators need from outside of the plan. Everything outlives the operators.
struct OperatorEnvironment {
  client::Connection* connection = nullptr;  ///< for lookup joins
};

/// A fresh instance of the operator that executes `node`. Sources and sinks (kTableScan, kValues,
/// kSink) are the runtime's own and answer kNotSupported, as does what no operator can execute.
Result<std::unique_ptr<Operator>> MakeOperator(const sql::PlanNode& node,
                                               const EvaluationContext& context,
                                               OperatorEnvironment& environment);

/// How input `input` of `node` must be spread over shards.
struct Distribution {
  enum class Kind : uint8_t {
    kAny,     ///< as the rows come: no exchange
    kByKeys,  ///< by the hash of `keys`
    kSingle,  ///< all rows to shard 0
  };
  Kind kind = Kind::kAny;
  std::vector<int> keys;
};
Distribution DistributionOf(const sql::PlanNode& node, int input);

/// The columns that input `input` must be partitioned by; empty when it need not be, or goes to one
/// shard.
inline std::vector<int> KeysOf(const sql::PlanNode& node, int input) {
  return DistributionOf(node, input).keys;
}

}  // namespace forebay::compute
