// SelectAnalyzer's subqueries: conjuncts of WHERE as semi and anti joins, values elsewhere as
// columns that are joined in. And GROUPING(), which is a value of the grouping set.

#include <algorithm>

#include "sql/analyzer/join_interval.h"
#include "sql/analyzer/plan_builder.h"
#include "sql/analyzer/select_analyzer.h"
#include "sql/diagnostic.h"

namespace forebay::sql {

using model::DataType;
using model::Value;

namespace {

bool IsSubquery(const ExpressionAst& ast) {
  return ast.kind == ExpressionAstKind::kExists || ast.kind == ExpressionAstKind::kSubquery ||
         (ast.kind == ExpressionAstKind::kIn && ast.query != nullptr);
}

// EXISTS or IN, perhaps under NOTs.
const ExpressionAst* Membership(const ExpressionAst& ast, bool& negated) {
  const ExpressionAst* inner = &ast;
  negated = false;
  while (inner->kind == ExpressionAstKind::kCall && inner->text == "NOT") {
    negated = !negated;
    inner = inner->args[0].get();
  }
  bool is_membership = IsSubquery(*inner) && inner->kind != ExpressionAstKind::kSubquery;
  return is_membership ? inner : nullptr;
}

// Whether NULL is as good as FALSE for `part`: a condition of WHERE, or of CASE WHEN, or a part of
// one under AND and OR.
bool OnlyTruthMatters(const ExpressionAst& part, const ExpressionAst& root, bool is_condition) {
  if (&part == &root) return is_condition;
  auto within = [&](const ExpressionAstPtr& arg, bool condition) {
    return arg != nullptr && OnlyTruthMatters(part, *arg, condition);
  };
  bool is_logic = root.text == "AND" || root.text == "OR";
  bool is_case = root.kind == ExpressionAstKind::kCase && root.args[0] == nullptr;
  if (root.kind != ExpressionAstKind::kCall && root.kind != ExpressionAstKind::kCase) return false;
  for (size_t i = 0; i < root.args.size(); ++i) {
    // CASE: nothing or what is compared, then a condition and a value in turn, then ELSE.
    bool is_when = is_case && i % 2 == 1 && i + 1 < root.args.size();
    bool condition = is_case ? is_when : is_condition && is_logic;
    if (within(root.args[i], condition)) return true;
  }
  return false;
}

// What AND combines, in order.
std::vector<const ExpressionAst*> ConjunctsOf(const ExpressionAst& condition) {
  if (condition.kind != ExpressionAstKind::kCall || condition.text != "AND") return {&condition};
  std::vector<const ExpressionAst*> conjuncts;
  for (const ExpressionAstPtr& arg : condition.args) {
    for (const ExpressionAst* each : ConjunctsOf(*arg)) conjuncts.push_back(each);
  }
  return conjuncts;
}

OuterQuery OverScope(const PlanPtr& plan) {
  return {plan, [](const DataType& type, int column) { return Expression::Column(type, column); }};
}

}  // namespace

Status SelectAnalyzer::Where(const ExpressionAst& condition) {
  std::vector<ExpressionPtr> conditions;
  size_t columns = plan_->output.size();
  for (const ExpressionAst* ast : ConjunctsOf(condition)) {
    bool negated = false;
    if (const ExpressionAst* member = Membership(*ast, negated)) {
      RETURN_IF_ERROR(WhereSubquery(*member, negated));
    } else {
      ExpressionAnalyzer analyzer(scope_, [this, ast](const ExpressionAst& e) {
        return WhereValue(e, OnlyTruthMatters(e, *ast, true));
      });
      ASSIGN_OR_RETURN(ExpressionPtr analyzed, analyzer.AnalyzeCondition(*ast));
      SplitConjuncts(analyzed, conditions);
    }
  }
  plan_ = WithTimes(plan_, conditions);
  if (!conditions.empty()) plan_ = MakeFilter(plan_, Conjunction(conditions));
  if (plan_->output.size() == columns) return Status::Ok();
  // What subqueries added is not the query's.
  auto projections = IdentityProjections(*plan_);
  projections.resize(columns);
  plan_ = MakeCalc(plan_, nullptr, std::move(projections), OutputNames(*plan_));
  return Status::Ok();
}

Status SelectAnalyzer::Having(const ExpressionAst& condition) {
  ExpressionAnalyzer analyzer(scope_, [this](const ExpressionAst& call) { return Hook(call); });
  std::vector<ExpressionPtr> conditions;
  for (const ExpressionAst* ast : ConjunctsOf(condition)) {
    bool negated = false;
    if (const ExpressionAst* member = Membership(*ast, negated)) {
      ASSIGN_OR_RETURN(PendingSubquery pending, PendingOf(*member));
      pending.subquery.negated = pending.subquery.negated != negated;
      pending.filters = true;
      subqueries_.push_back(std::move(pending));
    } else {
      ASSIGN_OR_RETURN(ExpressionPtr analyzed, analyzer.AnalyzeCondition(*ast));
      SplitConjuncts(analyzed, conditions);
    }
  }
  having_ = Conjunction(conditions);
  return Status::Ok();
}

Status SelectAnalyzer::WhereSubquery(const ExpressionAst& ast, bool negated) {
  ExpressionAnalyzer operands(scope_,
                              [this](const ExpressionAst& e) { return WhereValue(e, false); });
  ASSIGN_OR_RETURN(Subquery subquery, AnalyzeSubquery(ast, operands));
  subquery.negated = subquery.negated != negated;
  auto joined = JoinAsFilter(subquery, OverScope(plan_), queries_.options().streaming);
  if (!joined.ok()) return ErrorAt(joined.status().error(), ast.range.position);
  plan_ = *joined;
  return Status::Ok();
}

Result<ExpressionPtr> SelectAnalyzer::WhereValue(const ExpressionAst& ast,
                                                 bool only_truth_matters) {
  if (!IsSubquery(ast)) return SessionValue(ast);
  ExpressionAnalyzer operands(scope_,
                              [this](const ExpressionAst& e) { return WhereValue(e, false); });
  ASSIGN_OR_RETURN(Subquery subquery, AnalyzeSubquery(ast, operands));
  subquery.only_truth_matters = only_truth_matters && !subquery.negated;
  ASSIGN_OR_RETURN(JoinedValue joined, JoinAsValue(subquery, OverScope(plan_)));
  plan_ = joined.plan;
  return joined.value;
}

Result<Subquery> SelectAnalyzer::AnalyzeSubquery(const ExpressionAst& ast,
                                                 ExpressionAnalyzer& operands) {
  Subquery subquery;
  subquery.negated = ast.negated;
  ASSIGN_OR_RETURN(Relation relation, queries_.AnalyzeSubquery(*ast.query, scope_));
  subquery.plan = relation.plan;
  if (ast.kind == ExpressionAstKind::kExists) {
    subquery.kind = SubqueryKind::kExists;
    return subquery;
  }
  size_t wanted = 1;
  if (ast.kind == ExpressionAstKind::kIn) {
    subquery.kind = SubqueryKind::kIn;
    if (!ast.text.empty()) subquery.comparison = ComparisonName(ast.text);
    const ExpressionAst& operand = *ast.args[0];
    std::vector<ExpressionAstPtr> values = {ast.args[0]};
    if (operand.kind == ExpressionAstKind::kRow) values = operand.args;
    for (const ExpressionAstPtr& value : values) {
      ASSIGN_OR_RETURN(ExpressionPtr analyzed, operands.Analyze(*value));
      subquery.operands.push_back(std::move(analyzed));
    }
    wanted = subquery.operands.size();
  }
  if (relation.plan->output.size() == wanted) return subquery;
  return ErrorAt(InvalidArgument("SQL-1006 the subquery must have {} column{}, not {}", wanted,
                                 wanted == 1 ? "" : "s", relation.plan->output.size()),
                 ast.range.position);
}

Result<SelectAnalyzer::PendingSubquery> SelectAnalyzer::PendingOf(const ExpressionAst& ast) {
  ExpressionAnalyzer operands(scope_, [this](const ExpressionAst& call) { return Hook(call); });
  PendingSubquery pending;
  ASSIGN_OR_RETURN(pending.subquery, AnalyzeSubquery(ast, operands));
  std::set<int> columns;
  CollectOuter(*pending.subquery.plan, columns);
  for (int column : columns) {
    const DataType& type = scope_.columns[static_cast<size_t>(column)].field.type;
    pending.outer_values[column] = Expression::Column(type, column);
  }
  return pending;
}

Result<ExpressionPtr> SelectAnalyzer::SubqueryOf(const ExpressionAst& ast) {
  if (!IsSubquery(ast)) return ExpressionPtr();
  ASSIGN_OR_RETURN(PendingSubquery pending, PendingOf(ast));
  pending.subquery.only_truth_matters =
      !ast.negated && item_ != nullptr && OnlyTruthMatters(ast, *item_, false);
  DataType type = TypeOf(pending.subquery);
  subqueries_.push_back(std::move(pending));
  return AddPseudo({Pseudo::Kind::kSubquery, static_cast<int>(subqueries_.size()) - 1},
                   std::move(type));
}

Status SelectAnalyzer::ApplySubqueries() {
  auto outer_of = [this](const PendingSubquery& pending) {
    auto value_of = [&values = pending.outer_values](const DataType&, int column) {
      return values.at(column);
    };
    return OuterQuery{plan_, value_of};
  };
  for (size_t i = 0; i < pseudo_.size(); ++i) {
    if (pseudo_[i].kind != Pseudo::Kind::kSubquery) continue;
    const PendingSubquery& pending = subqueries_[static_cast<size_t>(pseudo_[i].index)];
    ASSIGN_OR_RETURN(JoinedValue joined, JoinAsValue(pending.subquery, outer_of(pending)));
    plan_ = joined.plan;
    ReplacePending(kLaterStage + static_cast<int>(i), joined.value);
  }
  for (const PendingSubquery& pending : subqueries_) {
    if (!pending.filters) continue;
    ASSIGN_OR_RETURN(
        plan_, JoinAsFilter(pending.subquery, outer_of(pending), queries_.options().streaming));
  }
  return Status::Ok();
}

Result<ExpressionPtr> SelectAnalyzer::GroupingOf(const ExpressionAst& call,
                                                 const std::string& name) {
  if (!grouped_) return InvalidArgument("SQL-1022 {} is only allowed with GROUP BY", name);
  ExpressionAnalyzer analyzer(scope_);
  std::vector<int> keys;
  for (const ExpressionAstPtr& arg : call.args) {
    ASSIGN_OR_RETURN(ExpressionPtr value, analyzer.Analyze(*arg));
    auto it = std::find_if(keys_.begin(), keys_.end(),
                           [&](const ExpressionPtr& key) { return Equal(*key, *value); });
    if (it == keys_.end()) {
      return InvalidArgument("SQL-1008 an argument of {} must be grouped by", name);
    }
    keys.push_back(static_cast<int>(it - keys_.begin()));
  }
  DataType type = DataType::Bigint().NotNull();
  auto number = [&](int64_t n) { return Expression::Literal(type, Value(n)); };
  if (grouping_sets_.empty() || keys.empty()) return number(0);
  // A bit for each key, the last one lowest: whether the row's grouping set leaves it out.
  DataType set_type = DataType::Int().NotNull();
  ExpressionPtr set = AddPseudo({Pseudo::Kind::kGroupingSet, 0}, set_type);
  std::vector<ExpressionPtr> cases;
  int64_t bits = 0;
  for (size_t i = 0; i < grouping_sets_.size(); ++i) {
    bits = 0;
    for (int key : keys) {
      const auto& members = grouping_sets_[i];
      bits = bits * 2 + (std::find(members.begin(), members.end(), key) == members.end() ? 1 : 0);
    }
    if (i + 1 == grouping_sets_.size()) break;
    ExpressionPtr index = Expression::Literal(set_type, Value(static_cast<int64_t>(i)));
    cases.push_back(Expression::Call(DataType::Boolean().NotNull(), "EQUALS", {set, index}));
    cases.push_back(number(bits));
  }
  cases.push_back(number(bits));
  return Expression::Call(type, "CASE", std::move(cases));
}

}  // namespace forebay::sql
