#include "sql/explain/explain.h"

#include "sql/explain/explain_details.h"

#include <fmt/format.h>

#include <map>

#include "model/catalog_name.h"
#include "sql/plan/match_node.h"
#include "sql/plan/python_call.h"

namespace forebay::sql {
namespace {

std::string Join(const std::vector<std::string>& parts) {
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : ", ") + part;
  return text;
}

std::string Name(const PlanNode& node, int column) {
  return column >= 0 && column < static_cast<int>(node.output.size()) ? node.output[column].name
                                                                      : std::to_string(column);
}

std::string Names(const PlanNode& node, const std::vector<int>& columns) {
  std::vector<std::string> names;
  for (int column : columns) names.push_back(Name(node, column));
  return Join(names);
}

std::string AllNames(const PlanNode& node) {
  std::vector<std::string> names;
  for (const Field& field : node.output) names.push_back(field.name);
  return Join(names);
}

std::string_view OperatorOf(const std::string& function) {
  static const std::map<std::string, std::string_view> kOperators = {
      {"EQUALS", "="},       {"NOT_EQUALS", "<>"},
      {"LESS_THAN", "<"},    {"LESS_THAN_OR_EQUAL", "<="},
      {"GREATER_THAN", ">"}, {"GREATER_THAN_OR_EQUAL", ">="},
      {"PLUS", "+"},         {"MINUS", "-"},
      {"TIMES", "*"},        {"DIVIDE", "/"}};
  auto it = kOperators.find(function);
  return it == kOperators.end() ? std::string_view(function) : it->second;
}

// The expression with column names, as Flink's prefix form: =(a, 1).
std::string Text(const Expression& e, const std::vector<Field>& input) {
  if (e.kind == ExpressionKind::kLiteral) return e.ToString();
  if (e.kind == ExpressionKind::kColumn) return input.at(e.column).name;
  if (e.function == "FIELD") {
    auto index = std::get<int64_t>(e.args[1]->value.data);
    return Text(*e.args[0], input) + "." + e.args[0]->type.fields()[index].name;
  }
  if (e.function == "CAST" || e.function == "TRY_CAST") {
    return fmt::format("{}({} AS {})", e.function, Text(*e.args[0], input),
                       e.type.Nullable().ToString());
  }
  std::vector<std::string> args;
  for (const ExpressionPtr& arg : e.args) args.push_back(Text(*arg, input));
  if (e.function.starts_with(kPythonScalar)) {
    args.erase(args.begin());
    std::string name = PythonNameOf(std::get<std::string>(e.args[0]->value.data));
    return fmt::format("{}({})", name, Join(args));
  }
  return fmt::format("{}({})", OperatorOf(e.function), Join(args));
}

std::string Projections(const CalcNode& calc) {
  const auto& input = calc.inputs[0]->output;
  std::vector<std::string> parts;
  for (size_t i = 0; i < calc.projections.size(); ++i) {
    std::string text = Text(*calc.projections[i], input);
    parts.push_back(text == calc.output[i].name ? text : text + " AS " + calc.output[i].name);
  }
  return Join(parts);
}

std::string Calls(const std::vector<AggregateCall>& calls, const PlanNode& input, bool retract) {
  std::vector<std::string> parts;
  for (const AggregateCall& call : calls) {
    std::string args = call.args.empty() ? "*" : Names(input, call.args);
    bool python = call.function.starts_with(kPythonAggregate);
    std::string name = call.function;
    if (python) name = PythonNameOf(name.substr(kPythonAggregate.size()));
    std::string text = fmt::format("{}{}({}{})", name, retract && !call.one_way ? "_RETRACT" : "",
                                   call.distinct ? "DISTINCT " : "", args);
    if (call.filter >= 0) text += " FILTER " + Name(input, call.filter);
    parts.push_back(text + " AS " + call.name);
  }
  return Join(parts);
}

std::string Duration(int64_t millis) {
  if (millis % 86400000 == 0) return fmt::format("{} d", millis / 86400000);
  if (millis % 3600000 == 0) return fmt::format("{} h", millis / 3600000);
  if (millis % 60000 == 0) return fmt::format("{} min", millis / 60000);
  return millis % 1000 == 0 ? fmt::format("{} s", millis / 1000) : fmt::format("{} ms", millis);
}

std::string Window(const WindowSpec& w, const PlanNode& input) {
  std::vector<std::string> parts;
  if (w.window_start_column >= 0) {
    parts.push_back(fmt::format("win_start=[{}]", Name(input, w.window_start_column)));
    parts.push_back(fmt::format("win_end=[{}]", Name(input, w.window_end_column)));
  } else {
    parts.push_back(fmt::format("time_col=[{}]", Name(input, w.time_column)));
  }
  std::string size = Duration(w.size_ms);
  std::string slide = Duration(w.slide_ms);
  const char* kind = "TUMBLE";
  switch (w.kind) {
    case WindowKind::kTumble: parts.push_back("size=[" + size + "]"); break;
    case WindowKind::kHop:
      kind = "HOP";
      parts.push_back(fmt::format("size=[{}], slide=[{}]", size, slide));
      break;
    case WindowKind::kCumulate:
      kind = "CUMULATE";
      parts.push_back(fmt::format("max_size=[{}], step=[{}]", size, slide));
      break;
    case WindowKind::kSession:
      kind = "SESSION";
      parts.push_back("gap=[" + size + "]");
      if (!w.partition_keys.empty()) {
        parts.push_back(fmt::format("partition keys=[{}]", Names(input, w.partition_keys)));
      }
      break;
  }
  if (w.offset_ms != 0) parts.push_back(fmt::format("offset=[{}]", Duration(w.offset_ms)));
  return fmt::format("{}({})", kind, Join(parts));
}

std::string Order(const std::vector<SortKey>& order, const PlanNode& input) {
  std::vector<std::string> parts;
  for (const SortKey& key : order) {
    parts.push_back(Name(input, key.column) + (key.descending ? " DESC" : " ASC"));
  }
  return Join(parts);
}

std::string Table(const TableRef& table) {
  const auto& [catalog, database] = model::SplitDatabase(table.path.database);
  return fmt::format("{}.{}.{}", catalog, database, table.path.table);
}

std::string JoinText(const JoinNode& join) {
  static constexpr const char* kKinds[] = {"InnerJoin",     "LeftOuterJoin", "RightOuterJoin",
                                           "FullOuterJoin", "LeftSemiJoin",  "LeftAntiJoin"};
  std::vector<Field> both = join.inputs[0]->output;
  both.insert(both.end(), join.inputs[1]->output.begin(), join.inputs[1]->output.end());
  std::vector<std::string> where;
  for (size_t i = 0; i < join.left_keys.size(); ++i) {
    where.push_back(fmt::format("=({}, {})", Name(*join.inputs[0], join.left_keys[i]),
                                Name(*join.inputs[1], join.right_keys[i])));
  }
  if (join.condition != nullptr) where.push_back(Text(*join.condition, both));
  std::string name = join.windowed   ? "WindowJoin"
                     : join.interval ? "IntervalJoin"
                     : join.versions ? "TemporalJoin"
                                     : "Join";
  std::string bounds;
  if (join.interval) {
    bounds = fmt::format(
        "windowBounds=[is{}Time=true, leftLowerBound={}, leftUpperBound={}, leftTimeIndex={}, "
        "rightTimeIndex={}], ",
        join.interval->is_rowtime ? "Row" : "Proc", join.interval->lower_ms,
        join.interval->upper_ms, join.interval->left_time, join.interval->right_time);
  }
  if (join.versions) {
    where.push_back(fmt::format("__TEMPORAL_JOIN_CONDITION({}, {})",
                                Name(*join.inputs[0], join.versions->left_time),
                                Name(*join.inputs[1], join.versions->right_time)));
  }
  return fmt::format("{}(joinType=[{}], {}where=[{}], select=[{}]", name,
                     kKinds[static_cast<int>(join.join)], bounds, Join(where), AllNames(join));
}

std::string SinkText(const SinkNode& sink) {
  std::string text = fmt::format("Sink(table=[{}]", Table(sink.table));
  if (!sink.target_columns.empty()) {
    text += fmt::format(", targetColumns=[{}]", Names(*sink.inputs[0], sink.target_columns));
  }
  return fmt::format("{}, fields=[{}]", text, AllNames(*sink.inputs[0]));
}

std::string RankText(const RankNode& rank) {
  return fmt::format(
      "{}(rankType=[ROW_NUMBER], rankRange=[rankStart={}, rankEnd={}], partitionBy=[{}], "
      "orderBy=[{}], select=[{}]",
      rank.windowed ? "WindowRank" : "Rank", rank.rank_start, rank.rank_end,
      Names(*rank.inputs[0], rank.keys), Order(rank.order, *rank.inputs[0]), AllNames(rank));
}

std::string Bound(const FrameBound& bound) {
  switch (bound.kind) {
    case FrameBoundKind::kUnboundedPreceding: return "UNBOUNDED PRECEDING";
    case FrameBoundKind::kPreceding: return fmt::format("{} PRECEDING", bound.offset);
    case FrameBoundKind::kCurrentRow: return "CURRENT ROW";
    case FrameBoundKind::kFollowing: return fmt::format("{} FOLLOWING", bound.offset);
    case FrameBoundKind::kUnboundedFollowing: return "UNBOUNDED FOLLOWING";
  }
  return "?";
}

std::string OverText(const OverAggregateNode& over) {
  const PlanNode& input = *over.inputs[0];
  std::string partition = Names(input, over.keys);
  return fmt::format("OverAggregate({}orderBy=[{}], window=[{} BETWEEN {} AND {}], select=[{}, {}]",
                     partition.empty() ? "" : fmt::format("partitionBy=[{}], ", partition),
                     Order(over.order, input), over.frame.is_rows ? "ROWS" : "RANGE",
                     Bound(over.frame.start), Bound(over.frame.end), AllNames(input),
                     Calls(over.calls, input, false));
}

std::string ChangelogText(const ChangelogNode& node) {
  std::string codes;
  for (const auto& [code, change] : node.codes) {
    codes += fmt::format("{}{}={}", codes.empty() ? "" : ", ", model::ChangeTypeText(change), code);
  }
  return fmt::format("ProcessTableFunction(invocation=[{}], codes=[{}], select=[{}]",
                     node.to_rows ? "TO_CHANGELOG" : "FROM_CHANGELOG", codes, AllNames(node));
}

std::string LookupText(const LookupJoinNode& join) {
  std::vector<std::string> keys;
  for (const ExpressionPtr& key : join.keys) keys.push_back(Text(*key, join.inputs[0]->output));
  std::string retry;
  if (join.retries > 0) {
    retry = fmt::format(", retry=[lookup_miss, FIXED_DELAY, {}ms, {}]", join.retry_delay_ms,
                        join.retries);
  }
  return fmt::format("LookupJoin(table=[{}], joinType=[{}]{}, lookup=[{}], select=[{}]{}",
                     Table(join.table), join.left_outer ? "LeftOuterJoin" : "InnerJoin",
                     join.unordered ? ", async=[UNORDERED]" : "", Join(keys), AllNames(join),
                     retry);
}

std::string UnnestText(const UnnestNode& unnest) {
  bool column = unnest.collection->kind == ExpressionKind::kColumn;
  std::string call =
      fmt::format("$UNNEST_ROWS{}$1({}{})", unnest.with_ordinality ? "_WITH_ORDINALITY" : "",
                  column ? "$cor0." : "", Text(*unnest.collection, unnest.inputs[0]->output));
  return fmt::format("Correlate(invocation=[{}], correlate=[table({})], select=[{}], joinType=[{}]",
                     call, call, AllNames(unnest), unnest.left_outer ? "LEFT" : "INNER");
}

/// The columns of expressions over a match, as written: LAST(A.price, 1), SUM(A.price).
std::vector<Field> MatchFields(const MatchNode& match, const MatchInput& read) {
  auto name = [&](int variable) {
    return variable < 0 ? std::string("*") : match.variables[variable].name;
  };
  const PlanNode& input = *match.inputs[0];
  std::vector<Field> fields;
  for (const MatchCell& cell : read.cells) {
    std::string column = name(cell.variable) + "." + Name(input, cell.column);
    fields.push_back(
        {fmt::format("{}({}, {})", cell.from_first ? "FIRST" : "LAST", column, cell.offset),
         cell.type});
  }
  for (const MatchAggregate& aggregate : read.aggregates) {
    std::vector<Field> row = input.output;
    for (Field& field : row) field.name = name(aggregate.variable) + "." + field.name;
    std::vector<std::string> args;
    for (const ExpressionPtr& arg : aggregate.args) args.push_back(Text(*arg, row));
    fields.push_back(
        {fmt::format("{}({})", aggregate.call.function, args.empty() ? "*" : Join(args)),
         aggregate.call.type});
  }
  fields.push_back({"MATCH_ROWTIME()", model::DataType::Timestamp(3)});
  return fields;
}

std::string QuantifierText(const MatchVariable& variable) {
  std::string text = variable.name;
  if (variable.min == 0 && variable.max < 0) {
    text += "*";
  } else if (variable.min == 1 && variable.max < 0) {
    text += "+";
  } else if (variable.min == 0 && variable.max == 1) {
    text += "?";
  } else if (variable.max < 0) {
    text += fmt::format("{{{},}}", variable.min);
  } else if (variable.min != 1 || variable.max != 1) {
    text += fmt::format("{{{},{}}}", variable.min, variable.max);
  }
  return text + (variable.reluctant ? "?" : "");
}

std::string MatchText(const MatchNode& match) {
  const PlanNode& input = *match.inputs[0];
  std::vector<std::string> parts;
  if (!match.keys.empty())
    parts.push_back(fmt::format("partitionBy=[{}]", Names(input, match.keys)));
  parts.push_back(fmt::format("orderBy=[{}]", Order(match.order, input)));
  std::vector<std::string> measures;
  std::vector<Field> fields = MatchFields(match, match.input);
  for (size_t i = 0; i < match.measures.size(); ++i) {
    measures.push_back(fmt::format("FINAL({}) AS {}", Text(*match.measures[i], fields),
                                   Name(match, static_cast<int>(match.keys.size() + i))));
  }
  parts.push_back(fmt::format("measures=[{}], rowsPerMatch=[ONE ROW PER MATCH]", Join(measures)));
  static constexpr const char* kSkips[] = {"TO NEXT ROW", "PAST LAST ROW", "TO FIRST ", "TO LAST "};
  std::string skip = kSkips[static_cast<int>(match.skip)];
  if (skip.ends_with(' ')) skip += match.variables[match.skip_variable].name;
  parts.push_back(fmt::format("after=[SKIP {}]", skip));
  std::string pattern;
  std::vector<std::string> definitions;
  for (const MatchVariable& variable : match.variables) {
    pattern += (pattern.empty() ? "" : " ") + QuantifierText(variable);
    if (variable.condition == nullptr) continue;
    definitions.push_back(fmt::format(
        "{} AS {}", variable.name, Text(*variable.condition, MatchFields(match, variable.input))));
  }
  parts.push_back(fmt::format("pattern=[({})]", pattern));
  if (match.within_ms > 0) parts.push_back(fmt::format("within=[{}]", Duration(match.within_ms)));
  parts.push_back(fmt::format("define=[{}]", Join(definitions)));
  return "Match(" + Join(parts);
}

std::string ScanText(const TableScanNode& scan) {
  std::string text = fmt::format("TableSourceScan(table=[[{}", Table(scan.table));
  std::vector<std::string> filters;
  for (const ExpressionPtr& e : scan.pushed_filters) filters.push_back(Text(*e, scan.output));
  if (scan.part == ScanPart::kLake) text += ", part=lake";
  if (scan.part == ScanPart::kChangelog) text += ", part=changelog";
  if (!filters.empty()) text += fmt::format(", filter=[{}]", Join(filters));
  return text + fmt::format("]], fields=[{}]", AllNames(scan));
}

std::string CalcText(const CalcNode& calc) {
  std::string text = fmt::format("Calc(select=[{}]", Projections(calc));
  if (calc.condition == nullptr) return text;
  return text + fmt::format(", where=[{}]", Text(*calc.condition, calc.inputs[0]->output));
}

std::string AggregateText(const AggregateNode& aggregate) {
  const PlanNode& input = *aggregate.inputs[0];
  bool retract = !input.changelog.IsInsertOnly();
  std::string keys = Names(input, aggregate.keys);
  std::string calls = Calls(aggregate.calls, input, retract);
  std::string text = "GroupAggregate(";
  if (!keys.empty()) text += fmt::format("groupBy=[{}], ", keys);
  return text +
         fmt::format("select=[{}{}{}]", keys, keys.empty() || calls.empty() ? "" : ", ", calls);
}

std::string EmitText(const WindowEmit& emit) {
  std::vector<std::string> parts;
  auto add = [&](const char* name, std::optional<int64_t> delay_ms) {
    if (!delay_ms) return;
    std::string delay = *delay_ms > 0 ? fmt::format("delay {} millisecond", *delay_ms) : "no delay";
    parts.push_back(fmt::format("{} {}", name, delay));
  };
  add("early", emit.early_ms);
  add("late", emit.late_ms);
  return Join(parts);
}

std::string WindowAggregateText(const WindowAggregateNode& aggregate) {
  const PlanNode& input = *aggregate.inputs[0];
  std::string keys = Names(input, aggregate.keys);
  std::string text = "WindowAggregate(";
  if (!keys.empty()) text += fmt::format("groupBy=[{}], ", keys);
  std::vector<std::string> select;
  if (!keys.empty()) select.push_back(keys);
  if (!aggregate.calls.empty()) select.push_back(Calls(aggregate.calls, input, false));
  for (WindowProperty p : aggregate.properties) {
    select.push_back(p == WindowProperty::kStart ? "start('w$) AS window_start"
                     : p == WindowProperty::kEnd ? "end('w$) AS window_end"
                                                 : "time('w$) AS window_time");
  }
  if (aggregate.emit) text += fmt::format("emit=[{}], ", EmitText(*aggregate.emit));
  return text +
         fmt::format("window=[{}], select=[{}]", Window(aggregate.window, input), Join(select));
}

std::string LimitText(const LimitNode& limit) {
  std::string fetch = limit.fetch ? std::to_string(*limit.fetch) : "unlimited";
  std::string text = limit.order.empty() ? "Limit(" : "SortLimit(";
  if (!limit.order.empty()) text += fmt::format("orderBy=[{}], ", Order(limit.order, limit));
  return text + fmt::format("offset=[{}], fetch=[{}]", limit.offset, fetch);
}

// Everything but the closing parenthesis.
std::string NodeText(const PlanNode& node) {
  switch (node.kind) {
    case PlanKind::kTableScan: return ScanText(static_cast<const TableScanNode&>(node));
    case PlanKind::kValues:
      return fmt::format("Values(tuples=[{}]", static_cast<const ValuesNode&>(node).rows.size());
    case PlanKind::kCalc: return CalcText(static_cast<const CalcNode&>(node));
    case PlanKind::kWatermark: {
      const auto& watermark = static_cast<const WatermarkNode&>(node);
      return fmt::format("WatermarkAssigner(rowtime=[{}], watermark=[{}]",
                         Name(node, watermark.rowtime), Text(*watermark.expression, node.output));
    }
    case PlanKind::kAggregate: return AggregateText(static_cast<const AggregateNode&>(node));
    case PlanKind::kWindowTable:
      return fmt::format("WindowTableFunction(window=[{}]",
                         Window(static_cast<const WindowTableNode&>(node).window, *node.inputs[0]));
    case PlanKind::kWindowAggregate:
      return WindowAggregateText(static_cast<const WindowAggregateNode&>(node));
    case PlanKind::kJoin: return JoinText(static_cast<const JoinNode&>(node));
    case PlanKind::kLookupJoin: return LookupText(static_cast<const LookupJoinNode&>(node));
    case PlanKind::kRank: return RankText(static_cast<const RankNode&>(node));
    case PlanKind::kDeduplicate: {
      const auto& d = static_cast<const DeduplicateNode&>(node);
      std::string where;
      if (d.condition != nullptr) where = fmt::format(", where=[{}]", Text(*d.condition, d.output));
      if (d.normalizes) {
        return fmt::format("ChangelogNormalize(key=[{}]{}", Names(node, d.keys), where);
      }
      return fmt::format("Deduplicate(keep=[{}Row], key=[{}], order=[{}]",
                         d.keep_last ? "Last" : "First", Names(node, d.keys),
                         d.is_rowtime ? "ROWTIME" : "PROCTIME");
    }
    case PlanKind::kOverAggregate: return OverText(static_cast<const OverAggregateNode&>(node));
    case PlanKind::kUnnest: return UnnestText(static_cast<const UnnestNode&>(node));
    case PlanKind::kMatch: return MatchText(static_cast<const MatchNode&>(node));
    case PlanKind::kChangelog: return ChangelogText(static_cast<const ChangelogNode&>(node));
    case PlanKind::kUnion: return fmt::format("Union(all=[true], union=[{}]", AllNames(node));
    case PlanKind::kSort:
      return fmt::format("Sort(orderBy=[{}]",
                         Order(static_cast<const SortNode&>(node).order, node));
    case PlanKind::kLimit: return LimitText(static_cast<const LimitNode&>(node));
    case PlanKind::kSink: return SinkText(static_cast<const SinkNode&>(node));
  }
  return "?";
}

/// Prints a DAG as a tree. Lives for one call of ExplainPlan.
class Printer {
 public:
  Printer(const std::vector<PlanPtr>& roots, bool modes, bool costs)
      : modes_(modes), costs_(costs) {
    for (const PlanPtr& root : roots) Count(*root);
  }

  void Print(const PlanNode& node, const std::string& lead, const std::string& indent) {
    if (auto it = reuse_.find(&node); it != reuse_.end()) {
      text_ += fmt::format("{}Reused(reference_id=[{}])\n", lead, it->second);
      return;
    }
    text_ += lead + NodeText(node);
    bool hinted = !node.state_ttl_hint.empty() && !node.state_ttl_ms.empty();
    if (hinted)
      text_ += fmt::format(", stateTtlHints=[[[STATE_TTL options:{}]]]", node.state_ttl_hint);
    if (modes_) {
      bool sink = node.kind == PlanKind::kSink;
      text_ += fmt::format(", changelogMode={}", sink ? "[NONE]" : node.changelog.ToString());
    }
    text_ += ")";
    if (consumers_[&node] > 1) {
      int id = static_cast<int>(reuse_.size()) + 1;
      reuse_[&node] = id;
      text_ += fmt::format("(reuse_id=[{}])", id);
    }
    if (costs_) text_ += fmt::format(": rowcount = {}", EstimatedRows(node));
    text_ += "\n";
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      bool last = i + 1 == node.inputs.size();
      Print(*node.inputs[i], indent + (last ? "+- " : ":- "), indent + (last ? "   " : ":  "));
    }
  }

  std::string text() && { return std::move(text_); }

 private:
  void Count(const PlanNode& node) {
    if (consumers_[&node]++ > 0) return;
    for (const PlanPtr& input : node.inputs) Count(*input);
  }

  bool modes_;
  bool costs_;
  std::map<const PlanNode*, int> consumers_;
  std::map<const PlanNode*, int> reuse_;
  std::string text_;
};

}  // namespace

std::string ExplainPlan(const std::vector<PlanPtr>& roots, bool changelog_modes,
                        bool estimated_cost) {
  Printer printer(roots, changelog_modes, estimated_cost);
  for (const PlanPtr& root : roots) printer.Print(*root, "", "");
  return "== Optimized Physical Plan ==\n" + std::move(printer).text();
}

}  // namespace forebay::sql
