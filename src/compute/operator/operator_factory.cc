#include "compute/operator/operator_factory.h"

#include "compute/aggregate/group_aggregate.h"
#include "compute/join/interval_join.h"
#include "compute/join/join.h"
#include "compute/join/lookup_join.h"
#include "compute/join/temporal_join.h"
#include "compute/join/window_join.h"
#include "compute/match/match_recognize.h"
#include "compute/operator/calc.h"
#include "compute/operator/changelog_rows.h"
#include "compute/operator/deduplicate.h"
#include "compute/operator/local_clock.h"
#include "compute/operator/over_aggregate.h"
#include "compute/operator/rank.h"
#include "compute/operator/sort.h"
#include "compute/operator/sorted_over.h"
#include "compute/operator/unnest.h"
#include "compute/window/session_aggregate.h"
#include "compute/window/session_table.h"
#include "compute/window/window_aggregate.h"
#include "compute/window/window_emit.h"
#include "compute/window/window_table.h"

namespace forebay::compute {

using sql::PlanKind;
using sql::PlanNode;

namespace {

template <typename Node>
const Node& As(const PlanNode& node) {
  return static_cast<const Node&>(node);
}

Result<std::unique_ptr<Operator>> MakeWindowAggregate(const sql::WindowAggregateNode& node,
                                                      const EvaluationContext& context) {
  if (node.emit) return WindowEmitOperator::Make(node, context);
  bool attached = node.window.window_end_column >= 0;
  if (node.window.kind == sql::WindowKind::kSession && !attached) {
    return SessionAggregateOperator::Make(node, context);
  }
  return WindowAggregateOperator::Make(node, context);
}

Result<std::unique_ptr<Operator>> MakeWindowTable(const sql::WindowTableNode& node,
                                                  const EvaluationContext& context) {
  return node.window.kind == sql::WindowKind::kSession ? SessionTableOperator::Make(node, context)
                                                       : WindowTableOperator::Make(node, context);
}

Result<std::unique_ptr<Operator>> MakeJoin(const sql::JoinNode& node,
                                           const EvaluationContext& context) {
  std::shared_ptr<Evaluator> condition;
  if (node.condition != nullptr) {
    ASSIGN_OR_RETURN(condition, Evaluator::Make({node.condition}, context));
  }
  if (node.interval) return IntervalJoinOperator::Make(node, std::move(condition));
  if (node.versions) return TemporalJoinOperator::Make(node, std::move(condition));
  return node.windowed ? WindowJoinOperator::Make(node, std::move(condition))
                       : JoinOperator::Make(node, std::move(condition));
}

Result<std::unique_ptr<Operator>> MakeDeduplicate(const sql::DeduplicateNode& node,
                                                  const EvaluationContext& context) {
  std::shared_ptr<Evaluator> condition;
  if (node.condition != nullptr) {
    ASSIGN_OR_RETURN(condition, Evaluator::Make({node.condition}, context));
  }
  return DeduplicateOperator::Make(node, std::move(condition));
}

/// Whether `node` compares windows of local times with watermarks, which are moments.
bool NeedsLocalClock(const PlanNode& node, const EvaluationContext& context) {
  bool windowed = node.kind == PlanKind::kRank   ? As<sql::RankNode>(node).windowed
                  : node.kind == PlanKind::kJoin ? As<sql::JoinNode>(node).windowed
                                                 : false;
  bool utc = context.time_zone == "UTC" || context.time_zone == "Z";
  return windowed && !utc && HasInstantRowtime(node);
}

Distribution ByKeys(std::vector<int> keys) {
  if (keys.empty()) return {Distribution::Kind::kSingle, {}};
  return {Distribution::Kind::kByKeys, std::move(keys)};
}

Result<std::unique_ptr<Operator>> MakePlain(const PlanNode& node, const EvaluationContext& context,
                                            OperatorEnvironment& environment) {
  switch (node.kind) {
    case PlanKind::kCalc: return CalcOperator::Make(As<sql::CalcNode>(node), context);
    case PlanKind::kWatermark:
      return WatermarkOperator::Make(As<sql::WatermarkNode>(node), context);
    case PlanKind::kAggregate: return GroupAggregateOperator::Make(As<sql::AggregateNode>(node));
    case PlanKind::kWindowAggregate:
      return MakeWindowAggregate(As<sql::WindowAggregateNode>(node), context);
    case PlanKind::kJoin: return MakeJoin(As<sql::JoinNode>(node), context);
    case PlanKind::kDeduplicate: return MakeDeduplicate(As<sql::DeduplicateNode>(node), context);
    case PlanKind::kOverAggregate: {
      const auto& over = As<sql::OverAggregateNode>(node);
      return over.IsByTime() ? OverAggregateOperator::Make(over) : SortedOverOperator::Make(over);
    }
    case PlanKind::kWindowTable: return MakeWindowTable(As<sql::WindowTableNode>(node), context);
    case PlanKind::kLookupJoin:
      return LookupJoinOperator::Make(As<sql::LookupJoinNode>(node), context,
                                      environment.connection);
    case PlanKind::kUnnest: return UnnestOperator::Make(As<sql::UnnestNode>(node), context);
    case PlanKind::kMatch: return MatchOperator::Make(As<sql::MatchNode>(node), context);
    case PlanKind::kChangelog: return ChangelogOperator::Make(As<sql::ChangelogNode>(node));
    case PlanKind::kRank: return RankOperator::Make(As<sql::RankNode>(node));
    case PlanKind::kSort: return SortOperator::Make(As<sql::SortNode>(node));
    case PlanKind::kLimit: return LimitOperator::Make(As<sql::LimitNode>(node));
    case PlanKind::kUnion: return std::unique_ptr<Operator>(std::make_unique<UnionOperator>());
    default: return NotSupported("no operator for plan node {}", node.id);
  }
}

}  // namespace

Result<std::unique_ptr<Operator>> MakeOperator(const PlanNode& node,
                                               const EvaluationContext& context,
                                               OperatorEnvironment& environment) {
  ASSIGN_OR_RETURN(std::unique_ptr<Operator> made, MakePlain(node, context, environment));
  if (!NeedsLocalClock(node, context)) return made;
  ASSIGN_OR_RETURN(WindowClock clock, WindowClock::OfZone(context));
  return std::unique_ptr<Operator>(
      std::make_unique<LocalClockOperator>(std::move(made), std::move(clock)));
}

Distribution DistributionOf(const PlanNode& node, int input) {
  switch (node.kind) {
    case PlanKind::kAggregate: return ByKeys(As<sql::AggregateNode>(node).keys);
    case PlanKind::kWindowAggregate: return ByKeys(As<sql::WindowAggregateNode>(node).keys);
    case PlanKind::kWindowTable:
      if (As<sql::WindowTableNode>(node).window.kind != sql::WindowKind::kSession) return {};
      return ByKeys(As<sql::WindowTableNode>(node).window.partition_keys);
    case PlanKind::kJoin: {
      const auto& join = As<sql::JoinNode>(node);
      return ByKeys(input == 0 ? join.left_keys : join.right_keys);
    }
    case PlanKind::kRank: return ByKeys(As<sql::RankNode>(node).keys);
    case PlanKind::kOverAggregate: return ByKeys(As<sql::OverAggregateNode>(node).keys);
    case PlanKind::kMatch: return ByKeys(As<sql::MatchNode>(node).keys);
    case PlanKind::kDeduplicate: return ByKeys(As<sql::DeduplicateNode>(node).keys);
    case PlanKind::kSort:
    case PlanKind::kLimit: return {Distribution::Kind::kSingle, {}};
    default: return {};
  }
}

}  // namespace forebay::compute
