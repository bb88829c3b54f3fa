#include "sql/analyzer/subquery.h"

#include <algorithm>
#include <numeric>

#include "sql/analyzer/expression_analyzer.h"
#include "sql/analyzer/plan_builder.h"
#include "sql/optimizer/optimizer.h"

namespace forebay::sql {

using model::DataType;
using model::Value;

namespace {

using Expressions = std::vector<ExpressionPtr>;

ExpressionPtr Test(const char* function, ExpressionPtr e) {
  return Expression::Call(DataType::Boolean().NotNull(), function, {std::move(e)});
}

ExpressionPtr ColumnOf(const PlanNode& plan, size_t column) {
  return Expression::Column(plan.output[column].type, static_cast<int>(column));
}

AggregateCall Count(std::vector<int> args, const char* name) {
  AggregateCall call;
  call.function = "COUNT";
  call.args = std::move(args);
  call.type = DataType::Bigint().NotNull();
  call.name = name;
  return call;
}

// COUNT(*) is above 0, over column `count`.
ExpressionPtr Any(const PlanNode& plan, size_t count) {
  ExpressionPtr zero = Expression::Literal(DataType::Bigint().NotNull(), Value(int64_t{0}));
  ExpressionPtr rows = ColumnOf(plan, count);
  DataType type = DataType::Boolean().WithNullable(rows->type.nullable());
  return Expression::Call(type, "GREATER_THAN", {rows, zero});
}

// One row when the plan has any, as its only column that number of rows.
PlanPtr OneRowIfAny(const PlanPtr& plan) {
  PlanPtr counted = MakeAggregate(plan, {}, {Count({}, "$rows")});
  return MakeFilter(counted, Any(*counted, 0));
}

// Whether the plan has at most one row whatever its input is.
bool IsSingleRow(const PlanNode& plan) {
  if (plan.kind == PlanKind::kCalc || plan.kind == PlanKind::kSort) {
    return IsSingleRow(*plan.inputs[0]);
  }
  if (plan.kind == PlanKind::kAggregate)
    return static_cast<const AggregateNode&>(plan).keys.empty();
  if (plan.kind == PlanKind::kValues) return static_cast<const ValuesNode&>(plan).rows.size() <= 1;
  if (plan.kind != PlanKind::kLimit) return false;
  const auto& limit = static_cast<const LimitNode&>(plan);
  return limit.fetch && *limit.fetch <= 1;
}

// The only row's value; an error while running when there are several rows.
PlanPtr SingleRow(const PlanPtr& plan) {
  AggregateCall first;
  first.function = "FIRST_VALUE";
  first.args = {0};
  first.type = plan->output[0].type.Nullable();
  first.name = plan->output[0].name;
  PlanPtr counted = MakeAggregate(plan, {}, {first, Count({}, "$rows")});
  ExpressionPtr value =
      Expression::Call(first.type, "SINGLE_VALUE", {ColumnOf(*counted, 0), ColumnOf(*counted, 1)});
  return MakeCalc(counted, nullptr, {value}, {first.name});
}

// The rows of EXISTS do not matter, only whether there are any: its projection goes, and so do an
// order and a limit that leaves a row.
PlanPtr WithoutProjection(PlanPtr plan) {
  while (plan->kind == PlanKind::kSort || plan->kind == PlanKind::kLimit) {
    if (plan->kind == PlanKind::kLimit) {
      const auto& limit = static_cast<const LimitNode&>(*plan);
      if (limit.offset > 0 || (limit.fetch && *limit.fetch == 0)) return plan;
    }
    plan = plan->inputs[0];
  }
  if (plan->kind != PlanKind::kCalc) return plan;
  const auto& calc = static_cast<const CalcNode&>(*plan);
  PlanPtr input = calc.condition == nullptr ? WithoutProjection(plan->inputs[0]) : plan->inputs[0];
  return calc.condition == nullptr ? input : MakeFilter(input, calc.condition);
}

// A predicate of the subquery over the columns of both, the outer plan's first.
ExpressionPtr OverBoth(const ExpressionPtr& e, const OuterQuery& outer) {
  return WithOuterValues(ShiftColumns(e, static_cast<int>(outer.plan->output.size())), outer);
}

// operands = columns of the subquery, which begin at `begin`.
Result<ExpressionPtr> Matches(const Subquery& subquery, const PlanNode& right, size_t begin) {
  Expressions equalities;
  for (size_t i = 0; i < subquery.operands.size(); ++i) {
    ExpressionPtr column = Expression::Column(right.output[i].type, static_cast<int>(begin + i));
    ASSIGN_OR_RETURN(ExpressionPtr equal,
                     MakeComparison(subquery.comparison, subquery.operands[i], std::move(column)));
    equalities.push_back(std::move(equal));
  }
  return Conjunction(equalities);
}

/// Joins something to the outer plan, one join after another, so that the columns that are there
/// stay where they are.
class ValueJoiner {
 public:
  explicit ValueJoiner(const OuterQuery& outer) : outer_(outer), plan_(outer.plan) {}

  /// LEFT JOIN `right` on `keys` and `condition` (over the plan so far and then `right`); returns
  /// where the columns of `right` begin.
  Result<size_t> Add(const PlanPtr& right, const CorrelationKeys& keys, ExpressionPtr condition) {
    size_t begin = plan_->output.size();
    Expressions conjuncts;
    for (size_t i = 0; i < keys.columns.size(); ++i) {
      ExpressionPtr key = Expression::Column(right->output[keys.columns[i]].type,
                                             static_cast<int>(begin) + keys.columns[i]);
      ASSIGN_OR_RETURN(
          ExpressionPtr equal,
          MakeComparison("EQUALS", WithOuterValues(keys.values[i], outer_), std::move(key)));
      conjuncts.push_back(std::move(equal));
    }
    if (condition != nullptr) SplitConjuncts(condition, conjuncts);
    plan_ = MakeJoin(JoinKind::kLeft, plan_, right, {}, {}, Conjunction(conjuncts));
    return begin;
  }
  const PlanPtr& plan() const { return plan_; }

 private:
  const OuterQuery& outer_;
  PlanPtr plan_;
};

std::vector<int> FirstColumns(size_t count) {
  std::vector<int> columns(count);
  std::iota(columns.begin(), columns.end(), 0);
  return columns;
}

// The keys after a grouping by them.
CorrelationKeys Grouped(CorrelationKeys keys) {
  keys.columns = FirstColumns(keys.columns.size());
  return keys;
}

Result<JoinedValue> ExistsValue(const Subquery& subquery, const OuterQuery& outer) {
  ASSIGN_OR_RETURN(Decorrelated query, Decorrelate(WithoutProjection(subquery.plan), outer));
  if (query.empty_row) return JoinedValue{outer.plan, BooleanLiteral(!subquery.negated)};
  ASSIGN_OR_RETURN(CorrelationKeys keys, ToKeys(query, outer));
  PlanPtr right =
      keys.columns.empty() ? OneRowIfAny(query.plan) : MakeAggregate(query.plan, keys.columns, {});
  ValueJoiner joiner(outer);
  ASSIGN_OR_RETURN(size_t begin, joiner.Add(right, Grouped(keys), nullptr));
  ExpressionPtr mark = ColumnOf(*joiner.plan(), begin);
  return JoinedValue{joiner.plan(),
                     Test(subquery.negated ? "IS_NULL" : "IS_NOT_NULL", std::move(mark))};
}

Result<JoinedValue> ScalarValue(const PlanPtr& plan, const OuterQuery& outer) {
  ASSIGN_OR_RETURN(Decorrelated query,
                   Decorrelate(IsSingleRow(*plan) ? plan : SingleRow(plan), outer));
  ASSIGN_OR_RETURN(CorrelationKeys keys, ToKeys(query, outer));
  ValueJoiner joiner(outer);
  ASSIGN_OR_RETURN(size_t begin, joiner.Add(query.plan, keys, nullptr));
  ExpressionPtr value = ColumnOf(*joiner.plan(), begin);
  bool has_default = query.empty_row &&
                     (query.empty_row->at(0)->kind != ExpressionKind::kLiteral ||
                      !std::holds_alternative<std::monostate>(query.empty_row->at(0)->value.data));
  if (has_default && !keys.columns.empty()) {
    ExpressionPtr found =
        Test("IS_NOT_NULL", ColumnOf(*joiner.plan(), begin + static_cast<size_t>(keys.columns[0])));
    value = Expression::Call(value->type, "CASE", {found, value, query.empty_row->at(0)});
  }
  return JoinedValue{joiner.plan(), value};
}

// How many rows IN looks at, and how many of them without a NULL, by correlation.
PlanPtr CountedRows(const PlanPtr& plan, const std::vector<int>& keys, size_t columns) {
  return MakeAggregate(plan, keys, {Count({}, "$rows"), Count(FirstColumns(columns), "$known")});
}

ExpressionPtr AnyNull(const Expressions& operands) {
  Expressions nulls;
  for (const ExpressionPtr& e : operands) nulls.push_back(Test("IS_NULL", e));
  if (nulls.size() == 1) return nulls[0];
  return Expression::Call(DataType::Boolean().NotNull(), "OR", std::move(nulls));
}

// FALSE without rows, TRUE with an equal one, else NULL when a NULL might have been equal.
Result<JoinedValue> InValue(const Subquery& subquery, const OuterQuery& outer) {
  ASSIGN_OR_RETURN(Decorrelated query, Decorrelate(subquery.plan, outer));
  size_t columns = subquery.operands.size();
  if (query.empty_row && columns == 1) {
    ASSIGN_OR_RETURN(JoinedValue scalar, ScalarValue(subquery.plan, outer));
    ASSIGN_OR_RETURN(ExpressionPtr equal,
                     MakeComparison(subquery.comparison, subquery.operands[0], scalar.value));
    return JoinedValue{scalar.plan, equal};
  }
  if (columns > 1 || subquery.comparison != "EQUALS") {
    return NotSupported(
        "SQL-1020 IN with several columns, and comparisons with ANY or ALL, are "
        "supported as conditions of WHERE only");
  }
  ASSIGN_OR_RETURN(CorrelationKeys keys, ToKeys(query, outer));
  ValueJoiner joiner(outer);
  ASSIGN_OR_RETURN(size_t counts, joiner.Add(CountedRows(query.plan, keys.columns, columns),
                                             Grouped(keys), nullptr));
  counts += keys.columns.size();
  std::vector<int> distinct_keys = FirstColumns(columns);
  CorrelationKeys behind = keys;
  for (size_t i = 0; i < keys.columns.size(); ++i) {
    behind.columns[i] = static_cast<int>(distinct_keys.size());
    distinct_keys.push_back(keys.columns[i]);
  }
  PlanPtr distinct = MakeAggregate(query.plan, distinct_keys, {});
  size_t begin = joiner.plan()->output.size();
  ASSIGN_OR_RETURN(ExpressionPtr matches, Matches(subquery, *distinct, begin));
  RETURN_IF_ERROR(joiner.Add(distinct, behind, matches).status());
  const PlanNode& plan = *joiner.plan();
  ExpressionPtr unknown = Expression::Literal(DataType::Boolean(), Value());
  ExpressionPtr no_rows = Test("IS_NOT_TRUE", Any(plan, counts));
  ExpressionPtr fewer = Expression::Call(DataType::Boolean(), "LESS_THAN",
                                         {ColumnOf(plan, counts + 1), ColumnOf(plan, counts)});
  ExpressionPtr value =
      Expression::Call(DataType::Boolean(), "CASE",
                       {no_rows, BooleanLiteral(false), Test("IS_NOT_NULL", ColumnOf(plan, begin)),
                        BooleanLiteral(true), AnyNull(subquery.operands), unknown, fewer, unknown,
                        BooleanLiteral(false)});
  return JoinedValue{joiner.plan(), value};
}

Result<PlanPtr> FilterByValue(const Subquery& subquery, const OuterQuery& outer) {
  ASSIGN_OR_RETURN(JoinedValue joined, JoinAsValue(subquery, outer));
  auto projections = IdentityProjections(*outer.plan);
  PlanPtr filtered = MakeFilter(joined.plan, joined.value);
  return MakeCalc(filtered, nullptr, std::move(projections), OutputNames(*outer.plan));
}

}  // namespace

DataType TypeOf(const Subquery& subquery) {
  if (subquery.kind == SubqueryKind::kScalar) return subquery.plan->output[0].type.Nullable();
  return DataType::Boolean().WithNullable(subquery.kind == SubqueryKind::kIn);
}

Result<PlanPtr> JoinAsFilter(const Subquery& subquery, const OuterQuery& outer, bool streaming) {
  bool exists = subquery.kind == SubqueryKind::kExists;
  PlanPtr plan = exists ? WithoutProjection(subquery.plan) : subquery.plan;
  ASSIGN_OR_RETURN(Decorrelated query, Decorrelate(plan, outer));
  if (query.empty_row) return FilterByValue(subquery, outer);
  Expressions condition;
  for (const ExpressionPtr& e : query.predicates) condition.push_back(OverBoth(e, outer));
  if (!exists) {
    ASSIGN_OR_RETURN(ExpressionPtr matches,
                     Matches(subquery, *query.plan, outer.plan->output.size()));
    // NOT IN keeps a row only if it is different from all, for certain.
    bool unsure = subquery.negated && matches->type.nullable();
    bool counts = unsure && !streaming && condition.empty() && subquery.operands.size() == 1 &&
                  subquery.comparison == "EQUALS";
    // A join on the key and two counts is faster than comparing all with all; in a changelog each
    // change of a count would be one of every row.
    if (counts) return FilterByValue(subquery, outer);
    condition.push_back(unsure ? Test("IS_NOT_FALSE", std::move(matches)) : std::move(matches));
  } else if (condition.empty()) {
    query.plan = OneRowIfAny(query.plan);
  }
  return MakeJoin(subquery.negated ? JoinKind::kAnti : JoinKind::kSemi, outer.plan, query.plan, {},
                  {}, Conjunction(condition));
}

Result<JoinedValue> JoinAsValue(const Subquery& subquery, const OuterQuery& outer) {
  if (subquery.kind == SubqueryKind::kExists) return ExistsValue(subquery, outer);
  if (subquery.kind == SubqueryKind::kScalar) return ScalarValue(subquery.plan, outer);
  ASSIGN_OR_RETURN(JoinedValue joined, InValue(subquery, outer));
  if (subquery.negated) {
    joined.value = Expression::Call(joined.value->type, "NOT", {joined.value});
  }
  return joined;
}

}  // namespace forebay::sql
