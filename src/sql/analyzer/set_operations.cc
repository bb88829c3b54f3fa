// QueryAnalyzer's UNION, INTERSECT and EXCEPT.

#include <numeric>

#include "sql/analyzer/changelog.h"
#include "sql/analyzer/plan_builder.h"
#include "sql/analyzer/query_analyzer.h"
#include "sql/functions/function_table.h"
#include "sql/types/type_rules.h"

namespace forebay::sql {

using model::DataType;

namespace {

std::vector<int> Iota(size_t count) {
  std::vector<int> indexes(count);
  std::iota(indexes.begin(), indexes.end(), 0);
  return indexes;
}

ExpressionPtr Number(int64_t value) {
  return Expression::Literal(DataType::Bigint().NotNull(), model::Value(value));
}

/// How often each row is on the left and on the right, as the last two columns; unless `counts`, 1
/// for all numbers above 0. NULLs are equal to each other here.
PlanPtr CountedRows(const PlanPtr& left, const PlanPtr& right, bool counts) {
  std::vector<std::string> names = OutputNames(*left);
  size_t count = names.size();
  auto mark = [&](bool value) { return counts ? BooleanLiteral(value) : Number(value ? 1 : 0); };
  auto marked = [&](const PlanPtr& input, bool is_left) {
    auto projections = IdentityProjections(*input);
    auto columns = names;
    for (bool side : {true, false}) {
      projections.push_back(mark(side == is_left));
      columns.emplace_back(side ? "$left" : "$right");
    }
    return MakeCalc(input, nullptr, std::move(projections), columns);
  };
  PlanPtr both = MakeUnion({marked(left, true), marked(right, false)});
  std::vector<AggregateCall> calls;
  for (int side = 0; side < 2; ++side) {
    int place = static_cast<int>(count) + side;
    AggregateCall call;
    call.function = counts ? "COUNT" : "MAX";
    if (counts) {
      call.filter = place;
    } else {
      call.args = {place};
    }
    call.type = DataType::Bigint().NotNull();
    call.name = side == 0 ? "$lefts" : "$rights";
    calls.push_back(std::move(call));
  }
  return MakeAggregate(std::move(both), Iota(count), std::move(calls));
}

/// Of counted rows those that are on the left and (or and not) on the right.
PlanPtr Chosen(PlanPtr counted, bool intersect) {
  size_t count = counted->output.size() - 2;
  auto compare = [&](const char* function, size_t column) {
    return Expression::Call(
        DataType::Boolean().NotNull(), function,
        {Expression::Column(DataType::Bigint().NotNull(), static_cast<int>(column)), Number(0)});
  };
  ExpressionPtr condition = Conjunction(
      {compare("GREATER_THAN", count), compare(intersect ? "GREATER_THAN" : "EQUALS", count + 1)});
  auto projections = IdentityProjections(*counted);
  projections.resize(count);
  std::vector<std::string> names = OutputNames(*counted);
  return MakeCalc(std::move(counted), condition, std::move(projections), names);
}

PlanPtr Distinct(const PlanPtr& plan) { return MakeAggregate(plan, Iota(plan->output.size()), {}); }

/// That the rows of both sides are equal, over the columns of both: keys for a join. Columns that
/// may be NULL are compared as one ROW, in which NULL is equal to NULL.
ExpressionPtr EqualRows(const PlanNode& left, const PlanNode& right) {
  size_t count = left.output.size();
  auto equal = [](ExpressionPtr a, ExpressionPtr b) {
    return Expression::Call(DataType::Boolean().NotNull(), "EQUALS", {std::move(a), std::move(b)});
  };
  auto row = [](const std::vector<ExpressionPtr>& columns) {
    std::vector<model::RowField> fields;
    for (const ExpressionPtr& column : columns) {
      fields.push_back({"EXPR$" + std::to_string(fields.size()), column->type});
    }
    return Expression::Call(DataType::Row(std::move(fields)).NotNull(), "ROW", columns);
  };
  std::vector<ExpressionPtr> equalities;
  std::vector<ExpressionPtr> nullable[2];
  for (size_t i = 0; i < count; ++i) {
    ExpressionPtr a = Expression::Column(left.output[i].type, static_cast<int>(i));
    ExpressionPtr b = Expression::Column(right.output[i].type, static_cast<int>(count + i));
    if (a->type.nullable() || b->type.nullable()) {
      nullable[0].push_back(std::move(a));
      nullable[1].push_back(std::move(b));
    } else {
      equalities.push_back(equal(std::move(a), std::move(b)));
    }
  }
  if (!nullable[0].empty()) equalities.push_back(equal(row(nullable[0]), row(nullable[1])));
  return Conjunction(equalities);
}

/// INTERSECT and EXCEPT with the changelog of Flink's plan, the DISTINCT of a semi or anti join: a
/// row comes and goes as +I and -D. Where the left rows are distinct already there is no DISTINCT,
/// and changes have the kinds that the join gives them. Equal rows would make such a join compare
/// each with each: they are counted instead, as far as a count makes a difference.
PlanPtr ChangingDistinct(const PlanPtr& left, const PlanPtr& right, bool intersect) {
  if (!HasUniqueRows(left)) return Distinct(Chosen(CountedRows(left, right, false), intersect));
  // The first and the last of equal rows are all that the join sends something for.
  PlanPtr others = IsInsertOnly(*right) ? Distinct(right) : right;
  JoinKind kind = intersect ? JoinKind::kSemi : JoinKind::kAnti;
  return MakeJoin(kind, left, others, {}, {}, EqualRows(*left, *right));
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
  node->kept = Iota(count);
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
  left.plan = MakeCalc(left.plan, nullptr, a, names);
  right.plan = MakeCalc(right.plan, nullptr, b, names);
  if (is_union) {
    PlanPtr plan = MakeUnion({left.plan, right.plan});
    return MakeRelation(query.all ? plan : Distinct(plan), "");
  }
  bool intersect = query.operation == SetOperation::kIntersect;
  if (query.all) {
    return MakeRelation(Replicated(CountedRows(left.plan, right.plan, true), intersect), "");
  }
  PlanPtr plan = options_.streaming ? ChangingDistinct(left.plan, right.plan, intersect)
                                    : Chosen(CountedRows(left.plan, right.plan, true), intersect);
  return MakeRelation(plan, "");
}

}  // namespace forebay::sql
