#include "sql/analyzer/join_interval.h"

#include <algorithm>
#include <utility>

#include "sql/analyzer/expression_analyzer.h"
#include "sql/analyzer/plan_builder.h"

namespace forebay::sql {
namespace {

/// A time attribute plus a constant.
struct MovedTime {
  int column = 0;  ///< of both sides' columns
  int64_t offset_ms = 0;
};

std::optional<int64_t> Milliseconds(const Expression& e) {
  if (e.kind != ExpressionKind::kLiteral || !e.type.Is(model::TypeRoot::kIntervalDayTime)) {
    return std::nullopt;
  }
  const auto* value = std::get_if<int64_t>(&e.value.data);
  return value == nullptr ? std::nullopt : std::optional<int64_t>(*value);
}

std::optional<MovedTime> MovedTimeOf(const Expression& e, const std::vector<Field>& fields) {
  if (e.kind == ExpressionKind::kColumn) {
    bool is_time = fields[e.column].time_attribute != TimeAttribute::kNone;
    return is_time ? std::optional(MovedTime{e.column, 0}) : std::nullopt;
  }
  if (e.kind != ExpressionKind::kCall || e.args.empty()) return std::nullopt;
  auto moved = MovedTimeOf(*e.args[0], fields);
  if (!moved || e.type.root() != e.args[0]->type.root()) return std::nullopt;
  if (e.function == "CAST") return moved;
  if (e.function != "PLUS" && e.function != "MINUS") return std::nullopt;
  auto offset = Milliseconds(*e.args[1]);
  if (!offset) return std::nullopt;
  moved->offset_ms += e.function == "PLUS" ? *offset : -*offset;
  return moved;
}

/// left {<, <=, =, >=, >} right + offset_ms
struct TimeComparison {
  int left = 0;
  int right = 0;  ///< of the right input
  int64_t offset_ms = 0;
  bool is_equality = false;
  bool is_lower = false;  ///< the left time is not below it
  bool is_rowtime = true;
};

std::optional<TimeComparison> TimeComparisonOf(const Expression& e,
                                               const std::vector<Field>& fields, int left_count) {
  if (e.kind != ExpressionKind::kCall || e.args.size() != 2) return std::nullopt;
  bool less = e.function == "LESS_THAN" || e.function == "LESS_THAN_OR_EQUAL";
  bool greater = e.function == "GREATER_THAN" || e.function == "GREATER_THAN_OR_EQUAL";
  if (!less && !greater && e.function != "EQUALS") return std::nullopt;
  auto a = MovedTimeOf(*e.args[0], fields);
  auto b = MovedTimeOf(*e.args[1], fields);
  if (!a || !b || (a->column < left_count) == (b->column < left_count)) return std::nullopt;
  if (fields[a->column].time_attribute != fields[b->column].time_attribute) return std::nullopt;
  bool swapped = a->column >= left_count;
  if (swapped) std::swap(a, b);
  TimeComparison comparison;
  comparison.left = a->column;
  comparison.right = b->column - left_count;
  comparison.offset_ms = b->offset_ms - a->offset_ms;
  comparison.is_equality = e.function == "EQUALS";
  comparison.is_lower = greater != swapped;
  comparison.is_rowtime = fields[a->column].time_attribute == TimeAttribute::kRowtime;
  bool strict = e.function == "LESS_THAN" || e.function == "GREATER_THAN";
  if (strict) comparison.offset_ms += comparison.is_lower ? 1 : -1;
  return comparison;
}

std::optional<JoinInterval> IntervalOf(const std::vector<TimeComparison>& comparisons) {
  if (comparisons.empty() || comparisons.size() > 2) return std::nullopt;
  const TimeComparison& first = comparisons[0];
  JoinInterval interval{first.is_rowtime, first.left, first.right, first.offset_ms,
                        first.offset_ms};
  if (comparisons.size() == 1) {
    return first.is_equality ? std::optional(interval) : std::nullopt;
  }
  const TimeComparison& second = comparisons[1];
  if (first.is_equality || second.is_equality || first.is_lower == second.is_lower) {
    return std::nullopt;
  }
  (second.is_lower ? interval.lower_ms : interval.upper_ms) = second.offset_ms;
  return interval;
}

std::vector<Field> FieldsOfBoth(const JoinNode& join) {
  std::vector<Field> fields = join.inputs[0]->output;
  fields.insert(fields.end(), join.inputs[1]->output.begin(), join.inputs[1]->output.end());
  return fields;
}

}  // namespace

std::optional<JoinInterval> FindInterval(const JoinNode& join, std::vector<ExpressionPtr>& rest) {
  bool has_kind = join.join != JoinKind::kSemi && join.join != JoinKind::kAnti;
  if (!has_kind || join.windowed || join.versions) return std::nullopt;
  std::vector<Field> fields = FieldsOfBoth(join);
  int left_count = static_cast<int>(join.inputs[0]->output.size());
  std::vector<TimeComparison> comparisons;
  for (size_t i = 0; i < join.left_keys.size(); ++i) {
    int right = join.right_keys[i] + left_count;
    ExpressionPtr equality =
        Expression::Call(model::DataType::Boolean(), "EQUALS",
                         {Expression::Column(fields[join.left_keys[i]].type, join.left_keys[i]),
                          Expression::Column(fields[right].type, right)});
    if (auto found = TimeComparisonOf(*equality, fields, left_count)) comparisons.push_back(*found);
  }
  std::vector<ExpressionPtr> conjuncts;
  if (join.condition != nullptr) SplitConjuncts(join.condition, conjuncts);
  for (const ExpressionPtr& conjunct : conjuncts) {
    if (auto found = TimeComparisonOf(*conjunct, fields, left_count)) {
      comparisons.push_back(*found);
    } else {
      rest.push_back(conjunct);
    }
  }
  return IntervalOf(comparisons);
}

ColumnPairs PairsOf(const JoinNode& join) {
  ColumnPairs pairs;
  for (size_t i = 0; i < join.left_keys.size(); ++i) {
    pairs.emplace_back(join.left_keys[i], join.right_keys[i]);
  }
  int left_count = static_cast<int>(join.inputs[0]->output.size());
  std::vector<ExpressionPtr> conjuncts;
  if (join.condition != nullptr) SplitConjuncts(join.condition, conjuncts);
  for (const ExpressionPtr& e : conjuncts) {
    bool is_equality = e->kind == ExpressionKind::kCall && e->function == "EQUALS" &&
                       e->args[0]->kind == ExpressionKind::kColumn &&
                       e->args[1]->kind == ExpressionKind::kColumn;
    if (!is_equality) continue;
    auto [left, right] = std::minmax(e->args[0]->column, e->args[1]->column);
    if (left < left_count && right >= left_count) pairs.emplace_back(left, right - left_count);
  }
  return pairs;
}

bool JoinsWindows(const PlanNode& left, const PlanNode& right, const ColumnPairs& pairs) {
  auto a = FindWindow(left);
  auto b = FindWindow(right);
  if (!a || !b || a->spec.kind != b->spec.kind || a->spec.size_ms != b->spec.size_ms ||
      a->spec.slide_ms != b->spec.slide_ms || a->spec.offset_ms != b->spec.offset_ms) {
    return false;
  }
  auto paired = [&](int x, int y) {
    return std::find(pairs.begin(), pairs.end(), std::pair(x, y)) != pairs.end();
  };
  std::vector<int> lefts;
  std::vector<int> rights;
  for (const auto& [x, y] : pairs) {
    lefts.push_back(x);
    rights.push_back(y);
  }
  return paired(a->start, b->start) && paired(a->end, b->end) && NamesWindow(*a, lefts) &&
         NamesWindow(*b, rights);
}

PlanPtr WithTimes(const PlanPtr& plan, const std::vector<ExpressionPtr>& conditions) {
  if (plan->kind != PlanKind::kJoin) return plan;
  const auto& join = static_cast<const JoinNode&>(*plan);
  JoinNode whole = join;
  std::vector<ExpressionPtr> conjuncts = conditions;
  if (join.condition != nullptr) conjuncts.push_back(join.condition);
  // A filter above an outer join is no part of it.
  if (join.join == JoinKind::kInner) whole.condition = Conjunction(conjuncts);
  auto copy = std::make_shared<JoinNode>(join);
  std::vector<Field> fields = FieldsOfBoth(join);
  std::vector<ExpressionPtr> rest;
  if (JoinsWindows(*join.inputs[0], *join.inputs[1], PairsOf(whole))) {
    copy->windowed = true;
  } else if (!FindInterval(whole, rest)) {
    return plan;
  }
  // The output of semi and anti joins is that of the left side.
  for (size_t i = 0; i < copy->output.size(); ++i) {
    copy->output[i].time_attribute = fields[i].time_attribute;
  }
  return copy;
}

}  // namespace forebay::sql
