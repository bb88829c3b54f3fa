#include "sql/analyzer/time_keys.h"

#include "sql/optimizer/optimizer.h"

namespace forebay::sql {
namespace {

/// Where the node's column comes from, unchanged; -1: it does not.
int SourceOf(const PlanNode& node, int column) {
  if (node.kind == PlanKind::kCalc) {
    const Expression& e = *static_cast<const CalcNode&>(node).projections[column];
    return e.kind == ExpressionKind::kColumn ? e.column : -1;
  }
  if (node.kind == PlanKind::kAggregate) {
    const std::vector<int>& keys = static_cast<const AggregateNode&>(node).keys;
    return column < static_cast<int>(keys.size()) ? keys[column] : -1;
  }
  return -1;
}

}  // namespace

PlanPtr WithTimeKey(const PlanPtr& plan, int column) {
  TimeAttribute attribute = plan->output[column].time_attribute;
  if (attribute == TimeAttribute::kRowtime) return plan;
  if (attribute == TimeAttribute::kProctime) return nullptr;
  int source = SourceOf(*plan, column);
  if (source < 0) return nullptr;
  PlanPtr input = WithTimeKey(plan->inputs[0], source);
  if (input == nullptr) return nullptr;
  std::shared_ptr<PlanNode> copy = CloneNode(*plan);
  copy->inputs = {input};
  copy->output[column].time_attribute = TimeAttribute::kRowtime;
  return copy;
}

}  // namespace forebay::sql
