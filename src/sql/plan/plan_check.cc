#include "sql/plan/plan_check.h"

#include "sql/plan/node_types.h"
#include "sql/plan/plan_json.h"

namespace forebay::sql {
namespace {

/// Checks the parts of one node; `sound()` is false from the first that is not.
class NodeCheck {
 public:
  explicit NodeCheck(const PlanNode& node) : node_(node) {}

  bool sound() const { return sound_; }

  void Need(bool condition) { sound_ = sound_ && condition; }

  template <typename T>
  void Enum(T value, T last) {
    Need(static_cast<int>(value) <= static_cast<int>(last));
  }

  /// Of the output of input `i`; 0 when there is no such input.
  int Width(size_t i = 0) const {
    return i < node_.inputs.size() ? static_cast<int>(node_.inputs[i]->output.size()) : 0;
  }

  void Column(int column, int width) { Need(column >= 0 && column < width); }
  /// -1 stands for none.
  void OptionalColumn(int column, int width) { Need(column >= -1 && column < width); }
  void Columns(const std::vector<int>& columns, int width) {
    for (int column : columns) Column(column, width);
  }
  void Order(const std::vector<SortKey>& order, int width) {
    for (const SortKey& key : order) Column(key.column, width);
  }
  void Calls(const std::vector<AggregateCall>& calls, int width) {
    for (const AggregateCall& call : calls) {
      Columns(call.args, width);
      OptionalColumn(call.filter, width);
    }
  }

  void Expression(const ExpressionPtr& expression, int width) {
    Need(expression != nullptr);
    if (!sound_) return;
    if (expression->kind == ExpressionKind::kColumn) Column(expression->column, width);
    for (const ExpressionPtr& arg : expression->args) Expression(arg, width);
  }
  void Optional(const ExpressionPtr& expression, int width) {
    if (expression != nullptr) Expression(expression, width);
  }
  void List(const std::vector<ExpressionPtr>& list, int width) {
    for (const ExpressionPtr& expression : list) Expression(expression, width);
  }

  void Inputs(size_t least, size_t most) {
    Need(node_.inputs.size() >= least && node_.inputs.size() <= most);
  }

 private:
  const PlanNode& node_;
  bool sound_ = true;
};

constexpr size_t kAnyNumber = static_cast<size_t>(-1);

void CheckInputs(const PlanNode& node, NodeCheck& check) {
  switch (node.kind) {
    case PlanKind::kTableScan:
    case PlanKind::kValues: return check.Inputs(0, 0);
    case PlanKind::kJoin: return check.Inputs(2, 2);
    case PlanKind::kUnion: return check.Inputs(1, kAnyNumber);
    default: return check.Inputs(1, 1);
  }
}

void CheckWindow(const WindowSpec& window, NodeCheck& check) {
  check.Enum(window.kind, WindowKind::kSession);
  check.OptionalColumn(window.time_column, check.Width());
  check.OptionalColumn(window.window_start_column, check.Width());
  check.OptionalColumn(window.window_end_column, check.Width());
  check.Columns(window.partition_keys, check.Width());
}

void Check(const TableScanNode& n, NodeCheck& check) {
  int width = static_cast<int>(n.table.info.descriptor.schema.columns.size());
  check.Enum(n.part, ScanPart::kChangelog);
  for (int column : n.columns) check.Need(column < width);
  check.Need(n.columns.size() == n.output.size());
  check.Need(n.used_fields.empty() || n.used_fields.size() == n.columns.size());
  check.List(n.pushed_filters, static_cast<int>(n.output.size()));
}
void Check(const ValuesNode& n, NodeCheck& check) {
  for (const auto& row : n.rows) {
    check.Need(row.size() == n.output.size());
    check.List(row, 0);
  }
}
void Check(const CalcNode& n, NodeCheck& check) {
  check.Need(n.projections.size() == n.output.size());
  check.Optional(n.condition, check.Width());
  check.List(n.projections, check.Width());
}
void Check(const WatermarkNode& n, NodeCheck& check) {
  check.Column(n.rowtime, check.Width());
  check.Expression(n.expression, check.Width());
}
void Check(const AggregateNode& n, NodeCheck& check) {
  check.Columns(n.keys, check.Width());
  check.Calls(n.calls, check.Width());
}
void Check(const WindowTableNode& n, NodeCheck& check) { CheckWindow(n.window, check); }
void Check(const WindowAggregateNode& n, NodeCheck& check) {
  CheckWindow(n.window, check);
  check.Columns(n.keys, check.Width());
  check.Calls(n.calls, check.Width());
  for (WindowProperty property : n.properties) check.Enum(property, WindowProperty::kTime);
}
void Check(const JoinNode& n, NodeCheck& check) {
  int left = check.Width(0), right = check.Width(1);
  check.Enum(n.join, JoinKind::kAnti);
  check.Need(n.left_keys.size() == n.right_keys.size());
  check.Columns(n.left_keys, left);
  check.Columns(n.right_keys, right);
  check.Optional(n.condition, left + right);
  if (n.interval.has_value()) {
    check.Column(n.interval->left_time, left);
    check.Column(n.interval->right_time, right);
  }
  if (n.versions.has_value()) {
    check.OptionalColumn(n.versions->left_time, left);
    check.OptionalColumn(n.versions->right_time, right);
    check.Columns(n.versions->declared_key, right);
  }
}
void Check(const LookupJoinNode& n, NodeCheck& check) {
  int table = static_cast<int>(n.table.info.descriptor.schema.columns.size());
  for (int column : n.columns) check.Need(column < table);
  check.List(n.keys, check.Width());
  check.Optional(n.condition, check.Width() + static_cast<int>(n.columns.size()));
}
void Check(const RankNode& n, NodeCheck& check) {
  check.Columns(n.keys, check.Width());
  check.Order(n.order, check.Width());
  check.Columns(n.update_keys, check.Width());
}
void Check(const DeduplicateNode& n, NodeCheck& check) {
  check.Columns(n.keys, check.Width());
  check.OptionalColumn(n.time_column, check.Width());
  check.Optional(n.condition, check.Width());
}
void Check(const OverAggregateNode& n, NodeCheck& check) {
  check.Columns(n.keys, check.Width());
  check.Order(n.order, check.Width());
  check.Enum(n.frame.start.kind, FrameBoundKind::kUnboundedFollowing);
  check.Enum(n.frame.end.kind, FrameBoundKind::kUnboundedFollowing);
  check.Calls(n.calls, check.Width());
}
void Check(const UnnestNode& n, NodeCheck& check) {
  check.Expression(n.collection, check.Width());
  check.Columns(n.kept, check.Width());
  check.Optional(n.condition, static_cast<int>(n.output.size()));
}

/// The width of what expressions over `input` read.
int CheckMatchInput(const MatchInput& input, int variables, NodeCheck& check) {
  for (const MatchCell& cell : input.cells) {
    check.Need(cell.variable >= MatchCell::kNoVariable && cell.variable < variables);
    check.Column(cell.column, check.Width());
  }
  for (const MatchAggregate& aggregate : input.aggregates) {
    check.Need(aggregate.variable >= MatchCell::kNoVariable && aggregate.variable < variables);
    check.List(aggregate.args, check.Width());
    check.Columns(aggregate.call.args, static_cast<int>(aggregate.args.size()));
  }
  return input.time_column() + 1;
}

void Check(const MatchNode& n, NodeCheck& check) {
  int variables = static_cast<int>(n.variables.size());
  check.Columns(n.keys, check.Width());
  check.Order(n.order, check.Width());
  check.Need(variables > 0 && !n.order.empty());
  for (const MatchVariable& variable : n.variables) {
    check.Optional(variable.condition, CheckMatchInput(variable.input, variables, check));
  }
  check.List(n.measures, CheckMatchInput(n.input, variables, check));
  check.Enum(n.skip, MatchSkip::kLast);
  check.Column(n.skip_variable, variables);
}
void Check(const ChangelogNode& n, NodeCheck& check) {
  check.OptionalColumn(n.op_column, check.Width());
}
void Check(const UnionNode& n, NodeCheck& check) {
  for (const PlanPtr& input : n.inputs) check.Need(input->output.size() == n.output.size());
}
void Check(const SortNode& n, NodeCheck& check) { check.Order(n.order, check.Width()); }
void Check(const LimitNode& n, NodeCheck& check) {
  check.Order(n.order, check.Width());
  check.Columns(n.update_keys, check.Width());
}
void Check(const SinkNode& n, NodeCheck& check) {
  for (int column : n.target_columns) check.Need(column >= 0);
}

}  // namespace

Status CheckPlanNode(const PlanNode& node) {
  NodeCheck check(node);
  CheckInputs(node, check);
  for (const Field& field : node.output) {
    check.Enum(field.time_attribute, TimeAttribute::kProctime);
  }
  for (const auto& key : node.upsert_keys) {
    check.Columns(key, static_cast<int>(node.output.size()));
  }
  DispatchNode(node.kind, [&](auto* null) {
    Check(static_cast<const std::remove_pointer_t<decltype(null)>&>(node), check);
  });
  if (check.sound()) return {};
  return Corruption("node {}, {}, of a stored plan does not fit its inputs", node.id,
                    KindName(node.kind));
}

}  // namespace forebay::sql
