#pragma once

#include <string>

#include "sql/plan/plan.h"

namespace forebay::sql {

/// Everything a node is but its inputs, id and changelog as text: nodes with equal signatures and
/// equal inputs do the same.
std::string PlanSignature(const PlanNode& node);

}  // namespace forebay::sql
