#pragma once

#include "base/result.h"
#include "sql/plan/plan.h"

namespace forebay::sql {

/// What whoever walks a plan relies on and types do not say: how many inputs a node has, that
/// enums have a value, that columns are there. kCorruption names the node. Plans of the analyzer
/// pass; one that was read has to.
Status CheckPlanNode(const PlanNode& node);

}  // namespace forebay::sql
