// SelectAnalyzer's stages after the aggregation: functions OVER a window, and ROW_NUMBER.

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "sql/analyzer/aggregate_calls.h"
#include "sql/analyzer/plan_builder.h"
#include "sql/analyzer/select_analyzer.h"
#include "sql/analyzer/statistics.h"
#include "sql/diagnostic.h"
#include "sql/functions/function_table.h"

namespace forebay::sql {
namespace {

using model::DataType;

enum class Kind { kNone, kAggregate, kNumber, kShift };

// What kind of OVER function `name` is: numbers look at the order alone, shifts at another row.
Kind KindOf(const std::string& name) {
  static constexpr std::string_view kNumbers[] = {"ROW_NUMBER",   "RANK",      "DENSE_RANK",
                                                  "PERCENT_RANK", "CUME_DIST", "NTILE"};
  if (std::find(std::begin(kNumbers), std::end(kNumbers), name) != std::end(kNumbers)) {
    return Kind::kNumber;
  }
  if (name == "LAG" || name == "LEAD") return Kind::kShift;
  return IsAggregateFunction(name) ? Kind::kAggregate : Kind::kNone;
}

Result<DataType> OverType(const std::string& name, const std::vector<ExpressionPtr>& args) {
  size_t least = KindOf(name) == Kind::kShift || name == "NTILE" ? 1 : 0;
  size_t most = KindOf(name) == Kind::kShift ? 3 : least;
  std::vector<DataType> types;
  for (const ExpressionPtr& arg : args) types.push_back(arg->type);
  if (KindOf(name) == Kind::kNone || KindOf(name) == Kind::kAggregate) {
    return AggregateType(name, types, false);
  }
  if (args.size() < least || args.size() > most) {
    return InvalidArgument("SQL-1007 wrong number of arguments for {}: {}", name, args.size());
  }
  if (name == "PERCENT_RANK" || name == "CUME_DIST") return DataType::Double().NotNull();
  if (KindOf(name) == Kind::kNumber) return DataType::Bigint().NotNull();
  // Calcite's rule, which looks at the default alone.
  return types[0].WithNullable(args.size() < 3 || types[2].nullable());
}

Result<FrameBound> BoundOf(const OverAst::Bound& ast, bool is_rows) {
  FrameBound bound;
  bound.kind = ast.kind;
  if (ast.offset == nullptr) return bound;
  const ExpressionAst& offset = *ast.offset;
  bool is_interval =
      offset.kind == ExpressionAstKind::kInterval && !offset.interval_is_months && !is_rows;
  if (is_interval) {
    bound.offset = offset.interval_value;
  } else if (offset.kind == ExpressionAstKind::kInteger && offset.text.size() <= 18) {
    bound.offset = std::stoll(offset.text);
  } else {
    return ErrorAt(
        InvalidArgument("SQL-1009 a {} frame's bound must be {}", is_rows ? "ROWS" : "RANGE",
                        is_rows ? "an integer" : "an INTERVAL of days or less, or an integer"),
        offset.range.position);
  }
  return bound;
}

ExpressionPtr ReplaceColumns(const ExpressionPtr& e, const std::map<int, int>& columns) {
  if (e->kind == ExpressionKind::kLiteral) return e;
  if (e->kind == ExpressionKind::kColumn) {
    auto it = columns.find(e->column);
    return it == columns.end() ? e : Expression::Column(e->type, it->second);
  }
  std::vector<ExpressionPtr> args;
  for (const ExpressionPtr& arg : e->args) args.push_back(ReplaceColumns(arg, columns));
  return Expression::Call(e->type, e->function, std::move(args));
}

bool AllEqual(const std::vector<ExpressionPtr>& a, const std::vector<ExpressionPtr>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const auto& x, const auto& y) { return Equal(*x, *y); });
}

bool SameOrder(const std::vector<SortKey>& a, const std::vector<SortKey>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const auto& x, const auto& y) {
    return x.descending == y.descending && x.nulls_first == y.nulls_first;
  });
}

}  // namespace

Result<SelectAnalyzer::OverWindow> SelectAnalyzer::WindowOf(const OverAst& over, bool framed) {
  if (!over.window_name.empty()) {
    auto it = select_->windows.find(over.window_name);
    if (it == select_->windows.end()) {
      return InvalidArgument("SQL-1004 unknown window '{}'", over.window_name);
    }
    return WindowOf(it->second, framed);
  }
  OverWindow window;
  ExpressionAnalyzer analyzer(scope_, [this](const ExpressionAst& inner) -> Result<ExpressionPtr> {
    if (inner.over == nullptr) return Hook(inner);
    return InvalidArgument("SQL-1008 an OVER window cannot contain another one");
  });
  for (const ExpressionAstPtr& ast : over.partition_by) {
    ASSIGN_OR_RETURN(ExpressionPtr key, analyzer.Analyze(*ast));
    window.partition.push_back(std::move(key));
  }
  for (const OrderItemAst& item : over.order_by) {
    ASSIGN_OR_RETURN(ExpressionPtr key, analyzer.Analyze(*item.expression));
    window.order.push_back(std::move(key));
    window.keys.push_back({0, item.descending, item.nulls_first.value_or(!item.descending)});
  }
  if (!framed) return window;
  if (over.has_frame) {
    window.frame.is_rows = over.is_rows;
    ASSIGN_OR_RETURN(window.frame.start, BoundOf(over.start, over.is_rows));
    ASSIGN_OR_RETURN(window.frame.end, BoundOf(over.end, over.is_rows));
  } else if (over.order_by.empty()) {
    window.frame.end.kind = FrameBoundKind::kUnboundedFollowing;
  }
  return window;
}

Status SelectAnalyzer::NameOver(const ExpressionAst& call, const std::string& name,
                                const std::optional<CatalogFunction>& user, Aggregate& aggregate) {
  if (user) {
    ASSIGN_OR_RETURN(aggregate.call.function,
                     queries_.functions().AggregateName(*user, aggregate.args));
    aggregate.call.type = user->returns->Nullable();
    return Status::Ok();
  }
  aggregate.call.function = name;
  if (KindOf(name) == Kind::kAggregate) {
    ASSIGN_OR_RETURN(aggregate.call.function, PrepareAggregate(name, call, aggregate.args));
  }
  ASSIGN_OR_RETURN(aggregate.call.type, OverType(aggregate.call.function, aggregate.args));
  return Status::Ok();
}

Result<ExpressionPtr> SelectAnalyzer::OverOf(const ExpressionAst& call, const std::string& name) {
  Kind kind = KindOf(name);
  std::optional<CatalogFunction> user;
  if (kind == Kind::kNone) {
    ASSIGN_OR_RETURN(user, queries_.functions().FindAny(call.text));
    if (user) kind = Kind::kAggregate;
  }
  if (kind == Kind::kNone) return NotSupported("SQL-1020 {} OVER is not supported", name);
  ASSIGN_OR_RETURN(OverWindow window, WindowOf(*call.over, kind == Kind::kAggregate));
  if (kind != Kind::kAggregate && window.order.empty()) {
    return InvalidArgument("SQL-1006 {}() OVER needs an ORDER BY", name);
  }
  if (name == "ROW_NUMBER" && !rank_) {
    rank_ = std::move(window);
    return AddPseudo({Pseudo::Kind::kRank, 0}, DataType::Bigint().NotNull());
  }
  // These count rows: peers do not share a result.
  if (name == "ROW_NUMBER" || kind == Kind::kShift) window.frame.is_rows = true;
  OverCall over;
  ExpressionAnalyzer analyzer(scope_, [this](const ExpressionAst& inner) -> Result<ExpressionPtr> {
    if (inner.over == nullptr) return Hook(inner);
    return InvalidArgument("SQL-1008 the argument of an OVER function cannot have OVER itself");
  });
  bool star = call.args.size() == 1 && call.args[0]->kind == ExpressionAstKind::kStar;
  for (const ExpressionAstPtr& arg : call.args) {
    if (star && name == "COUNT") break;
    ASSIGN_OR_RETURN(ExpressionPtr value, analyzer.Analyze(*arg));
    over.aggregate.args.push_back(std::move(value));
  }
  if (call.filter != nullptr) {
    return NotSupported("SQL-1020 {} with FILTER and OVER is not supported", name);
  }
  if (name == "LAG" || name == "LEAD") {
    for (size_t i = 1; i < over.aggregate.args.size(); i += 2) {
      over.aggregate.args[i] = CastTo(over.aggregate.args[i], DataType::Bigint());
    }
    if (over.aggregate.args.size() == 3) {
      over.aggregate.args[2] = CastTo(over.aggregate.args[2], over.aggregate.args[0]->type);
    }
  }
  over.aggregate.call.distinct = CountsDistinct(call, name);
  over.window = std::move(window);
  if (!user && IsStatistic(name)) return StatisticOver(std::move(over), name);
  RETURN_IF_ERROR(NameOver(call, name, user, over.aggregate));
  return AddOver(std::move(over));
}

Result<ExpressionPtr> SelectAnalyzer::StatisticOver(OverCall of, const std::string& name) {
  const Aggregate& aggregate = of.aggregate;
  if (aggregate.args.size() != 1 || aggregate.call.distinct) {
    return NotSupported("SQL-1020 {} takes one argument without DISTINCT", name);
  }
  ASSIGN_OR_RETURN(DataType type, AggregateType(name, {aggregate.args[0]->type}, false));
  auto over = [&](const char* function, const ExpressionPtr& arg) -> Result<ExpressionPtr> {
    OverCall call = of;
    call.aggregate.args = {arg};
    call.aggregate.call.function = function;
    ASSIGN_OR_RETURN(call.aggregate.call.type, OverType(function, call.aggregate.args));
    return AddOver(std::move(call));
  };
  ExpressionPtr x = CastTo(aggregate.args[0], type);
  ASSIGN_OR_RETURN(ExpressionPtr square, MakeArithmetic("TIMES", x, x));
  StatisticSums sums;
  ASSIGN_OR_RETURN(sums.squares, over("SUM", square));
  ASSIGN_OR_RETURN(sums.values, over("SUM", x));
  ASSIGN_OR_RETURN(sums.count, over("COUNT", x));
  return StatisticFromSums(sums, name, type);
}

ExpressionPtr SelectAnalyzer::AddOver(OverCall over) {
  DataType type = over.aggregate.call.type;
  overs_.push_back(std::move(over));
  return AddPseudo({Pseudo::Kind::kOver, static_cast<int>(overs_.size()) - 1}, std::move(type));
}

void SelectAnalyzer::ApplyWindow(size_t first, std::vector<int>& columns) {
  const OverWindow window = overs_[first].window;
  std::vector<size_t> members;
  std::vector<ExpressionPtr> wanted = window.partition;
  wanted.insert(wanted.end(), window.order.begin(), window.order.end());
  for (size_t i = first; i < overs_.size(); ++i) {
    const OverWindow& other = overs_[i].window;
    bool same = AllEqual(other.partition, window.partition) &&
                AllEqual(other.order, window.order) && SameOrder(other.keys, window.keys) &&
                other.frame == window.frame;
    if (columns[i] >= 0 || !same) continue;
    members.push_back(i);
    const auto& args = overs_[i].aggregate.args;
    wanted.insert(wanted.end(), args.begin(), args.end());
  }
  std::vector<int> places;
  plan_ = WithColumns(plan_, wanted, places);
  auto next = places.begin() + static_cast<int64_t>(window.partition.size());
  std::vector<int> keys(places.begin(), next);
  std::vector<SortKey> order = window.keys;
  for (SortKey& key : order) key.column = *next++;
  std::vector<AggregateCall> calls;
  for (size_t i : members) {
    AggregateCall call = overs_[i].aggregate.call;
    for (size_t k = 0; k < overs_[i].aggregate.args.size(); ++k) call.args.push_back(*next++);
    call.name = fmt::format("w{}$o{}", first, calls.size());
    columns[i] = static_cast<int>(plan_->output.size() + calls.size());
    calls.push_back(std::move(call));
  }
  plan_ =
      MakeOverAggregate(plan_, std::move(keys), std::move(order), window.frame, std::move(calls));
}

void SelectAnalyzer::ApplyOvers() {
  std::vector<int> columns(overs_.size(), -1);
  for (size_t i = 0; i < overs_.size(); ++i) {
    if (columns[i] < 0) ApplyWindow(i, columns);
  }
  std::map<int, int> replaced;
  for (size_t i = 0; i < pseudo_.size(); ++i) {
    if (pseudo_[i].kind != Pseudo::Kind::kOver) continue;
    replaced[kLaterStage + static_cast<int>(i)] = columns[pseudo_[i].index];
  }
  for (ExpressionPtr& item : items_) item = ReplaceColumns(item, replaced);
}

void SelectAnalyzer::ApplyRank() {
  std::vector<ExpressionPtr> wanted = rank_->partition;
  wanted.insert(wanted.end(), rank_->order.begin(), rank_->order.end());
  std::vector<int> columns;
  plan_ = WithColumns(plan_, wanted, columns);
  std::vector<int> keys(columns.begin(),
                        columns.begin() + static_cast<int64_t>(rank_->partition.size()));
  std::vector<SortKey> order = rank_->keys;
  for (size_t i = 0; i < order.size(); ++i) {
    order[i].column = columns[rank_->partition.size() + i];
  }
  plan_ = MakeRank(plan_, std::move(keys), std::move(order), "$rank");
  std::map<int, int> replaced;
  for (size_t i = 0; i < pseudo_.size(); ++i) {
    if (pseudo_[i].kind != Pseudo::Kind::kRank) continue;
    replaced[kLaterStage + static_cast<int>(i)] = static_cast<int>(plan_->output.size()) - 1;
  }
  for (ExpressionPtr& item : items_) item = ReplaceColumns(item, replaced);
}

}  // namespace forebay::sql
