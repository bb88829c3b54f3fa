// Column pruning over a DAG: a node keeps the columns that any of its consumers reads.

#include <algorithm>
#include <map>

#include "sql/optimizer/optimizer.h"
#include "sql/plan/match_node.h"

namespace forebay::sql {
namespace {

using Used = std::vector<bool>;
using Mapping = std::vector<int>;

void MarkAll(const std::vector<int>& columns, Used& used) {
  for (int column : columns) used.at(column) = true;
}

void MarkExpression(const ExpressionPtr& e, Used& used) {
  if (e != nullptr) CollectColumns(*e, used);
}

void MarkWindow(const WindowSpec& window, Used& used) {
  for (int column : {window.time_column, window.window_start_column, window.window_end_column}) {
    if (column >= 0) used.at(column) = true;
  }
  MarkAll(window.partition_keys, used);
}

void MarkOrder(const std::vector<SortKey>& order, Used& used) {
  for (const SortKey& key : order) used.at(key.column) = true;
}

void MarkCalls(const std::vector<AggregateCall>& calls, const Used& out, size_t keys, Used& used) {
  for (size_t i = 0; i < calls.size(); ++i) {
    if (!out[keys + i]) continue;
    MarkAll(calls[i].args, used);
    if (calls[i].filter >= 0) used.at(calls[i].filter) = true;
  }
}

// ---- marking: in `inputs`, what a node reads of each input when `out` of its own columns are
// wanted

using Inputs = std::vector<Used*>;

// Wanted columns that are an input's columns, which begin at `begin` in the output.
void Pass(const Used& out, size_t begin, Used& used) {
  for (size_t i = 0; i < used.size() && begin + i < out.size(); ++i) {
    if (out[begin + i]) used[i] = true;
  }
}

void Mark(const CalcNode& calc, const Used& out, const Inputs& inputs) {
  MarkExpression(calc.condition, *inputs[0]);
  for (size_t i = 0; i < calc.projections.size(); ++i) {
    if (out[i]) MarkExpression(calc.projections[i], *inputs[0]);
  }
}

void Mark(const WatermarkNode& watermark, const Used& out, const Inputs& inputs) {
  Pass(out, 0, *inputs[0]);
  MarkExpression(watermark.expression, *inputs[0]);
  inputs[0]->at(watermark.rowtime) = true;
}

void Mark(const AggregateNode& aggregate, const Used& out, const Inputs& inputs) {
  MarkAll(aggregate.keys, *inputs[0]);
  MarkCalls(aggregate.calls, out, aggregate.keys.size(), *inputs[0]);
}

void Mark(const WindowAggregateNode& aggregate, const Used& out, const Inputs& inputs) {
  MarkAll(aggregate.keys, *inputs[0]);
  MarkCalls(aggregate.calls, out, aggregate.keys.size(), *inputs[0]);
  MarkWindow(aggregate.window, *inputs[0]);
}

void Mark(const JoinNode& join, const Used& out, const Inputs& inputs) {
  size_t left = inputs[0]->size();
  Pass(out, 0, *inputs[0]);
  Pass(out, left, *inputs[1]);
  MarkAll(join.left_keys, *inputs[0]);
  MarkAll(join.right_keys, *inputs[1]);
  if (join.versions) {
    inputs[0]->at(join.versions->left_time) = true;
    inputs[1]->at(join.versions->right_time) = true;
    MarkAll(join.versions->declared_key, *inputs[1]);
  }
  Used both(left + inputs[1]->size());
  MarkExpression(join.condition, both);
  for (size_t i = 0; i < both.size(); ++i) {
    if (both[i]) (i < left ? inputs[0]->at(i) : inputs[1]->at(i - left)) = true;
  }
}

void Mark(const LookupJoinNode& join, const Used& out, const Inputs& inputs) {
  Pass(out, 0, *inputs[0]);
  for (const ExpressionPtr& key : join.keys) MarkExpression(key, *inputs[0]);
  Used both(join.output.size());
  MarkExpression(join.condition, both);
  for (size_t i = 0; i < inputs[0]->size(); ++i) {
    if (both[i]) inputs[0]->at(i) = true;
  }
}

void Mark(const UnnestNode& unnest, const Used& out, const Inputs& inputs) {
  Used wanted = out;
  MarkExpression(unnest.condition, wanted);
  for (size_t i = 0; i < unnest.kept.size(); ++i) {
    if (wanted[i]) inputs[0]->at(unnest.kept[i]) = true;
  }
  MarkExpression(unnest.collection, *inputs[0]);
}

void Mark(const RankNode& rank, const Used& out, const Inputs& inputs) {
  Pass(out, 0, *inputs[0]);
  MarkAll(rank.keys, *inputs[0]);
  MarkOrder(rank.order, *inputs[0]);
}

void Mark(const OverAggregateNode& over, const Used& out, const Inputs& inputs) {
  Pass(out, 0, *inputs[0]);
  MarkAll(over.keys, *inputs[0]);
  MarkOrder(over.order, *inputs[0]);
  MarkCalls(over.calls, out, inputs[0]->size(), *inputs[0]);
}

void Mark(const MatchInput& read, Used& used) {
  for (const MatchCell& cell : read.cells) used[cell.column] = true;
  for (const MatchAggregate& aggregate : read.aggregates) {
    for (const ExpressionPtr& arg : aggregate.args) MarkExpression(arg, used);
  }
}

void Mark(const MatchNode& match, const Used&, const Inputs& inputs) {
  MarkAll(match.keys, *inputs[0]);
  MarkOrder(match.order, *inputs[0]);
  for (const MatchVariable& variable : match.variables) Mark(variable.input, *inputs[0]);
  Mark(match.input, *inputs[0]);
}

void MarkInputs(const PlanNode& node, const Used& out, const Inputs& inputs) {
  switch (node.kind) {
    case PlanKind::kCalc: return Mark(static_cast<const CalcNode&>(node), out, inputs);
    case PlanKind::kWatermark: return Mark(static_cast<const WatermarkNode&>(node), out, inputs);
    case PlanKind::kAggregate: return Mark(static_cast<const AggregateNode&>(node), out, inputs);
    case PlanKind::kWindowAggregate:
      return Mark(static_cast<const WindowAggregateNode&>(node), out, inputs);
    case PlanKind::kWindowTable:
      Pass(out, 0, *inputs[0]);
      return MarkWindow(static_cast<const WindowTableNode&>(node).window, *inputs[0]);
    case PlanKind::kJoin: return Mark(static_cast<const JoinNode&>(node), out, inputs);
    case PlanKind::kLookupJoin: return Mark(static_cast<const LookupJoinNode&>(node), out, inputs);
    case PlanKind::kRank: return Mark(static_cast<const RankNode&>(node), out, inputs);
    case PlanKind::kUnnest: return Mark(static_cast<const UnnestNode&>(node), out, inputs);
    case PlanKind::kMatch: return Mark(static_cast<const MatchNode&>(node), out, inputs);
    case PlanKind::kOverAggregate:
      return Mark(static_cast<const OverAggregateNode&>(node), out, inputs);
    case PlanKind::kSort:
      Pass(out, 0, *inputs[0]);
      return MarkOrder(static_cast<const SortNode&>(node).order, *inputs[0]);
    case PlanKind::kLimit:
      Pass(out, 0, *inputs[0]);
      return MarkOrder(static_cast<const LimitNode&>(node).order, *inputs[0]);
    case PlanKind::kUnion:
      for (Used* used : inputs) Pass(out, 0, *used);
      return;
    default:
      for (Used* used : inputs) std::fill(used->begin(), used->end(), true);
  }
}

// ---- rebuilding ----

void Remap(std::vector<int>& columns, const Mapping& mapping) {
  for (int& column : columns) column = mapping.at(column);
}
void Remap(std::vector<SortKey>& order, const Mapping& mapping) {
  for (SortKey& key : order) key.column = mapping.at(key.column);
}
void Remap(ExpressionPtr& e, const Mapping& mapping) {
  if (e != nullptr) e = RemapColumns(e, mapping);
}
void Remap(WindowSpec& window, const Mapping& mapping) {
  for (int* column :
       {&window.time_column, &window.window_start_column, &window.window_end_column}) {
    if (*column >= 0) *column = mapping.at(*column);
  }
  Remap(window.partition_keys, mapping);
}

// Keeps the elements whose position + `begin` is wanted.
template <typename T>
void KeepWanted(std::vector<T>& items, const Used& wanted, size_t begin) {
  std::vector<T> kept;
  for (size_t i = 0; i < items.size(); ++i) {
    if (wanted[begin + i]) kept.push_back(std::move(items[i]));
  }
  items = std::move(kept);
}

void Remap(std::vector<AggregateCall>& calls, const Mapping& mapping) {
  for (AggregateCall& call : calls) {
    Remap(call.args, mapping);
    if (call.filter >= 0) call.filter = mapping.at(call.filter);
  }
}

Mapping JoinMapping(const Mapping& left, const Mapping& right, size_t new_left) {
  Mapping both = left;
  for (int column : right) both.push_back(column < 0 ? -1 : column + static_cast<int>(new_left));
  return both;
}

// ---- adapting: a node's members to its new inputs, without what is unwanted; `wanted` says
// afterwards which of the old output columns there are

using Maps = std::vector<const Mapping*>;

// The first columns of the output are those that the input still has.
void FollowInput(const Mapping& input, size_t count, Used& wanted) {
  for (size_t i = 0; i < count; ++i) wanted[i] = input[i] >= 0;
}

void Adapt(CalcNode& calc, const Maps& maps, Used& wanted) {
  KeepWanted(calc.projections, wanted, 0);
  for (ExpressionPtr& e : calc.projections) Remap(e, *maps[0]);
  Remap(calc.condition, *maps[0]);
}

void Adapt(WatermarkNode& watermark, const Maps& maps, Used& wanted) {
  FollowInput(*maps[0], wanted.size(), wanted);
  Remap(watermark.expression, *maps[0]);
  watermark.rowtime = maps[0]->at(watermark.rowtime);
}

void Adapt(AggregateNode& aggregate, const Maps& maps, Used& wanted) {
  for (size_t i = 0; i < aggregate.keys.size(); ++i) wanted[i] = true;
  KeepWanted(aggregate.calls, wanted, aggregate.keys.size());
  Remap(aggregate.keys, *maps[0]);
  Remap(aggregate.calls, *maps[0]);
}

void Adapt(WindowAggregateNode& aggregate, const Maps& maps, Used& wanted) {
  size_t keys = aggregate.keys.size();
  for (size_t i = 0; i < keys; ++i) wanted[i] = true;
  KeepWanted(aggregate.properties, wanted, keys + aggregate.calls.size());
  KeepWanted(aggregate.calls, wanted, keys);
  Remap(aggregate.keys, *maps[0]);
  Remap(aggregate.calls, *maps[0]);
  Remap(aggregate.window, *maps[0]);
}

void Adapt(WindowTableNode& table, const Maps& maps, Used& wanted) {
  size_t before = wanted.size() - 3;
  FollowInput(*maps[0], before, wanted);
  for (size_t i = 0; i < 3; ++i) wanted[before + i] = true;
  Remap(table.window, *maps[0]);
}

void Adapt(JoinNode& join, const Maps& maps, Used& wanted) {
  size_t left = maps[0]->size();
  bool left_only = wanted.size() == left;
  for (size_t i = 0; i < wanted.size(); ++i) {
    wanted[i] = i < left ? (*maps[0])[i] >= 0 : !left_only && (*maps[1])[i - left] >= 0;
  }
  Remap(join.left_keys, *maps[0]);
  Remap(join.right_keys, *maps[1]);
  if (join.versions) {
    join.versions->left_time = maps[0]->at(join.versions->left_time);
    join.versions->right_time = maps[1]->at(join.versions->right_time);
    Remap(join.versions->declared_key, *maps[1]);
  }
  Remap(join.condition, JoinMapping(*maps[0], *maps[1], join.inputs[0]->output.size()));
}

void Adapt(LookupJoinNode& join, const Maps& maps, Used& wanted) {
  size_t left = maps[0]->size();
  Used both = wanted;
  MarkExpression(join.condition, both);
  Mapping condition = *maps[0];
  int next = static_cast<int>(join.inputs[0]->output.size());
  for (size_t i = 0; i < wanted.size(); ++i) {
    wanted[i] = i < left ? (*maps[0])[i] >= 0 : both[i];
    if (i >= left) condition.push_back(wanted[i] ? next++ : -1);
  }
  KeepWanted(join.columns, wanted, left);
  for (ExpressionPtr& key : join.keys) Remap(key, *maps[0]);
  Remap(join.condition, condition);
}

void Adapt(UnnestNode& unnest, const Maps& maps, Used& wanted) {
  MarkExpression(unnest.condition, wanted);
  Mapping condition(wanted.size(), -1);
  int next = 0;
  for (size_t i = 0; i < wanted.size(); ++i) condition[i] = wanted[i] ? next++ : -1;
  Remap(unnest.condition, condition);
  KeepWanted(unnest.produced, wanted, unnest.kept.size());
  KeepWanted(unnest.kept, wanted, 0);
  Remap(unnest.kept, *maps[0]);
  Remap(unnest.collection, *maps[0]);
}

void Adapt(OverAggregateNode& over, const Maps& maps, Used& wanted) {
  KeepWanted(over.calls, wanted, maps[0]->size());
  FollowInput(*maps[0], maps[0]->size(), wanted);
  Remap(over.keys, *maps[0]);
  Remap(over.order, *maps[0]);
  Remap(over.calls, *maps[0]);
}

void Adapt(RankNode& rank, const Maps& maps, Used& wanted) {
  FollowInput(*maps[0], maps[0]->size(), wanted);
  rank.output_rank_number = wanted.back();
  Remap(rank.keys, *maps[0]);
  Remap(rank.order, *maps[0]);
}

void Remap(MatchInput& read, const Mapping& mapping) {
  for (MatchCell& cell : read.cells) cell.column = mapping[cell.column];
  for (MatchAggregate& aggregate : read.aggregates) {
    for (ExpressionPtr& arg : aggregate.args) Remap(arg, mapping);
  }
}

void Adapt(MatchNode& match, const Maps& maps, Used& wanted) {
  wanted.assign(wanted.size(), true);
  Remap(match.keys, *maps[0]);
  Remap(match.order, *maps[0]);
  for (MatchVariable& variable : match.variables) Remap(variable.input, *maps[0]);
  Remap(match.input, *maps[0]);
}

void AdaptMembers(PlanNode& node, const Maps& maps, Used& wanted) {
  switch (node.kind) {
    case PlanKind::kTableScan:
      return KeepWanted(static_cast<TableScanNode&>(node).columns, wanted, 0);
    case PlanKind::kValues:
      for (auto& row : static_cast<ValuesNode&>(node).rows) KeepWanted(row, wanted, 0);
      return;
    case PlanKind::kCalc: return Adapt(static_cast<CalcNode&>(node), maps, wanted);
    case PlanKind::kWatermark: return Adapt(static_cast<WatermarkNode&>(node), maps, wanted);
    case PlanKind::kAggregate: return Adapt(static_cast<AggregateNode&>(node), maps, wanted);
    case PlanKind::kWindowAggregate:
      return Adapt(static_cast<WindowAggregateNode&>(node), maps, wanted);
    case PlanKind::kWindowTable: return Adapt(static_cast<WindowTableNode&>(node), maps, wanted);
    case PlanKind::kJoin: return Adapt(static_cast<JoinNode&>(node), maps, wanted);
    case PlanKind::kLookupJoin: return Adapt(static_cast<LookupJoinNode&>(node), maps, wanted);
    case PlanKind::kRank: return Adapt(static_cast<RankNode&>(node), maps, wanted);
    case PlanKind::kUnnest: return Adapt(static_cast<UnnestNode&>(node), maps, wanted);
    case PlanKind::kMatch: return Adapt(static_cast<MatchNode&>(node), maps, wanted);
    case PlanKind::kOverAggregate:
      return Adapt(static_cast<OverAggregateNode&>(node), maps, wanted);
    case PlanKind::kSort:
      FollowInput(*maps[0], wanted.size(), wanted);
      return Remap(static_cast<SortNode&>(node).order, *maps[0]);
    case PlanKind::kLimit:
      FollowInput(*maps[0], wanted.size(), wanted);
      return Remap(static_cast<LimitNode&>(node).order, *maps[0]);
    case PlanKind::kChangelog: return wanted.assign(wanted.size(), true);
    default: return;
  }
}

void Rebuild(PlanNode& node, const Maps& maps, Used& wanted) {
  AdaptMembers(node, maps, wanted);
  KeepWanted(node.output, wanted, 0);
}

Mapping MappingOf(const Used& wanted) {
  Mapping mapping(wanted.size(), -1);
  int next = 0;
  for (size_t i = 0; i < wanted.size(); ++i) {
    if (wanted[i]) mapping[i] = next++;
  }
  return mapping;
}

// A UNION's inputs must have the same columns; a Calc takes away what an input has beyond the
// wanted ones.
PlanPtr Exactly(PlanPtr input, const Mapping& mapping, const Used& wanted) {
  auto calc = std::make_shared<CalcNode>();
  for (size_t i = 0; i < wanted.size(); ++i) {
    if (!wanted[i]) continue;
    const Field& field = input->output[mapping[i]];
    calc->projections.push_back(Expression::Column(field.type, mapping[i]));
    calc->output.push_back(field);
  }
  if (calc->projections.size() == input->output.size()) return input;
  calc->inputs = {std::move(input)};
  return calc;
}

}  // namespace

std::vector<PlanPtr> PruneColumns(const std::vector<PlanPtr>& roots) {
  std::vector<PlanPtr> order = TopologicalOrder(roots);
  std::map<const PlanNode*, Used> used;
  for (const PlanPtr& node : order) used[node.get()] = Used(node->output.size());
  for (const PlanPtr& root : roots) {
    Used& all = used[root.get()];
    std::fill(all.begin(), all.end(), true);
  }
  for (size_t i = order.size(); i-- > 0;) {
    Used& own = used[order[i].get()];
    // COUNT(*) alone reads no column, but sources count rows by a column.
    bool none = std::find(own.begin(), own.end(), true) == own.end();
    if (none && order[i]->kind == PlanKind::kTableScan && !own.empty()) own[0] = true;
    std::vector<Used*> inputs;
    for (const PlanPtr& input : order[i]->inputs) inputs.push_back(&used[input.get()]);
    MarkInputs(*order[i], used[order[i].get()], inputs);
  }
  std::map<const PlanNode*, PlanPtr> rebuilt;
  std::map<const PlanNode*, Mapping> mappings;
  for (const PlanPtr& node : order) {
    auto copy = CloneNode(*node);
    Used wanted = used[node.get()];
    std::vector<const Mapping*> maps;
    for (PlanPtr& input : copy->inputs) {
      maps.push_back(&mappings[input.get()]);
      PlanPtr made = rebuilt[input.get()];
      input = node->kind == PlanKind::kUnion ? Exactly(made, *maps.back(), wanted) : made;
    }
    Rebuild(*copy, maps, wanted);
    mappings[node.get()] = MappingOf(wanted);
    rebuilt[node.get()] = copy;
  }
  std::vector<PlanPtr> result;
  for (const PlanPtr& root : roots) {
    Used all(root->output.size(), true);
    result.push_back(Exactly(rebuilt[root.get()], mappings[root.get()], all));
  }
  return result;
}

}  // namespace forebay::sql
