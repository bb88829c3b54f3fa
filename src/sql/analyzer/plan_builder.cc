#include "sql/analyzer/plan_builder.h"

#include <algorithm>
#include <limits>
#include <set>

#include "sql/analyzer/changelog.h"

namespace forebay::sql {

using model::DataType;

Field FieldOf(std::string name, const ExpressionPtr& e, const PlanNode& input) {
  Field field{std::move(name), e->type, TimeAttribute::kNone};
  if (e->kind == ExpressionKind::kColumn) {
    field.time_attribute = input.output[e->column].time_attribute;
  } else if (e->kind == ExpressionKind::kCall && e->function == "PROCTIME") {
    field.time_attribute = TimeAttribute::kProctime;
  }
  return field;
}

PlanPtr MakeCalc(PlanPtr input, ExpressionPtr condition, std::vector<ExpressionPtr> projections,
                 const std::vector<std::string>& names) {
  auto calc = std::make_shared<CalcNode>();
  for (size_t i = 0; i < projections.size(); ++i) {
    calc->output.push_back(FieldOf(names[i], projections[i], *input));
  }
  calc->condition = std::move(condition);
  calc->projections = std::move(projections);
  calc->inputs = {std::move(input)};
  return calc;
}

std::vector<ExpressionPtr> IdentityProjections(const PlanNode& input) {
  std::vector<ExpressionPtr> projections;
  for (size_t i = 0; i < input.output.size(); ++i) {
    projections.push_back(Expression::Column(input.output[i].type, static_cast<int>(i)));
  }
  return projections;
}

std::vector<std::string> OutputNames(const PlanNode& node) {
  std::vector<std::string> names;
  for (const Field& field : node.output) names.push_back(field.name);
  return names;
}

PlanPtr MakeFilter(PlanPtr input, ExpressionPtr condition) {
  auto projections = IdentityProjections(*input);
  auto names = OutputNames(*input);
  return MakeCalc(std::move(input), std::move(condition), std::move(projections), names);
}

namespace {

void AppendKeysAndCalls(const PlanNode& input, const std::vector<int>& keys,
                        const std::vector<AggregateCall>& calls, std::vector<Field>& output) {
  for (int key : keys) {
    // A key of a group is a plain value: watermarks no longer follow it.
    output.push_back({input.output[key].name, input.output[key].type, TimeAttribute::kNone});
  }
  for (const AggregateCall& call : calls) output.push_back({call.name, call.type});
}

DataType WindowTimeType(const PlanNode& input, const WindowSpec& window) {
  if (window.time_column < 0) return DataType::Timestamp(3).NotNull();
  return input.output[window.time_column].type.NotNull();
}

TimeAttribute WindowTimeAttribute(const PlanNode& input, const WindowSpec& window) {
  if (window.time_column < 0) return TimeAttribute::kRowtime;
  return input.output[window.time_column].time_attribute;
}

}  // namespace

PlanPtr MakeAggregate(PlanPtr input, std::vector<int> keys, std::vector<AggregateCall> calls) {
  auto node = std::make_shared<AggregateNode>();
  AppendKeysAndCalls(*input, keys, calls, node->output);
  node->keys = std::move(keys);
  node->calls = std::move(calls);
  node->inputs = {std::move(input)};
  return node;
}

PlanPtr MakeWindowTable(PlanPtr input, WindowSpec window) {
  auto node = std::make_shared<WindowTableNode>();
  node->output = input->output;
  DataType time_type = WindowTimeType(*input, window);
  TimeAttribute attribute = WindowTimeAttribute(*input, window);
  node->output.push_back({"window_start", DataType::Timestamp(3).NotNull()});
  node->output.push_back({"window_end", DataType::Timestamp(3).NotNull()});
  node->output.push_back({"window_time", time_type, attribute});
  node->window = std::move(window);
  node->inputs = {std::move(input)};
  return node;
}

PlanPtr MakeWindowAggregate(PlanPtr input, WindowSpec window, std::vector<int> keys,
                            std::vector<AggregateCall> calls) {
  auto node = std::make_shared<WindowAggregateNode>();
  AppendKeysAndCalls(*input, keys, calls, node->output);
  node->output.push_back({"window_start", DataType::Timestamp(3).NotNull()});
  node->output.push_back({"window_end", DataType::Timestamp(3).NotNull()});
  node->output.push_back(
      {"window_time", WindowTimeType(*input, window), WindowTimeAttribute(*input, window)});
  node->properties = {WindowProperty::kStart, WindowProperty::kEnd, WindowProperty::kTime};
  node->window = std::move(window);
  node->keys = std::move(keys);
  node->calls = std::move(calls);
  node->inputs = {std::move(input)};
  return node;
}

PlanPtr MakeJoin(JoinKind kind, PlanPtr left, PlanPtr right, std::vector<int> left_keys,
                 std::vector<int> right_keys, ExpressionPtr condition) {
  auto node = std::make_shared<JoinNode>();
  bool pads_left = kind == JoinKind::kRight || kind == JoinKind::kFull;
  bool pads_right = kind == JoinKind::kLeft || kind == JoinKind::kFull;
  auto append = [&](const PlanNode& side, bool padded) {
    for (const Field& field : side.output) {
      // A regular join forgets time attributes: its output is not in the order of watermarks.
      node->output.push_back(
          {field.name, padded ? field.type.Nullable() : field.type, TimeAttribute::kNone});
    }
  };
  append(*left, pads_left);
  if (kind != JoinKind::kSemi && kind != JoinKind::kAnti) append(*right, pads_right);
  node->join = kind;
  node->left_keys = std::move(left_keys);
  node->right_keys = std::move(right_keys);
  node->condition = std::move(condition);
  node->inputs = {std::move(left), std::move(right)};
  return node;
}

PlanPtr MakeRank(PlanPtr input, std::vector<int> keys, std::vector<SortKey> order,
                 const std::string& rank_name) {
  auto node = std::make_shared<RankNode>();
  node->output = input->output;
  node->output.push_back({rank_name, DataType::Bigint().NotNull()});
  node->keys = std::move(keys);
  node->order = std::move(order);
  node->rank_end = std::numeric_limits<int64_t>::max();
  node->output_rank_number = true;
  if (auto window = FindWindow(*input)) {
    node->windowed = NamesWindow(*window, node->keys);
  }
  node->inputs = {std::move(input)};
  return node;
}

PlanPtr MakeOverAggregate(PlanPtr input, std::vector<int> keys, std::vector<SortKey> order,
                          OverFrame frame, std::vector<AggregateCall> calls) {
  auto node = std::make_shared<OverAggregateNode>();
  node->output = input->output;
  for (const AggregateCall& call : calls) node->output.push_back({call.name, call.type});
  node->keys = std::move(keys);
  node->order = std::move(order);
  node->frame = frame;
  node->calls = std::move(calls);
  node->inputs = {std::move(input)};
  return node;
}

PlanPtr MakeUnion(std::vector<PlanPtr> inputs) {
  auto node = std::make_shared<UnionNode>();
  node->output = inputs[0]->output;
  for (const PlanPtr& input : inputs) {
    for (size_t i = 0; i < node->output.size(); ++i) {
      Field& field = node->output[i];
      if (input->output[i].time_attribute != field.time_attribute) {
        field.time_attribute = TimeAttribute::kNone;
      }
      if (input->output[i].type.nullable()) field.type = field.type.Nullable();
    }
  }
  node->inputs = std::move(inputs);
  return node;
}

ExpressionPtr Inline(const ExpressionPtr& expression,
                     const std::vector<ExpressionPtr>& projections) {
  if (expression->kind == ExpressionKind::kLiteral) return expression;
  if (expression->kind == ExpressionKind::kColumn) return projections.at(expression->column);
  std::vector<ExpressionPtr> args;
  for (const ExpressionPtr& arg : expression->args) args.push_back(Inline(arg, projections));
  return Expression::Call(expression->type, expression->function, std::move(args));
}

ExpressionPtr ShiftColumns(const ExpressionPtr& expression, int offset) {
  if (expression->kind == ExpressionKind::kLiteral) return expression;
  if (expression->kind == ExpressionKind::kColumn) {
    return Expression::Column(expression->type, expression->column + offset);
  }
  std::vector<ExpressionPtr> args;
  for (const ExpressionPtr& arg : expression->args) args.push_back(ShiftColumns(arg, offset));
  return Expression::Call(expression->type, expression->function, std::move(args));
}

namespace {

int ProjectedAs(const CalcNode& calc, int column) {
  for (size_t i = 0; i < calc.projections.size(); ++i) {
    const Expression& e = *calc.projections[i];
    if (e.kind == ExpressionKind::kColumn && e.column == column) return static_cast<int>(i);
  }
  return -1;
}

WindowColumns WindowOfAggregate(const WindowAggregateNode& node) {
  WindowColumns columns{node.window};
  for (size_t i = 0; i < node.keys.size(); ++i) {
    columns.session_keys.push_back(static_cast<int>(i));
  }
  int base = static_cast<int>(node.keys.size() + node.calls.size());
  for (size_t i = 0; i < node.properties.size(); ++i) {
    int column = base + static_cast<int>(i);
    if (node.properties[i] == WindowProperty::kStart) columns.start = column;
    if (node.properties[i] == WindowProperty::kEnd) columns.end = column;
    if (node.properties[i] == WindowProperty::kTime) columns.time = column;
  }
  return columns;
}

}  // namespace

std::optional<WindowColumns> FindWindow(const PlanNode& node) {
  switch (node.kind) {
    case PlanKind::kWindowTable: {
      int base = static_cast<int>(node.output.size()) - 3;
      const WindowSpec& spec = static_cast<const WindowTableNode&>(node).window;
      return WindowColumns{spec, base, base + 1, base + 2, spec.partition_keys};
    }
    case PlanKind::kWindowAggregate:
      return WindowOfAggregate(static_cast<const WindowAggregateNode&>(node));
    case PlanKind::kCalc: {
      auto window = FindWindow(*node.inputs[0]);
      if (!window) return std::nullopt;
      const auto& calc = static_cast<const CalcNode&>(node);
      window->start = ProjectedAs(calc, window->start);
      window->end = ProjectedAs(calc, window->end);
      window->time = window->time < 0 ? -1 : ProjectedAs(calc, window->time);
      for (int& key : window->session_keys) key = ProjectedAs(calc, key);
      if (window->start < 0 || window->end < 0) return std::nullopt;
      return window;
    }
    case PlanKind::kUnnest: {
      auto window = FindWindow(*node.inputs[0]);
      if (!window) return std::nullopt;
      const auto& kept = static_cast<const UnnestNode&>(node).kept;
      auto follow = [&](int& column) {
        auto place = std::find(kept.begin(), kept.end(), column);
        column = place == kept.end() ? -1 : static_cast<int>(place - kept.begin());
      };
      for (int* column : {&window->start, &window->end, &window->time}) follow(*column);
      for (int& key : window->session_keys) follow(key);
      if (window->start < 0 || window->end < 0) return std::nullopt;
      return window;
    }
    case PlanKind::kJoin:
      return static_cast<const JoinNode&>(node).windowed ? FindWindow(*node.inputs[0])
                                                         : std::nullopt;
    case PlanKind::kRank:
      return static_cast<const RankNode&>(node).windowed ? FindWindow(*node.inputs[0])
                                                         : std::nullopt;
    default: return std::nullopt;
  }
}

bool NamesWindow(const WindowColumns& window, const std::vector<int>& columns) {
  std::set<int> rest(columns.begin(), columns.end());
  bool has_window = rest.erase(window.start) + rest.erase(window.end) == 2;
  rest.erase(window.time);
  if (!has_window || window.spec.kind != WindowKind::kSession) return has_window;
  return rest == std::set<int>(window.session_keys.begin(), window.session_keys.end());
}

bool IsInsertOnly(const PlanNode& node) { return ModifyKinds(node).IsInsertOnly(); }

}  // namespace forebay::sql
