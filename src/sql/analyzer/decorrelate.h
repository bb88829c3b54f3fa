#pragma once

#include <algorithm>
#include <functional>
#include <optional>
#include <set>
#include <vector>

#include "base/result.h"
#include "sql/plan/plan.h"

// Subqueries that read columns of the query around them, made into plans that read none (Calcite's
// RelDecorrelator).

namespace forebay::sql {

/// A column of the query `level` subqueries further out. Analyzed plans hold these calls until the
/// subquery is joined to the query around it; no plan that leaves the analyzer does.
ExpressionPtr OuterReference(const model::DataType& type, int level, int column);
bool ReadsOuter(const Expression& expression);
bool ReadsOuter(const PlanNode& plan);
/// The columns of the query right around it that `plan` reads.
void CollectOuter(const PlanNode& plan, std::set<int>& columns);

/// The query around a subquery: its plan so far, and what a reference to its column stands for
/// over that plan.
struct OuterQuery {
  PlanPtr plan;
  std::function<ExpressionPtr(const model::DataType& type, int column)> value;
};

/// `expression` with references to the query around replaced by what they stand for; those further
/// out come one level nearer.
ExpressionPtr WithOuterValues(const ExpressionPtr& expression, const OuterQuery& outer);

/// A subquery that reads nothing from outside.
struct Decorrelated {
  /// The subquery's columns, and behind them what `predicates` read.
  PlanPtr plan;
  /// Over the plan's columns, with outer references: which of the rows an outer row sees.
  std::vector<ExpressionPtr> predicates;
  /// Set when the subquery has a row even for outer rows that see none (an aggregate without
  /// groups): what its columns are then.
  std::optional<std::vector<ExpressionPtr>> empty_row;
};

/// kNotSupported when the references stand where they cannot be pulled out from.
Result<Decorrelated> Decorrelate(const PlanPtr& plan, const OuterQuery& outer);

/// The predicates made equalities between a column and outer references, which go to `columns` and
/// `values`. Others than equalities need the distinct outer values joined in.
struct CorrelationKeys {
  std::vector<int> columns;           ///< of the plan
  std::vector<ExpressionPtr> values;  ///< with outer references
  std::vector<bool> null_safe;        ///< NULL is equal to NULL there

  bool AnyNullSafe() const {
    return std::find(null_safe.begin(), null_safe.end(), true) != null_safe.end();
  }
  /// The name of the comparison of column `i` with its value.
  const char* Equality(size_t i) const { return null_safe[i] ? "IS_NOT_DISTINCT_FROM" : "EQUALS"; }
};
Result<CorrelationKeys> ToKeys(Decorrelated& query, const OuterQuery& outer);

}  // namespace forebay::sql
