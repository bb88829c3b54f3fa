// Predicate pushdown: conjuncts travel towards the scans as far as they keep their meaning.

#include <algorithm>
#include <limits>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "sql/analyzer/expression_analyzer.h"
#include "sql/analyzer/join_interval.h"
#include "sql/analyzer/plan_builder.h"
#include "sql/functions/function_table.h"
#include "sql/optimizer/optimizer.h"
#include "sql/plan/match_node.h"

namespace forebay::sql {
namespace {

using Conjuncts = std::vector<ExpressionPtr>;

std::vector<int> ColumnsOf(const Expression& e, size_t count) {
  std::vector<bool> used(count);
  CollectColumns(e, used);
  std::vector<int> columns;
  for (size_t i = 0; i < count; ++i) {
    if (used[i]) columns.push_back(static_cast<int>(i));
  }
  return columns;
}

bool Within(const Expression& e, size_t count, int begin, int end) {
  auto columns = ColumnsOf(e, count);
  return std::all_of(columns.begin(), columns.end(),
                     [&](int column) { return column >= begin && column < end; });
}

bool AmongKeys(const Expression& e, size_t count, const std::vector<int>& keys) {
  auto columns = ColumnsOf(e, count);
  return !columns.empty() && std::all_of(columns.begin(), columns.end(), [&](int column) {
    return std::find(keys.begin(), keys.end(), column) != keys.end();
  });
}

PlanPtr Above(PlanPtr node, const Conjuncts& conjuncts) {
  return conjuncts.empty() ? node : MakeFilter(std::move(node), Conjunction(conjuncts));
}

PlanPtr WithInputs(const PlanNode& node, std::vector<PlanPtr> inputs) {
  auto copy = CloneNode(node);
  copy->inputs = std::move(inputs);
  return copy;
}

PlanPtr PushCalc(const CalcNode& calc, Conjuncts conjuncts) {
  Conjuncts below;
  Conjuncts above;
  if (calc.condition != nullptr) SplitConjuncts(calc.condition, below);
  for (ExpressionPtr& conjunct : conjuncts) {
    ExpressionPtr inlined = Inline(conjunct, calc.projections);
    (Deterministic(*inlined) ? below : above)
        .push_back(Deterministic(*inlined) ? inlined : conjunct);
  }
  auto copy = std::make_shared<CalcNode>(calc);
  copy->condition = nullptr;
  copy->inputs = {PushFilters(calc.inputs[0], std::move(below))};
  return Above(copy, above);
}

// Splits `conjuncts` into those `goes_below` accepts, and the rest.
template <typename F>
Conjuncts TakeIf(Conjuncts& conjuncts, F goes_below) {
  Conjuncts taken;
  Conjuncts rest;
  for (ExpressionPtr& conjunct : conjuncts) {
    (goes_below(*conjunct) ? taken : rest).push_back(std::move(conjunct));
  }
  conjuncts = std::move(rest);
  return taken;
}

PlanPtr PushThroughKeys(const PlanNode& node, const std::vector<int>& keys, Conjuncts conjuncts) {
  size_t count = node.output.size();
  Conjuncts taken = TakeIf(conjuncts, [&](const Expression& e) {
    return !keys.empty() && !ColumnsOf(e, count).empty() && Deterministic(e) &&
           Within(e, count, 0, static_cast<int>(keys.size()));
  });
  std::vector<int> mapping(count, -1);
  for (size_t i = 0; i < keys.size(); ++i) mapping[i] = keys[i];
  for (ExpressionPtr& conjunct : taken) conjunct = RemapColumns(conjunct, mapping);
  return Above(WithInputs(node, {PushFilters(node.inputs[0], std::move(taken))}), conjuncts);
}

PlanPtr PushWindowTable(const WindowTableNode& node, Conjuncts conjuncts) {
  int limit = static_cast<int>(node.output.size()) - 3;
  bool session = node.window.kind == WindowKind::kSession;
  Conjuncts taken = TakeIf(conjuncts, [&](const Expression& e) {
    if (!Deterministic(e) || !Within(e, node.output.size(), 0, limit)) return false;
    return !session || AmongKeys(e, node.output.size(), node.window.partition_keys);
  });
  return Above(WithInputs(node, {PushFilters(node.inputs[0], std::move(taken))}), conjuncts);
}

// rank <= 10, rank < 10, rank = 1, 1 <= rank: the range of ranks it lets through.
struct RankRange {
  int64_t start = 1;
  int64_t end = std::numeric_limits<int64_t>::max();
};

std::optional<RankRange> RankRangeOf(const Expression& e, int rank_column) {
  if (e.kind != ExpressionKind::kCall || e.args.size() != 2) return std::nullopt;
  ExpressionPtr column = e.args[0];
  ExpressionPtr literal = e.args[1];
  bool swapped = column->kind == ExpressionKind::kLiteral;
  if (swapped) std::swap(column, literal);
  bool matches = column->kind == ExpressionKind::kColumn && column->column == rank_column &&
                 literal->kind == ExpressionKind::kLiteral;
  const auto* n = matches ? std::get_if<int64_t>(&literal->value.data) : nullptr;
  if (n == nullptr) return std::nullopt;
  RankRange range;
  if (e.function == "EQUALS") {
    return RankRange{*n, *n};
  }
  if (e.function == (swapped ? "GREATER_THAN_OR_EQUAL" : "LESS_THAN_OR_EQUAL")) {
    range.end = *n;
  } else if (e.function == (swapped ? "GREATER_THAN" : "LESS_THAN")) {
    range.end = *n - 1;
  } else if (e.function == (swapped ? "LESS_THAN_OR_EQUAL" : "GREATER_THAN_OR_EQUAL")) {
    range.start = *n;
  } else if (e.function == (swapped ? "LESS_THAN" : "GREATER_THAN")) {
    range.start = *n + 1;
  } else {
    return std::nullopt;
  }
  return range;
}

PlanPtr PushRank(const RankNode& node, Conjuncts conjuncts) {
  auto copy = std::make_shared<RankNode>(node);
  int rank_column = static_cast<int>(node.output.size()) - 1;
  Conjuncts absorbed = TakeIf(conjuncts, [&](const Expression& e) {
    auto range = RankRangeOf(e, rank_column);
    if (!range) return false;
    copy->rank_start = std::max(copy->rank_start, range->start);
    copy->rank_end = std::min(copy->rank_end, range->end);
    return true;
  });
  Conjuncts taken = TakeIf(conjuncts, [&](const Expression& e) {
    return Deterministic(e) && AmongKeys(e, node.output.size(), node.keys);
  });
  copy->inputs = {PushFilters(node.inputs[0], std::move(taken))};
  return Above(copy, conjuncts);
}

// ---- joins ----

// An equality between one side and the other.
struct EquiKey {
  ExpressionPtr left;
  ExpressionPtr right;  ///< over the right side's own columns
};

std::optional<EquiKey> EquiKeyOf(const Expression& e, int left_count, int count) {
  if (e.kind != ExpressionKind::kCall || e.function != "EQUALS") return std::nullopt;
  ExpressionPtr a = e.args[0];
  ExpressionPtr b = e.args[1];
  auto columns = static_cast<size_t>(count);
  if (ColumnsOf(*a, columns).empty() || ColumnsOf(*b, columns).empty()) return std::nullopt;
  if (!Within(*a, columns, 0, left_count)) std::swap(a, b);
  if (!Within(*a, columns, 0, left_count) || !Within(*b, columns, left_count, count)) {
    return std::nullopt;
  }
  return EquiKey{a, ShiftColumns(b, -left_count)};
}

// `side` with key expressions as columns; their indexes go to `keys`.
PlanPtr WithKeys(PlanPtr side, const Conjuncts& expressions, std::vector<int>& keys) {
  auto projections = IdentityProjections(*side);
  auto names = OutputNames(*side);
  for (const ExpressionPtr& e : expressions) {
    if (e->kind == ExpressionKind::kColumn) {
      keys.push_back(e->column);
      continue;
    }
    keys.push_back(static_cast<int>(projections.size()));
    names.push_back("$key" + std::to_string(projections.size()));
    projections.push_back(e);
  }
  if (projections.size() == side->output.size()) return side;
  return MakeCalc(std::move(side), nullptr, std::move(projections), names);
}

// The join over sides that may have got key columns, cut back to the original output.
PlanPtr BuildJoin(const JoinNode& join, PlanPtr left, PlanPtr right, const Conjuncts& left_keys,
                  const Conjuncts& right_keys, const Conjuncts& residual) {
  int left_count = static_cast<int>(left->output.size());
  int right_count = static_cast<int>(right->output.size());
  std::vector<int> keys_a;
  std::vector<int> keys_b;
  left = WithKeys(std::move(left), left_keys, keys_a);
  right = WithKeys(std::move(right), right_keys, keys_b);
  int shift = static_cast<int>(left->output.size()) - left_count;
  std::vector<int> mapping;
  for (int i = 0; i < left_count; ++i) mapping.push_back(i);
  for (int i = 0; i < right_count; ++i) mapping.push_back(left_count + shift + i);
  ExpressionPtr condition = Conjunction(residual);
  if (condition != nullptr) condition = RemapColumns(condition, mapping);
  auto made = std::const_pointer_cast<PlanNode>(
      MakeJoin(join.join, left, right, std::move(keys_a), std::move(keys_b), condition));
  auto& node = static_cast<JoinNode&>(*made);
  node.windowed = !join.versions && JoinsWindows(*left, *right, PairsOf(node));
  node.versions = join.versions;
  node.state_ttl_ms = join.state_ttl_ms;
  node.state_ttl_hint = join.state_ttl_hint;
  for (size_t i = 0; i < join.output.size(); ++i) {
    node.output[mapping[i]].time_attribute = join.output[i].time_attribute;
  }
  if (made->output.size() == join.output.size()) return made;
  std::vector<ExpressionPtr> projections;
  for (size_t i = 0; i < join.output.size(); ++i) {
    projections.push_back(Expression::Column(join.output[i].type, mapping[i]));
  }
  return MakeCalc(made, nullptr, std::move(projections), OutputNames(join));
}

// Whether `e` is NULL when the columns [begin, end) are.
bool NullWithout(const Expression& e, int begin, int end) {
  static const std::set<std::string> kStrict = {"EQUALS",       "NOT_EQUALS",
                                                "LESS_THAN",    "LESS_THAN_OR_EQUAL",
                                                "GREATER_THAN", "GREATER_THAN_OR_EQUAL",
                                                "PLUS",         "MINUS",
                                                "TIMES",        "DIVIDE",
                                                "CAST",         "FIELD",
                                                "LIKE"};
  if (e.kind == ExpressionKind::kColumn) return e.column >= begin && e.column < end;
  return e.kind == ExpressionKind::kCall && kStrict.contains(e.function) &&
         std::any_of(e.args.begin(), e.args.end(),
                     [&](const ExpressionPtr& arg) { return NullWithout(*arg, begin, end); });
}

// A filter that drops the rows in which a side is NULL makes padding that side needless.
JoinKind WithoutPadding(const JoinNode& join, const Conjuncts& conjuncts) {
  int left = static_cast<int>(join.inputs[0]->output.size());
  int all = left + static_cast<int>(join.inputs[1]->output.size());
  auto drops = [&](int begin, int end) {
    return std::any_of(conjuncts.begin(), conjuncts.end(), [&](const ExpressionPtr& e) {
      bool tested = e->kind == ExpressionKind::kCall && e->function == "IS_NOT_NULL";
      return NullWithout(tested ? *e->args[0] : *e, begin, end);
    });
  };
  bool pads_left = join.join == JoinKind::kRight || join.join == JoinKind::kFull;
  bool pads_right = join.join == JoinKind::kLeft || join.join == JoinKind::kFull;
  pads_left = pads_left && !drops(0, left);
  pads_right = pads_right && !drops(left, all);
  if (pads_left) return pads_right ? JoinKind::kFull : JoinKind::kRight;
  return pads_right ? JoinKind::kLeft : JoinKind::kInner;
}

PlanPtr PushJoin(const JoinNode& join, Conjuncts conjuncts) {
  bool outer =
      join.join == JoinKind::kLeft || join.join == JoinKind::kRight || join.join == JoinKind::kFull;
  JoinKind needed = outer ? WithoutPadding(join, conjuncts) : join.join;
  if (needed != join.join) {
    JoinNode simpler = join;
    simpler.join = needed;
    return PushJoin(simpler, std::move(conjuncts));
  }
  int left_count = static_cast<int>(join.inputs[0]->output.size());
  int count = left_count + static_cast<int>(join.inputs[1]->output.size());
  auto columns = static_cast<size_t>(count);
  auto on_left = [&](const Expression& e) {
    return Deterministic(e) && !ColumnsOf(e, columns).empty() && Within(e, columns, 0, left_count);
  };
  auto on_right = [&](const Expression& e) {
    return Deterministic(e) && !ColumnsOf(e, columns).empty() &&
           Within(e, columns, left_count, count);
  };
  Conjuncts on;
  if (join.condition != nullptr) SplitConjuncts(join.condition, on);
  Conjuncts left_filters;
  Conjuncts right_filters;
  auto move_to = [](Conjuncts taken, Conjuncts& target) {
    target.insert(target.end(), taken.begin(), taken.end());
  };
  bool inner = join.join == JoinKind::kInner;
  bool semi = join.join == JoinKind::kSemi;
  if (inner) move_to(std::exchange(conjuncts, {}), on);
  // WHERE may filter the side whose rows are all kept; ON may filter the other.
  if (join.join == JoinKind::kLeft || semi || join.join == JoinKind::kAnti) {
    move_to(TakeIf(conjuncts, on_left), left_filters);
  }
  if (join.join == JoinKind::kRight) move_to(TakeIf(conjuncts, on_right), right_filters);
  if (inner || semi || join.join == JoinKind::kRight) move_to(TakeIf(on, on_left), left_filters);
  // A version that a filter takes away below would leave its place to the one before it.
  bool keeps_right = join.versions.has_value();
  if (!keeps_right &&
      (inner || semi || join.join == JoinKind::kLeft || join.join == JoinKind::kAnti)) {
    move_to(TakeIf(on, on_right), right_filters);
  }
  for (ExpressionPtr& e : right_filters) e = ShiftColumns(e, -left_count);
  Conjuncts left_keys;
  Conjuncts right_keys;
  Conjuncts residual;
  for (const ExpressionPtr& e : on) {
    if (auto key = EquiKeyOf(*e, left_count, count)) {
      left_keys.push_back(key->left);
      right_keys.push_back(key->right);
    } else {
      residual.push_back(e);
    }
  }
  PlanPtr left = PushFilters(join.inputs[0], std::move(left_filters));
  PlanPtr right = PushFilters(join.inputs[1], std::move(right_filters));
  return Above(BuildJoin(join, left, right, left_keys, right_keys, residual), conjuncts);
}

PlanPtr PushLookup(const LookupJoinNode& node, Conjuncts conjuncts) {
  int left_count = static_cast<int>(node.inputs[0]->output.size());
  Conjuncts taken = TakeIf(conjuncts, [&](const Expression& e) {
    return Deterministic(e) && Within(e, node.output.size(), 0, left_count);
  });
  return Above(WithInputs(node, {PushFilters(node.inputs[0], std::move(taken))}), conjuncts);
}

PlanPtr PushUnnest(const UnnestNode& node, Conjuncts conjuncts) {
  int kept = static_cast<int>(node.kept.size());
  Conjuncts taken = TakeIf(conjuncts, [&](const Expression& e) {
    return Deterministic(e) && Within(e, node.output.size(), 0, kept);
  });
  for (ExpressionPtr& conjunct : taken) conjunct = RemapColumns(conjunct, node.kept);
  return Above(WithInputs(node, {PushFilters(node.inputs[0], std::move(taken))}), conjuncts);
}

}  // namespace

bool Deterministic(const Expression& e) {
  if (e.kind == ExpressionKind::kCall && !IsDeterministic(e.function)) return false;
  return std::all_of(e.args.begin(), e.args.end(),
                     [](const ExpressionPtr& arg) { return Deterministic(*arg); });
}

PlanPtr PushFilters(const PlanPtr& node, std::vector<ExpressionPtr> conjuncts) {
  switch (node->kind) {
    case PlanKind::kCalc:
      return PushCalc(static_cast<const CalcNode&>(*node), std::move(conjuncts));
    case PlanKind::kJoin:
      return PushJoin(static_cast<const JoinNode&>(*node), std::move(conjuncts));
    case PlanKind::kLookupJoin:
      return PushLookup(static_cast<const LookupJoinNode&>(*node), std::move(conjuncts));
    case PlanKind::kUnnest:
      return PushUnnest(static_cast<const UnnestNode&>(*node), std::move(conjuncts));
    case PlanKind::kMatch:
      return PushThroughKeys(*node, static_cast<const MatchNode&>(*node).keys,
                             std::move(conjuncts));
    case PlanKind::kAggregate:
      return PushThroughKeys(*node, static_cast<const AggregateNode&>(*node).keys,
                             std::move(conjuncts));
    case PlanKind::kWindowAggregate: {
      const auto& aggregate = static_cast<const WindowAggregateNode&>(*node);
      return PushThroughKeys(*node, aggregate.keys, std::move(conjuncts));
    }
    case PlanKind::kWindowTable:
      return PushWindowTable(static_cast<const WindowTableNode&>(*node), std::move(conjuncts));
    case PlanKind::kRank:
      return PushRank(static_cast<const RankNode&>(*node), std::move(conjuncts));
    case PlanKind::kUnion: {
      std::vector<PlanPtr> inputs;
      for (const PlanPtr& input : node->inputs) inputs.push_back(PushFilters(input, conjuncts));
      return WithInputs(*node, std::move(inputs));
    }
    default: break;
  }
  std::vector<PlanPtr> inputs;
  for (const PlanPtr& input : node->inputs) inputs.push_back(PushFilters(input, {}));
  return Above(WithInputs(*node, std::move(inputs)), conjuncts);
}

}  // namespace forebay::sql
