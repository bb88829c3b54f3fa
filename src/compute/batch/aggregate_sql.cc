#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "compute/batch/duckdb_functions.h"
#include "compute/batch/sql_writer.h"
#include "model/quoted_text.h"

// Aggregates and windows of the batch queries.

namespace forebay::compute {

using model::DataType;
using model::TypeRoot;

namespace {

std::string Column(int index) { return fmt::format("c{}", index); }

/// Steps of the integer that a timestamp of this type is.
int64_t UnitsPerMilli(const DataType& type) {
  static constexpr int64_t kPerMilli[] = {1, 1000, 1000000};
  return kPerMilli[static_cast<int>(type.time_unit())];
}

const char* WrapFunction(const DataType& type) {
  switch (type.root()) {
    case TypeRoot::kTinyint: return "fb_wrap8";
    case TypeRoot::kSmallint: return "fb_wrap16";
    case TypeRoot::kInteger: return "fb_wrap32";
    default: return "fb_wrap64";
  }
}

/// SUM in Flink's types: integers wrap in their own width, DECIMAL sums have 38 digits or are NULL.
std::string Sum(const std::string& sum, const DataType& type) {
  if (type.IsInteger()) return fmt::format("{}({})", WrapFunction(type), sum);
  if (type.Is(TypeRoot::kDecimal)) return fmt::format("fb_fit38({})", sum);
  if (type.Is(TypeRoot::kFloat)) return fmt::format("CAST({} AS FLOAT)", sum);
  return sum;
}

std::string Average(const std::string& sum, const std::string& count, const DataType& input,
                    const DataType& type) {
  if (type.IsInteger()) {
    return fmt::format("{}(CAST(fb_avg({}, {}) AS HUGEINT))", WrapFunction(type), sum, count);
  }
  if (type.Is(TypeRoot::kDecimal)) {
    return fmt::format("fb_avg_decimal({}, {}, {})", sum, count, type.scale() - input.scale());
  }
  return fmt::format("CAST({} / {} AS {})", sum, count,
                     type.Is(TypeRoot::kFloat) ? "FLOAT" : "DOUBLE");
}

/// The sum of a column of any numeric type as DuckDB's widest: HUGEINT or DOUBLE.
std::string WideSum(const std::string& argument, const DataType& type) {
  bool integral = type.IsExactNumeric();
  return fmt::format("sum(CAST({} AS {}))", argument, integral ? "HUGEINT" : "DOUBLE");
}

/// The text of a column that holds the same string literal in every row.
std::optional<std::string> LiteralText(const sql::PlanNode& node, int column) {
  if (node.kind != sql::PlanKind::kCalc) return std::nullopt;
  const auto& e = static_cast<const sql::CalcNode&>(node).projections[column];
  if (e->kind == sql::ExpressionKind::kColumn) return LiteralText(*node.inputs[0], e->column);
  const auto* text = std::get_if<std::string>(&e->value.data);
  bool literal = e->kind == sql::ExpressionKind::kLiteral && text != nullptr;
  return literal ? std::optional(*text) : std::nullopt;
}

/// A call whose result is DuckDB's own; empty for other functions.
std::string PlainAggregate(const std::string& function, const std::string& distinct,
                           const std::string& argument) {
  if (function == "MIN") return fmt::format("min({})", argument);
  if (function == "MAX") return fmt::format("max({})", argument);
  if (function == "ARRAY_AGG") return fmt::format("array_agg({}{})", distinct, argument);
  if (function == "COLLECT") return fmt::format("histogram({}{})", distinct, argument);
  if (function != "VAR_POP" && function != "VAR_SAMP") return "";
  return fmt::format("{}({}CAST({} AS DOUBLE))", function == "VAR_POP" ? "var_pop" : "var_samp",
                     distinct, argument);
}

/// A histogram as our MULTISET: INT counts, and empty rather than NULL.
std::string Collected(const std::string& function, const std::string& call) {
  if (function != "COLLECT") return call;
  return fmt::format(
      "coalesce(map_from_entries([{{'k': x.key, 'v': CAST(x.value AS INTEGER)}} for x in "
      "map_entries({})]), MAP {{}})",
      call);
}

}  // namespace

Result<std::string> SqlWriter::AggregateCall(const sql::AggregateCall& call,
                                             const sql::PlanNode& input_node,
                                             const std::string& over) {
  std::string filter = call.filter < 0 ? "" : fmt::format(" FILTER (WHERE c{})", call.filter);
  filter += over;
  std::string distinct = call.distinct ? "DISTINCT " : "";
  if (call.function == "COUNT") {
    if (call.args.empty()) return "count(*)" + filter;
    if (call.args.size() == 1) {
      return fmt::format("count({}{}){}", distinct, Column(call.args[0]), filter);
    }
    std::string row;
    std::string all_set;
    for (int arg : call.args) {
      row += (row.empty() ? "" : ", ") + Column(arg);
      all_set += fmt::format("{}c{} IS NOT NULL", all_set.empty() ? "" : " AND ", arg);
    }
    if (call.filter >= 0) all_set += fmt::format(" AND c{}", call.filter);
    return fmt::format("count({}row({})) FILTER (WHERE {}){}", distinct, row, all_set, over);
  }
  if (call.args.empty()) return NotSupported("aggregate {} without arguments", call.function);
  std::string argument = Column(call.args[0]);
  const DataType& input = input_node.output[call.args[0]].type;
  bool numeric = input.IsNumeric();
  std::string sum = numeric ? WideSum(argument, input) : "";
  if (call.distinct && numeric) sum.insert(sum.find('(') + 1, "DISTINCT ");
  sum += filter;
  if (call.function == "SUM" && numeric) return Sum(sum, call.type);
  if (call.function == "SUM0" && numeric) {
    return fmt::format("coalesce({}, 0)", Sum(sum, call.type));
  }
  if (call.function == "AVG" && numeric) {
    std::string count = fmt::format("count({}{}){}", distinct, argument, filter);
    return Average(sum, count, input, call.type);
  }
  std::string plain = PlainAggregate(call.function, distinct, argument);
  if (!plain.empty()) return Collected(call.function, plain + filter);
  bool is_end = call.function == "FIRST_VALUE" || call.function == "LAST_VALUE";
  if (is_end && !over.empty()) {
    return fmt::format("{}({} IGNORE NULLS){}",
                       call.function == "FIRST_VALUE" ? "first_value" : "last_value", argument,
                       over);
  }
  if (is_end) {
    std::string condition = argument + " IS NOT NULL";
    if (call.filter >= 0) condition += fmt::format(" AND c{}", call.filter);
    return fmt::format("{}({}) FILTER (WHERE {})",
                       call.function == "FIRST_VALUE" ? "first" : "last", argument, condition);
  }
  if (call.function == "LISTAGG") {
    std::optional<std::string> separator = ",";
    if (call.args.size() > 1) separator = LiteralText(input_node, call.args[1]);
    if (!separator) return NotSupported("LISTAGG with a separator that is no literal");
    return fmt::format("string_agg({}{}, {}){}", distinct, argument, model::QuoteText(*separator),
                       filter);
  }
  return OwnAggregate(call, input_node, distinct, filter);
}

Result<std::string> SqlWriter::OwnAggregate(const sql::AggregateCall& call,
                                            const sql::PlanNode& input, const std::string& distinct,
                                            const std::string& suffix) {
  std::string name = fmt::format("fb_aggregate{}", next_++);
  RETURN_IF_ERROR(RegisterAggregate(connection_, name, call, input.OutputTypes()));
  std::string arguments;
  for (int arg : call.args) arguments += (arguments.empty() ? "" : ", ") + Column(arg);
  return fmt::format("{}({}{}){}", name, distinct, arguments, suffix);
}

namespace {

std::string Bound(const sql::FrameBound& bound, int64_t scale) {
  switch (bound.kind) {
    case sql::FrameBoundKind::kUnboundedPreceding: return "UNBOUNDED PRECEDING";
    case sql::FrameBoundKind::kPreceding: return fmt::format("{} PRECEDING", bound.offset * scale);
    case sql::FrameBoundKind::kCurrentRow: return "CURRENT ROW";
    case sql::FrameBoundKind::kFollowing: return fmt::format("{} FOLLOWING", bound.offset * scale);
    case sql::FrameBoundKind::kUnboundedFollowing: return "UNBOUNDED FOLLOWING";
  }
  return "";
}

/// Functions of the order alone, which know no frame and are spelled alike in both dialects.
std::string OrderFunction(const sql::AggregateCall& call, const std::string& window) {
  static constexpr std::string_view kNames[] = {"ROW_NUMBER", "RANK",  "DENSE_RANK", "PERCENT_RANK",
                                                "CUME_DIST",  "NTILE", "LAG",        "LEAD"};
  if (std::find(std::begin(kNames), std::end(kNames), call.function) == std::end(kNames)) return "";
  std::string arguments;
  for (int arg : call.args) arguments += (arguments.empty() ? "" : ", ") + Column(arg);
  std::string text = fmt::format("{}({}) OVER ({})", call.function, arguments, window);
  // Flink's default also stands for a NULL of the row that is there.
  return call.args.size() < 3 ? text : fmt::format("coalesce({}, {})", text, Column(call.args[2]));
}

}  // namespace

Result<std::string> SqlWriter::OverAggregate(const sql::OverAggregateNode& over) {
  ASSIGN_OR_RETURN(std::string input, Input(over));
  std::vector<DataType> types = over.inputs[0]->OutputTypes();
  std::string window;
  for (int key : over.keys) window += (window.empty() ? "PARTITION BY " : ", ") + Column(key);
  if (!over.order.empty()) window += " ORDER BY " + OrderList(over.order);
  int64_t scale = 1;
  if (!over.frame.is_rows && over.order.size() == 1 && types[over.order[0].column].IsTimestamp()) {
    scale = UnitsPerMilli(types[over.order[0].column]);
  }
  std::string frame = window;
  if (!over.order.empty() || over.frame.is_rows) {
    frame += fmt::format(" {} BETWEEN {} AND {}", over.frame.is_rows ? "ROWS" : "RANGE",
                         Bound(over.frame.start, scale), Bound(over.frame.end, scale));
  }
  std::string list = types.empty() ? "" : ColumnList(types.size());
  size_t column = types.size();
  for (const sql::AggregateCall& call : over.calls) {
    std::string item = OrderFunction(call, window);
    if (item.empty()) {
      ASSIGN_OR_RETURN(item,
                       AggregateCall(call, *over.inputs[0], fmt::format(" OVER ({})", frame)));
    }
    list += fmt::format("{}{} AS c{}", list.empty() ? "" : ", ", item, column++);
  }
  return fmt::format("SELECT {} FROM {}", list, input);
}

Result<std::string> SqlWriter::WithWindows(const sql::PlanNode& node,
                                           const sql::WindowSpec& window) {
  ASSIGN_OR_RETURN(std::string input, Input(node));
  if (window.window_start_column >= 0) {
    return fmt::format("SELECT *, c{} AS ws, c{} AS we FROM {}", window.window_start_column,
                       window.window_end_column, input);
  }
  const DataType& type = node.inputs[0]->output[window.time_column].type;
  std::string time = Column(window.time_column);
  if (type.Is(TypeRoot::kTimestampLtz)) {
    // Windows are cut in local time.
    auto local = sql::Expression::Call(DataType::Timestamp(type.precision()), "CAST",
                                       {sql::Expression::Column(type, 0)});
    ASSIGN_OR_RETURN(time, Scalar(local, {type}, {time}));
  }
  int64_t unit = UnitsPerMilli(type);
  auto floor = [&](int64_t slide) {
    return fmt::format("fb_floor_window({}, {}, {}, {})", time, unit, slide, window.offset_ms);
  };
  switch (window.kind) {
    case sql::WindowKind::kTumble:
      return fmt::format("SELECT *, ws + {0} AS we FROM (SELECT *, {1} AS ws FROM {2})",
                         window.size_ms, floor(window.size_ms), input);
    case sql::WindowKind::kHop: {
      int64_t windows = (window.size_ms + window.slide_ms - 1) / window.slide_ms;
      return fmt::format(
          "SELECT * EXCLUDE (fb_last, fb_ts, fb_i), fb_last - fb_i * {0} AS ws, "
          "fb_last - fb_i * {0} + {1} AS we FROM (SELECT *, {2} AS fb_last, {3} AS fb_ts FROM {4}) "
          "CROSS JOIN (SELECT range AS fb_i FROM range({5})) WHERE fb_last - fb_i * {0} + {1} > "
          "fb_ts",
          window.slide_ms, window.size_ms, floor(window.slide_ms), floor(1), input, windows);
    }
    case sql::WindowKind::kCumulate: {
      int64_t steps = window.size_ms / window.slide_ms;
      return fmt::format(
          "SELECT * EXCLUDE (fb_ts, fb_i), ws + (fb_i + 1) * {0} AS we FROM "
          "(SELECT *, {1} AS ws, {2} AS fb_ts FROM {3}) "
          "CROSS JOIN (SELECT range AS fb_i FROM range({4})) WHERE ws + (fb_i + 1) * {0} > fb_ts",
          window.slide_ms, floor(window.size_ms), floor(1), input, steps);
    }
    case sql::WindowKind::kSession:
      return NotSupported(
          "SESSION windows in batch mode: SET 'execution.runtime-mode' = 'streaming'");
  }
  return Internal("unknown window kind");
}

Result<std::string> SqlWriter::WindowTime(const DataType& type) {
  if (!type.Is(TypeRoot::kTimestampLtz)) return "we - 1";
  DataType local = DataType::Timestamp(type.precision());
  auto moment = sql::Expression::Call(type, "CAST", {sql::Expression::Column(local, 0)});
  return Scalar(moment, {local}, {"(we - 1)"});
}

Result<std::string> SqlWriter::WindowTable(const sql::WindowTableNode& window) {
  ASSIGN_OR_RETURN(std::string windows, WithWindows(window, window.window));
  size_t columns = window.inputs[0]->output.size();
  ASSIGN_OR_RETURN(std::string time, WindowTime(window.output.back().type));
  return fmt::format("SELECT {}{}ws AS c{}, we AS c{}, {} AS c{} FROM ({})",
                     columns == 0 ? "" : ColumnList(columns), columns == 0 ? "" : ", ", columns,
                     columns + 1, time, columns + 2, windows);
}

Result<std::string> SqlWriter::WindowAggregate(const sql::WindowAggregateNode& window) {
  ASSIGN_OR_RETURN(std::string windows, WithWindows(window, window.window));
  std::string list;
  std::string group = "ws, we";
  int column = 0;
  for (int key : window.keys) {
    list += fmt::format("{}c{} AS c{}", list.empty() ? "" : ", ", key, column++);
    group += ", " + GroupKey(*window.inputs[0], key);
  }
  for (const sql::AggregateCall& call : window.calls) {
    ASSIGN_OR_RETURN(std::string item, AggregateCall(call, *window.inputs[0]));
    list += fmt::format("{}{} AS c{}", list.empty() ? "" : ", ", item, column++);
  }
  for (sql::WindowProperty property : window.properties) {
    std::string text = property == sql::WindowProperty::kStart ? "ws" : "we";
    if (property == sql::WindowProperty::kTime) {
      ASSIGN_OR_RETURN(text, WindowTime(window.output[static_cast<size_t>(column)].type));
    }
    list += fmt::format("{}{} AS c{}", list.empty() ? "" : ", ", text, column++);
  }
  return fmt::format("SELECT {} FROM ({}) GROUP BY {}", list, windows, group);
}

}  // namespace forebay::compute
