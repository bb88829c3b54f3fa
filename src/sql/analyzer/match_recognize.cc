#include "sql/analyzer/match_recognize.h"

#include <algorithm>
#include <limits>
#include <set>

#include "sql/diagnostic.h"
#include "sql/functions/function_table.h"

namespace forebay::sql {

using model::DataType;

namespace {

constexpr const char* kAllRows = "*";

/// Flink runs what its CEP library can; these have no automaton there.
Error Refused(const PatternAst& part) {
  switch (part.kind) {
    case PatternAst::Kind::kAlternation:
      return NotSupported("SQL-1020 a PATTERN with alternatives (|)");
    case PatternAst::Kind::kPermutation: return NotSupported("SQL-1020 a PATTERN with PERMUTE");
    case PatternAst::Kind::kExclusion: return NotSupported("SQL-1020 a PATTERN with {{- -}}");
    default: return NotSupported("SQL-1020 a quantifier of a group in a PATTERN");
  }
}

bool IsGreedy(const MatchVariable& variable) {
  bool optional = variable.min == 0 && variable.max == 1;
  return !variable.reluctant && !optional && variable.min != variable.max;
}

}  // namespace

Result<Relation> QueryAnalyzer::MatchRecognize(const TableAst& ast) {
  ASSIGN_OR_RETURN(Relation input, From(*ast.left));
  MatchAnalyzer analyzer(*ast.match, input, functions_, options_.streaming);
  ASSIGN_OR_RETURN(PlanPtr plan, analyzer.Analyze());
  return Renamed(MakeRelation(plan, ast.alias), ast);
}

Result<PlanPtr> MatchAnalyzer::Analyze() {
  node_ = std::make_shared<MatchNode>();
  node_->inputs = {input_.plan};
  RETURN_IF_ERROR(Pattern());
  RETURN_IF_ERROR(Keys());
  RETURN_IF_ERROR(Order());
  MakeScope();
  RETURN_IF_ERROR(Definitions());
  RETURN_IF_ERROR(Measures());
  RETURN_IF_ERROR(Skip());
  RETURN_IF_ERROR(Within());
  RETURN_IF_ERROR(CheckPattern());
  RETURN_IF_ERROR(CheckOrder());
  if (ast_.all_rows) return NotSupported("SQL-1020 ALL ROWS PER MATCH");
  return PlanPtr(node_);
}

int MatchAnalyzer::VariableIndex(const std::string& name) const {
  for (size_t i = 0; i < node_->variables.size(); ++i) {
    if (node_->variables[i].name == name) return static_cast<int>(i);
  }
  return -1;
}

// ---- the pattern ----

Status MatchAnalyzer::Pattern() { return AddVariables(ast_.pattern); }

Status MatchAnalyzer::AddVariables(const PatternAst& part) {
  if (part.kind == PatternAst::Kind::kConcatenation && !part.quantified) {
    for (const PatternAst& inner : part.parts) RETURN_IF_ERROR(AddVariables(inner));
    return Status::Ok();
  }
  if (part.kind != PatternAst::Kind::kVariable) return ErrorAt(Refused(part), part.range.position);
  if (VariableIndex(part.name) >= 0) {
    return ErrorAt(NotSupported("SQL-1020 variable '{}' twice in a PATTERN", part.name),
                   part.range.position);
  }
  if (part.max == 0 || (part.max > 0 && part.max < part.min)) {
    return ErrorAt(
        InvalidArgument("SQL-1009 the quantifier of '{}' allows no number of rows", part.name),
        part.range.position);
  }
  if (part.min < 0) {
    Error error = NotSupported("SQL-1020 a quantifier without a smallest number of rows");
    error.hint = "write {0,n}";
    return ErrorAt(error, part.range.position);
  }
  constexpr int kRowsMax = 1000;  // as many states a variable has
  if (std::max(part.min, part.max) > kRowsMax) {
    return ErrorAt(NotSupported("SQL-1020 a quantifier beyond {} rows", kRowsMax),
                   part.range.position);
  }
  bool optional = part.min == 0 && part.max == 1;
  if (optional && part.reluctant) {
    return ErrorAt(NotSupported("SQL-1020 the reluctant quantifier ?? in a PATTERN"),
                   part.range.position);
  }
  bool any = part.min == 0 && part.max < 0;
  if ((optional || any) && !node_->variables.empty() && IsGreedy(node_->variables.back())) {
    return ErrorAt(NotSupported("SQL-1020 an optional variable behind a greedy one in a PATTERN"),
                   part.range.position);
  }
  MatchVariable variable;
  variable.name = part.name;
  variable.min = part.min;
  variable.max = part.max;
  variable.reluctant = part.reluctant;
  node_->variables.push_back(std::move(variable));
  return Status::Ok();
}

Status MatchAnalyzer::CheckPattern() const {
  bool empty = std::all_of(node_->variables.begin(), node_->variables.end(),
                           [](const MatchVariable& variable) { return variable.min == 0; });
  if (empty) {
    return ErrorAt(NotSupported("SQL-1020 a PATTERN that matches no row at all"),
                   ast_.pattern.range.position);
  }
  if (IsGreedy(node_->variables.back())) {
    Error error = NotSupported("SQL-1020 a greedy quantifier at the end of a PATTERN");
    error.hint = "end the pattern with a plain variable or a reluctant quantifier, such as +?";
    return ErrorAt(error, ast_.pattern.range.position);
  }
  return Status::Ok();
}

Status MatchAnalyzer::Skip() {
  using Skip = MatchAst::Skip;
  switch (ast_.skip) {
    case Skip::kNextRow: node_->skip = MatchSkip::kNextRow; return Status::Ok();
    case Skip::kPastLastRow: node_->skip = MatchSkip::kPastLastRow; return Status::Ok();
    case Skip::kFirst: node_->skip = MatchSkip::kFirst; break;
    case Skip::kLast: node_->skip = MatchSkip::kLast; break;
  }
  node_->skip_variable = VariableIndex(ast_.skip_variable);
  if (node_->skip_variable >= 0) return Status::Ok();
  return ErrorAt(NotFound("SQL-1004 unknown pattern variable '{}'", ast_.skip_variable),
                 ast_.skip_range.position);
}

Status MatchAnalyzer::Within() {
  if (ast_.within == nullptr) return Status::Ok();
  if (ast_.within->interval_is_months) {
    return ErrorAt(NotSupported("SQL-1020 WITHIN takes an interval of days, hours, minutes and "
                                "seconds"),
                   ast_.within->range.position);
  }
  node_->within_ms = ast_.within->interval_value;
  return Status::Ok();
}

// ---- PARTITION BY and ORDER BY ----

Result<int> MatchAnalyzer::InputColumn(const ExpressionAst& ast, const char* clause) const {
  if (ast.kind != ExpressionAstKind::kName) {
    return ErrorAt(InvalidArgument("SQL-1006 {} of MATCH_RECOGNIZE takes columns only", clause),
                   ast.range.position);
  }
  auto resolved = ResolveName(input_.scope, ast.names);
  if (!resolved.ok()) return ErrorAt(resolved.error(), ast.range.position);
  return resolved->column;
}

Status MatchAnalyzer::Keys() {
  for (const ExpressionAstPtr& ast : ast_.partition_by) {
    ASSIGN_OR_RETURN(int column, InputColumn(*ast, "PARTITION BY"));
    node_->keys.push_back(column);
    Field field = input_.plan->output[column];
    field.time_attribute = TimeAttribute::kNone;
    node_->output.push_back(std::move(field));
  }
  return Status::Ok();
}

Status MatchAnalyzer::Order() {
  for (const OrderItemAst& item : ast_.order_by) {
    ASSIGN_OR_RETURN(int column, InputColumn(*item.expression, "ORDER BY"));
    node_->order.push_back({column, item.descending, item.nulls_first.value_or(!item.descending)});
  }
  return Status::Ok();
}

Status MatchAnalyzer::CheckOrder() const {
  if (node_->order.empty()) {
    return InvalidArgument("SQL-1017 MATCH_RECOGNIZE needs an ORDER BY");
  }
  const SortKey& first = node_->order[0];
  const Field& time = input_.plan->output[first.column];
  bool is_time = time.time_attribute != TimeAttribute::kNone;
  if (!streaming_) is_time = is_time || time.type.IsTimestamp();
  if (!is_time) {
    Error error = InvalidArgument(
        "SQL-1017 MATCH_RECOGNIZE must be ordered by a time attribute first, not by '{}'",
        time.name);
    error.hint = "declare a WATERMARK on the column, or use a PROCTIME() column";
    return ErrorAt(error, ast_.order_by[0].expression->range.position);
  }
  if (!first.descending) return Status::Ok();
  return ErrorAt(NotSupported("SQL-1020 MATCH_RECOGNIZE is ordered by time ascending"),
                 ast_.order_by[0].expression->range.position);
}

// ---- DEFINE and MEASURES ----

void MatchAnalyzer::MakeScope() {
  scope_.bare_qualifier = kAllRows;
  scope_.functions = &functions_;
  for (const Field& field : input_.plan->output) scope_.columns.push_back({kAllRows, field});
  std::vector<std::string> names;
  auto add = [&](const std::string& name) {
    if (std::find(names.begin(), names.end(), name) != names.end()) return;
    names.push_back(name);
    for (const Field& field : input_.plan->output) scope_.columns.push_back({name, field});
  };
  for (const MatchVariable& variable : node_->variables) add(variable.name);
  // As in Flink these may be named too, but no row is theirs.
  for (const MatchAst::Named& definition : ast_.definitions) add(definition.name);
  for (const std::string& subset : ast_.subsets) add(subset);
  for (const ScopeColumn& column : input_.scope.columns) {
    if (!column.qualifier.empty()) add(column.qualifier);
  }
}

Status MatchAnalyzer::Definitions() {
  std::set<std::string> defined;
  for (const MatchAst::Named& definition : ast_.definitions) {
    int index = VariableIndex(definition.name);
    if (!defined.insert(definition.name).second) {
      return ErrorAt(
          InvalidArgument("SQL-1005 pattern variable '{}' is defined twice", definition.name),
          definition.range.position);
    }
    MatchVariable unused;
    MatchVariable& variable = index < 0 ? unused : node_->variables[index];
    current_ = index < 0 ? MatchCell::kNoVariable : index;
    read_ = &variable.input;
    ASSIGN_OR_RETURN(ExpressionPtr condition, Analyzed(*definition.expression));
    if (!condition->type.Is(model::TypeRoot::kBoolean)) {
      return ErrorAt(InvalidArgument("SQL-1006 a condition must be BOOLEAN, not {}",
                                     condition->type.Nullable().ToString()),
                     definition.expression->range.position);
    }
    variable.condition = Placed(condition);
  }
  return Status::Ok();
}

Status MatchAnalyzer::Measures() {
  current_ = -1;
  read_ = &node_->input;
  if (ast_.measures.empty()) {
    return InvalidArgument("SQL-1012 MATCH_RECOGNIZE needs MEASURES");
  }
  RETURN_IF_ERROR(CheckMeasureNames());
  std::vector<ExpressionPtr> measures;
  for (const MatchAst::Named& measure : ast_.measures) {
    ASSIGN_OR_RETURN(ExpressionPtr e, Analyzed(*measure.expression));
    measures.push_back(std::move(e));
  }
  for (size_t i = 0; i < measures.size(); ++i) {
    node_->measures.push_back(Placed(measures[i]));
    node_->output.push_back(MeasureField(ast_.measures[i].name, node_->measures.back()));
  }
  return Status::Ok();
}

Status MatchAnalyzer::CheckMeasureNames() const {
  std::set<std::string> names;
  for (const Field& field : node_->output) names.insert(field.name);
  for (const MatchAst::Named& measure : ast_.measures) {
    if (names.insert(measure.name).second) continue;
    return ErrorAt(InvalidArgument("SQL-1005 column '{}' is there twice", measure.name),
                   measure.range.position);
  }
  return Status::Ok();
}

Field MatchAnalyzer::MeasureField(const std::string& name, const ExpressionPtr& measure) const {
  Field field{name, measure->type, TimeAttribute::kNone};
  if (measure->kind == ExpressionKind::kCall && measure->function == "PROCTIME") {
    field.time_attribute = TimeAttribute::kProctime;
  }
  if (measure->kind != ExpressionKind::kColumn) return field;
  if (measure->column == node_->input.time_column()) {
    field.time_attribute = TimeAttribute::kRowtime;
  } else if (measure->column < static_cast<int>(node_->input.cells.size())) {
    int column = node_->input.cells[measure->column].column;
    TimeAttribute attribute = input_.plan->output[column].time_attribute;
    if (attribute == TimeAttribute::kRowtime) field.time_attribute = attribute;
  }
  return field;
}

}  // namespace forebay::sql
