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
/// stay where they are. As in Flink, an aggregate over all rows is joined with INNER: in streaming
/// mode it has no row before the first one of its input.
class ValueJoiner {
 public:
  explicit ValueJoiner(const OuterQuery& outer) : outer_(outer), plan_(outer.plan) {}

  /// Joins `right` on `keys` and `condition` (over the plan so far and then `right`); returns where
  /// the columns of `right` begin.
  Result<size_t> Add(const PlanPtr& right, const CorrelationKeys& keys, ExpressionPtr condition,
                     JoinKind kind = JoinKind::kLeft) {
    size_t begin = plan_->output.size();
    Expressions conjuncts;
    for (size_t i = 0; i < keys.columns.size(); ++i) {
      ExpressionPtr key = Expression::Column(right->output[keys.columns[i]].type,
                                             static_cast<int>(begin) + keys.columns[i]);
      ASSIGN_OR_RETURN(ExpressionPtr equal,
                       MakeComparison(keys.Equality(i), WithOuterValues(keys.values[i], outer_),
                                      std::move(key)));
      conjuncts.push_back(std::move(equal));
    }
    if (condition != nullptr) SplitConjuncts(condition, conjuncts);
    plan_ = MakeJoin(kind, plan_, right, {}, {}, Conjunction(conjuncts));
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
  // A key that is equal to NULL may be NULL where there are rows: a count is not.
  std::vector<AggregateCall> counts;
  if (keys.AnyNullSafe()) counts.push_back(Count({}, "$rows"));
  PlanPtr right = keys.columns.empty() ? OneRowIfAny(query.plan)
                                       : MakeAggregate(query.plan, keys.columns, counts);
  ValueJoiner joiner(outer);
  ASSIGN_OR_RETURN(size_t begin, joiner.Add(right, Grouped(keys), nullptr));
  if (!counts.empty()) begin += keys.columns.size();
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
    auto certain = std::find(keys.null_safe.begin(), keys.null_safe.end(), false);
    if (certain == keys.null_safe.end()) {
      return NotSupported("SQL-1020 a COUNT over a subquery that keeps rows for outer NULLs");
    }
    int key = keys.columns[static_cast<size_t>(certain - keys.null_safe.begin())];
    ExpressionPtr found =
        Test("IS_NOT_NULL", ColumnOf(*joiner.plan(), begin + static_cast<size_t>(key)));
    value = Expression::Call(value->type, "CASE", {found, value, query.empty_row->at(0)});
  }
  return JoinedValue{joiner.plan(), value};
}

// How aggregates of a subquery are joined: by correlation there are none for some outer rows.
JoinKind KindFor(const CorrelationKeys& keys) {
  return keys.columns.empty() ? JoinKind::kInner : JoinKind::kLeft;
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

AggregateCall Extreme(const char* function, const DataType& type) {
  AggregateCall call;
  call.function = function;
  call.args = {0};
  call.type = type.Nullable();
  call.name = std::string("$") + function;
  return call;
}

// operand <comparison> ANY: whether it holds for the smallest or the largest row, as far as it
// matters. FALSE without rows; NULL when it holds for none and a NULL was compared. For a filter,
// which drops outer rows without any, `only_true`.
Result<JoinedValue> AnyValue(const Subquery& subquery, Decorrelated& query, const OuterQuery& outer,
                             bool only_true) {
  if (subquery.operands.size() != 1) {
    return NotSupported("SQL-1020 comparisons of rows with ANY or ALL");
  }
  ASSIGN_OR_RETURN(CorrelationKeys keys, ToKeys(query, outer));
  const DataType& type = query.plan->output[0].type;
  PlanPtr extremes = MakeAggregate(query.plan, keys.columns,
                                   {Extreme("MIN", type), Extreme("MAX", type), Count({}, "$rows"),
                                    Count(FirstColumns(1), "$known")});
  ValueJoiner joiner(outer);
  ASSIGN_OR_RETURN(size_t begin, joiner.Add(extremes, Grouped(keys), nullptr,
                                            only_true ? JoinKind::kInner : KindFor(keys)));
  begin += keys.columns.size();
  const PlanNode& plan = *joiner.plan();
  bool is_above = subquery.comparison.starts_with("GREATER");
  bool is_below = subquery.comparison.starts_with("LESS");
  Expressions holds;
  for (size_t i = is_below ? 1 : 0; i < (is_above ? 1U : 2U); ++i) {
    ASSIGN_OR_RETURN(ExpressionPtr each, MakeComparison(subquery.comparison, subquery.operands[0],
                                                        ColumnOf(plan, begin + i)));
    holds.push_back(Test("IS_TRUE", std::move(each)));
  }
  ExpressionPtr held = holds[0];
  if (holds.size() > 1) held = Expression::Call(DataType::Boolean().NotNull(), "OR", holds);
  ExpressionPtr unknown = Expression::Literal(DataType::Boolean(), Value());
  ExpressionPtr no_rows = Test("IS_NOT_TRUE", Any(plan, begin + 2));
  ExpressionPtr fewer = Expression::Call(DataType::Boolean(), "LESS_THAN",
                                         {ColumnOf(plan, begin + 3), ColumnOf(plan, begin + 2)});
  ExpressionPtr value = Expression::Call(
      DataType::Boolean(), "CASE",
      {no_rows, BooleanLiteral(false), held, BooleanLiteral(true),
       Test("IS_NULL", subquery.operands[0]), unknown, fewer, unknown, BooleanLiteral(false)});
  return JoinedValue{joiner.plan(), value};
}

// The distinct operands for which some row might be equal, were its NULLs known, and TRUE.
Result<PlanPtr> PossibleOperands(const Subquery& subquery, const PlanPtr& rows,
                                 const OuterQuery& outer) {
  size_t columns = subquery.operands.size();
  std::vector<std::string> names(columns, "$operand");
  PlanPtr operands = MakeCalc(outer.plan, nullptr, subquery.operands, names);
  operands = MakeAggregate(operands, FirstColumns(columns), {});
  Expressions equalities;
  for (size_t i = 0; i < columns; ++i) {
    ExpressionPtr row = Expression::Column(rows->output[i].type, static_cast<int>(columns + i));
    ASSIGN_OR_RETURN(ExpressionPtr equal,
                     MakeComparison("EQUALS", ColumnOf(*operands, i), std::move(row)));
    equalities.push_back(std::move(equal));
  }
  ExpressionPtr possible = Test("IS_NOT_FALSE", Conjunction(equalities));
  PlanPtr joined = MakeJoin(JoinKind::kSemi, operands, rows, {}, {}, possible);
  Expressions projections = IdentityProjections(*joined);
  projections.push_back(BooleanLiteral(true));
  names.push_back("$possible");
  return MakeCalc(joined, nullptr, std::move(projections), names);
}

// (a, b) IN: TRUE with an equal row, NULL with one that might be equal, else FALSE.
Result<JoinedValue> RowInValue(const Subquery& subquery, Decorrelated& query,
                               const OuterQuery& outer) {
  if (!query.predicates.empty()) {
    return NotSupported(
        "SQL-1020 IN with several columns and a subquery that reads the query around it, other "
        "than as a condition of WHERE");
  }
  size_t columns = subquery.operands.size();
  ValueJoiner joiner(outer);
  ASSIGN_OR_RETURN(size_t counts,
                   joiner.Add(CountedRows(query.plan, {}, columns), {}, nullptr, JoinKind::kInner));
  PlanPtr distinct = MakeAggregate(query.plan, FirstColumns(columns), {});
  size_t begin = joiner.plan()->output.size();
  ASSIGN_OR_RETURN(ExpressionPtr matches, Matches(subquery, *distinct, begin));
  bool unsure = matches->type.nullable() && !subquery.only_truth_matters;
  RETURN_IF_ERROR(joiner.Add(distinct, {}, matches).status());
  ExpressionPtr found = Conjunction(
      {Any(*joiner.plan(), counts), Test("IS_NOT_NULL", ColumnOf(*joiner.plan(), begin))});
  if (!unsure) return JoinedValue{joiner.plan(), found};
  ASSIGN_OR_RETURN(PlanPtr possible, PossibleOperands(subquery, query.plan, outer));
  begin = joiner.plan()->output.size();
  Expressions same;
  for (size_t i = 0; i < columns; ++i) {
    ExpressionPtr operand =
        Expression::Column(possible->output[i].type, static_cast<int>(begin + i));
    ASSIGN_OR_RETURN(ExpressionPtr equal, MakeComparison("IS_NOT_DISTINCT_FROM",
                                                         subquery.operands[i], std::move(operand)));
    same.push_back(std::move(equal));
  }
  RETURN_IF_ERROR(joiner.Add(possible, {}, Conjunction(same)).status());
  ExpressionPtr value = Expression::Call(
      DataType::Boolean(), "CASE",
      {found, BooleanLiteral(true), Test("IS_NOT_NULL", ColumnOf(*joiner.plan(), begin + columns)),
       Expression::Literal(DataType::Boolean(), Value()), BooleanLiteral(false)});
  return JoinedValue{joiner.plan(), value};
}

// TRUE with an equal row, else NULL when a NULL might have been equal. FALSE without rows, but by
// correlation NULL for an operand that is NULL.
Result<JoinedValue> InValue(const Subquery& subquery, const OuterQuery& outer) {
  ASSIGN_OR_RETURN(Decorrelated query, Decorrelate(subquery.plan, outer));
  size_t columns = subquery.operands.size();
  if (query.empty_row && columns == 1) {
    ASSIGN_OR_RETURN(JoinedValue scalar, ScalarValue(subquery.plan, outer));
    ASSIGN_OR_RETURN(ExpressionPtr equal,
                     MakeComparison(subquery.comparison, subquery.operands[0], scalar.value));
    return JoinedValue{scalar.plan, equal};
  }
  if (columns > 1 && subquery.comparison == "EQUALS") return RowInValue(subquery, query, outer);
  if (subquery.comparison != "EQUALS") return AnyValue(subquery, query, outer, false);
  ASSIGN_OR_RETURN(CorrelationKeys keys, ToKeys(query, outer));
  ValueJoiner joiner(outer);
  ASSIGN_OR_RETURN(size_t counts, joiner.Add(CountedRows(query.plan, keys.columns, columns),
                                             Grouped(keys), nullptr, KindFor(keys)));
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
  ExpressionPtr fewer = Expression::Call(DataType::Boolean(), "LESS_THAN",
                                         {ColumnOf(plan, counts + 1), ColumnOf(plan, counts)});
  Expressions cases;
  // As in Flink: by correlation there is no count for no rows, and then NULL IN is NULL.
  if (keys.columns.empty()) {
    cases = {Test("IS_NOT_TRUE", Any(plan, counts)), BooleanLiteral(false)};
  }
  for (const ExpressionPtr& e :
       {Test("IS_NOT_NULL", ColumnOf(plan, begin)), BooleanLiteral(true),
        AnyNull(subquery.operands), unknown, fewer, unknown, BooleanLiteral(false)}) {
    cases.push_back(e);
  }
  return JoinedValue{joiner.plan(), Expression::Call(DataType::Boolean(), "CASE", cases)};
}

PlanPtr FilterBy(const JoinedValue& joined, const OuterQuery& outer) {
  auto projections = IdentityProjections(*outer.plan);
  PlanPtr filtered = MakeFilter(joined.plan, joined.value);
  return MakeCalc(filtered, nullptr, std::move(projections), OutputNames(*outer.plan));
}

Result<PlanPtr> FilterByValue(const Subquery& subquery, const OuterQuery& outer) {
  ASSIGN_OR_RETURN(JoinedValue joined, JoinAsValue(subquery, outer));
  return FilterBy(joined, outer);
}

JoinedValue Negated(JoinedValue joined) {
  joined.value = Expression::Call(joined.value->type, "NOT", {joined.value});
  return joined;
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
  if (subquery.comparison != "EQUALS") {
    ASSIGN_OR_RETURN(JoinedValue any, AnyValue(subquery, query, outer, !subquery.negated));
    return FilterBy(subquery.negated ? Negated(std::move(any)) : any, outer);
  }
  Expressions condition;
  for (const ExpressionPtr& e : query.predicates) condition.push_back(OverBoth(e, outer));
  if (!exists) {
    ASSIGN_OR_RETURN(ExpressionPtr matches,
                     Matches(subquery, *query.plan, outer.plan->output.size()));
    // NOT IN keeps a row only if it is different from all, for certain.
    bool unsure = subquery.negated && matches->type.nullable();
    bool counts = unsure && !streaming && condition.empty() && subquery.operands.size() == 1;
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
  return subquery.negated ? Negated(std::move(joined)) : joined;
}

}  // namespace forebay::sql
