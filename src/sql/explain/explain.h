#pragma once

#include <string>
#include <vector>

#include "sql/plan/plan.h"

namespace forebay::sql {

/// The plans as EXPLAIN prints them: Flink's "Optimized Physical Plan" tree, one operator a line, a
/// node used twice shown once with (reuse_id=[n]) and then as Reused(reference_id=[n]).
std::string ExplainPlan(const std::vector<PlanPtr>& roots, bool changelog_modes,
                        bool estimated_cost = false);

}  // namespace forebay::sql
