#include "compute/batch/sql_writer.h"

#include <fmt/format.h>

#include <algorithm>

#include "compute/batch/duckdb_functions.h"
#include "model/prefix_key.h"
#include "sql/plan/plan_json.h"

namespace forebay::compute {

using sql::PlanKind;
using sql::PlanNode;

std::string ColumnList(size_t count, const std::string& prefix) {
  if (count == 0) return prefix + "c0";  // the dummy column of a node without columns
  std::string list;
  for (size_t i = 0; i < count; ++i) list += fmt::format("{}{}c{}", i > 0 ? ", " : "", prefix, i);
  return list;
}

std::string OrderList(const std::vector<sql::SortKey>& order) {
  std::string list;
  for (const sql::SortKey& key : order) {
    list += fmt::format("{}c{} {} NULLS {}", list.empty() ? "" : ", ", key.column,
                        key.descending ? "DESC" : "ASC", key.nulls_first ? "FIRST" : "LAST");
  }
  return list;
}

std::string GroupKey(const sql::PlanNode& input, int column) {
  const model::DataType& type = input.output[static_cast<size_t>(column)].type;
  bool floating = type.Is(model::TypeRoot::kFloat) || type.Is(model::TypeRoot::kDouble);
  if (!floating) return fmt::format("c{}", column);
  return fmt::format("c{0}, c{0} = 0 AND signbit(c{0})", column);
}

namespace {

std::string KeyList(const std::vector<int>& keys) {
  std::string list;
  for (int key : keys) list += fmt::format("{}c{}", list.empty() ? "" : ", ", key);
  return list;
}

std::vector<std::string> ColumnNames(size_t count, const std::string& prefix = "") {
  std::vector<std::string> names;
  for (size_t i = 0; i < count; ++i) names.push_back(fmt::format("{}c{}", prefix, i));
  return names;
}

}  // namespace

void SqlWriter::CountConsumers(const PlanNode& node) {
  for (const sql::PlanPtr& input : node.inputs) {
    if (consumers_[input.get()]++ == 0) CountConsumers(*input);
  }
}

Result<std::string> SqlWriter::Write(const PlanNode& root) {
  CountConsumers(root);
  ASSIGN_OR_RETURN(std::string body, Body(root));
  std::string text;
  for (const std::string& cte : ctes_) text += (text.empty() ? "WITH " : ",\n") + cte;
  return text + (text.empty() ? "" : "\n") + body;
}

Result<std::string> SqlWriter::Input(const PlanNode& node, size_t index) {
  const PlanNode* input = node.inputs[index].get();
  if (auto it = names_.find(input); it != names_.end()) return Guarded(node, it->second);
  ASSIGN_OR_RETURN(std::string body, Body(*input));
  std::string name = fmt::format("n{}", next_++);
  // Inlined twice, its scans would run twice.
  const char* materialized = consumers_[input] > 1 ? "MATERIALIZED " : "";
  ctes_.push_back(fmt::format("{} AS {}({})", name, materialized, body));
  names_[input] = name;
  return Guarded(node, name);
}

Result<std::string> SqlWriter::Guarded(const PlanNode& node, const std::string& input) {
  if (!NeedsGuard(node, letters_)) return input;
  auto [guarded, is_new] = guarded_.try_emplace(&node, fmt::format("n{}", next_));
  if (!is_new) return guarded->second;
  std::string function = fmt::format("fb_good{}", next_++);
  std::vector<model::DataType> types = node.inputs[0]->OutputTypes();
  RETURN_IF_ERROR(
      RegisterGuard(connection_, function, GuardOf(node, context_, *letters_), std::move(types)));
  ctes_.push_back(fmt::format("{} AS (SELECT * FROM {} WHERE {}({}))", guarded->second, input,
                              function, ColumnList(node.inputs[0]->output.size())));
  return guarded->second;
}

Result<std::string> SqlWriter::Body(const PlanNode& node) {
  switch (node.kind) {
    case PlanKind::kTableScan: return TableScan(static_cast<const sql::TableScanNode&>(node));
    case PlanKind::kValues: return Values(static_cast<const sql::ValuesNode&>(node));
    case PlanKind::kCalc: return Calc(static_cast<const sql::CalcNode&>(node));
    case PlanKind::kAggregate: return Aggregate(static_cast<const sql::AggregateNode&>(node));
    case PlanKind::kWindowTable: return WindowTable(static_cast<const sql::WindowTableNode&>(node));
    case PlanKind::kWindowAggregate:
      return WindowAggregate(static_cast<const sql::WindowAggregateNode&>(node));
    case PlanKind::kJoin: return Join(static_cast<const sql::JoinNode&>(node));
    case PlanKind::kLookupJoin: return LookupJoin(static_cast<const sql::LookupJoinNode&>(node));
    case PlanKind::kRank: return Rank(static_cast<const sql::RankNode&>(node));
    case PlanKind::kDeduplicate: return Deduplicate(static_cast<const sql::DeduplicateNode&>(node));
    case PlanKind::kOverAggregate:
      return OverAggregate(static_cast<const sql::OverAggregateNode&>(node));
    case PlanKind::kUnnest: return Unnest(static_cast<const sql::UnnestNode&>(node));
    case PlanKind::kMatch: return Match(static_cast<const sql::MatchNode&>(node));
    case PlanKind::kChangelog: return NotSupported("changes as rows in batch mode");
    case PlanKind::kUnion: return Union(static_cast<const sql::UnionNode&>(node));
    case PlanKind::kLimit: return Limit(static_cast<const sql::LimitNode&>(node));
    case PlanKind::kSort: {
      ASSIGN_OR_RETURN(std::string input, Input(node));
      return fmt::format("SELECT * FROM {} ORDER BY {}", input,
                         OrderList(static_cast<const sql::SortNode&>(node).order));
    }
    case PlanKind::kWatermark:
    case PlanKind::kSink: {  // batch mode has no watermarks; rows are written by the caller
      ASSIGN_OR_RETURN(std::string input, Input(node));
      return fmt::format("SELECT * FROM {}", input);
    }
  }
  return Internal("unknown plan node {}", static_cast<int>(node.kind));
}

Result<std::string> SqlWriter::TableScan(const sql::TableScanNode& scan) {
  auto limit = limits_.find(&scan);
  ASSIGN_OR_RETURN(
      BatchReaders readers,
      open_scan_(scan, limit == limits_.end() ? std::nullopt : std::optional(limit->second)));
  std::string name = fmt::format("fb_scan{}", next_++);
  RETURN_IF_ERROR(RegisterScan(connection_, name, std::move(readers), scan.OutputTypes()));
  return fmt::format("SELECT * FROM {}()", name);
}

Result<std::string> SqlWriter::Values(const sql::ValuesNode& values) {
  std::vector<model::DataType> types = values.OutputTypes();
  model::BatchBuilder builder(types, static_cast<int>(values.rows.size()));
  for (const auto& row : values.rows) {
    for (size_t i = 0; i < row.size(); ++i) {
      ASSIGN_OR_RETURN(model::Value value, EvaluateConstant(row[i], context_));
      model::AppendValue(builder.column(static_cast<int>(i)), value);
    }
    builder.FinishRow();
  }
  BatchReaders readers;
  readers.push_back(ReaderOf({builder.Finish()}));
  std::string name = fmt::format("fb_scan{}", next_++);
  RETURN_IF_ERROR(RegisterScan(connection_, name, std::move(readers), types));
  return fmt::format("SELECT * FROM {}()", name);
}

Result<std::string> SqlWriter::Scalar(const sql::ExpressionPtr& expression,
                                      const std::vector<model::DataType>& types,
                                      const std::vector<std::string>& column_names,
                                      MakeFailedRows failed_rows) {
  if (expression->kind == sql::ExpressionKind::kColumn) return column_names[expression->column];
  std::vector<bool> used(types.size(), false);
  sql::CollectColumns(*expression, used);
  std::vector<int> columns;
  std::string arguments;
  for (size_t i = 0; i < used.size(); ++i) {
    // A row that fails is shown whole.
    if (used[i] || failed_rows != nullptr) columns.push_back(static_cast<int>(i));
  }
  // A call without columns still needs one, to be told how many rows there are.
  if (columns.empty() && !types.empty()) columns.push_back(0);
  if (columns.empty()) return NotSupported("an expression over an input without columns");
  for (int column : columns) arguments += (arguments.empty() ? "" : ", ") + column_names[column];
  std::string name = fmt::format("fb_expr{}", next_++);
  RETURN_IF_ERROR(RegisterExpression(connection_, name, expression, columns, types, context_,
                                     std::move(failed_rows)));
  return fmt::format("{}({})", name, arguments);
}

MakeFailedRows SqlWriter::FailedRowsOf(const sql::PlanNode& node,
                                       const std::vector<sql::Field>& fields) {
  if (letters_ == nullptr) return nullptr;
  std::vector<std::string> names;
  for (const sql::Field& field : fields) names.push_back(field.name);
  return [letters = letters_, origin = std::string(sql::KindName(node.kind)), names] {
    return std::make_unique<LettersOf>(*letters, kExpressionError, origin, names);
  };
}

Result<std::string> SqlWriter::Calc(const sql::CalcNode& calc) {
  ASSIGN_OR_RETURN(std::string input, Input(calc));
  std::vector<model::DataType> types = calc.inputs[0]->OutputTypes();
  if (types.empty()) types.push_back(model::DataType::Boolean());
  std::vector<std::string> names = ColumnNames(types.size());
  std::string list;
  for (size_t i = 0; i < calc.projections.size(); ++i) {
    ASSIGN_OR_RETURN(std::string item, Scalar(calc.projections[i], types, names));
    list += fmt::format("{}{} AS c{}", i > 0 ? ", " : "", item, i);
  }
  if (list.empty()) list = "c0";
  std::string text = fmt::format("SELECT {} FROM {}", list, input);
  if (calc.condition != nullptr && !NeedsGuard(calc, letters_)) {
    ASSIGN_OR_RETURN(std::string condition, Scalar(calc.condition, types, names));
    text += " WHERE " + condition;
  }
  return text;
}

Result<std::string> SqlWriter::Aggregate(const sql::AggregateNode& aggregate) {
  ASSIGN_OR_RETURN(std::string input, Input(aggregate));
  std::string list;
  int column = 0;
  for (int key : aggregate.keys) {
    list += fmt::format("{}c{} AS c{}", list.empty() ? "" : ", ", key, column++);
  }
  for (const sql::AggregateCall& call : aggregate.calls) {
    ASSIGN_OR_RETURN(std::string item, AggregateCall(call, *aggregate.inputs[0]));
    list += fmt::format("{}{} AS c{}", list.empty() ? "" : ", ", item, column++);
  }
  std::string text = fmt::format("SELECT {} FROM {}", list, input);
  for (size_t i = 0; i < aggregate.keys.size(); ++i) {
    text += (i == 0 ? " GROUP BY " : ", ") + GroupKey(*aggregate.inputs[0], aggregate.keys[i]);
  }
  return text;
}

namespace {

void SplitConjuncts(const sql::ExpressionPtr& e, std::vector<sql::ExpressionPtr>& conjuncts) {
  if (e->kind != sql::ExpressionKind::kCall || e->function != "AND") {
    return conjuncts.push_back(e);
  }
  for (const sql::ExpressionPtr& arg : e->args) SplitConjuncts(arg, conjuncts);
}

/// Whether the expression reads columns of [begin, end), and no others.
bool ReadsOnly(const sql::Expression& e, size_t count, size_t begin, size_t end) {
  std::vector<bool> used(count);
  sql::CollectColumns(e, used);
  bool any = false;
  for (size_t i = 0; i < count; ++i) {
    if (used[i] && (i < begin || i >= end)) return false;
    any = any || used[i];
  }
  return any;
}

/// The operator of a comparison of one side of a join with the other that DuckDB makes as we do;
/// empty for other conditions. DuckDB has faster joins for these than for opaque functions.
std::string_view NativeComparison(const sql::Expression& e, size_t left, size_t all) {
  static const std::map<std::string, std::string_view> kOperators = {
      {"EQUALS", "="},       {"NOT_EQUALS", "<>"},
      {"LESS_THAN", "<"},    {"LESS_THAN_OR_EQUAL", "<="},
      {"GREATER_THAN", ">"}, {"GREATER_THAN_OR_EQUAL", ">="}};
  auto it = kOperators.find(e.function);
  if (e.kind != sql::ExpressionKind::kCall || it == kOperators.end()) return {};
  const model::DataType& type = e.args[0]->type;
  bool same = type.IsInteger() || type.IsCharacter() || type.IsTemporal() ||
              type.Is(model::TypeRoot::kDecimal);
  if (!same || !type.EqualsIgnoringNullability(e.args[1]->type)) return {};
  auto sides = [&](const sql::Expression& a, const sql::Expression& b) {
    return ReadsOnly(a, all, 0, left) && ReadsOnly(b, all, left, all);
  };
  bool across = sides(*e.args[0], *e.args[1]) || sides(*e.args[1], *e.args[0]);
  return across ? it->second : std::string_view();
}

}  // namespace

Result<std::string> SqlWriter::JoinCondition(const sql::ExpressionPtr& condition,
                                             const std::vector<model::DataType>& types,
                                             const std::vector<std::string>& names, size_t left,
                                             MakeFailedRows failed_rows) {
  std::vector<sql::ExpressionPtr> conjuncts;
  SplitConjuncts(condition, conjuncts);
  auto cannot_fail = [&](const sql::ExpressionPtr& e) {
    return !NativeComparison(*e, left, types.size()).empty() &&
           e->args[0]->kind == sql::ExpressionKind::kColumn &&
           e->args[1]->kind == sql::ExpressionKind::kColumn;
  };
  if (failed_rows && !std::all_of(conjuncts.begin(), conjuncts.end(), cannot_fail)) {
    return Scalar(condition, types, names, std::move(failed_rows));
  }
  std::string text;
  for (const sql::ExpressionPtr& e : conjuncts) {
    if (!text.empty()) text += " AND ";
    std::string_view comparison = NativeComparison(*e, left, types.size());
    if (comparison.empty()) {
      ASSIGN_OR_RETURN(std::string call, Scalar(e, types, names));
      text += call;
      continue;
    }
    ASSIGN_OR_RETURN(std::string a, Scalar(e->args[0], types, names));
    ASSIGN_OR_RETURN(std::string b, Scalar(e->args[1], types, names));
    text += fmt::format("{} {} {}", a, comparison, b);
  }
  return text;
}

Result<std::string> SqlWriter::Join(const sql::JoinNode& join) {
  ASSIGN_OR_RETURN(std::string left, Input(join, 0));
  ASSIGN_OR_RETURN(std::string right, Input(join, 1));
  std::vector<model::DataType> types = join.inputs[0]->OutputTypes();
  std::vector<std::string> names = ColumnNames(types.size(), "l.");
  std::vector<model::DataType> right_types = join.inputs[1]->OutputTypes();
  types.insert(types.end(), right_types.begin(), right_types.end());
  std::vector<std::string> right_names = ColumnNames(right_types.size(), "r.");
  names.insert(names.end(), right_names.begin(), right_names.end());
  std::string on;
  for (size_t i = 0; i < join.left_keys.size(); ++i) {
    on += fmt::format("{}l.c{} = r.c{}", on.empty() ? "" : " AND ", join.left_keys[i],
                      join.right_keys[i]);
  }
  if (join.condition != nullptr) {
    std::vector<sql::Field> fields = join.inputs[0]->output;
    size_t left_count = fields.size();
    fields.insert(fields.end(), join.inputs[1]->output.begin(), join.inputs[1]->output.end());
    ASSIGN_OR_RETURN(std::string condition, JoinCondition(join.condition, types, names, left_count,
                                                          FailedRowsOf(join, fields)));
    on += (on.empty() ? "" : " AND ") + condition;
  }
  static constexpr const char* kWords[] = {"INNER", "LEFT", "RIGHT", "FULL", "SEMI", "ANTI"};
  std::string list;
  for (size_t i = 0; i < join.output.size(); ++i) {
    list += fmt::format("{}{} AS c{}", i > 0 ? ", " : "", names[i], i);
  }
  return fmt::format("SELECT {} FROM {} l {} JOIN {} r ON {}", list.empty() ? "l.c0" : list, left,
                     kWords[static_cast<int>(join.join)], right, on.empty() ? "TRUE" : on);
}

Result<std::string> SqlWriter::LookupJoin(const sql::LookupJoinNode& join) {
  if (join.table.IsForeign()) {
    return NotSupported("a lookup join with a table of connector '{}'", join.table.connector());
  }
  ASSIGN_OR_RETURN(std::string left, Input(join));
  const model::Schema& schema = join.table.info.descriptor.schema;
  sql::TableScanNode scan;
  scan.table = join.table;
  scan.columns = schema.PrimaryKeyIndexes();
  if (join.keys.size() < scan.columns.size()) {
    scan.columns = model::PrefixLookupKey(join.table.info.descriptor);
  }
  size_t key_count = scan.columns.size();
  scan.columns.insert(scan.columns.end(), join.columns.begin(), join.columns.end());
  for (int column : scan.columns) {
    scan.output.push_back({schema.columns[column].name, schema.columns[column].type});
  }
  ASSIGN_OR_RETURN(std::string right, TableScan(scan));
  right += " WHERE TRUE";
  std::vector<model::DataType> types = join.inputs[0]->OutputTypes();
  size_t left_count = types.size();
  std::vector<std::string> names = ColumnNames(left_count, "l.");
  std::string on = "TRUE";
  for (size_t i = 0; i < join.keys.size(); ++i) {
    // Rows of other keys must not meet the condition, which may fail for a row of the left.
    if (join.keys[i]->kind == sql::ExpressionKind::kLiteral) {
      ASSIGN_OR_RETURN(std::string key, Scalar(join.keys[i], scan.OutputTypes(),
                                               ColumnNames(scan.output.size(), "")));
      right += fmt::format(" AND {} = c{}", key, i);
      continue;
    }
    ASSIGN_OR_RETURN(std::string key, Scalar(join.keys[i], types, names,
                                             FailedRowsOf(join, join.inputs[0]->output)));
    on += fmt::format(" AND {} = r.c{}", key, i);
  }
  for (size_t i = 0; i < join.columns.size(); ++i) {
    types.push_back(scan.output[key_count + i].type);
    names.push_back(fmt::format("r.c{}", key_count + i));
  }
  if (join.condition != nullptr) {
    ASSIGN_OR_RETURN(std::string condition,
                     Scalar(join.condition, types, names, FailedRowsOf(join, join.output)));
    on += " AND " + condition;
  }
  std::string list;
  for (size_t i = 0; i < names.size(); ++i) {
    list += fmt::format("{}{} AS c{}", i > 0 ? ", " : "", names[i], i);
  }
  return fmt::format("SELECT {} FROM {} l {} JOIN ({}) r ON {}", list, left,
                     join.left_outer ? "LEFT" : "INNER", right, on);
}

Result<std::string> SqlWriter::Rank(const sql::RankNode& rank) {
  ASSIGN_OR_RETURN(std::string input, Input(rank));
  size_t columns = rank.inputs[0]->output.size();
  std::string partition = rank.keys.empty() ? "" : "PARTITION BY " + KeyList(rank.keys);
  std::string list = ColumnList(columns);
  if (rank.output_rank_number) list += fmt::format(", rn AS c{}", columns);
  return fmt::format(
      "SELECT {} FROM (SELECT *, row_number() OVER ({} ORDER BY {}) AS rn FROM {}) "
      "WHERE rn BETWEEN {} AND {}",
      list, partition, OrderList(rank.order), input, rank.rank_start, rank.rank_end);
}

Result<std::string> SqlWriter::Deduplicate(const sql::DeduplicateNode& deduplicate) {
  ASSIGN_OR_RETURN(std::string input, Input(deduplicate));
  std::string order = fmt::format("c{} {} NULLS LAST", deduplicate.time_column,
                                  deduplicate.keep_last ? "DESC" : "ASC");
  return fmt::format(
      "SELECT {} FROM (SELECT *, row_number() OVER (PARTITION BY {} ORDER BY {}) AS rn FROM {}) "
      "WHERE rn = 1",
      ColumnList(deduplicate.output.size()), KeyList(deduplicate.keys), order, input);
}

Result<std::string> SqlWriter::Match(const sql::MatchNode& node) {
  BatchReaders readers;
  ASSIGN_OR_RETURN(auto reader, OpenMatch(node, open_ordered_, context_,
                                          FailedRowsOf(node, node.inputs[0]->output)));
  readers.push_back(std::move(reader));
  std::string name = fmt::format("fb_scan{}", next_++);
  RETURN_IF_ERROR(RegisterScan(connection_, name, std::move(readers), node.OutputTypes()));
  return fmt::format("SELECT * FROM {}()", name);
}

Result<std::string> SqlWriter::Union(const sql::UnionNode& node) {
  std::string text;
  for (size_t i = 0; i < node.inputs.size(); ++i) {
    ASSIGN_OR_RETURN(std::string input, Input(node, i));
    text += fmt::format("{}SELECT * FROM {}", i > 0 ? " UNION ALL " : "", input);
  }
  return text;
}

/// Any rows will do when nothing but a LIMIT sees those of a scan.
void SqlWriter::NoteLimit(const sql::LimitNode& limit) {
  if (!limit.fetch || !limit.order.empty()) return;
  const PlanNode* node = limit.inputs[0].get();
  while (node->kind == PlanKind::kCalc && consumers_[node] == 1) {
    const auto& calc = static_cast<const sql::CalcNode&>(*node);
    if (calc.condition != nullptr || NeedsGuard(calc, letters_)) return;
    node = calc.inputs[0].get();
  }
  if (node->kind == PlanKind::kTableScan && consumers_[node] == 1 &&
      *limit.fetch <= model::Batch::kMaxRows && limit.offset <= model::Batch::kMaxRows) {
    limits_[node] = *limit.fetch + limit.offset;
  }
}

Result<std::string> SqlWriter::Limit(const sql::LimitNode& limit) {
  NoteLimit(limit);
  ASSIGN_OR_RETURN(std::string input, Input(limit));
  std::string text = fmt::format("SELECT * FROM {}", input);
  if (!limit.order.empty()) text += " ORDER BY " + OrderList(limit.order);
  if (limit.fetch) text += fmt::format(" LIMIT {}", *limit.fetch);
  if (limit.offset > 0) text += fmt::format(" OFFSET {}", limit.offset);
  return text;
}

}  // namespace forebay::compute
