#pragma once

#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "sql/plan/plan.h"

namespace forebay::sql {

/// Which way a column goes when a row is updated (Calcite's SqlMonotonicity).
enum class Monotonicity : uint8_t { kConstant, kIncreasing, kDecreasing, kNone };

/// Of every output column; nothing when rows may also be deleted, or when nothing is known
/// (Flink's RelModifiedMonotonicity).
using Monotonicities = std::optional<std::vector<Monotonicity>>;

/// Of `nodes`, given in topological order with their changelogs. As Flink's
/// FlinkRelMdModifiedMonotonicity, but that outer joins, which delete padded rows, have nothing.
std::map<const PlanNode*, Monotonicities> InferMonotonicity(
    const std::vector<std::shared_ptr<PlanNode>>& nodes);

/// Whether updates never move a row back in this order.
bool MovesForward(const Monotonicities& columns, const std::vector<SortKey>& order);

/// MIN and MAX that go one way over updates need no old rows: marks them.
void MarkMonotonicCalls(AggregateNode& node, const Monotonicities& columns);

}  // namespace forebay::sql
