#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "sql/analyzer/decorrelate.h"

namespace forebay::sql {

enum class SubqueryKind : uint8_t { kExists, kIn, kScalar };

/// A subquery in an expression, analyzed but not yet joined to the query around it.
struct Subquery {
  SubqueryKind kind = SubqueryKind::kScalar;
  bool negated = false;  ///< NOT EXISTS, NOT IN
  PlanPtr plan;
  /// IN: what is compared with the columns of `plan`, over the outer query.
  std::vector<ExpressionPtr> operands;
  std::string comparison = "EQUALS";  ///< IN: of x > ANY (query) another one
  /// As a value: where it stands, NULL is as good as FALSE.
  bool only_truth_matters = false;
};

/// The type of the subquery as a value.
model::DataType TypeOf(const Subquery& subquery);

/// The outer plan's rows for which EXISTS, IN or their negation hold: a semi or anti join, as
/// Flink's FlinkSubQueryRemoveRule makes it.
Result<PlanPtr> JoinAsFilter(const Subquery& subquery, const OuterQuery& outer, bool streaming);

/// The outer plan with columns behind its own, and the subquery's value over them: left joins with
/// at most one row for each of the outer plan's (Calcite's SubQueryRemoveRule).
struct JoinedValue {
  PlanPtr plan;
  ExpressionPtr value;
};
Result<JoinedValue> JoinAsValue(const Subquery& subquery, const OuterQuery& outer);

}  // namespace forebay::sql
