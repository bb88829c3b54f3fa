// Which fields of ROW columns a plan reads, told to the scans as a hint (Flink's nested projection
// push-down). A source that makes or reads fields one by one leaves the others out.

#include <map>

#include "sql/optimizer/optimizer.h"

namespace forebay::sql {
namespace {

// What consumers read of a column: all of it, or some fields of a ROW.
struct ColumnUse {
  bool whole = false;
  std::vector<bool> fields;

  void AddField(size_t field) {
    if (fields.size() <= field) fields.resize(field + 1);
    fields[field] = true;
  }
  void Add(const ColumnUse& use) {
    whole = whole || use.whole;
    for (size_t i = 0; i < use.fields.size(); ++i) {
      if (use.fields[i]) AddField(i);
    }
  }
};
using Uses = std::vector<ColumnUse>;

void MarkExpression(const Expression& e, Uses& uses) {
  if (e.kind == ExpressionKind::kColumn) uses.at(e.column).whole = true;
  bool is_field = e.kind == ExpressionKind::kCall && e.function == "FIELD" &&
                  e.args[0]->kind == ExpressionKind::kColumn &&
                  std::holds_alternative<int64_t>(e.args[1]->value.data);
  if (is_field) {
    uses.at(e.args[0]->column).AddField(std::get<int64_t>(e.args[1]->value.data));
    return;
  }
  for (const ExpressionPtr& arg : e.args) MarkExpression(*arg, uses);
}

void MarkCalc(const CalcNode& calc, const Uses& out, Uses& in) {
  if (calc.condition != nullptr) MarkExpression(*calc.condition, in);
  for (size_t i = 0; i < calc.projections.size(); ++i) {
    const Expression& e = *calc.projections[i];
    if (e.kind == ExpressionKind::kColumn) {
      in.at(e.column).Add(out[i]);
    } else {
      MarkExpression(e, in);
    }
  }
}

// Operators that do not pass columns through as they are read them whole.
void MarkInputs(const PlanNode& node, const Uses& out, const std::vector<Uses*>& inputs) {
  switch (node.kind) {
    case PlanKind::kCalc: return MarkCalc(static_cast<const CalcNode&>(node), out, *inputs[0]);
    case PlanKind::kWatermark: {
      const auto& watermark = static_cast<const WatermarkNode&>(node);
      for (size_t i = 0; i < out.size(); ++i) inputs[0]->at(i).Add(out[i]);
      MarkExpression(*watermark.expression, *inputs[0]);
      inputs[0]->at(watermark.rowtime).whole = true;
      return;
    }
    case PlanKind::kUnnest: {
      const auto& unnest = static_cast<const UnnestNode&>(node);
      for (size_t i = 0; i < unnest.kept.size(); ++i) inputs[0]->at(unnest.kept[i]).Add(out[i]);
      return MarkExpression(*unnest.collection, *inputs[0]);
    }
    default:
      for (Uses* input : inputs) {
        for (ColumnUse& use : *input) use.whole = true;
      }
  }
}

// Empty when every column is read whole.
std::vector<std::vector<bool>> UsedFields(const TableScanNode& scan, Uses uses) {
  for (const ExpressionPtr& filter : scan.pushed_filters) MarkExpression(*filter, uses);
  std::vector<std::vector<bool>> used(uses.size());
  bool any = false;
  for (size_t i = 0; i < uses.size(); ++i) {
    const model::DataType& type = scan.output[i].type;
    if (uses[i].whole || !type.Is(model::TypeRoot::kRow)) continue;
    used[i] = uses[i].fields;
    used[i].resize(type.children().size());
    any = true;
  }
  if (!any) used.clear();
  return used;
}

}  // namespace

std::vector<PlanPtr> MarkUsedFields(const std::vector<PlanPtr>& roots) {
  std::vector<PlanPtr> order = TopologicalOrder(roots);
  std::map<const PlanNode*, Uses> uses;
  for (const PlanPtr& node : order) uses[node.get()] = Uses(node->output.size());
  for (const PlanPtr& root : roots) {
    for (ColumnUse& use : uses[root.get()]) use.whole = true;
  }
  for (size_t i = order.size(); i-- > 0;) {
    std::vector<Uses*> inputs;
    for (const PlanPtr& input : order[i]->inputs) inputs.push_back(&uses[input.get()]);
    MarkInputs(*order[i], uses[order[i].get()], inputs);
  }
  std::map<const PlanNode*, PlanPtr> rebuilt;
  for (const PlanPtr& node : order) {
    auto copy = CloneNode(*node);
    for (PlanPtr& input : copy->inputs) input = rebuilt.at(input.get());
    if (node->kind == PlanKind::kTableScan) {
      auto& scan = static_cast<TableScanNode&>(*copy);
      scan.used_fields = UsedFields(scan, uses[node.get()]);
    }
    rebuilt[node.get()] = std::move(copy);
  }
  std::vector<PlanPtr> result;
  for (const PlanPtr& root : roots) result.push_back(rebuilt.at(root.get()));
  return result;
}

}  // namespace forebay::sql
