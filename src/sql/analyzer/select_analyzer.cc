#include "sql/analyzer/select_analyzer.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/ascii_case.h"
#include "sql/analyzer/aggregate_calls.h"
#include "sql/analyzer/plan_builder.h"
#include "sql/analyzer/statistics.h"
#include "sql/analyzer/time_keys.h"
#include "sql/diagnostic.h"
#include "sql/functions/function_table.h"

namespace forebay::sql {
namespace {

using model::DataType;
using model::Value;

bool IsWindowFunction(const std::string& name) {
  return name == "TUMBLE" || name == "HOP" || name == "SESSION";
}

// The name of a select item without an alias: a column's own, else EXPR$n.
std::string ItemName(const SelectItemAst& item, size_t index) {
  if (!item.alias.empty()) return item.alias;
  const ExpressionAst& ast = *item.expression;
  if (ast.kind == ExpressionAstKind::kName) return ast.names.back();
  if (ast.kind == ExpressionAstKind::kField) return ast.text;
  return fmt::format("EXPR${}", index);
}

// A name that was there before gets the first free number, as in Flink: name, name0, name1.
std::vector<std::string> UniqueNames(const std::vector<std::string>& names) {
  std::vector<std::string> unique;
  for (const std::string& name : names) {
    std::string free = name;
    for (int i = 0; std::find(unique.begin(), unique.end(), free) != unique.end(); ++i) {
      free = fmt::format("{}{}", name, i);
    }
    unique.push_back(std::move(free));
  }
  return unique;
}

}  // namespace

Result<Relation> SelectAnalyzer::Analyze(const SelectAst& select,
                                         const std::vector<OrderItemAst>& order_by,
                                         std::vector<SortKey>& order, int& num_visible) {
  select_ = &select;
  RETURN_IF_ERROR(FromAndWhere(select));
  RETURN_IF_ERROR(GroupBy(select));
  RETURN_IF_ERROR(Items(select));
  num_visible = static_cast<int>(items_.size());
  if (select.having != nullptr) {
    RETURN_IF_ERROR(Having(*select.having));
    grouped_ = true;
  }
  RETURN_IF_ERROR(OrderBy(order_by, order));
  grouped_ = grouped_ || !aggregates_.empty();
  if (grouped_) {
    RETURN_IF_ERROR(ApplyAggregation());
  }
  RETURN_IF_ERROR(ApplySubqueries());
  if (having_ != nullptr) plan_ = MakeFilter(plan_, having_);
  if (!overs_.empty()) ApplyOvers();
  if (rank_) ApplyRank();
  Relation result;
  result.plan = MakeCalc(plan_, nullptr, items_, UniqueNames(names_));
  for (size_t i = 0; i < items_.size(); ++i) {
    result.scope.columns.push_back({qualifiers_[i], result.plan->output[i]});
  }
  if (select.distinct) {
    if (static_cast<int>(items_.size()) != num_visible) {
      return InvalidArgument("SQL-1008 ORDER BY of a SELECT DISTINCT must name its columns");
    }
    RETURN_IF_ERROR(Distinct(result));
  }
  return result;
}

Status SelectAnalyzer::FromAndWhere(const SelectAst& select) {
  if (select.from == nullptr) {
    plan_ = OneRow().plan;
  } else {
    ASSIGN_OR_RETURN(std::vector<QueryHint> hints,
                     QueryHintsOf(select, queries_.options().streaming));
    ASSIGN_OR_RETURN(auto retries, LookupRetriesOf(hints));
    ASSIGN_OR_RETURN(StateTtlHints ttls, StateTtlHintsOf(hints));
    if (auto own = ttls.find(NameInFrom(*select.from)); own != ttls.end()) state_ttl_ = own->second;
    std::swap(queries_.lookup_retries_, retries);
    std::swap(queries_.state_ttls_, ttls);
    ASSIGN_OR_RETURN(Relation from, queries_.From(*select.from));
    std::swap(queries_.lookup_retries_, retries);
    std::swap(queries_.state_ttls_, ttls);
    plan_ = from.plan;
    scope_ = from.scope;
  }
  scope_.outer = queries_.outer_scope_;
  scope_.functions = &queries_.functions();
  return select.where == nullptr ? Status::Ok() : Where(*select.where);
}

namespace {

using KeySet = std::vector<int>;

/// The sets of keys that an item of GROUP BY stands for.
Result<std::vector<KeySet>> Expanded(GroupItemAst::Kind kind, const std::vector<KeySet>& groups) {
  using Kind = GroupItemAst::Kind;
  if (kind == Kind::kExpression || kind == Kind::kGroupingSets) return groups;
  constexpr size_t kGroupsMax = 8;
  if (groups.size() > kGroupsMax) {
    return NotSupported("SQL-1020 ROLLUP or CUBE of more than {} columns", kGroupsMax);
  }
  std::vector<KeySet> sets;
  size_t count = kind == Kind::kRollup ? groups.size() + 1 : size_t{1} << groups.size();
  for (size_t i = 0; i < count; ++i) {
    KeySet set;
    for (size_t g = 0; g < groups.size(); ++g) {
      bool has = kind == Kind::kRollup ? g + i < groups.size() : (i >> g & 1) == 0;
      if (has) set.insert(set.end(), groups[g].begin(), groups[g].end());
    }
    sets.push_back(std::move(set));
  }
  return sets;
}

}  // namespace

Status SelectAnalyzer::GroupBy(const SelectAst& select) {
  std::vector<KeySet> sets = {{}};
  bool simple = true;
  for (const GroupItemAst& item : select.group_by) {
    grouped_ = true;
    simple = simple && item.kind == GroupItemAst::Kind::kExpression;
    std::vector<KeySet> groups;
    for (const auto& expressions : item.sets) {
      groups.emplace_back();
      for (const ExpressionAstPtr& ast : expressions) {
        ASSIGN_OR_RETURN(int key, GroupKey(*ast));
        if (key >= 0) groups.back().push_back(key);
      }
    }
    ASSIGN_OR_RETURN(std::vector<KeySet> expanded, Expanded(item.kind, groups));
    std::vector<KeySet> product;
    for (const KeySet& left : sets) {
      for (const KeySet& right : expanded) {
        product.push_back(left);
        product.back().insert(product.back().end(), right.begin(), right.end());
      }
    }
    sets = std::move(product);
  }
  if (simple || sets.size() == 1) return Status::Ok();
  if (group_window_) return NotSupported("SQL-1020 GROUPING SETS of windows");
  grouping_sets_ = std::move(sets);
  return Status::Ok();
}

Result<int> SelectAnalyzer::GroupKey(const ExpressionAst& ast) {
  if (ast.kind == ExpressionAstKind::kCall && IsWindowFunction(UpperAscii(ast.text))) {
    RETURN_IF_ERROR(GroupWindow(ast));
    return -1;
  }
  ExpressionAnalyzer analyzer(scope_);
  ASSIGN_OR_RETURN(ExpressionPtr key, analyzer.Analyze(ast));
  // GROUPING SETS name a key once for each set that has it.
  for (size_t i = 0; i < keys_.size(); ++i) {
    if (Equal(*keys_[i], *key)) return static_cast<int>(i);
  }
  keys_.push_back(std::move(key));
  key_names_.push_back(ast.kind == ExpressionAstKind::kName
                           ? ast.names.back()
                           : fmt::format("$f{}", keys_.size() - 1));
  return static_cast<int>(keys_.size()) - 1;
}

Result<WindowSpec> SelectAnalyzer::GroupWindowOf(const ExpressionAst& call,
                                                 const std::string& function) {
  std::vector<const ExpressionAst*> intervals;
  for (size_t i = 1; i < call.args.size(); ++i) intervals.push_back(call.args[i].get());
  auto spec = MakeWindowSpec(function, intervals, true);
  if (!spec.ok()) return ErrorAt(spec.error(), call.range.position);
  ExpressionAnalyzer analyzer(scope_);
  ASSIGN_OR_RETURN(ExpressionPtr time, analyzer.Analyze(*call.args.at(0)));
  bool is_column = time->kind == ExpressionKind::kColumn &&
                   time->column < static_cast<int>(plan_->output.size());
  PlanPtr with_key = is_column ? WithTimeKey(plan_, time->column) : nullptr;
  if (with_key != nullptr) plan_ = std::move(with_key);
  bool is_attribute =
      is_column && plan_->output[time->column].time_attribute != TimeAttribute::kNone;
  if (!is_attribute) {
    Error error = InvalidArgument("SQL-1017 {} needs a time attribute column", function);
    error.hint = "declare a WATERMARK on the column, or use a PROCTIME() column";
    return ErrorAt(error, call.range.position);
  }
  spec->time_column = time->column;
  return spec;
}

Status SelectAnalyzer::GroupWindow(const ExpressionAst& call) {
  ASSIGN_OR_RETURN(WindowSpec spec, GroupWindowOf(call, UpperAscii(call.text)));
  group_time_column_ = std::exchange(spec.time_column, -1);
  group_window_ = spec;
  return Status::Ok();
}

ExpressionPtr SelectAnalyzer::AddPseudo(Pseudo pseudo, DataType type) {
  bool later = pseudo.kind == Pseudo::Kind::kRank || pseudo.kind == Pseudo::Kind::kOver ||
               pseudo.kind == Pseudo::Kind::kSubquery;
  int base = later ? kLaterStage : static_cast<int>(scope_.columns.size());
  pseudo_.push_back(pseudo);
  return Expression::Column(std::move(type), base + static_cast<int>(pseudo_.size()) - 1);
}

Result<ExpressionPtr> SelectAnalyzer::SessionValue(const ExpressionAst& call) {
  bool asked = call.kind == ExpressionAstKind::kCall && call.args.empty() &&
               UpperAscii(call.text) == "CURRENT_DATABASE";
  if (!asked) return ExpressionPtr();
  // Without the catalog before it.
  const std::string& qualified = queries_.options().current_database;
  std::string name = qualified.substr(qualified.rfind('.') + 1);
  return Expression::Literal(DataType::String().NotNull(), Value(name));
}

Result<ExpressionPtr> SelectAnalyzer::Hook(const ExpressionAst& call) {
  if (call.kind != ExpressionAstKind::kCall) return SubqueryOf(call);
  std::string name = UpperAscii(call.text);
  if (name == "CURRENT_DATABASE") return SessionValue(call);
  if (call.over != nullptr) return OverOf(call, name);
  if (name == "GROUPING" || name == "GROUPING_ID" || name == "GROUP_ID") {
    return GroupingOf(call, name);
  }
  if (IsAggregateFunction(name)) return AggregateOf(call, name);
  ASSIGN_OR_RETURN(auto function, queries_.functions().FindAny(call.text));
  if (function && function->kind == FunctionKind::kAggregate) {
    return UserAggregateOf(call, *function);
  }
  if (group_window_) return GroupProperty(call, name);
  return ExpressionPtr();
}

Result<ExpressionPtr> SelectAnalyzer::GroupProperty(const ExpressionAst& call,
                                                    const std::string& name) {
  size_t underscore = name.find('_');
  if (underscore == std::string::npos || !IsWindowFunction(name.substr(0, underscore))) {
    return ExpressionPtr();
  }
  ASSIGN_OR_RETURN(WindowSpec spec, GroupWindowOf(call, name.substr(0, underscore)));
  bool is_same = spec.kind == group_window_->kind && spec.size_ms == group_window_->size_ms &&
                 spec.slide_ms == group_window_->slide_ms && spec.time_column == group_time_column_;
  if (!is_same) {
    return ErrorAt(InvalidArgument("SQL-1008 {} must name the window of GROUP BY", name),
                   call.range.position);
  }
  std::string property = name.substr(underscore + 1);
  auto add = [&](WindowProperty kind, DataType type) {
    return AddPseudo({Pseudo::Kind::kProperty, static_cast<int>(kind)}, std::move(type));
  };
  if (property == "START") return add(WindowProperty::kStart, DataType::Timestamp(3).NotNull());
  if (property == "END") return add(WindowProperty::kEnd, DataType::Timestamp(3).NotNull());
  if (property == "ROWTIME" || property == "PROCTIME") {
    // As nullable as the column, in Flink, though no window has a NULL.
    DataType type = plan_->output[group_time_column_].type;
    return add(WindowProperty::kTime, property == "ROWTIME" ? type : type.NotNull());
  }
  return ExpressionPtr();
}

Result<ExpressionPtr> SelectAnalyzer::AggregateOf(const ExpressionAst& call,
                                                  const std::string& name) {
  Aggregate aggregate;
  ExpressionAnalyzer analyzer(scope_);
  bool star = call.args.size() == 1 && call.args[0]->kind == ExpressionAstKind::kStar;
  for (const ExpressionAstPtr& arg : call.args) {
    if (star) break;
    ASSIGN_OR_RETURN(ExpressionPtr value, analyzer.Analyze(*arg));
    if (value->type.Is(model::TypeRoot::kNull)) {
      return InvalidArgument("SQL-1006 {}: illegal use of NULL", name);
    }
    aggregate.args.push_back(std::move(value));
  }
  if (star && name != "COUNT") {
    return InvalidArgument("SQL-1007 only COUNT can be applied to *, not {}", name);
  }
  if (call.filter != nullptr) {
    ASSIGN_OR_RETURN(ExpressionPtr filter, analyzer.AnalyzeCondition(*call.filter));
    aggregate.filter = Expression::Call(DataType::Boolean().NotNull(), "IS_TRUE", {filter});
  }
  bool may_be_empty = (keys_.empty() && !group_window_) || call.filter != nullptr;
  aggregate.call.distinct = CountsDistinct(call, name);
  if (name == "APPROX_COUNT_DISTINCT") {
    if (queries_.options().streaming || star || aggregate.args.size() != 1) {
      return NotSupported("SQL-1020 APPROX_COUNT_DISTINCT is for one argument in batch mode");
    }
    // Exact: DuckDB counts distinct values fast enough.
    aggregate.call.distinct = true;
    return AddAggregate(std::move(aggregate), "COUNT", may_be_empty);
  }
  if (!IsStatistic(name)) {
    ASSIGN_OR_RETURN(std::string canonical, PrepareAggregate(name, call, aggregate.args));
    return AddAggregate(std::move(aggregate), canonical, may_be_empty);
  }
  if (aggregate.args.size() != 1 || aggregate.call.distinct) {
    return NotSupported("SQL-1020 {} takes one argument without DISTINCT", name);
  }
  return StatisticOf(std::move(aggregate), name, may_be_empty);
}

Result<ExpressionPtr> SelectAnalyzer::StatisticOf(Aggregate of, const std::string& name,
                                                  bool may_be_empty) {
  ASSIGN_OR_RETURN(DataType type, AggregateType(name, {of.args[0]->type}, may_be_empty));
  of.args[0] = CastTo(of.args[0], DataType::Double());
  ASSIGN_OR_RETURN(ExpressionPtr variance,
                   AddAggregate(std::move(of), VarianceFunction(name), may_be_empty));
  return StatisticFrom(std::move(variance), name, type);
}

Result<ExpressionPtr> SelectAnalyzer::UserAggregateOf(const ExpressionAst& call,
                                                      const CatalogFunction& function) {
  Aggregate aggregate;
  ExpressionAnalyzer analyzer(scope_);
  for (const ExpressionAstPtr& arg : call.args) {
    ASSIGN_OR_RETURN(ExpressionPtr value, analyzer.Analyze(*arg));
    aggregate.args.push_back(std::move(value));
  }
  if (call.filter != nullptr) {
    ASSIGN_OR_RETURN(ExpressionPtr filter, analyzer.AnalyzeCondition(*call.filter));
    aggregate.filter = Expression::Call(DataType::Boolean().NotNull(), "IS_TRUE", {filter});
  }
  if (call.distinct) {
    return NotSupported("SQL-1020 {}(DISTINCT ...) is not supported", call.text);
  }
  ASSIGN_OR_RETURN(std::string name, queries_.functions().AggregateName(function, aggregate.args));
  aggregate.call.type = function.returns->Nullable();
  return AddTypedAggregate(std::move(aggregate), name);
}

Result<ExpressionPtr> SelectAnalyzer::AddAggregate(Aggregate aggregate, const std::string& name,
                                                   bool may_be_empty) {
  std::vector<DataType> types;
  for (const ExpressionPtr& arg : aggregate.args) types.push_back(arg->type);
  ASSIGN_OR_RETURN(aggregate.call.type, AggregateType(name, types, may_be_empty));
  return AddTypedAggregate(std::move(aggregate), name);
}

Result<ExpressionPtr> SelectAnalyzer::AddTypedAggregate(Aggregate aggregate,
                                                        const std::string& name) {
  aggregate.call.function = name;
  for (size_t i = 0; i < pseudo_.size(); ++i) {
    if (pseudo_[i].kind != Pseudo::Kind::kAggregate) continue;
    const Aggregate& other = aggregates_[pseudo_[i].index];
    bool same = other.call.function == name && other.call.distinct == aggregate.call.distinct &&
                other.args.size() == aggregate.args.size() &&
                (other.filter == nullptr) == (aggregate.filter == nullptr) &&
                (other.filter == nullptr || Equal(*other.filter, *aggregate.filter)) &&
                std::equal(other.args.begin(), other.args.end(), aggregate.args.begin(),
                           [](const auto& a, const auto& b) { return Equal(*a, *b); });
    if (same) {
      return Expression::Column(other.call.type, static_cast<int>(scope_.columns.size() + i));
    }
  }
  aggregates_.push_back(aggregate);
  return AddPseudo({Pseudo::Kind::kAggregate, static_cast<int>(aggregates_.size()) - 1},
                   aggregate.call.type);
}

Result<ExpressionPtr> SelectAnalyzer::AnalyzeItem(const ExpressionAst& ast) {
  ExpressionAnalyzer analyzer(scope_, [this](const ExpressionAst& call) { return Hook(call); });
  item_ = &ast;
  Result<ExpressionPtr> item = analyzer.Analyze(ast);
  item_ = nullptr;
  return item;
}

Status SelectAnalyzer::Items(const SelectAst& select) {
  for (const SelectItemAst& item : select.items) {
    if (item.expression->kind == ExpressionAstKind::kStar) {
      RETURN_IF_ERROR(Star(*item.expression));
      continue;
    }
    ASSIGN_OR_RETURN(ExpressionPtr expression, AnalyzeItem(*item.expression));
    if (expression->type.Is(model::TypeRoot::kNull)) {
      Error error = InvalidArgument("SQL-1006 illegal use of NULL");
      error.hint = "give it a type: CAST(NULL AS INT)";
      return ErrorAt(std::move(error), item.expression->range.position);
    }
    bool column = expression->kind == ExpressionKind::kColumn &&
                  expression->column < static_cast<int>(scope_.columns.size());
    qualifiers_.push_back(column && item.alias.empty()
                              ? scope_.columns[expression->column].qualifier
                              : std::string());
    std::string name = ItemName(item, items_.size());
    // The same column chosen twice gets a number, as in Flink: dateTime, dateTime0.
    names_.push_back(std::move(name));
    items_.push_back(std::move(expression));
  }
  return Status::Ok();
}

Status SelectAnalyzer::Star(const ExpressionAst& star) {
  size_t before = items_.size();
  for (size_t i = 0; i < scope_.columns.size(); ++i) {
    const ScopeColumn& column = scope_.columns[i];
    if (!star.names.empty() && column.qualifier != star.names.back()) continue;
    items_.push_back(Expression::Column(column.field.type, static_cast<int>(i)));
    names_.push_back(column.field.name);
    qualifiers_.push_back(column.qualifier);
  }
  return items_.size() > before ? Status::Ok() : StarOfRow(star);
}

// The fields of a ROW, which may itself be a field: t.author.*, author.address.*.
Status SelectAnalyzer::StarOfRow(const ExpressionAst& star) {
  ExpressionAst name = star;
  name.kind = ExpressionAstKind::kName;
  Result<ExpressionPtr> row = star.names.empty() ? NotFound("no columns") : AnalyzeItem(name);
  if (!row.ok() || !(*row)->type.Is(model::TypeRoot::kRow)) {
    std::string what = star.names.empty() ? "*" : star.names.back();
    return ErrorAt(NotFound("SQL-1001 unknown table '{}'", what), star.range.position);
  }
  const std::vector<model::RowField>& fields = (*row)->type.fields();
  for (size_t i = 0; i < fields.size(); ++i) {
    items_.push_back(FieldAt(*row, i));
    names_.push_back(fields[i].name);
    qualifiers_.emplace_back();
  }
  return Status::Ok();
}

Status SelectAnalyzer::OrderBy(const std::vector<OrderItemAst>& items,
                               std::vector<SortKey>& order) {
  for (const OrderItemAst& item : items) {
    ASSIGN_OR_RETURN(int column, OrderColumn(*item.expression));
    order.push_back({column, item.descending, item.nulls_first.value_or(!item.descending)});
  }
  return Status::Ok();
}

// An ordinal, an alias, an expression equal to an item, or a new hidden item.
Result<int> SelectAnalyzer::OrderColumn(const ExpressionAst& ast) {
  if (ast.kind == ExpressionAstKind::kInteger) {
    int ordinal = std::atoi(ast.text.c_str());
    if (ordinal < 1 || ordinal > static_cast<int>(items_.size())) {
      return ErrorAt(InvalidArgument("SQL-1004 ORDER BY ordinal out of range: {}", ast.text),
                     ast.range.position);
    }
    return ordinal - 1;
  }
  if (ast.kind == ExpressionAstKind::kName && ast.names.size() == 1) {
    auto it = std::find(names_.begin(), names_.end(), ast.names[0]);
    if (it != names_.end()) return static_cast<int>(it - names_.begin());
  }
  ASSIGN_OR_RETURN(ExpressionPtr expression, AnalyzeItem(ast));
  for (size_t i = 0; i < items_.size(); ++i) {
    if (Equal(*items_[i], *expression)) return static_cast<int>(i);
  }
  items_.push_back(std::move(expression));
  names_.push_back(fmt::format("$order{}", items_.size()));
  qualifiers_.emplace_back();
  return static_cast<int>(items_.size()) - 1;
}

PlanPtr WithColumns(PlanPtr plan, const std::vector<ExpressionPtr>& expressions,
                    std::vector<int>& columns) {
  auto projections = IdentityProjections(*plan);
  auto names = OutputNames(*plan);
  size_t before = projections.size();
  for (const ExpressionPtr& e : expressions) {
    auto it = std::find_if(projections.begin(), projections.end(),
                           [&](const ExpressionPtr& p) { return Equal(*p, *e); });
    columns.push_back(static_cast<int>(it - projections.begin()));
    if (it != projections.end()) continue;
    names.push_back(fmt::format("$f{}", projections.size()));
    projections.push_back(e);
  }
  if (projections.size() == before) return plan;
  return MakeCalc(std::move(plan), nullptr, std::move(projections), names);
}

}  // namespace forebay::sql
