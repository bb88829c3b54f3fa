// Filters right above a stored table become a part of the condition of the join that reads it.

#include <numeric>
#include <optional>

#include "sql/analyzer/expression_analyzer.h"
#include "sql/optimizer/optimizer.h"

namespace forebay::sql {
namespace {

/// Whether the rows of `side` that match nothing are neither sent nor counted: then a row that is
/// filtered out below the join and one that fails its condition are the same.
bool IsUnpadded(JoinKind kind, size_t side) {
  if (kind == JoinKind::kInner) return true;
  if (side == 0) return kind == JoinKind::kRight;
  return kind == JoinKind::kLeft || kind == JoinKind::kSemi || kind == JoinKind::kAnti;
}

bool IsSharedTable(const PlanNode& node) {
  if (node.kind != PlanKind::kTableScan) return false;
  const auto& scan = static_cast<const TableScanNode&>(node);
  const model::TableDescriptor& table = scan.table.info.descriptor;
  return !scan.table.IsForeign() && table.HasPrimaryKey() && !table.IsPartitioned() &&
         scan.part == ScanPart::kAll && !scan.as_of_ms.has_value();
}

/// The table's column behind each of the filter's; nothing when some are computed.
std::optional<std::vector<int>> ColumnsOf(const CalcNode& filter) {
  std::vector<int> columns;
  for (const ExpressionPtr& projection : filter.projections) {
    if (projection->kind != ExpressionKind::kColumn) return std::nullopt;
    columns.push_back(projection->column);
  }
  return columns;
}

/// Whether all columns of the table are there, in its order.
bool IsWhole(const std::vector<int>& columns, const PlanNode& table) {
  for (size_t i = 0; i < columns.size(); ++i) {
    if (columns[i] != static_cast<int>(i)) return false;
  }
  return columns.size() == table.output.size();
}

/// The join over the table itself, when a filter stands between.
void Raise(JoinNode& join, size_t side) {
  const PlanNode& input = *join.inputs[side];
  if (input.kind != PlanKind::kCalc || !IsSharedTable(*input.inputs[0])) return;
  const auto& filter = static_cast<const CalcNode&>(input);
  if (filter.condition == nullptr || !Deterministic(*filter.condition)) return;
  std::optional<std::vector<int>> columns = ColumnsOf(filter);
  // The right columns of these joins are nobody's business.
  bool hides_columns = join.join == JoinKind::kSemi || join.join == JoinKind::kAnti;
  if (!columns || (!hides_columns && !IsWhole(*columns, *filter.inputs[0]))) return;
  int left = static_cast<int>(join.inputs[0]->output.size());
  int shift = side == 0 ? 0 : left;
  auto in_table = [&](int column) { return shift + (*columns)[static_cast<size_t>(column)]; };
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
  if (join.windowed || join.interval || join.versions || join.left_keys.empty()) return;
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
