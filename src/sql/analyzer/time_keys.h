#pragma once

#include "sql/plan/plan.h"

namespace forebay::sql {

/// The plan with column `column` as a rowtime attribute, when it is one that went through GROUP BY
/// or DISTINCT as a key; null otherwise. Only GROUP BY TUMBLE and its kin follow such times, and in
/// batch mode the window functions of FROM: to all else they are plain values, as in Flink.
PlanPtr WithTimeKey(const PlanPtr& plan, int column);

}  // namespace forebay::sql
