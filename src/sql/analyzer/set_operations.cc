// QueryAnalyzer's UNION, INTERSECT and EXCEPT.

#include <numeric>

#include "sql/analyzer/plan_builder.h"
#include "sql/analyzer/query_analyzer.h"
#include "sql/functions/function_table.h"
#include "sql/types/type_rules.h"

namespace forebay::sql {

using model::DataType;

namespace {

/// How often each row is on the left and on the right, as the last two columns. NULLs are equal to
/// each other here.
PlanPtr CountedRows(PlanPtr left, PlanPtr right) {
  std::vector<std::string> names = OutputNames(*left);
  size_t count = names.size();
  auto marked = [&](PlanPtr input, bool is_left) {
    auto projections = IdentityProjections(*input);
    auto columns = names;
    for (bool side : {true, false}) {
      projections.push_back(BooleanLiteral(side == is_left));
      columns.emplace_back(side ? "$left" : "$right");
    }
    return MakeCalc(std::move(input), nullptr, std::move(projections), columns);
  };
  PlanPtr both = MakeUnion({marked(std::move(left), true), marked(std::move(right), false)});
  std::vector<int> keys(count);
  std::iota(keys.begin(), keys.end(), 0);
  std::vector<AggregateCall> calls;
  for (int side = 0; side < 2; ++side) {
    AggregateCall call;
    call.function = "COUNT";
    call.filter = static_cast<int>(count) + side;
    call.type = DataType::Bigint().NotNull();
    call.name = side == 0 ? "$lefts" : "$rights";
    calls.push_back(std::move(call));
  }
  return MakeAggregate(std::move(both), keys, std::move(calls));
}

/// INTERSECT and EXCEPT: of the rows on the left those that are (or are not) on the right.
PlanPtr Distinct(PlanPtr counted, bool intersect) {
  size_t count = counted->output.size() - 2;
  auto compare = [&](const char* function, size_t column) {
    ExpressionPtr zero =
        Expression::Literal(DataType::Bigint().NotNull(), model::Value(int64_t{0}));
    return Expression::Call(
        DataType::Boolean().NotNull(), function,
        {Expression::Column(DataType::Bigint().NotNull(), static_cast<int>(column)), zero});
  };
  ExpressionPtr condition = Conjunction(
      {compare("GREATER_THAN", count), compare(intersect ? "GREATER_THAN" : "EQUALS", count + 1)});
  auto projections = IdentityProjections(*counted);
  projections.resize(count);
  std::vector<std::string> names = OutputNames(*counted);
  return MakeCalc(std::move(counted), condition, std::move(projections), names);
}

/// INTERSECT ALL and EXCEPT ALL: each row as often as it is on both sides, or more often on the
/// left.
PlanPtr Replicated(PlanPtr counted, bool intersect) {
  size_t count = counted->output.size() - 2;
  DataType number = DataType::Bigint().NotNull();
  ExpressionPtr left = Expression::Column(number, static_cast<int>(count));
  ExpressionPtr right = Expression::Column(number, static_cast<int>(count) + 1);
  ExpressionPtr copies = Expression::Call(number, "MINUS", {left, right});
  if (intersect) {
    ExpressionPtr fewer =
        Expression::Call(DataType::Boolean().NotNull(), "LESS_THAN", {left, right});
    copies = Expression::Call(number, "CASE", {fewer, left, right});
  }
  auto node = std::make_shared<UnnestNode>();
  DataType array = DataType::Array(DataType::Boolean().NotNull()).NotNull();
  node->collection = Expression::Call(array, "REPLICATE", {copies});
  node->output.assign(counted->output.begin(),
                      counted->output.begin() + static_cast<int64_t>(count));
  node->kept.resize(count);
  std::iota(node->kept.begin(), node->kept.end(), 0);
  node->inputs = {std::move(counted)};
  return node;
}

}  // namespace

Result<Relation> QueryAnalyzer::SetOperationOf(const QueryAst& query) {
  bool is_union = query.operation == SetOperation::kUnion;
  ASSIGN_OR_RETURN(Relation left, Analyze(*query.left));
  ASSIGN_OR_RETURN(Relation right, Analyze(*query.right));
  size_t count = left.plan->output.size();
  if (count != right.plan->output.size()) {
    return InvalidArgument("SQL-1012 UNION, INTERSECT, EXCEPT: the inputs have {} and {} columns",
                           count, right.plan->output.size());
  }
  auto names = OutputNames(*left.plan);
  std::vector<ExpressionPtr> a = IdentityProjections(*left.plan);
  std::vector<ExpressionPtr> b = IdentityProjections(*right.plan);
  for (size_t i = 0; i < count; ++i) {
    auto common = CommonType({a[i]->type, b[i]->type});
    if (!common) {
      return InvalidArgument("SQL-1011 UNION: column {} has types {} and {}", i + 1,
                             a[i]->type.ToString(), b[i]->type.ToString());
    }
    a[i] = CastTo(a[i], *common);
    b[i] = CastTo(b[i], *common);
  }
  if (!is_union) {
    bool intersect = query.operation == SetOperation::kIntersect;
    PlanPtr counted = CountedRows(MakeCalc(left.plan, nullptr, a, names),
                                  MakeCalc(right.plan, nullptr, b, names));
    return MakeRelation(query.all ? Replicated(counted, intersect) : Distinct(counted, intersect),
                        "");
  }
  PlanPtr plan =
      MakeUnion({MakeCalc(left.plan, nullptr, a, names), MakeCalc(right.plan, nullptr, b, names)});
  if (!query.all) {
    std::vector<int> keys;
    for (size_t i = 0; i < count; ++i) keys.push_back(static_cast<int>(i));
    plan = MakeAggregate(plan, keys, {});
  }
  return MakeRelation(plan, "");
}

}  // namespace forebay::sql
