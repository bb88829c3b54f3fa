#pragma once

#include <string>
#include <vector>

#include "sql/plan/plan.h"

namespace forebay::sql {

/// How many rows a node gives by the rules of thumb of EXPLAIN ESTIMATED_COST. Nothing is known of
/// the tables, so a scan counts as 1e8 rows, as in Flink.
double EstimatedRows(const PlanNode& node);

/// The operators as JSON for EXPLAIN JSON_EXECUTION_PLAN: Flink's members for each, in topological
/// order.
std::string ExecutionPlanJson(const std::vector<PlanPtr>& roots);

/// What EXPLAIN PLAN_ADVICE says below the plan: operators whose state grows for as long as a job
/// runs.
std::string PlanAdvice(const std::vector<PlanPtr>& roots);

}  // namespace forebay::sql
