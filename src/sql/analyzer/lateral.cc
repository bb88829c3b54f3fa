// LATERAL (query) in FROM: a subquery that reads the tables before it.

#include "sql/analyzer/decorrelate.h"
#include "sql/analyzer/plan_builder.h"
#include "sql/analyzer/query_analyzer.h"
#include "sql/analyzer/select_analyzer.h"
#include "sql/diagnostic.h"

namespace forebay::sql {
namespace {

Result<JoinKind> KindOf(const TableAst& ast) {
  bool plain = !ast.natural && ast.using_columns.empty();
  if (plain && ast.join == JoinAstKind::kLeft) return JoinKind::kLeft;
  bool outer = ast.join == JoinAstKind::kRight || ast.join == JoinAstKind::kFull ||
               ast.join == JoinAstKind::kLeft;
  if (plain && !outer) return JoinKind::kInner;
  return ErrorAt(NotSupported("SQL-1020 LATERAL (query) is joined by CROSS JOIN, or INNER or LEFT "
                              "JOIN with ON"),
                 ast.right->range.position);
}

Status NameColumns(const TableAst& ast, std::vector<Field>& fields) {
  if (ast.column_aliases.empty()) return Status::Ok();
  if (ast.column_aliases.size() != fields.size()) {
    return InvalidArgument("SQL-1012 '{}' names {} columns, the query has {}", ast.alias,
                           ast.column_aliases.size(), fields.size());
  }
  for (size_t i = 0; i < fields.size(); ++i) fields[i].name = ast.column_aliases[i];
  return Status::Ok();
}

}  // namespace

// A row that sees no row of the query joins none, also when the query is an aggregate without
// GROUP BY: as in Flink.
Result<Relation> QueryAnalyzer::LateralJoin(const TableAst& ast, const Relation& left) {
  const TableAst& right = *ast.right;
  ASSIGN_OR_RETURN(JoinKind kind, KindOf(ast));
  Scope scope = left.scope;
  scope.outer = outer_scope_;
  scope.functions = &functions_;
  ASSIGN_OR_RETURN(Relation query, AnalyzeSubquery(*right.query, scope));
  OuterQuery outer{left.plan, [](const model::DataType& type, int column) {
                     return Expression::Column(type, column);
                   }};
  auto decorrelated = Decorrelate(query.plan, outer);
  if (!decorrelated.ok()) return ErrorAt(decorrelated.status().error(), right.range.position);
  std::vector<Field> fields = query.plan->output;
  for (Field& field : fields) {
    field.time_attribute = TimeAttribute::kNone;
    if (kind == JoinKind::kLeft) field.type = field.type.Nullable();
  }
  RETURN_IF_ERROR(NameColumns(right, fields));
  Relation both = left;
  for (const Field& field : fields) both.scope.columns.push_back({right.alias, field});
  both.scope.outer = outer_scope_;
  both.scope.functions = &functions_;
  auto shift = static_cast<int>(left.plan->output.size());
  std::vector<ExpressionPtr> conjuncts;
  for (const ExpressionPtr& e : decorrelated->predicates) {
    conjuncts.push_back(WithOuterValues(ShiftColumns(e, shift), outer));
  }
  if (ast.condition != nullptr) {
    ExpressionAnalyzer analyzer(both.scope);
    ASSIGN_OR_RETURN(ExpressionPtr condition, analyzer.AnalyzeCondition(*ast.condition));
    const bool* always = std::get_if<bool>(&condition->value.data);
    bool is_true = condition->kind == ExpressionKind::kLiteral && always != nullptr && *always;
    if (!is_true) SplitConjuncts(condition, conjuncts);
  }
  PlanPtr joined = MakeJoin(kind, left.plan, decorrelated->plan, {}, {}, Conjunction(conjuncts));
  std::vector<ExpressionPtr> projections = IdentityProjections(*joined);
  std::vector<std::string> names = OutputNames(*left.plan);
  for (const Field& field : fields) names.push_back(field.name);
  projections.resize(names.size());
  both.plan = MakeCalc(joined, nullptr, std::move(projections), names);
  for (size_t i = 0; i < names.size(); ++i) both.scope.columns[i].field = both.plan->output[i];
  return both;
}

}  // namespace forebay::sql
