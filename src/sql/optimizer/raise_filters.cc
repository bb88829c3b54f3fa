// Filters right above a stored table become a part of the condition of the join that reads it.

#include <numeric>
#include <vector>

#include "sql/analyzer/expression_analyzer.h"
#include "sql/optimizer/optimizer.h"
#include "sql/optimizer/shared_tables.h"

namespace forebay::sql {
namespace {

bool IsSharedTable(const PlanNode& node) {
  return node.kind == PlanKind::kTableScan && IsSharable(static_cast<const TableScanNode&>(node));
}

/// The table's column behind each of the filter's; -1 for those that are computed.
std::vector<int> ColumnsOf(const CalcNode& filter) {
  std::vector<int> columns;
  for (const ExpressionPtr& projection : filter.projections) {
    columns.push_back(projection->kind == ExpressionKind::kColumn ? projection->column : -1);
  }
  return columns;
}

/// Whether the join can have the table with `columns` in place of the filter's: they are all of
/// it, in its order, or those that the join needs, and nobody sees the others.
bool CanReplace(const JoinNode& join, size_t side, const std::vector<int>& columns) {
  if (join.join != JoinKind::kSemi && join.join != JoinKind::kAnti) {
    std::vector<int> all(join.inputs[side]->inputs[0]->output.size());
    std::iota(all.begin(), all.end(), 0);
    return columns == all;
  }
  size_t left = join.inputs[0]->output.size();
  std::vector<bool> needed(left + columns.size());
  if (join.condition != nullptr) CollectColumns(*join.condition, needed);
  for (int key : join.right_keys) needed[left + static_cast<size_t>(key)] = true;
  for (size_t i = 0; i < columns.size(); ++i) {
    if (needed[left + i] && columns[i] < 0) return false;
  }
  return true;
}

/// The join over the table itself, when a filter stands between.
void Raise(JoinNode& join, size_t side) {
  const PlanNode& input = *join.inputs[side];
  if (input.kind != PlanKind::kCalc || !IsSharedTable(*input.inputs[0])) return;
  const auto& filter = static_cast<const CalcNode&>(input);
  if (filter.condition == nullptr || !Deterministic(*filter.condition)) return;
  std::vector<int> columns = ColumnsOf(filter);
  if (!CanReplace(join, side, columns)) return;
  int left = static_cast<int>(join.inputs[0]->output.size());
  int shift = side == 0 ? 0 : left;
  auto in_table = [&](int column) { return shift + columns[static_cast<size_t>(column)]; };
  std::vector<ExpressionPtr> conjuncts;
  if (join.condition != nullptr) {
    std::vector<int> mapping(static_cast<size_t>(left));
    std::iota(mapping.begin(), mapping.end(), 0);
    int right = static_cast<int>(join.inputs[1]->output.size());
    for (int i = 0; i < right; ++i) mapping.push_back(side == 1 ? in_table(i) : left + i);
    SplitConjuncts(RemapColumns(join.condition, mapping), conjuncts);
  }
  std::vector<int> mapping(filter.inputs[0]->output.size());
  std::iota(mapping.begin(), mapping.end(), shift);
  conjuncts.push_back(RemapColumns(filter.condition, mapping));
  join.condition = Conjunction(conjuncts);
  for (int& key : side == 0 ? join.left_keys : join.right_keys) key = in_table(key) - shift;
  PlanPtr table = filter.inputs[0];
  join.inputs[side] = std::move(table);
}

/// Of the side that the join will share: the other one is better filtered before it is kept.
void RaiseOne(JoinNode& join) {
  if (!JoinsByKeys(join)) return;
  for (size_t side : {1, 0}) {
    if (!IsUnpadded(join.join, side)) continue;
    Raise(join, side);
    if (IsSharedTable(*join.inputs[side])) return;
  }
}

PlanPtr RaiseAt(const PlanPtr& node) {
  auto copy = CloneNode(*node);
  for (PlanPtr& input : copy->inputs) input = RaiseAt(input);
  if (copy->kind == PlanKind::kJoin) RaiseOne(static_cast<JoinNode&>(*copy));
  return copy;
}

}  // namespace

std::vector<PlanPtr> RaiseFilters(const std::vector<PlanPtr>& roots) {
  std::vector<PlanPtr> raised;
  for (const PlanPtr& root : roots) raised.push_back(RaiseAt(root));
  return raised;
}

}  // namespace forebay::sql
