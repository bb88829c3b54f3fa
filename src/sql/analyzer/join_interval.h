#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "sql/plan/plan.h"

namespace forebay::sql {

/// The interval that a join's keys and condition put between the time attributes of both sides, as
/// IntervalJoinUtil finds it: one equality, or one comparison each way, of a time attribute with
/// one of the other side plus a constant. The conjuncts of the condition that say something else go
/// to `rest`. Nothing for semi, anti, window and temporal joins.
std::optional<JoinInterval> FindInterval(const JoinNode& join, std::vector<ExpressionPtr>& rest);

/// Columns of both sides that a join says are equal.
using ColumnPairs = std::vector<std::pair<int, int>>;
ColumnPairs PairsOf(const JoinNode& join);
/// Whether both sides carry the same windows, and rows must be of one window to meet.
bool JoinsWindows(const PlanNode& left, const PlanNode& right, const ColumnPairs& pairs);

/// A join as what `conditions` above it make it: an interval join keeps the time attributes of both
/// sides, a window join its windows, too. Any other plan as it is.
PlanPtr WithTimes(const PlanPtr& plan, const std::vector<ExpressionPtr>& conditions);

}  // namespace forebay::sql
