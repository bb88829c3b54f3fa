// SelectAnalyzer's aggregation stage: GROUP BY with and without windows, DISTINCT.

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "sql/analyzer/plan_builder.h"
#include "sql/analyzer/select_analyzer.h"

namespace forebay::sql {
namespace {

using model::DataType;

bool ReadsOnly(const Expression& e, int limit) {
  if (e.kind == ExpressionKind::kColumn && e.column >= limit) return false;
  return std::all_of(e.args.begin(), e.args.end(),
                     [&](const ExpressionPtr& arg) { return ReadsOnly(*arg, limit); });
}

int AddProjection(const ExpressionPtr& e, const std::string& name,
                  std::vector<ExpressionPtr>& projections, std::vector<std::string>& names) {
  for (size_t i = 0; i < projections.size(); ++i) {
    if (Equal(*projections[i], *e)) return static_cast<int>(i);
  }
  projections.push_back(e);
  names.push_back(name);
  return static_cast<int>(projections.size()) - 1;
}

}  // namespace

template <typename F>
Status SelectAnalyzer::ForPending(F f) {
  for (ExpressionPtr& item : items_) {
    RETURN_IF_ERROR(f(item));
  }
  if (having_ != nullptr) {
    RETURN_IF_ERROR(f(having_));
  }
  auto all = [&](std::vector<ExpressionPtr>& expressions) -> Status {
    for (ExpressionPtr& e : expressions) RETURN_IF_ERROR(f(e));
    return Status::Ok();
  };
  for (PendingSubquery& pending : subqueries_) {
    RETURN_IF_ERROR(all(pending.subquery.operands));
    for (auto& [column, value] : pending.outer_values) RETURN_IF_ERROR(f(value));
  }
  for (OverCall& over : overs_) {
    RETURN_IF_ERROR(all(over.aggregate.args));
    if (over.aggregate.filter != nullptr) RETURN_IF_ERROR(f(over.aggregate.filter));
    RETURN_IF_ERROR(all(over.window.partition));
    RETURN_IF_ERROR(all(over.window.order));
  }
  if (!rank_) return Status::Ok();
  RETURN_IF_ERROR(all(rank_->partition));
  return all(rank_->order);
}

namespace {

ExpressionPtr Replaced(const ExpressionPtr& e, int column, const ExpressionPtr& value) {
  if (e->kind == ExpressionKind::kLiteral) return e;
  if (e->kind == ExpressionKind::kColumn) return e->column == column ? value : e;
  std::vector<ExpressionPtr> args;
  for (const ExpressionPtr& arg : e->args) args.push_back(Replaced(arg, column, value));
  return Expression::Call(e->type, e->function, std::move(args));
}

}  // namespace

void SelectAnalyzer::ReplacePending(int column, const ExpressionPtr& value) {
  (void)ForPending([&](ExpressionPtr& e) -> Status {
    e = Replaced(e, column, value);
    return Status::Ok();
  });
}

Status SelectAnalyzer::ApplyAggregation() {
  auto window = FindWindow(*plan_);
  auto is_key = [&](int column) {
    return std::any_of(keys_.begin(), keys_.end(), [&](const ExpressionPtr& key) {
      return key->kind == ExpressionKind::kColumn && key->column == column;
    });
  };
  key_columns_.assign(keys_.size(), -1);
  pseudo_columns_.assign(pseudo_.size(), -1);
  if (group_window_ && grouping_sets_.empty()) {
    WindowColumns legacy{*group_window_};
    ASSIGN_OR_RETURN(auto emit, EmitOf(group_window_->kind));
    ApplyWindowAggregation(legacy);
    static_cast<WindowAggregateNode&>(*std::const_pointer_cast<PlanNode>(plan_)).emit = emit;
  } else if (window && is_key(window->start) && is_key(window->end) && IsOfWindows(*window)) {
    if (queries_.options().streaming && queries_.options().window_emit) {
      return NotSupported(
          "SQL-1020 early and late firing of windows of table functions; GROUP BY TUMBLE(...) and "
          "HOP(...) have it");
    }
    ApplyWindowAggregation(*window);
  } else if (!grouping_sets_.empty()) {
    plan_ = GroupingSetsAggregation();
  } else {
    std::vector<ExpressionPtr> projections;
    std::vector<std::string> names;
    std::vector<int> keys;
    std::vector<AggregateCall> calls;
    for (size_t i = 0; i < keys_.size(); ++i) {
      int column = AddProjection(keys_[i], key_names_[i], projections, names);
      auto it = std::find(keys.begin(), keys.end(), column);
      key_columns_[i] = static_cast<int>(it - keys.begin());
      if (it == keys.end()) keys.push_back(column);
    }
    PrepareCalls(projections, names, calls);
    plan_ = PlainAggregation(std::move(projections), std::move(names), std::move(keys),
                             std::move(calls));
  }
  return ForPending([this](ExpressionPtr& e) -> Status {
    ASSIGN_OR_RETURN(e, AfterAggregation(e));
    return Status::Ok();
  });
}

Result<std::optional<WindowEmit>> SelectAnalyzer::EmitOf(WindowKind kind) const {
  std::optional<WindowEmit> emit = queries_.options().window_emit;
  if (!emit || !queries_.options().streaming) return std::optional<WindowEmit>();
  if (kind == WindowKind::kSession) {
    return NotSupported("SQL-1020 early and late firing of SESSION windows");
  }
  if (emit->early_ms.value_or(0) < 0 || emit->late_ms.value_or(0) < 0) {
    return InvalidArgument(
        "SQL-1007 early and late firing need 'table.exec.emit.early-fire.delay' and "
        "'table.exec.emit.late-fire.delay'");
  }
  bool is_rowtime = plan_->output[group_time_column_].time_attribute == TimeAttribute::kRowtime;
  if (!is_rowtime) {
    // No row is late.
    emit->late_ms.reset();
    emit->lateness_ms = 0;
    return emit->early_ms ? emit : std::nullopt;
  }
  if (!emit->late_ms) {
    emit->lateness_ms = 0;
  } else if (emit->lateness_ms <= 0) {
    return InvalidArgument(
        "SQL-1007 late firing needs 'table.exec.emit.allow-lateness' or 'table.exec.state.ttl'");
  } else if (*emit->late_ms > emit->lateness_ms) {
    return InvalidArgument(
        "SQL-1009 'table.exec.emit.allow-lateness' is {} ms, less than the delay of late firing, "
        "{} ms",
        emit->lateness_ms, *emit->late_ms);
  }
  return emit;
}

PlanPtr SelectAnalyzer::PlainAggregation(std::vector<ExpressionPtr> projections,
                                         std::vector<std::string> names, std::vector<int> keys,
                                         std::vector<AggregateCall> calls) {
  for (size_t i = 0; i < pseudo_.size(); ++i) {
    if (pseudo_[i].kind == Pseudo::Kind::kAggregate) {
      pseudo_columns_[i] = static_cast<int>(keys.size()) + pseudo_[i].index;
    }
  }
  PlanPtr input = MakeCalc(plan_, nullptr, std::move(projections), names);
  return WithStateTtl(MakeAggregate(std::move(input), std::move(keys), std::move(calls)));
}

/// The aggregate, with what a STATE_TTL hint says of the table below it.
PlanPtr SelectAnalyzer::WithStateTtl(PlanPtr aggregate) const {
  if (!state_ttl_) return aggregate;
  auto node = std::const_pointer_cast<PlanNode>(aggregate);
  node->state_ttl_ms = {state_ttl_->ttl_ms};
  node->state_ttl_hint = fmt::format("[{}]", state_ttl_->text);
  return node;
}

void SelectAnalyzer::PrepareCalls(std::vector<ExpressionPtr>& projections,
                                  std::vector<std::string>& names,
                                  std::vector<AggregateCall>& calls) const {
  for (const Aggregate& aggregate : aggregates_) {
    AggregateCall call = aggregate.call;
    for (const ExpressionPtr& arg : aggregate.args) {
      std::string name = fmt::format("$f{}", projections.size());
      if (arg->kind == ExpressionKind::kColumn) name = scope_.columns[arg->column].field.name;
      call.args.push_back(AddProjection(arg, name, projections, names));
    }
    if (aggregate.filter != nullptr) {
      call.filter = AddProjection(aggregate.filter, fmt::format("$f{}", projections.size()),
                                  projections, names);
    }
    call.name = fmt::format("$agg{}", calls.size());
    calls.push_back(std::move(call));
  }
  for (AggregateCall& call : calls) {
    for (size_t i = 0; i < items_.size(); ++i) {
      const Expression& e = *items_[i];
      int pseudo = e.kind == ExpressionKind::kColumn
                       ? e.column - static_cast<int>(scope_.columns.size())
                       : -1;
      bool same = pseudo >= 0 && e.column < kLaterStage &&
                  pseudo_[pseudo].kind == Pseudo::Kind::kAggregate &&
                  &calls[pseudo_[pseudo].index] == &call;
      if (same) call.name = names_[i];
    }
  }
}

// What a window aggregation reads: `projections` of `input` where `condition` holds.
struct SelectAnalyzer::WindowedInput {
  PlanPtr input;
  ExpressionPtr condition;
  std::vector<ExpressionPtr> projections;
  std::vector<std::string> names;
  std::vector<int> keys;
  std::vector<AggregateCall> calls;
  WindowSpec spec;
  int time_column = -1;  ///< of `input`; -1: the rows bring their windows along

  int Add(const ExpressionPtr& e, const std::string& name) {
    return AddProjection(e, name, projections, names);
  }
  int AddColumn(int column) {
    const Field& field = input->output[column];
    return Add(Expression::Column(field.type, column), field.name);
  }
  void LookThroughFilters();
  bool CanComputeWindows() const;
};

// Down to the TVF, with everything expressed over its output.
void SelectAnalyzer::WindowedInput::LookThroughFilters() {
  while (input->kind == PlanKind::kCalc) {
    const auto& calc = static_cast<const CalcNode&>(*input);
    for (ExpressionPtr& e : projections) e = Inline(e, calc.projections);
    if (condition != nullptr) condition = Inline(condition, calc.projections);
    std::vector<ExpressionPtr> conjuncts;
    if (calc.condition != nullptr) SplitConjuncts(calc.condition, conjuncts);
    if (condition != nullptr) SplitConjuncts(condition, conjuncts);
    condition = Conjunction(conjuncts);
    input = input->inputs[0];
  }
}

// Whether `input` is a TVF whose windows nothing but the grouping reads.
bool SelectAnalyzer::WindowedInput::CanComputeWindows() const {
  int limit = static_cast<int>(input->output.size()) - 3;
  if (input->kind != PlanKind::kWindowTable) return false;
  if (condition != nullptr && !ReadsOnly(*condition, limit)) return false;
  if (!std::all_of(projections.begin(), projections.end(),
                   [&](const auto& e) { return ReadsOnly(*e, limit); })) {
    return false;
  }
  if (spec.kind != WindowKind::kSession) return true;
  std::vector<int> key_columns;
  for (int key : keys) {
    const Expression& e = *projections[key];
    key_columns.push_back(e.kind == ExpressionKind::kColumn ? e.column : -1);
  }
  std::vector<int> partition = static_cast<const WindowTableNode&>(*input).window.partition_keys;
  std::sort(key_columns.begin(), key_columns.end());
  std::sort(partition.begin(), partition.end());
  // As in Flink a filter between the two comes before the sessions.
  return key_columns == partition;
}

// The grouping's keys but for the window's own columns.
void SelectAnalyzer::AddKeys(const WindowColumns& window, WindowedInput& in) {
  for (size_t i = 0; i < keys_.size(); ++i) {
    int column = keys_[i]->kind == ExpressionKind::kColumn ? keys_[i]->column : -2;
    if (column == window.start || column == window.end || column == window.time) continue;
    int projected = in.Add(keys_[i], key_names_[i]);
    auto it = std::find(in.keys.begin(), in.keys.end(), projected);
    key_columns_[i] = static_cast<int>(it - in.keys.begin());
    if (it == in.keys.end()) in.keys.push_back(projected);
  }
}

// The input when the aggregation computes the windows of a TVF or of GROUP BY TUMBLE(...) itself;
// nothing when it cannot.
std::optional<SelectAnalyzer::WindowedInput> SelectAnalyzer::ComputedWindows(
    const WindowColumns& window) {
  WindowedInput in;
  in.input = plan_;
  in.spec = window.spec;
  in.time_column = group_time_column_;
  AddKeys(window, in);
  PrepareCalls(in.projections, in.names, in.calls);
  if (!group_window_) {
    in.LookThroughFilters();
    // Sessions are those of the TVF's keys, whatever keys a grouping set has.
    bool other_keys = in.spec.kind == WindowKind::kSession && !grouping_sets_.empty();
    if (other_keys || !in.CanComputeWindows()) return std::nullopt;
    in.spec = static_cast<const WindowTableNode&>(*in.input).window;
    in.time_column = in.spec.time_column;
    in.input = in.input->inputs[0];
  }
  in.spec.time_column = in.AddColumn(in.time_column);
  in.spec.partition_keys.clear();
  return in;
}

// The input when the rows bring their windows along, as for a window on a window's result or a
// filter on window_end.
SelectAnalyzer::WindowedInput SelectAnalyzer::AttachedWindows(const WindowColumns& window) {
  WindowedInput in;
  in.input = plan_;
  in.spec = window.spec;
  AddKeys(window, in);
  PrepareCalls(in.projections, in.names, in.calls);
  in.spec.window_start_column = in.AddColumn(window.start);
  in.spec.window_end_column = in.AddColumn(window.end);
  in.spec.time_column = window.time >= 0 ? in.AddColumn(window.time) : -1;
  in.spec.partition_keys.clear();
  return in;
}

bool SelectAnalyzer::InEverySet(size_t key) const {
  return std::all_of(grouping_sets_.begin(), grouping_sets_.end(), [&](const auto& members) {
    return std::find(members.begin(), members.end(), static_cast<int>(key)) != members.end();
  });
}

// Whether no grouping set leaves out a column of the window that is a key.
bool SelectAnalyzer::KeepsWindows(const WindowColumns& window) const {
  for (size_t i = 0; i < keys_.size(); ++i) {
    int column = keys_[i]->kind == ExpressionKind::kColumn ? keys_[i]->column : -2;
    bool is_window = column == window.start || column == window.end || column == window.time;
    if (is_window && !InEverySet(i)) return false;
  }
  return true;
}

// Whether windows are answered when they close. Sessions that the aggregation cannot compute itself
// are columns like any other, as in Flink: the end alone does not tell them apart.
bool SelectAnalyzer::IsOfWindows(const WindowColumns& window) {
  if (!KeepsWindows(window)) return false;
  return window.spec.kind != WindowKind::kSession || ComputedWindows(window).has_value();
}

// `in` once for each grouping set, with columns behind its own: the keys, NULL where the set has
// them not, and the number of the set, which is a key, too.
PlanPtr SelectAnalyzer::OnceForEachSet(WindowedInput& in) const {
  int first = static_cast<int>(in.projections.size());
  std::vector<std::string> names = in.names;
  for (int key : in.keys) names.push_back(in.names[key]);
  names.emplace_back("$e");
  std::vector<PlanPtr> inputs;
  for (size_t set = 0; set < grouping_sets_.size(); ++set) {
    std::vector<ExpressionPtr> projections = in.projections;
    for (int key : in.keys) {
      projections.push_back(Expression::Literal(in.projections[key]->type.Nullable(), {}));
    }
    for (int member : grouping_sets_[set]) {
      int key = key_columns_[member];
      if (key >= 0) projections[first + key] = in.projections[in.keys[key]];
    }
    projections.push_back(
        Expression::Literal(DataType::Int().NotNull(), model::Value(static_cast<int64_t>(set))));
    inputs.push_back(MakeCalc(in.input, in.condition, std::move(projections), names));
  }
  in.keys.push_back(0);
  std::iota(in.keys.begin(), in.keys.end(), first);
  return MakeUnion(std::move(inputs));
}

PlanPtr SelectAnalyzer::GroupingSetsAggregation() {
  WindowedInput in;
  in.input = plan_;
  AddKeys({}, in);
  PrepareCalls(in.projections, in.names, in.calls);
  PlanPtr input = OnceForEachSet(in);
  PlacePseudo(in.keys.size());
  return WithStateTtl(MakeAggregate(std::move(input), std::move(in.keys), std::move(in.calls)));
}

// Where aggregates, the grouping set and the window's properties are behind `num_keys` keys.
void SelectAnalyzer::PlacePseudo(size_t num_keys) {
  int keys = static_cast<int>(num_keys);
  int properties = keys + static_cast<int>(aggregates_.size());
  for (size_t i = 0; i < pseudo_.size(); ++i) {
    switch (pseudo_[i].kind) {
      case Pseudo::Kind::kAggregate: pseudo_columns_[i] = keys + pseudo_[i].index; break;
      case Pseudo::Kind::kGroupingSet: pseudo_columns_[i] = keys - 1; break;
      case Pseudo::Kind::kProperty: pseudo_columns_[i] = properties + pseudo_[i].index; break;
      default: break;
    }
  }
}

void SelectAnalyzer::ApplyWindowAggregation(const WindowColumns& window) {
  std::optional<WindowedInput> computed = ComputedWindows(window);
  WindowedInput in = computed ? std::move(*computed) : AttachedWindows(window);
  PlanPtr input = grouping_sets_.empty()
                      ? MakeCalc(in.input, in.condition, std::move(in.projections), in.names)
                      : OnceForEachSet(in);
  int properties = static_cast<int>(in.keys.size() + in.calls.size());
  PlacePseudo(in.keys.size());
  plan_ = MakeWindowAggregate(std::move(input), std::move(in.spec), std::move(in.keys),
                              std::move(in.calls));
  for (size_t i = 0; i < keys_.size(); ++i) {
    if (key_columns_[i] >= 0) continue;
    int column = keys_[i]->column;
    key_columns_[i] = properties + (column == window.start ? 0 : column == window.end ? 1 : 2);
  }
}

Result<ExpressionPtr> SelectAnalyzer::AfterAggregation(const ExpressionPtr& e) const {
  for (size_t i = 0; i < keys_.size(); ++i) {
    if (!Equal(*keys_[i], *e)) continue;
    // A key that is not in every grouping set may be NULL.
    return Expression::Column(InEverySet(i) ? e->type : e->type.Nullable(), key_columns_[i]);
  }
  if (e->kind == ExpressionKind::kLiteral) return e;
  if (e->kind == ExpressionKind::kColumn) {
    if (e->column >= kLaterStage) return e;
    int pseudo = e->column - static_cast<int>(scope_.columns.size());
    if (pseudo >= 0) return Expression::Column(e->type, pseudo_columns_[pseudo]);
    Error error = InvalidArgument("SQL-1008 column '{}' is neither grouped nor aggregated",
                                  scope_.columns[e->column].field.name);
    error.hint = "add it to GROUP BY or put it into an aggregate function";
    return error;
  }
  std::vector<ExpressionPtr> args;
  for (const ExpressionPtr& arg : e->args) {
    ASSIGN_OR_RETURN(ExpressionPtr rewritten, AfterAggregation(arg));
    args.push_back(std::move(rewritten));
  }
  return Expression::Call(e->type, e->function, std::move(args));
}

// DISTINCT over a window's columns is one group a window; otherwise an aggregate without calls.
Status SelectAnalyzer::Distinct(Relation& result) {
  std::vector<int> keys;
  for (size_t i = 0; i < result.plan->output.size(); ++i) keys.push_back(static_cast<int>(i));
  PlanPtr plan = MakeAggregate(result.plan, keys, {});
  if (!grouped_) plan = WithStateTtl(std::move(plan));
  result.plan = plan;
  for (size_t i = 0; i < result.scope.columns.size(); ++i) {
    result.scope.columns[i].field = plan->output[i];
  }
  return Status::Ok();
}

}  // namespace forebay::sql
