// Column pruning over a DAG: a node keeps the columns that any of its consumers reads.

#include <algorithm>
#include <map>

#include "sql/optimizer/optimizer.h"

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

// Marks in `inputs` what `node` reads of each input when `out` of its own columns are wanted.
void MarkInputs(const PlanNode& node, const Used& out, std::vector<Used*> inputs) {
  auto pass = [&](Used& used, size_t begin) {
    for (size_t i = 0; i < used.size() && begin + i < out.size(); ++i) {
      if (out[begin + i]) used[i] = true;
    }
  };
  switch (node.kind) {
    case PlanKind::kCalc: {
      const auto& calc = static_cast<const CalcNode&>(node);
      MarkExpression(calc.condition, *inputs[0]);
      for (size_t i = 0; i < calc.projections.size(); ++i) {
        if (out[i]) MarkExpression(calc.projections[i], *inputs[0]);
      }
      return;
    }
    case PlanKind::kWatermark: {
      const auto& watermark = static_cast<const WatermarkNode&>(node);
      pass(*inputs[0], 0);
      MarkExpression(watermark.expression, *inputs[0]);
      inputs[0]->at(watermark.rowtime) = true;
      return;
    }
    case PlanKind::kAggregate: {
      const auto& aggregate = static_cast<const AggregateNode&>(node);
      MarkAll(aggregate.keys, *inputs[0]);
      MarkCalls(aggregate.calls, out, aggregate.keys.size(), *inputs[0]);
      return;
    }
    case PlanKind::kWindowAggregate: {
      const auto& aggregate = static_cast<const WindowAggregateNode&>(node);
      MarkAll(aggregate.keys, *inputs[0]);
      MarkCalls(aggregate.calls, out, aggregate.keys.size(), *inputs[0]);
      MarkWindow(aggregate.window, *inputs[0]);
      return;
    }
    case PlanKind::kWindowTable:
      pass(*inputs[0], 0);
      MarkWindow(static_cast<const WindowTableNode&>(node).window, *inputs[0]);
      return;
    case PlanKind::kJoin: {
      const auto& join = static_cast<const JoinNode&>(node);
      size_t left = inputs[0]->size();
      pass(*inputs[0], 0);
      pass(*inputs[1], left);
      MarkAll(join.left_keys, *inputs[0]);
      MarkAll(join.right_keys, *inputs[1]);
      Used both(left + inputs[1]->size());
      MarkExpression(join.condition, both);
      for (size_t i = 0; i < both.size(); ++i) {
        if (both[i]) (i < left ? inputs[0]->at(i) : inputs[1]->at(i - left)) = true;
      }
      return;
    }
    case PlanKind::kLookupJoin: {
      const auto& join = static_cast<const LookupJoinNode&>(node);
      pass(*inputs[0], 0);
      for (const ExpressionPtr& key : join.keys) MarkExpression(key, *inputs[0]);
      Used both(node.output.size());
      MarkExpression(join.condition, both);
      for (size_t i = 0; i < inputs[0]->size(); ++i) {
        if (both[i]) inputs[0]->at(i) = true;
      }
      return;
    }
    case PlanKind::kRank: {
      const auto& rank = static_cast<const RankNode&>(node);
      pass(*inputs[0], 0);
      MarkAll(rank.keys, *inputs[0]);
      MarkOrder(rank.order, *inputs[0]);
      return;
    }
    case PlanKind::kOverAggregate: {
      const auto& over = static_cast<const OverAggregateNode&>(node);
      pass(*inputs[0], 0);
      MarkAll(over.keys, *inputs[0]);
      MarkOrder(over.order, *inputs[0]);
      MarkCalls(over.calls, out, inputs[0]->size(), *inputs[0]);
      return;
    }
    case PlanKind::kSort:
      pass(*inputs[0], 0);
      MarkOrder(static_cast<const SortNode&>(node).order, *inputs[0]);
      return;
    case PlanKind::kLimit:
      pass(*inputs[0], 0);
      MarkOrder(static_cast<const LimitNode&>(node).order, *inputs[0]);
      return;
    case PlanKind::kUnion:
      for (Used* used : inputs) pass(*used, 0);
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

// Rewrites `node`'s members to its new inputs and drops what is unwanted; `wanted` says afterwards
// which of the old output columns there are.
void Rebuild(PlanNode& node, const std::vector<const Mapping*>& maps, Used& wanted) {
  switch (node.kind) {
    case PlanKind::kTableScan:
      KeepWanted(static_cast<TableScanNode&>(node).columns, wanted, 0);
      break;
    case PlanKind::kValues:
      for (auto& row : static_cast<ValuesNode&>(node).rows) KeepWanted(row, wanted, 0);
      break;
    case PlanKind::kCalc: {
      auto& calc = static_cast<CalcNode&>(node);
      KeepWanted(calc.projections, wanted, 0);
      for (ExpressionPtr& e : calc.projections) Remap(e, *maps[0]);
      Remap(calc.condition, *maps[0]);
      break;
    }
    case PlanKind::kWatermark: {
      auto& watermark = static_cast<WatermarkNode&>(node);
      wanted = Used(wanted.size());
      for (size_t i = 0; i < wanted.size(); ++i) wanted[i] = (*maps[0])[i] >= 0;
      Remap(watermark.expression, *maps[0]);
      watermark.rowtime = maps[0]->at(watermark.rowtime);
      break;
    }
    case PlanKind::kAggregate: {
      auto& aggregate = static_cast<AggregateNode&>(node);
      for (size_t i = 0; i < aggregate.keys.size(); ++i) wanted[i] = true;
      KeepWanted(aggregate.calls, wanted, aggregate.keys.size());
      Remap(aggregate.keys, *maps[0]);
      Remap(aggregate.calls, *maps[0]);
      break;
    }
    case PlanKind::kWindowAggregate: {
      auto& aggregate = static_cast<WindowAggregateNode&>(node);
      size_t keys = aggregate.keys.size();
      for (size_t i = 0; i < keys; ++i) wanted[i] = true;
      KeepWanted(aggregate.properties, wanted, keys + aggregate.calls.size());
      KeepWanted(aggregate.calls, wanted, keys);
      Remap(aggregate.keys, *maps[0]);
      Remap(aggregate.calls, *maps[0]);
      Remap(aggregate.window, *maps[0]);
      break;
    }
    case PlanKind::kWindowTable: {
      size_t before = wanted.size() - 3;
      for (size_t i = 0; i < before; ++i) wanted[i] = (*maps[0])[i] >= 0;
      for (size_t i = 0; i < 3; ++i) wanted[before + i] = true;
      Remap(static_cast<WindowTableNode&>(node).window, *maps[0]);
      break;
    }
    case PlanKind::kJoin: {
      auto& join = static_cast<JoinNode&>(node);
      size_t left = maps[0]->size();
      bool left_only = wanted.size() == left;
      for (size_t i = 0; i < wanted.size(); ++i) {
        wanted[i] = i < left ? (*maps[0])[i] >= 0 : !left_only && (*maps[1])[i - left] >= 0;
      }
      Remap(join.left_keys, *maps[0]);
      Remap(join.right_keys, *maps[1]);
      Remap(join.condition, JoinMapping(*maps[0], *maps[1], node.inputs[0]->output.size()));
      break;
    }
    case PlanKind::kLookupJoin: {
      auto& join = static_cast<LookupJoinNode&>(node);
      size_t left = maps[0]->size();
      Used both = wanted;
      MarkExpression(join.condition, both);
      Mapping condition = *maps[0];
      int next = static_cast<int>(node.inputs[0]->output.size());
      for (size_t i = 0; i < wanted.size(); ++i) {
        wanted[i] = i < left ? (*maps[0])[i] >= 0 : both[i];
        if (i >= left) condition.push_back(wanted[i] ? next++ : -1);
      }
      KeepWanted(join.columns, wanted, left);
      for (ExpressionPtr& key : join.keys) Remap(key, *maps[0]);
      Remap(join.condition, condition);
      break;
    }
    case PlanKind::kRank: {
      auto& rank = static_cast<RankNode&>(node);
      for (size_t i = 0; i < maps[0]->size(); ++i) wanted[i] = (*maps[0])[i] >= 0;
      rank.output_rank_number = wanted.back();
      Remap(rank.keys, *maps[0]);
      Remap(rank.order, *maps[0]);
      break;
    }
    case PlanKind::kOverAggregate: {
      auto& over = static_cast<OverAggregateNode&>(node);
      KeepWanted(over.calls, wanted, maps[0]->size());
      for (size_t i = 0; i < maps[0]->size(); ++i) wanted[i] = (*maps[0])[i] >= 0;
      Remap(over.keys, *maps[0]);
      Remap(over.order, *maps[0]);
      Remap(over.calls, *maps[0]);
      break;
    }
    case PlanKind::kSort:
    case PlanKind::kLimit: {
      for (size_t i = 0; i < wanted.size(); ++i) wanted[i] = (*maps[0])[i] >= 0;
      if (node.kind == PlanKind::kSort) Remap(static_cast<SortNode&>(node).order, *maps[0]);
      if (node.kind == PlanKind::kLimit) Remap(static_cast<LimitNode&>(node).order, *maps[0]);
      break;
    }
    default: break;
  }
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
