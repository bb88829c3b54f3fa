#include "sql/analyzer/monotonicity.h"

#include <algorithm>
#include <string>

namespace forebay::sql {
namespace {

using Columns = std::vector<Monotonicity>;
using Known = std::map<const PlanNode*, Monotonicities>;

Columns All(size_t count, Monotonicity monotonicity) { return Columns(count, monotonicity); }

bool AllConstant(const Columns& columns) {
  return std::all_of(columns.begin(), columns.end(),
                     [](Monotonicity m) { return m == Monotonicity::kConstant; });
}

bool AreConstant(const Monotonicities& columns, const std::vector<int>& wanted) {
  return columns.has_value() && std::all_of(wanted.begin(), wanted.end(), [&](int column) {
           return (*columns)[column] == Monotonicity::kConstant;
         });
}

/// Of an operator that makes no updates of its own, and whose columns are not followed.
Monotonicities Passed(const Monotonicities& input, size_t count) {
  if (!input.has_value()) return std::nullopt;
  return All(count, AllConstant(*input) ? Monotonicity::kConstant : Monotonicity::kNone);
}

// Casts between texts and other values do not keep the order.
const Expression& WithoutCasts(const Expression& e) {
  const Expression* at = &e;
  while (at->kind == ExpressionKind::kCall && at->function == "CAST" &&
         at->type.IsCharacter() == at->args[0]->type.IsCharacter()) {
    at = at->args[0].get();
  }
  return *at;
}

// ---- Calc ----

bool ReadsChanging(const Expression& e, const Columns& columns) {
  std::vector<bool> used(columns.size());
  CollectColumns(e, used);
  for (size_t i = 0; i < columns.size(); ++i) {
    if (used[i] && columns[i] != Monotonicity::kConstant) return true;
  }
  return false;
}

bool GoesOnly(Monotonicity way, const Expression& e, const Columns& columns) {
  const Expression& plain = WithoutCasts(e);
  bool followed = plain.kind == ExpressionKind::kColumn && columns[plain.column] == way;
  return followed || !ReadsChanging(e, columns);
}

/// Whether a row whose columns change as `columns` say can stop to meet the condition. Flink looks
/// less closely (`5 > n`, `MOD(n, 2) = 0`), and then keeps rows that are gone.
bool CanStopToMeet(const Expression& e, const Columns& columns) {
  if (!ReadsChanging(e, columns)) return false;
  if (e.kind != ExpressionKind::kCall) return true;
  if (e.function == "AND" || e.function == "OR") {
    return std::any_of(e.args.begin(), e.args.end(),
                       [&](const ExpressionPtr& arg) { return CanStopToMeet(*arg, columns); });
  }
  bool greater = e.function.starts_with("GREATER_THAN");
  if (!greater && !e.function.starts_with("LESS_THAN")) return true;
  const Expression& large = *e.args[greater ? 0 : 1];
  const Expression& small = *e.args[greater ? 1 : 0];
  return !GoesOnly(Monotonicity::kIncreasing, large, columns) ||
         !GoesOnly(Monotonicity::kDecreasing, small, columns);
}

Monotonicities OfCalc(const CalcNode& calc, const Monotonicities& input) {
  if (!input.has_value()) return std::nullopt;
  size_t count = calc.projections.size();
  if (AllConstant(*input)) return All(count, Monotonicity::kConstant);
  Columns columns = All(count, Monotonicity::kNone);
  if (calc.condition != nullptr && CanStopToMeet(*calc.condition, *input)) return columns;
  for (size_t i = 0; i < count; ++i) {
    const Expression& plain = WithoutCasts(*calc.projections[i]);
    if (plain.kind == ExpressionKind::kColumn) columns[i] = (*input)[plain.column];
  }
  return columns;
}

// ---- Aggregate ----

bool IsNotNegative(const model::Value& value) {
  if (const auto* number = std::get_if<int64_t>(&value.data)) return *number >= 0;
  if (const auto* number = std::get_if<double>(&value.data)) return *number >= 0;
  const auto* decimal = std::get_if<model::Int128>(&value.data);
  return decimal != nullptr && *decimal >= 0;
}

/// Whether the condition has `column > literal` or `column >= literal` with one that is not
/// negative.
bool KeepsNotNegative(const Expression& e, int column) {
  if (e.kind != ExpressionKind::kCall) return false;
  if (e.function == "AND") {
    return std::any_of(e.args.begin(), e.args.end(),
                       [&](const ExpressionPtr& arg) { return KeepsNotNegative(*arg, column); });
  }
  bool greater = e.function.starts_with("GREATER_THAN");
  if (!greater && !e.function.starts_with("LESS_THAN")) return false;
  const Expression& large = WithoutCasts(*e.args[greater ? 0 : 1]);
  const Expression& small = WithoutCasts(*e.args[greater ? 1 : 0]);
  return large.kind == ExpressionKind::kColumn && large.column == column &&
         small.kind == ExpressionKind::kLiteral && IsNotNegative(small.value);
}

bool IsNotNegative(const PlanNode& node, int column);

bool IsNotNegative(const CalcNode& calc, const Expression& e) {
  if (e.kind == ExpressionKind::kLiteral) return IsNotNegative(e.value);
  if (e.kind == ExpressionKind::kColumn) {
    bool kept = calc.condition != nullptr && KeepsNotNegative(*calc.condition, e.column);
    return kept || IsNotNegative(*calc.inputs[0], e.column);
  }
  if (e.function == "CAST") return IsNotNegative(calc, *e.args[0]);
  if (e.function != "CASE") return false;
  // Conditions and values in turn, then what is left.
  for (size_t i = 1; i < e.args.size(); i += 2) {
    if (!IsNotNegative(calc, *e.args[i])) return false;
  }
  return IsNotNegative(calc, *e.args.back());
}

bool IsNotNegative(const PlanNode& node, int column) {
  if (node.kind == PlanKind::kWatermark) return IsNotNegative(*node.inputs[0], column);
  if (node.kind != PlanKind::kCalc) return false;
  const auto& calc = static_cast<const CalcNode&>(node);
  return IsNotNegative(calc, *calc.projections[column]);
}

Monotonicity OfCall(const AggregateCall& call, const PlanNode& input, const Columns& columns) {
  bool changes = !AllConstant(columns);
  if (call.function == "COUNT" && call.args.size() <= 1) {
    // Rows that change stay rows, unless they can be deleted or stop to meet a condition.
    bool leaves = input.changelog.remove || columns == All(columns.size(), Monotonicity::kNone);
    return changes && leaves ? Monotonicity::kNone : Monotonicity::kIncreasing;
  }
  if (call.args.size() != 1) return Monotonicity::kNone;
  Monotonicity own = Monotonicity::kNone;
  if (call.function == "MAX") own = Monotonicity::kIncreasing;
  if (call.function == "MIN") own = Monotonicity::kDecreasing;
  bool sum = call.function == "SUM" || call.function == "SUM0";
  if (sum && IsNotNegative(input, call.args[0])) own = Monotonicity::kIncreasing;
  // Over updates only what goes the way of its argument.
  return changes && columns[call.args[0]] != own ? Monotonicity::kNone : own;
}

Monotonicities OfAggregate(const AggregateNode& node, const Monotonicities& input) {
  if (!AreConstant(input, node.keys)) return std::nullopt;
  Columns columns = All(node.keys.size(), Monotonicity::kConstant);
  for (const AggregateCall& call : node.calls) {
    columns.push_back(OfCall(call, *node.inputs[0], *input));
  }
  return columns;
}

// ---- the others ----

Monotonicities OfRank(const RankNode& rank, const Monotonicities& input) {
  if (!AreConstant(input, rank.keys)) return std::nullopt;
  Columns columns = All(rank.output.size(), Monotonicity::kNone);
  for (int key : rank.keys) columns[key] = Monotonicity::kConstant;
  if (rank.output_rank_number) columns.back() = Monotonicity::kConstant;
  if (rank.order.empty()) return columns;
  const SortKey& first = rank.order[0];
  Monotonicity way = first.descending ? Monotonicity::kIncreasing : Monotonicity::kDecreasing;
  Monotonicity of_input = (*input)[first.column];
  bool forward = of_input == way || of_input == Monotonicity::kConstant;
  columns[first.column] = forward ? way : Monotonicity::kNone;
  return columns;
}

Monotonicities OfDeduplicate(const DeduplicateNode& node, const Monotonicities& input) {
  size_t count = node.output.size();
  if (!node.normalizes) {
    if (!input.has_value() || !AllConstant(*input)) return std::nullopt;
    if (!node.keep_last && !node.is_rowtime) return All(count, Monotonicity::kConstant);
  }
  Columns columns = All(count, Monotonicity::kNone);
  for (int key : node.keys) columns[key] = Monotonicity::kConstant;
  return columns;
}

Monotonicities OfJoin(const JoinNode& join, const Monotonicities& left,
                      const Monotonicities& right) {
  if (join.interval.has_value() || join.windowed) {
    return All(join.output.size(), Monotonicity::kConstant);
  }
  if (join.join != JoinKind::kInner && join.join != JoinKind::kSemi) return std::nullopt;
  if (!AreConstant(left, join.left_keys) || !AreConstant(right, join.right_keys)) {
    return std::nullopt;
  }
  bool changes = !AllConstant(*left) || !AllConstant(*right);
  if (changes && join.condition != nullptr) return std::nullopt;
  if (join.join == JoinKind::kSemi) return left;
  Columns columns = *left;
  columns.insert(columns.end(), right->begin(), right->end());
  return columns;
}

Monotonicities OfUnion(const PlanNode& node, const Known& known) {
  const Monotonicities& first = known.at(node.inputs[0].get());
  bool equal = true;
  for (const PlanPtr& input : node.inputs) {
    const Monotonicities& each = known.at(input.get());
    if (!each.has_value()) return std::nullopt;
    equal = equal && each == first;
  }
  return equal ? first : All(node.output.size(), Monotonicity::kNone);
}

Monotonicities Of(const PlanNode& node, const Known& known) {
  size_t count = node.output.size();
  auto input = [&](size_t i) -> const Monotonicities& { return known.at(node.inputs[i].get()); };
  switch (node.kind) {
    case PlanKind::kTableScan:
      return All(count,
                 node.changelog.IsInsertOnly() ? Monotonicity::kConstant : Monotonicity::kNone);
    case PlanKind::kCalc: return OfCalc(static_cast<const CalcNode&>(node), input(0));
    case PlanKind::kAggregate:
      return OfAggregate(static_cast<const AggregateNode&>(node), input(0));
    case PlanKind::kRank: {
      const auto& rank = static_cast<const RankNode&>(node);
      return rank.windowed ? std::nullopt : OfRank(rank, input(0));
    }
    case PlanKind::kDeduplicate:
      return OfDeduplicate(static_cast<const DeduplicateNode&>(node), input(0));
    case PlanKind::kJoin: return OfJoin(static_cast<const JoinNode&>(node), input(0), input(1));
    case PlanKind::kUnion: return OfUnion(node, known);
    case PlanKind::kOverAggregate: {
      bool by_time = static_cast<const OverAggregateNode&>(node).IsByTime();
      return by_time ? Monotonicities(All(count, Monotonicity::kConstant)) : std::nullopt;
    }
    case PlanKind::kWatermark:
    case PlanKind::kLookupJoin:
    case PlanKind::kUnnest: return Passed(input(0), count);
    default: return std::nullopt;
  }
}

}  // namespace

std::map<const PlanNode*, Monotonicities> InferMonotonicity(
    const std::vector<std::shared_ptr<PlanNode>>& nodes) {
  Known known;
  for (const auto& node : nodes) known[node.get()] = Of(*node, known);
  return known;
}

bool MovesForward(const Monotonicities& columns, const std::vector<SortKey>& order) {
  if (!columns.has_value() || order.empty()) return false;
  return std::all_of(order.begin(), order.end(), [&](const SortKey& key) {
    Monotonicity m = (*columns)[key.column];
    Monotonicity way = key.descending ? Monotonicity::kIncreasing : Monotonicity::kDecreasing;
    return m == Monotonicity::kConstant || m == way;
  });
}

void MarkMonotonicCalls(AggregateNode& node, const Monotonicities& columns) {
  if (!columns.has_value() || node.inputs[0]->changelog.IsInsertOnly()) return;
  for (size_t i = 0; i < node.calls.size(); ++i) {
    AggregateCall& call = node.calls[i];
    Monotonicity m = (*columns)[node.keys.size() + i];
    call.one_way = (call.function == "MAX" && m == Monotonicity::kIncreasing) ||
                   (call.function == "MIN" && m == Monotonicity::kDecreasing);
  }
}

}  // namespace forebay::sql
