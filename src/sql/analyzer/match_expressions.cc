// MatchAnalyzer's expressions: what DEFINE and MEASURES may call, and the cells that they read.

#include <algorithm>
#include <limits>
#include <utility>

#include "base/ascii_case.h"
#include "sql/analyzer/aggregate_calls.h"
#include "sql/analyzer/match_recognize.h"
#include "sql/analyzer/statistics.h"
#include "sql/diagnostic.h"
#include "sql/functions/function_table.h"

namespace forebay::sql {

using model::DataType;

namespace {

/// The offset of FIRST, LAST, PREV and NEXT: a literal.
Result<int> Offset(const ExpressionAst& call, int otherwise) {
  if (call.args.empty() || call.args.size() > 2) {
    return InvalidArgument("SQL-1007 wrong number of arguments for {}: {}", call.text,
                           call.args.size());
  }
  if (call.args.size() == 1) return otherwise;
  const ExpressionAst& ast = *call.args[1];
  int64_t offset = std::strtoll(ast.text.c_str(), nullptr, 10);
  if (ast.kind != ExpressionAstKind::kInteger || offset > std::numeric_limits<int>::max()) {
    return ErrorAt(InvalidArgument("SQL-1009 the offset of {} must be a number of rows", call.text),
                   ast.range.position);
  }
  return static_cast<int>(offset);
}

}  // namespace

Result<ExpressionPtr> MatchAnalyzer::Analyzed(const ExpressionAst& ast) {
  ExpressionAnalyzer analyzer(scope_, [this](const ExpressionAst& call) { return Hook(call); });
  ASSIGN_OR_RETURN(ExpressionPtr e, analyzer.Analyze(ast));
  return Navigated(e, false, 0);
}

Result<ExpressionPtr> MatchAnalyzer::Hook(const ExpressionAst& call) {
  if (call.kind != ExpressionAstKind::kCall) {
    return NotSupported("SQL-1020 a subquery in MATCH_RECOGNIZE");
  }
  std::string name = UpperAscii(call.text);
  if (name == "FINAL" || name == "RUNNING") return Modified(call, name);
  if (name == "FIRST" || name == "LAST" || name == "PREV" || name == "NEXT") {
    return Navigation(call, name);
  }
  if (name == "CLASSIFIER" || name == "MATCH_NUMBER") {
    return NotSupported("SQL-1020 the function {}", name);
  }
  if (name == "MATCH_ROWTIME" || name == "MATCH_PROCTIME") {
    return MatchTime(call, name == "MATCH_ROWTIME");
  }
  return IsAggregateFunction(name) ? Aggregate(call, name) : ExpressionPtr();
}

Result<ExpressionPtr> MatchAnalyzer::Modified(const ExpressionAst& call, const std::string& name) {
  ExpressionAnalyzer analyzer(scope_, [this](const ExpressionAst& inner) { return Hook(inner); });
  if (name == "RUNNING") return NotSupported("SQL-1020 RUNNING in MATCH_RECOGNIZE");
  if (current_ != -1) return InvalidArgument("SQL-1006 FINAL is not allowed in DEFINE");
  return analyzer.Analyze(*call.args[0]);
}

Result<ExpressionPtr> MatchAnalyzer::Navigation(const ExpressionAst& call,
                                                const std::string& name) {
  bool physical = name == "PREV" || name == "NEXT";
  if (nested_ && !physical_) {
    return InvalidArgument("SQL-1006 {} is not allowed within FIRST and LAST", name);
  }
  if (physical && current_ == -1) {
    return InvalidArgument("SQL-1006 {} is not allowed in MEASURES", name);
  }
  ASSIGN_OR_RETURN(int offset, Offset(call, physical ? 1 : 0));
  bool nested = std::exchange(nested_, true);
  bool outer = std::exchange(physical_, physical);
  ExpressionAnalyzer analyzer(scope_, [this](const ExpressionAst& inner) { return Hook(inner); });
  auto value = analyzer.Analyze(*call.args[0]);
  nested_ = nested;
  physical_ = outer;
  RETURN_IF_ERROR(value.status());
  std::vector<int> variables;
  CollectVariables(**value, variables);
  bool counted = variables.empty() && physical && offset == 0;  // PREV(LAST(x, 1), 0)
  if (variables.size() != 1 && !counted) {
    return InvalidArgument("SQL-1006 {} must be applied to columns of a single pattern variable",
                           name);
  }
  // As in Calcite: within DEFINE, PREV counts the rows of another variable as LAST does.
  bool other_rows = name == "PREV" && !counted && variables[0] != current_;
  if (physical && !other_rows && offset != 0) {
    return NotSupported("SQL-1020 {} with an offset within the partition", name);
  }
  return Navigated(*value, name == "FIRST", offset);
}

Result<ExpressionPtr> MatchAnalyzer::MatchTime(const ExpressionAst& call, bool rowtime) {
  if (current_ != -1) return NotSupported("SQL-1020 {} in DEFINE", call.text);
  if (nested_) return InvalidArgument("SQL-1006 {} is not allowed within another call", call.text);
  if (!rowtime) {
    return Expression::Call(DataType::TimestampLtz(3).NotNull(), "PROCTIME", {});
  }
  if (!call.args.empty()) {
    ExpressionAnalyzer analyzer(scope_);
    ASSIGN_OR_RETURN(ExpressionPtr arg, analyzer.Analyze(*call.args[0]));
    bool is_rowtime = streaming_ && arg->kind == ExpressionKind::kColumn &&
                      scope_.columns[arg->column].field.time_attribute == TimeAttribute::kRowtime;
    if (is_rowtime) return Expression::Column(arg->type, kTime);
    return InvalidArgument("SQL-1006 the argument of MATCH_ROWTIME must be a rowtime attribute");
  }
  DataType type = DataType::Timestamp(3);
  if (!node_->order.empty()) {
    const Field& time = input_.plan->output[node_->order[0].column];
    if (time.type.Is(model::TypeRoot::kTimestampLtz)) type = DataType::TimestampLtz(3);
  }
  return Expression::Column(type.NotNull(), kTime);
}

Result<ExpressionPtr> MatchAnalyzer::Aggregate(const ExpressionAst& call, const std::string& name) {
  if (nested_) return InvalidArgument("SQL-1006 {} is not allowed within a navigation", name);
  if (call.over != nullptr) return NotSupported("SQL-1020 OVER in MATCH_RECOGNIZE");
  nested_ = true;
  auto made = AggregateCallOf(call, name);
  nested_ = false;
  RETURN_IF_ERROR(made.status());
  return IsStatistic(name) ? Statistic(*std::move(made), name) : AddAggregate(*std::move(made));
}

ExpressionPtr MatchAnalyzer::AddAggregate(MatchAggregate aggregate) {
  auto& aggregates = read_->aggregates;
  auto same = [&](const MatchAggregate& other) {
    return other.variable == aggregate.variable && other.call.function == aggregate.call.function &&
           std::equal(other.args.begin(), other.args.end(), aggregate.args.begin(),
                      aggregate.args.end(),
                      [](const auto& a, const auto& b) { return Equal(*a, *b); });
  };
  auto found = std::find_if(aggregates.begin(), aggregates.end(), same);
  int index = static_cast<int>(found - aggregates.begin());
  DataType type = aggregate.call.type;
  if (found == aggregates.end()) aggregates.push_back(std::move(aggregate));
  return Expression::Column(std::move(type), kAggregates + index);
}

Result<ExpressionPtr> MatchAnalyzer::Statistic(MatchAggregate aggregate, const std::string& name) {
  DataType type = aggregate.call.type;
  if (aggregate.args.size() != 1) return NotSupported("SQL-1020 {} takes one argument", name);
  aggregate.args[0] = CastTo(aggregate.args[0], DataType::Double());
  aggregate.call.function = VarianceFunction(name);
  aggregate.call.type = DataType::Double();
  return StatisticFrom(AddAggregate(std::move(aggregate)), name, type);
}

Result<MatchAggregate> MatchAnalyzer::AggregateCallOf(const ExpressionAst& call,
                                                      const std::string& name) {
  if (call.distinct) return NotSupported("SQL-1020 DISTINCT in an aggregate of MATCH_RECOGNIZE");
  if (call.filter != nullptr) return NotSupported("SQL-1020 FILTER in MATCH_RECOGNIZE");
  MatchAggregate aggregate;
  bool star = call.args.size() == 1 && call.args[0]->kind == ExpressionAstKind::kStar;
  if (star && name != "COUNT") {
    return InvalidArgument("SQL-1007 only COUNT can be applied to *, not {}", name);
  }
  ExpressionAnalyzer analyzer(scope_, [this](const ExpressionAst& inner) { return Hook(inner); });
  for (const ExpressionAstPtr& ast : call.args) {
    if (star) break;
    ASSIGN_OR_RETURN(ExpressionPtr arg, analyzer.Analyze(*ast));
    aggregate.args.push_back(std::move(arg));
  }
  ASSIGN_OR_RETURN(aggregate.call.function, PrepareAggregate(name, call, aggregate.args));
  std::vector<int> mapping(scope_.columns.size());
  for (size_t c = 0; c < mapping.size(); ++c) mapping[c] = static_cast<int>(c) % num_columns();
  std::vector<int> variables;
  std::vector<DataType> types;
  for (ExpressionPtr& arg : aggregate.args) {
    CollectVariables(*arg, variables);
    arg = RemapColumns(arg, mapping);
    aggregate.call.args.push_back(static_cast<int>(types.size()));
    types.push_back(arg->type);
  }
  if (variables.size() > 1) {
    return InvalidArgument("SQL-1006 {} must be applied to columns of a single pattern variable",
                           name);
  }
  if (!star && variables.empty()) {
    return InvalidArgument("SQL-1006 {} must be applied to a column", name);
  }
  aggregate.variable = star ? MatchCell::kAnyVariable : variables[0];
  ASSIGN_OR_RETURN(aggregate.call.type, AggregateType(aggregate.call.function, types, true));
  return aggregate;
}

void MatchAnalyzer::CollectVariables(const Expression& e, std::vector<int>& variables) const {
  if (e.kind == ExpressionKind::kColumn && e.column < kCells) {
    int variable = VariableOf(e.column);
    bool known = std::find(variables.begin(), variables.end(), variable) != variables.end();
    if (!known) variables.push_back(variable);
  }
  for (const ExpressionPtr& arg : e.args) CollectVariables(*arg, variables);
}

int MatchAnalyzer::AddCell(MatchCell cell) {
  auto& cells = read_->cells;
  auto it = std::find(cells.begin(), cells.end(), cell);
  if (it == cells.end()) it = cells.insert(it, std::move(cell));
  return static_cast<int>(it - cells.begin());
}

ExpressionPtr MatchAnalyzer::Navigated(const ExpressionPtr& e, bool from_first, int offset) {
  if (e->kind == ExpressionKind::kLiteral) return e;
  if (e->kind == ExpressionKind::kColumn) {
    if (e->column >= kCells) return e;
    int column = e->column % num_columns();
    int cell = AddCell({VariableOf(e->column), from_first, offset, column, e->type});
    return Expression::Column(e->type, kCells + cell);
  }
  std::vector<ExpressionPtr> args;
  for (const ExpressionPtr& arg : e->args) args.push_back(Navigated(arg, from_first, offset));
  return Expression::Call(e->type, e->function, std::move(args));
}

ExpressionPtr MatchAnalyzer::Placed(const ExpressionPtr& e) const {
  if (e->kind == ExpressionKind::kLiteral) return e;
  if (e->kind == ExpressionKind::kColumn) {
    int cells = static_cast<int>(read_->cells.size());
    int column = e->column >= kTime         ? read_->time_column()
                 : e->column >= kAggregates ? cells + e->column - kAggregates
                                            : e->column - kCells;
    return Expression::Column(e->type, column);
  }
  std::vector<ExpressionPtr> args;
  for (const ExpressionPtr& arg : e->args) args.push_back(Placed(arg));
  return Expression::Call(e->type, e->function, std::move(args));
}

}  // namespace forebay::sql
