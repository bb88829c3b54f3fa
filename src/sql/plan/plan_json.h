#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sql/plan/plan.h"

namespace forebay::sql {

/// A plan with one or more roots as JSON text: what is stored with a job. Field names are the
/// members' names; nodes are a list in topological order that refers to inputs by id. Format
/// version 1.
std::string PlanToJson(const std::vector<PlanPtr>& roots);

/// What a plan calls such a node.
const char* KindName(PlanKind kind);
/// kCorruption for text that PlanToJson did not write, kNotSupported for a newer format version.
Result<std::vector<PlanPtr>> PlanFromJson(std::string_view json);

}  // namespace forebay::sql
