// QueryAnalyzer's joins and window table functions.

#include <fmt/format.h>

#include <algorithm>

#include "base/ascii_case.h"
#include "model/prefix_key.h"
#include "sql/analyzer/join_interval.h"
#include "sql/analyzer/plan_builder.h"
#include "sql/analyzer/query_analyzer.h"
#include "sql/analyzer/select_analyzer.h"
#include "sql/analyzer/temporal_function.h"
#include "sql/analyzer/time_keys.h"
#include "sql/catalog/connector_options.h"
#include "sql/diagnostic.h"
#include "sql/functions/function_table.h"

namespace forebay::sql {
namespace {

using model::DataType;

Relation Concat(const Relation& left, const Relation& right, PlanPtr plan) {
  Relation both;
  both.scope = left.scope;
  both.scope.columns.insert(both.scope.columns.end(), right.scope.columns.begin(),
                            right.scope.columns.end());
  for (size_t i = 0; i < plan->output.size(); ++i) both.scope.columns[i].field = plan->output[i];
  both.plan = std::move(plan);
  return both;
}

JoinKind KindOf(JoinAstKind kind) {
  switch (kind) {
    case JoinAstKind::kLeft: return JoinKind::kLeft;
    case JoinAstKind::kRight: return JoinKind::kRight;
    case JoinAstKind::kFull: return JoinKind::kFull;
    default: return JoinKind::kInner;
  }
}

TimeAttribute TimeAttributeOf(const Relation& left, const ExpressionAst& ast) {
  if (ast.kind != ExpressionAstKind::kName) return TimeAttribute::kNone;
  auto resolved = ResolveName(left.scope, ast.names);
  return resolved.ok() ? left.plan->output[resolved->column].time_attribute : TimeAttribute::kNone;
}

// Whether every column the expression reads is in [begin, end).
bool ReadsWithin(const Expression& e, int begin, int end) {
  if (e.kind == ExpressionKind::kColumn) return e.column >= begin && e.column < end;
  return std::all_of(e.args.begin(), e.args.end(),
                     [&](const ExpressionPtr& arg) { return ReadsWithin(*arg, begin, end); });
}

}  // namespace

Result<Relation> QueryAnalyzer::Join(const TableAst& ast) {
  ASSIGN_OR_RETURN(Relation left, From(*ast.left));
  const TableAst& right_ast = *ast.right;
  if (right_ast.kind == TableAstKind::kNamed && right_ast.as_of != nullptr) {
    TimeAttribute time = TimeAttributeOf(left, *right_ast.as_of);
    if (time == TimeAttribute::kProctime) return LookupJoin(ast, left, right_ast);
    if (time == TimeAttribute::kRowtime) return TemporalJoin(ast, left, right_ast);
    if (right_ast.as_of->kind == ExpressionAstKind::kName) {
      return ErrorAt(InvalidArgument("SQL-1017 FOR SYSTEM_TIME AS OF takes a time attribute of the "
                                     "left side"),
                     right_ast.as_of->range.position);
    }
  }
  if (right_ast.kind == TableAstKind::kUnnest) return JoinUnnest(ast, left);
  if (right_ast.kind == TableAstKind::kFunction) {
    ASSIGN_OR_RETURN(bool table_function, IsTableFunction(*right_ast.function));
    if (table_function) return JoinUnnest(ast, left);
    ASSIGN_OR_RETURN(auto temporal, TemporalFunctionOf(*right_ast.function, functions_));
    if (temporal) return TemporalFunctionJoin(ast, left, *temporal);
  }
  if (right_ast.kind == TableAstKind::kSubquery && right_ast.lateral) return LateralJoin(ast, left);
  ASSIGN_OR_RETURN(Relation right, From(right_ast));
  JoinKind kind = KindOf(ast.join);
  if (ast.natural || !ast.using_columns.empty()) return JoinUsing(kind, ast, left, right);
  Relation both =
      Concat(left, right, MakeJoin(JoinKind::kInner, left.plan, right.plan, {}, {}, nullptr));
  ExpressionPtr condition;
  if (ast.condition != nullptr) {
    both.scope.outer = outer_scope_;
    both.scope.functions = &functions_;
    ExpressionAnalyzer analyzer(both.scope);
    ASSIGN_OR_RETURN(condition, analyzer.AnalyzeCondition(*ast.condition));
  }
  PlanPtr join = MakeJoin(kind, left.plan, right.plan, {}, {}, condition);
  HintStateTtl(ast, join);
  return Concat(left, right, WithTimes(join, {}));
}

void QueryAnalyzer::HintStateTtl(const TableAst& ast, const PlanPtr& join) const {
  std::string text;
  std::vector<int64_t> ttls(2, kNoTtlHint);
  const TableAst* sides[] = {ast.left.get(), ast.right.get()};
  for (int side = 0; side < 2; ++side) {
    auto hint = state_ttls_.find(NameInFrom(*sides[side]));
    if (hint == state_ttls_.end()) continue;
    ttls[side] = hint->second.ttl_ms;
    text += fmt::format("{}{}={}", text.empty() ? "" : ", ", side == 0 ? "LEFT" : "RIGHT",
                        hint->second.text);
  }
  if (text.empty()) return;
  auto node = std::const_pointer_cast<PlanNode>(join);
  node->state_ttl_ms = std::move(ttls);
  node->state_ttl_hint = "{" + text + "}";
}

Result<Relation> QueryAnalyzer::TemporalJoin(const TableAst& ast, const Relation& left,
                                             const TableAst& right_ast) {
  JoinKind kind = KindOf(ast.join);
  if (kind != JoinKind::kInner && kind != JoinKind::kLeft) {
    return NotSupported("SQL-1020 a join FOR SYSTEM_TIME AS OF can be INNER or LEFT");
  }
  if (!options_.streaming) {
    return NotSupported("SQL-1020 a join FOR SYSTEM_TIME AS OF an event time in batch mode");
  }
  TableAst now = right_ast;
  now.as_of = nullptr;
  ASSIGN_OR_RETURN(Relation right, From(now));
  JoinVersions versions;
  ASSIGN_OR_RETURN(ResolvedName left_time, ResolveName(left.scope, right_ast.as_of->names));
  versions.left_time = left_time.column;
  const std::vector<Field>& fields = right.plan->output;
  auto time = std::find_if(fields.begin(), fields.end(), [](const Field& field) {
    return field.time_attribute == TimeAttribute::kRowtime;
  });
  if (time == fields.end()) {
    return ErrorAt(InvalidArgument("SQL-1017 a join FOR SYSTEM_TIME AS OF an event time needs a "
                                   "versioned table: '{}' has no WATERMARK",
                                   right_ast.name.parts.back()),
                   right_ast.range.position);
  }
  versions.right_time = static_cast<int>(time - fields.begin());
  if (time->type.root() != left.plan->output[left_time.column].type.root()) {
    return ErrorAt(
        InvalidArgument("SQL-1017 a join FOR SYSTEM_TIME AS OF needs times of one type, "
                        "they are {} and {}",
                        left.plan->output[left_time.column].type.ToString(), time->type.ToString()),
        right_ast.range.position);
  }
  return VersionedJoin(ast, left, right, versions);
}

Result<Relation> QueryAnalyzer::VersionedJoin(const TableAst& ast, const Relation& left,
                                              const Relation& right, JoinVersions versions) {
  auto node = std::const_pointer_cast<PlanNode>(
      MakeJoin(KindOf(ast.join), left.plan, right.plan, {}, {}, nullptr));
  for (size_t i = 0; i < left.plan->output.size(); ++i) {
    node->output[i].time_attribute = left.plan->output[i].time_attribute;
  }
  auto& join = static_cast<JoinNode&>(*node);
  join.versions = std::move(versions);
  if (ast.condition != nullptr) {
    Relation both = Concat(left, right, node);
    both.scope.outer = outer_scope_;
    ExpressionAnalyzer analyzer(both.scope);
    ASSIGN_OR_RETURN(join.condition, analyzer.AnalyzeCondition(*ast.condition));
  }
  return Concat(left, right, node);
}

// The joined columns come once and first, then the rest of both sides.
Result<Relation> QueryAnalyzer::JoinUsing(JoinKind kind, const TableAst& ast, const Relation& left,
                                          const Relation& right) {
  std::vector<std::string> names = ast.using_columns;
  if (ast.natural) {
    for (const Field& field : left.plan->output) {
      auto right_names = OutputNames(*right.plan);
      if (std::count(right_names.begin(), right_names.end(), field.name) > 0) {
        names.push_back(field.name);
      }
    }
  }
  int shift = static_cast<int>(left.plan->output.size());
  std::vector<ExpressionPtr> conjuncts;
  std::vector<std::pair<int, int>> pairs;
  for (const std::string& name : names) {
    ASSIGN_OR_RETURN(ResolvedName a, ResolveName(left.scope, {name}));
    ASSIGN_OR_RETURN(ResolvedName b, ResolveName(right.scope, {name}));
    pairs.emplace_back(a.column, b.column + shift);
    ASSIGN_OR_RETURN(
        ExpressionPtr equal,
        MakeComparison("EQUALS", Expression::Column(left.plan->output[a.column].type, a.column),
                       Expression::Column(right.plan->output[b.column].type, b.column + shift)));
    conjuncts.push_back(std::move(equal));
  }
  PlanPtr join = MakeJoin(kind, left.plan, right.plan, {}, {}, Conjunction(conjuncts));
  HintStateTtl(ast, join);
  Relation both = Concat(left, right, join);
  std::vector<ExpressionPtr> projections;
  std::vector<std::string> output;
  Scope scope;
  auto column = [&](int i) { return Expression::Column(both.plan->output[i].type, i); };
  for (size_t i = 0; i < pairs.size(); ++i) {
    auto [a, b] = pairs[i];
    ExpressionPtr value = column(kind == JoinKind::kRight ? b : a);
    if (kind == JoinKind::kFull) {
      value =
          Expression::Call(value->type, "COALESCE", {column(a), CastTo(column(b), value->type)});
    }
    projections.push_back(value);
    output.push_back(names[i]);
    scope.columns.push_back({"", {names[i], value->type}});
  }
  for (int i = 0; i < static_cast<int>(both.plan->output.size()); ++i) {
    bool joined = std::any_of(pairs.begin(), pairs.end(),
                              [&](auto pair) { return pair.first == i || pair.second == i; });
    if (joined) continue;
    projections.push_back(column(i));
    output.push_back(both.plan->output[i].name);
    scope.columns.push_back(both.scope.columns[i]);
  }
  Relation result;
  result.plan = MakeCalc(both.plan, nullptr, std::move(projections), output);
  result.scope = std::move(scope);
  return result;
}

namespace {

bool IsColumn(const ExpressionPtr& expression, int column) {
  return expression->kind == ExpressionKind::kColumn && expression->column == column;
}

/// What a column is equal to, in an equality that has it on one side.
const ExpressionPtr& OtherSide(const Expression& equality, int column) {
  return equality.args[IsColumn(equality.args[0], column) ? 1 : 0];
}

/// The conjunct that says what, of the first `shift` columns, column `column` behind them is equal
/// to; the end when there is none.
std::vector<ExpressionPtr>::const_iterator FindEquality(
    int column, int shift, const std::vector<ExpressionPtr>& conjuncts) {
  return std::find_if(conjuncts.begin(), conjuncts.end(), [&](const ExpressionPtr& conjunct) {
    if (conjunct->kind != ExpressionKind::kCall || conjunct->function != "EQUALS") return false;
    bool is_about =
        IsColumn(conjunct->args[0], column + shift) || IsColumn(conjunct->args[1], column + shift);
    return is_about && ReadsWithin(*OtherSide(*conjunct, column + shift), 0, shift);
  });
}

/// The first of the columns that has no such; -1: all have.
int WithoutEquality(const std::vector<int>& columns, int shift,
                    const std::vector<ExpressionPtr>& conjuncts) {
  for (int column : columns) {
    if (FindEquality(column, shift, conjuncts) == conjuncts.end()) return column;
  }
  return -1;
}

}  // namespace

Result<Relation> QueryAnalyzer::LookupJoin(const TableAst& ast, const Relation& left,
                                           const TableAst& right_ast) {
  ASSIGN_OR_RETURN(CatalogTable table, FindTable(right_ast.name));
  for (const auto& [key, value] : right_ast.option_hints) table.ref.options[key] = value;
  if (!right_ast.option_hints.empty()) {
    Status status = CheckConnectorOptions(table.ref);
    if (!status.ok()) return ErrorAt(status.error(), right_ast.name.range.position);
  }
  const model::Schema& schema = table.ref.info.descriptor.schema;
  if (!table.ref.IsForeign() && schema.primary_key.empty()) {
    return ErrorAt(NotSupported("SQL-1020 a lookup join needs a table with a PRIMARY KEY, '{}' has "
                                "none",
                                table.ref.path.ToString()),
                   right_ast.range.position);
  }
  bool outer = ast.join == JoinAstKind::kLeft;
  if (ast.join == JoinAstKind::kRight || ast.join == JoinAstKind::kFull) {
    return NotSupported("SQL-1020 a lookup join can be INNER or LEFT");
  }
  auto node = std::make_shared<LookupJoinNode>();
  node->table = table.ref;
  node->left_outer = outer;
  node->output = left.plan->output;
  node->inputs = {left.plan};
  Relation both = left;
  std::string alias = right_ast.alias.empty() ? right_ast.name.parts.back() : right_ast.alias;
  int shift = static_cast<int>(left.plan->output.size());
  for (size_t i = 0; i < schema.columns.size(); ++i) {
    node->columns.push_back(static_cast<int>(i));
    DataType type = schema.columns[i].type;
    Field field{schema.columns[i].name, outer ? type.Nullable() : type};
    node->output.push_back(field);
    both.scope.columns.push_back({alias, field});
  }
  std::vector<ExpressionPtr> conjuncts;
  if (ast.condition != nullptr) {
    both.scope.functions = &functions_;
    ExpressionAnalyzer analyzer(both.scope);
    ASSIGN_OR_RETURN(ExpressionPtr condition, analyzer.AnalyzeCondition(*ast.condition));
    SplitConjuncts(condition, conjuncts);
  }
  std::vector<int> key = schema.PrimaryKeyIndexes();
  if (int missing = WithoutEquality(key, shift, conjuncts); missing >= 0) {
    key = table.ref.IsForeign() ? std::vector<int>()
                                : model::PrefixLookupKey(table.ref.info.descriptor);
    if (key.empty() || WithoutEquality(key, shift, conjuncts) >= 0) {
      Error error = NotSupported(
          "SQL-1020 a lookup join needs an equality on every primary-key "
          "column of '{}'; '{}' has none",
          table.ref.path.ToString(), schema.columns[missing].name);
      error.hint =
          "those of the bucket key and the partition key are enough when the rest of the "
          "primary key begins with the bucket key";
      return ErrorAt(error, ast.range.position);
    }
  }
  for (int column : key) {
    auto place = FindEquality(column, shift, conjuncts);
    node->keys.push_back(CastTo(OtherSide(**place, column + shift), schema.columns[column].type));
    conjuncts.erase(place);
  }
  node->condition = Conjunction(conjuncts);
  if (auto retry = lookup_retries_.find(alias); retry != lookup_retries_.end()) {
    node->retries = retry->second.attempts;
    node->retry_delay_ms = retry->second.delay_ms;
    node->unordered = retry->second.unordered;
  }
  both.plan = node;
  return both;
}

// ---- TUMBLE, HOP, CUMULATE, SESSION ----

namespace {

Result<int64_t> IntervalMillis(const ExpressionAst& ast) {
  if (ast.kind == ExpressionAstKind::kInterval && !ast.interval_is_months) {
    return ast.interval_value;
  }
  return ErrorAt(InvalidArgument("SQL-1009 a window's size must be an INTERVAL of days, hours, "
                                 "minutes or seconds"),
                 ast.range.position);
}

WindowKind KindOf(const std::string& function) {
  if (function == "HOP") return WindowKind::kHop;
  if (function == "CUMULATE") return WindowKind::kCumulate;
  return function == "SESSION" ? WindowKind::kSession : WindowKind::kTumble;
}

// A window function's arguments by Flink's names.
struct WindowArguments {
  const ExpressionAst* data = nullptr;
  const ExpressionAst* time = nullptr;
  std::vector<const ExpressionAst*> intervals;
};

std::vector<std::string> IntervalNames(const std::string& function) {
  if (function == "HOP") return {"SLIDE", "SIZE", "OFFSET"};
  if (function == "CUMULATE") return {"STEP", "SIZE", "OFFSET"};
  if (function == "SESSION") return {"GAP"};
  return {"SIZE", "OFFSET"};
}

Result<WindowArguments> ArgumentsOf(const ExpressionAst& call, const std::string& function) {
  WindowArguments arguments;
  std::vector<std::string> names = IntervalNames(function);
  std::vector<const ExpressionAst*> named(names.size(), nullptr);
  for (const ExpressionAstPtr& arg : call.args) {
    const ExpressionAst* value = arg.get();
    std::string name;
    if (arg->kind == ExpressionAstKind::kNamedArgument) {
      value = arg->args[0].get();
      name = UpperAscii(arg->text);
    }
    if (value->kind == ExpressionAstKind::kTableArgument ||
        value->kind == ExpressionAstKind::kSubquery) {
      arguments.data = value;
    } else if (value->kind == ExpressionAstKind::kDescriptor) {
      arguments.time = value;
    } else if (name.empty()) {
      arguments.intervals.push_back(value);
    } else {
      auto it = std::find(names.begin(), names.end(), name);
      if (it == names.end()) {
        return ErrorAt(InvalidArgument("SQL-1007 {} has no argument {}", function, arg->text),
                       arg->range.position);
      }
      named[it - names.begin()] = value;
    }
  }
  for (const ExpressionAst* value : named) {
    if (value != nullptr) arguments.intervals.push_back(value);
  }
  if (arguments.data == nullptr || arguments.time == nullptr || arguments.time->args.size() != 1) {
    return InvalidArgument("SQL-1007 {} takes TABLE name, DESCRIPTOR(time column) and intervals",
                           function);
  }
  return arguments;
}

}  // namespace

Result<WindowSpec> MakeWindowSpec(const std::string& function,
                                  const std::vector<const ExpressionAst*>& intervals,
                                  bool is_group_window) {
  WindowSpec spec;
  spec.kind = KindOf(function);
  bool slides = spec.kind == WindowKind::kHop || spec.kind == WindowKind::kCumulate;
  size_t required = slides ? 2 : 1;
  bool takes_offset = spec.kind != WindowKind::kSession && !is_group_window;
  size_t allowed = takes_offset ? required + 1 : required;
  if (intervals.size() < required || intervals.size() > allowed) {
    return InvalidArgument("SQL-1007 wrong number of intervals for {}: {}", function,
                           intervals.size());
  }
  if (slides) {
    ASSIGN_OR_RETURN(spec.slide_ms, IntervalMillis(*intervals[0]));
  }
  ASSIGN_OR_RETURN(spec.size_ms, IntervalMillis(*intervals[required - 1]));
  if (intervals.size() > required) {
    ASSIGN_OR_RETURN(spec.offset_ms, IntervalMillis(*intervals[required]));
  }
  if (spec.size_ms <= 0 || (slides && spec.slide_ms <= 0)) {
    return InvalidArgument("SQL-1009 {}: intervals must be positive", function);
  }
  bool divides = !slides || is_group_window || spec.size_ms % spec.slide_ms == 0;
  if (!divides) {
    return NotSupported(
        "SQL-1020 {}: the size must be a multiple of the slide or step: {} ms and "
        "{} ms",
        function, spec.size_ms, spec.slide_ms);
  }
  return spec;
}

Result<Relation> QueryAnalyzer::WindowFunction(const TableAst& ast) {
  const ExpressionAst& call = *ast.function;
  std::string function = UpperAscii(call.text);
  if (function != "TUMBLE" && function != "HOP" && function != "CUMULATE" &&
      function != "SESSION") {
    return ErrorAt(NotSupported("SQL-1020 table function '{}' is not supported", call.text),
                   call.range.position);
  }
  ASSIGN_OR_RETURN(WindowArguments arguments, ArgumentsOf(call, function));
  TableAst data;
  data.name.parts = arguments.data->names;
  data.name.range = arguments.data->range;
  data.range = arguments.data->range;
  data.query = arguments.data->query;
  if (data.query != nullptr) data.kind = TableAstKind::kSubquery;
  ASSIGN_OR_RETURN(Relation input, From(data));
  ASSIGN_OR_RETURN(WindowSpec spec, MakeWindowSpec(function, arguments.intervals, false));
  auto time = ResolveName(input.scope, arguments.time->args[0]->names);
  if (!time.ok()) return ErrorAt(time.status().error(), arguments.time->range.position);
  PlanPtr with_key = options_.streaming ? nullptr : WithTimeKey(input.plan, time->column);
  if (with_key != nullptr) input.plan = std::move(with_key);
  const Field& field = input.plan->output[time->column];
  if (field.time_attribute == TimeAttribute::kNone) {
    Error error = InvalidArgument(
        "SQL-1017 the window function {} requires the time column '{}' to be a time attribute, it "
        "is a {}",
        function, field.name, field.type.ToString());
    error.hint = "declare a WATERMARK on the column, or use a PROCTIME() column";
    return ErrorAt(error, arguments.time->range.position);
  }
  spec.time_column = time->column;
  if (arguments.data->over != nullptr) {
    for (const ExpressionAstPtr& key : arguments.data->over->partition_by) {
      auto column = ResolveName(input.scope, key->names);
      if (!column.ok()) return ErrorAt(column.status().error(), key->range.position);
      spec.partition_keys.push_back(column->column);
    }
  }
  return Renamed(MakeRelation(MakeWindowTable(input.plan, spec), ast.alias), ast);
}

}  // namespace forebay::sql
