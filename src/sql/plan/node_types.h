#pragma once

#include <stdexcept>

#include "sql/plan/match_node.h"
#include "sql/plan/plan.h"

namespace forebay::sql {

/// Calls `f` with a null pointer of the node type of `kind`.
template <typename F>
auto DispatchNode(PlanKind kind, F&& f) {
  switch (kind) {
    case PlanKind::kTableScan: return f(static_cast<TableScanNode*>(nullptr));
    case PlanKind::kValues: return f(static_cast<ValuesNode*>(nullptr));
    case PlanKind::kCalc: return f(static_cast<CalcNode*>(nullptr));
    case PlanKind::kWatermark: return f(static_cast<WatermarkNode*>(nullptr));
    case PlanKind::kAggregate: return f(static_cast<AggregateNode*>(nullptr));
    case PlanKind::kWindowTable: return f(static_cast<WindowTableNode*>(nullptr));
    case PlanKind::kWindowAggregate: return f(static_cast<WindowAggregateNode*>(nullptr));
    case PlanKind::kJoin: return f(static_cast<JoinNode*>(nullptr));
    case PlanKind::kLookupJoin: return f(static_cast<LookupJoinNode*>(nullptr));
    case PlanKind::kRank: return f(static_cast<RankNode*>(nullptr));
    case PlanKind::kDeduplicate: return f(static_cast<DeduplicateNode*>(nullptr));
    case PlanKind::kOverAggregate: return f(static_cast<OverAggregateNode*>(nullptr));
    case PlanKind::kUnnest: return f(static_cast<UnnestNode*>(nullptr));
    case PlanKind::kMatch: return f(static_cast<MatchNode*>(nullptr));
    case PlanKind::kChangelog: return f(static_cast<ChangelogNode*>(nullptr));
    case PlanKind::kUnion: return f(static_cast<UnionNode*>(nullptr));
    case PlanKind::kSort: return f(static_cast<SortNode*>(nullptr));
    case PlanKind::kLimit: return f(static_cast<LimitNode*>(nullptr));
    case PlanKind::kSink: return f(static_cast<SinkNode*>(nullptr));
  }
  throw std::out_of_range("plan kind");
}

}  // namespace forebay::sql
