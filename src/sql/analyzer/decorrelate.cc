#include "sql/analyzer/decorrelate.h"

#include <algorithm>
#include <map>
#include <utility>

#include "sql/analyzer/expression_analyzer.h"
#include "sql/analyzer/plan_builder.h"
#include "sql/analyzer/select_analyzer.h"
#include "sql/optimizer/optimizer.h"

namespace forebay::sql {

using model::DataType;
using model::Value;

namespace {

constexpr const char* kOuter = "$OUTER";
using Expressions = std::vector<ExpressionPtr>;

bool IsOuter(const Expression& e) {
  return e.kind == ExpressionKind::kCall && e.function == kOuter;
}
int LevelOf(const Expression& outer) {
  return static_cast<int>(std::get<int64_t>(outer.args[0]->value.data));
}
int ColumnOf(const Expression& outer) {
  return static_cast<int>(std::get<int64_t>(outer.args[1]->value.data));
}

void ForEachOuter(const Expression& e, const std::function<void(const Expression&)>& f) {
  if (IsOuter(e)) return f(e);
  for (const ExpressionPtr& arg : e.args) ForEachOuter(*arg, f);
}

// Every expression of the node itself.
void ForEachExpression(const PlanNode& node, const std::function<void(const Expression&)>& f) {
  auto visit = [&](const ExpressionPtr& e) {
    if (e != nullptr) f(*e);
  };
  if (node.kind == PlanKind::kCalc) {
    const auto& calc = static_cast<const CalcNode&>(node);
    visit(calc.condition);
    for (const ExpressionPtr& e : calc.projections) visit(e);
  } else if (node.kind == PlanKind::kJoin) {
    visit(static_cast<const JoinNode&>(node).condition);
  } else if (node.kind == PlanKind::kUnnest) {
    visit(static_cast<const UnnestNode&>(node).collection);
  } else if (node.kind == PlanKind::kValues) {
    for (const auto& row : static_cast<const ValuesNode&>(node).rows) {
      for (const ExpressionPtr& e : row) visit(e);
    }
  } else if (node.kind == PlanKind::kLookupJoin) {
    const auto& join = static_cast<const LookupJoinNode&>(node);
    visit(join.condition);
    for (const ExpressionPtr& e : join.keys) visit(e);
  }
}

bool ReadsColumns(const Expression& e) {
  if (e.kind == ExpressionKind::kColumn) return true;
  return std::any_of(e.args.begin(), e.args.end(),
                     [](const ExpressionPtr& arg) { return ReadsColumns(*arg); });
}

void CollectInner(const Expression& e, std::set<int>& columns) {
  if (e.kind == ExpressionKind::kColumn) columns.insert(e.column);
  for (const ExpressionPtr& arg : e.args) CollectInner(*arg, columns);
}

// `e` with inner columns renumbered; those that are not in `mapping` stay.
ExpressionPtr Renumbered(const ExpressionPtr& e, const std::map<int, int>& mapping) {
  if (e->kind == ExpressionKind::kLiteral) return e;
  if (e->kind == ExpressionKind::kColumn) {
    auto it = mapping.find(e->column);
    return it == mapping.end() ? e : Expression::Column(e->type, it->second);
  }
  Expressions args;
  for (const ExpressionPtr& arg : e->args) args.push_back(Renumbered(arg, mapping));
  return Expression::Call(e->type, e->function, std::move(args));
}

Error NoDecorrelation(const char* what) {
  Error error =
      NotSupported("SQL-1020 a subquery that reads columns of the query around it {}", what);
  error.hint = "write it as a join";
  return error;
}

void Split(const ExpressionPtr& condition, Expressions& own, Expressions& correlated) {
  if (condition == nullptr) return;
  Expressions conjuncts;
  SplitConjuncts(condition, conjuncts);
  for (ExpressionPtr& e : conjuncts) (ReadsOuter(*e) ? correlated : own).push_back(std::move(e));
}

// Whether a NULL from outside makes the predicate not TRUE, whatever else it reads.
bool IsStrict(const Expression& e) {
  static const std::set<std::string> kStrict = {"EQUALS",
                                                "NOT_EQUALS",
                                                "LESS_THAN",
                                                "LESS_THAN_OR_EQUAL",
                                                "GREATER_THAN",
                                                "PLUS",
                                                "GREATER_THAN_OR_EQUAL",
                                                "MINUS",
                                                "TIMES",
                                                "DIVIDE",
                                                "CAST"};
  if (!ReadsOuter(e) || IsOuter(e)) return true;
  return kStrict.contains(e.function) &&
         std::all_of(e.args.begin(), e.args.end(),
                     [](const ExpressionPtr& arg) { return IsStrict(*arg); });
}

// Joins the distinct outer values to the plan, so that each is equal to a column of it, and
// `readers` can read these columns. `keeps_rows`: rows whose outer values are NULL count, too, even
// if no reader would be TRUE of them.
Status JoinOuterValues(Decorrelated& query, const OuterQuery& outer, Expressions& readers,
                       bool keeps_rows = false) {
  std::map<int, DataType> read;
  Expressions all = query.predicates;
  all.insert(all.end(), readers.begin(), readers.end());
  for (const ExpressionPtr& e : all) {
    keeps_rows = keeps_rows || !IsStrict(*e);
    bool far = false;
    ForEachOuter(*e, [&](const Expression& ref) {
      far = far || LevelOf(ref) > 1;
      read.emplace(ColumnOf(ref), ref.type);
    });
    if (far) return NoDecorrelation("can read them only one level further in");
  }
  Expressions values;
  std::vector<std::string> names;
  std::vector<int> keys;
  std::map<int, int> place;
  for (const auto& [column, type] : read) {
    place[column] = static_cast<int>(values.size());
    keys.push_back(static_cast<int>(values.size()));
    names.push_back("$outer" + std::to_string(values.size()));
    values.push_back(outer.value(type, column));
  }
  PlanPtr distinct = MakeAggregate(MakeCalc(outer.plan, nullptr, values, names), keys, {});
  int own = static_cast<int>(query.plan->output.size());
  OuterQuery joined_values{nullptr, [&](const DataType& type, int column) {
                             return Expression::Column(type, own + place.at(column));
                           }};
  Expressions condition;
  for (const ExpressionPtr& e : query.predicates) {
    condition.push_back(WithOuterValues(e, joined_values));
  }
  for (ExpressionPtr& e : readers) e = WithOuterValues(e, joined_values);
  query.plan = MakeJoin(JoinKind::kInner, query.plan, distinct, {}, {}, Conjunction(condition));
  query.predicates.clear();
  for (const auto& [column, type] : read) {
    ASSIGN_OR_RETURN(ExpressionPtr equal,
                     MakeComparison(keeps_rows ? "IS_NOT_DISTINCT_FROM" : "EQUALS",
                                    Expression::Column(type, own + place[column]),
                                    OuterReference(type, 1, column)));
    query.predicates.push_back(std::move(equal));
  }
  return Status::Ok();
}

Result<Decorrelated> OfCalc(const CalcNode& calc, const OuterQuery& outer) {
  ASSIGN_OR_RETURN(Decorrelated in, Decorrelate(calc.inputs[0], outer));
  if (in.empty_row && calc.condition != nullptr) {
    return NoDecorrelation("cannot filter the result of an aggregate without GROUP BY");
  }
  Expressions own;
  Split(calc.condition, own, in.predicates);
  Decorrelated result;
  Expressions projections = calc.projections;
  if (std::any_of(projections.begin(), projections.end(),
                  [](const ExpressionPtr& e) { return ReadsOuter(*e); })) {
    if (in.empty_row) return NoDecorrelation("cannot read them beside an aggregate");
    RETURN_IF_ERROR(JoinOuterValues(in, outer, projections));
  }
  std::vector<std::string> names = OutputNames(calc);
  std::set<int> needed;
  for (const ExpressionPtr& e : in.predicates) CollectInner(*e, needed);
  std::map<int, int> mapping;
  for (int column : needed) {
    // A column that is there already stays one, or windows would not be found by it.
    auto kept = std::find_if(projections.begin(), projections.end(), [&](const ExpressionPtr& e) {
      return e->kind == ExpressionKind::kColumn && e->column == column;
    });
    if (kept != projections.end()) {
      mapping[column] = static_cast<int>(kept - projections.begin());
      continue;
    }
    const Field& field = in.plan->output[column];
    mapping[column] = static_cast<int>(projections.size());
    projections.push_back(Expression::Column(field.type, column));
    names.push_back(field.name);
  }
  for (const ExpressionPtr& e : in.predicates) {
    result.predicates.push_back(Renumbered(e, mapping));
  }
  if (in.empty_row) {
    result.empty_row.emplace();
    for (const ExpressionPtr& e : calc.projections) {
      result.empty_row->push_back(Inline(e, *in.empty_row));
    }
  }
  result.plan = MakeCalc(in.plan, Conjunction(own), std::move(projections), names);
  return result;
}

// What an aggregate without groups gives for no rows.
Expressions EmptyRow(const AggregateNode& aggregate) {
  Expressions row;
  for (const AggregateCall& call : aggregate.calls) {
    bool count = call.function == "COUNT";
    row.push_back(count ? Expression::Literal(call.type, Value(int64_t{0}))
                        : Expression::Literal(call.type.Nullable(), Value()));
  }
  return row;
}

// An aggregate by correlation: its rows for all outer values at once.
Result<Decorrelated> OfAggregate(const AggregateNode& aggregate, const OuterQuery& outer) {
  ASSIGN_OR_RETURN(Decorrelated in, Decorrelate(aggregate.inputs[0], outer));
  if (in.empty_row) return NoDecorrelation("cannot aggregate an aggregate without GROUP BY");
  ASSIGN_OR_RETURN(CorrelationKeys correlation, ToKeys(in, outer));
  std::vector<int> keys = aggregate.keys;
  keys.insert(keys.end(), correlation.columns.begin(), correlation.columns.end());
  PlanPtr grouped = MakeAggregate(in.plan, keys, aggregate.calls);
  // The subquery's own columns first.
  std::vector<int> order;
  size_t own_keys = aggregate.keys.size();
  for (size_t i = 0; i < own_keys; ++i) order.push_back(static_cast<int>(i));
  for (size_t i = keys.size(); i < grouped->output.size(); ++i)
    order.push_back(static_cast<int>(i));
  for (size_t i = own_keys; i < keys.size(); ++i) order.push_back(static_cast<int>(i));
  Decorrelated result;
  Expressions projections;
  std::vector<std::string> names;
  for (int column : order) {
    projections.push_back(Expression::Column(grouped->output[column].type, column));
    names.push_back(grouped->output[column].name);
  }
  size_t first = order.size() - correlation.columns.size();
  for (size_t i = 0; i < correlation.values.size(); ++i) {
    ExpressionPtr key =
        Expression::Column(projections[first + i]->type, static_cast<int>(first + i));
    ASSIGN_OR_RETURN(ExpressionPtr equal,
                     MakeComparison(correlation.Equality(i), key, correlation.values[i]));
    result.predicates.push_back(std::move(equal));
  }
  if (own_keys == 0) result.empty_row = EmptyRow(aggregate);
  result.plan = MakeCalc(grouped, nullptr, std::move(projections), names);
  return result;
}

// Columns of a join's right side have numbers from here on while its left side gets columns.
constexpr int kApart = 1 << 24;

// Of a join that keeps its left rows: makes `condition` read the outer values from columns of the
// left side.
Status ReadOnLeft(const JoinNode& join, Decorrelated& left, const OuterQuery& outer,
                  Expressions& condition) {
  if (condition.empty()) return Status::Ok();
  int left_before = static_cast<int>(join.inputs[0]->output.size());
  std::map<int, int> apart;
  for (size_t i = 0; i < join.inputs[1]->output.size(); ++i) {
    apart[left_before + static_cast<int>(i)] = kApart + static_cast<int>(i);
  }
  for (ExpressionPtr& e : condition) e = Renumbered(e, apart);
  return JoinOuterValues(left, outer, condition, join.join != JoinKind::kSemi);
}

Result<Decorrelated> OfJoin(const JoinNode& join, const OuterQuery& outer) {
  ASSIGN_OR_RETURN(Decorrelated left, Decorrelate(join.inputs[0], outer));
  ASSIGN_OR_RETURN(Decorrelated right, Decorrelate(join.inputs[1], outer));
  bool inner = join.join == JoinKind::kInner;
  bool keeps_left = inner || join.join == JoinKind::kLeft || join.join == JoinKind::kSemi ||
                    join.join == JoinKind::kAnti;
  Expressions own;
  Expressions correlated;
  Split(join.condition, own, correlated);
  int left_before = static_cast<int>(join.inputs[0]->output.size());
  int right_before = static_cast<int>(join.inputs[1]->output.size());
  Expressions with_values;
  if (!inner && keeps_left && right.predicates.empty() && !left.empty_row && !right.empty_row) {
    with_values = std::exchange(correlated, {});
    RETURN_IF_ERROR(ReadOnLeft(join, left, outer, with_values));
  }
  bool right_free = right.predicates.empty() && correlated.empty();
  if (left.empty_row || right.empty_row || (!inner && !right_free) ||
      (!keeps_left && !left.predicates.empty())) {
    return NoDecorrelation("cannot read them inside of such a join");
  }
  int left_now = static_cast<int>(left.plan->output.size());
  int right_now = static_cast<int>(right.plan->output.size());
  std::map<int, int> moved;  // of the join's old columns
  for (int i = 0; i < right_before; ++i) moved[left_before + i] = left_now + i;
  for (ExpressionPtr& e : own) e = Renumbered(e, moved);
  std::map<int, int> together;
  for (int i = 0; i < right_before; ++i) together[kApart + i] = left_now + i;
  for (const ExpressionPtr& e : with_values) own.push_back(Renumbered(e, together));
  Expressions predicates = left.predicates;
  for (const ExpressionPtr& e : right.predicates) predicates.push_back(ShiftColumns(e, left_now));
  for (const ExpressionPtr& e : correlated) predicates.push_back(Renumbered(e, moved));
  PlanPtr joined =
      MakeJoin(join.join, left.plan, right.plan, join.left_keys, join.right_keys, Conjunction(own));
  bool has_right = joined->output.size() > static_cast<size_t>(left_now);
  std::vector<int> order;
  auto append = [&](int begin, int end) {
    for (int i = begin; i < end; ++i) order.push_back(i);
  };
  append(0, left_before);
  if (has_right) append(left_now, left_now + right_before);
  append(left_before, left_now);
  if (has_right) append(left_now + right_before, left_now + right_now);
  Decorrelated result;
  Expressions projections;
  std::vector<std::string> names;
  std::map<int, int> places;
  for (int column : order) {
    places[column] = static_cast<int>(projections.size());
    projections.push_back(Expression::Column(joined->output[column].type, column));
    names.push_back(joined->output[column].name);
  }
  for (const ExpressionPtr& e : predicates) result.predicates.push_back(Renumbered(e, places));
  result.plan = MakeCalc(joined, nullptr, std::move(projections), names);
  return result;
}

Result<Decorrelated> OfUnnest(const UnnestNode& unnest, const OuterQuery& outer) {
  ASSIGN_OR_RETURN(Decorrelated in, Decorrelate(unnest.inputs[0], outer));
  if (in.empty_row) return NoDecorrelation("cannot take the result of an aggregate apart");
  Expressions collection = {unnest.collection};
  if (ReadsOuter(*unnest.collection)) RETURN_IF_ERROR(JoinOuterValues(in, outer, collection));
  auto node = std::make_shared<UnnestNode>(unnest);
  node->collection = collection[0];
  std::set<int> needed;
  for (const ExpressionPtr& e : in.predicates) CollectInner(*e, needed);
  auto kept = static_cast<int>(unnest.kept.size());
  std::map<int, int> places;
  std::vector<Field> added;
  for (int column : needed) {
    places[column] = static_cast<int>(unnest.output.size() + added.size());
    node->kept.push_back(column);
    added.push_back(in.plan->output[column]);
  }
  node->output.insert(node->output.begin() + kept, added.begin(), added.end());
  node->inputs = {in.plan};
  Decorrelated result;
  Expressions projections;
  std::vector<std::string> names;
  auto append = [&](size_t begin, size_t end) {
    for (size_t i = begin; i < end; ++i) {
      projections.push_back(Expression::Column(node->output[i].type, static_cast<int>(i)));
      names.push_back(node->output[i].name);
    }
  };
  // The node's own columns first.
  append(0, unnest.kept.size());
  append(node->kept.size(), node->output.size());
  append(unnest.kept.size(), node->kept.size());
  for (const ExpressionPtr& e : in.predicates) result.predicates.push_back(Renumbered(e, places));
  result.plan = MakeCalc(node, nullptr, std::move(projections), names);
  return result;
}

// An equality of something of the plan with something from outside.
bool IsKey(const Expression& e, ExpressionPtr& inside, ExpressionPtr& outside) {
  bool is_equality = e.kind == ExpressionKind::kCall &&
                     (e.function == "EQUALS" || e.function == "IS_NOT_DISTINCT_FROM");
  if (!is_equality) return false;
  inside = e.args[0];
  outside = e.args[1];
  if (ReadsOuter(*inside)) std::swap(inside, outside);
  return !ReadsOuter(*inside) && ReadsOuter(*outside) && !ReadsColumns(*outside);
}

}  // namespace

ExpressionPtr OuterReference(const DataType& type, int level, int column) {
  auto number = [](int n) {
    return Expression::Literal(DataType::Int().NotNull(), Value(static_cast<int64_t>(n)));
  };
  return Expression::Call(type, kOuter, {number(level), number(column)});
}

bool ReadsOuter(const Expression& expression) {
  bool found = false;
  ForEachOuter(expression, [&](const Expression&) { found = true; });
  return found;
}

bool ReadsOuter(const PlanNode& plan) {
  bool found = false;
  ForEachExpression(plan, [&](const Expression& e) { found = found || ReadsOuter(e); });
  return found || std::any_of(plan.inputs.begin(), plan.inputs.end(),
                              [](const PlanPtr& input) { return ReadsOuter(*input); });
}

void CollectOuter(const PlanNode& plan, std::set<int>& columns) {
  ForEachExpression(plan, [&](const Expression& e) {
    ForEachOuter(e, [&](const Expression& ref) {
      if (LevelOf(ref) == 1) columns.insert(ColumnOf(ref));
    });
  });
  for (const PlanPtr& input : plan.inputs) CollectOuter(*input, columns);
}

ExpressionPtr WithOuterValues(const ExpressionPtr& e, const OuterQuery& outer) {
  if (IsOuter(*e)) {
    int level = LevelOf(*e);
    if (level > 1) return OuterReference(e->type, level - 1, ColumnOf(*e));
    return outer.value(e->type, ColumnOf(*e));
  }
  if (e->kind != ExpressionKind::kCall) return e;
  Expressions args;
  for (const ExpressionPtr& arg : e->args) args.push_back(WithOuterValues(arg, outer));
  return Expression::Call(e->type, e->function, std::move(args));
}

Result<CorrelationKeys> ToKeys(Decorrelated& query, const OuterQuery& outer) {
  ExpressionPtr inside;
  ExpressionPtr outside;
  bool keys = std::all_of(query.predicates.begin(), query.predicates.end(),
                          [&](const ExpressionPtr& e) { return IsKey(*e, inside, outside); });
  Expressions readers;
  if (!keys) RETURN_IF_ERROR(JoinOuterValues(query, outer, readers));
  CorrelationKeys result;
  Expressions wanted;
  for (const ExpressionPtr& e : query.predicates) {
    IsKey(*e, inside, outside);
    wanted.push_back(inside);
    result.values.push_back(outside);
    result.null_safe.push_back(e->function != "EQUALS");
  }
  query.plan = WithColumns(query.plan, wanted, result.columns);
  return result;
}

Result<Decorrelated> Decorrelate(const PlanPtr& plan, const OuterQuery& outer) {
  if (!ReadsOuter(*plan)) return Decorrelated{plan, {}, std::nullopt};
  switch (plan->kind) {
    case PlanKind::kCalc: return OfCalc(static_cast<const CalcNode&>(*plan), outer);
    case PlanKind::kAggregate: return OfAggregate(static_cast<const AggregateNode&>(*plan), outer);
    case PlanKind::kJoin: return OfJoin(static_cast<const JoinNode&>(*plan), outer);
    case PlanKind::kUnnest: return OfUnnest(static_cast<const UnnestNode&>(*plan), outer);
    case PlanKind::kSort: return Decorrelate(plan->inputs[0], outer);
    case PlanKind::kLimit: return NoDecorrelation("cannot have LIMIT");
    case PlanKind::kUnion: return NoDecorrelation("cannot have UNION, INTERSECT or EXCEPT");
    default: return NoDecorrelation("can have filters, joins and aggregates only");
  }
}

}  // namespace forebay::sql
