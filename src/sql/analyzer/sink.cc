#include "sql/analyzer/sink.h"

#include <algorithm>

#include "base/ascii_case.h"
#include "sql/analyzer/plan_builder.h"
#include "sql/catalog/connector_options.h"
#include "sql/catalog/metadata_columns.h"
#include "sql/diagnostic.h"
#include "sql/functions/function_table.h"
#include "sql/types/type_rules.h"

namespace forebay::sql {
namespace {

// For each physical column of the table: the query's column, or -1.
Result<std::vector<int>> ColumnMapping(const model::Schema& schema, const InsertAst& insert,
                                       const std::string& table) {
  std::vector<int> mapping(schema.columns.size(), -1);
  if (insert.columns.empty()) {
    int next = 0;
    for (size_t i = 0; i < mapping.size(); ++i) {
      if (!insert.partition.contains(schema.columns[i].name)) mapping[i] = next++;
    }
    return mapping;
  }
  std::vector<std::string> known;
  for (const auto& column : schema.columns) known.push_back(column.name);
  for (size_t i = 0; i < insert.columns.size(); ++i) {
    int target = schema.IndexOf(insert.columns[i]);
    if (target < 0) {
      Error error =
          NotFound("SQL-1004 unknown column '{}' in table '{}'", insert.columns[i], table);
      if (auto near = NearestName(insert.columns[i], known)) {
        error.hint = "did you mean '" + *near + "'?";
      }
      return error;
    }
    if (mapping[target] >= 0 || insert.partition.contains(insert.columns[i])) {
      return InvalidArgument("SQL-1014 column '{}' is named twice", insert.columns[i]);
    }
    mapping[target] = static_cast<int>(i);
  }
  return mapping;
}

// The columns that a partial update of a primary-key table writes; empty when all are written. A
// table that gives values itself has them written by nobody else.
Result<std::vector<int>> TargetColumns(const TableRef& table, const std::vector<int>& mapping) {
  const model::Schema& schema = table.info.descriptor.schema;
  std::vector<int> targets;
  if (table.IsForeign() || !table.info.descriptor.HasPrimaryKey()) return targets;
  for (size_t i = 0; i < mapping.size(); ++i) {
    if (mapping[i] >= 0) targets.push_back(static_cast<int>(i));
  }
  if (targets.size() == mapping.size()) targets.clear();
  auto takes = [&](int column) {
    return std::find(targets.begin(), targets.end(), column) != targets.end();
  };
  for (const std::string& name : schema.auto_increment_columns) {
    if (!targets.empty() && !takes(schema.IndexOf(name))) continue;
    Error error = InvalidArgument(
        "SQL-1012 column '{}' of table '{}' gets its values from the server (auto-increment)", name,
        table.path.ToString());
    error.hint = "name the columns to write, without it: INSERT INTO t (a, b) ...";
    return error;
  }
  for (int key : schema.PrimaryKeyIndexes()) {
    if (targets.empty() || takes(key)) continue;
    return InvalidArgument("SQL-1012 primary key column '{}' of table '{}' must be given",
                           schema.columns[key].name, table.path.ToString());
  }
  auto engine = table.options.find("table.merge-engine");
  if (targets.empty() || engine == table.options.end()) return targets;
  std::string name = LowerAscii(engine->second);
  if (name == "aggregation") return targets;
  return InvalidArgument(
      "SQL-1012 table '{}' uses the merge engine {}, which takes no partial updates: give all "
      "columns",
      table.path.ToString(), name);
}

// `is_given`: by the server.
Result<ExpressionPtr> SinkColumn(const model::ColumnSpec& column, int source, bool is_given,
                                 const PlanNode& query, const std::string& table) {
  if (source < 0) {
    if (!column.type.nullable() && !is_given) {
      return InvalidArgument("SQL-1012 column '{}' of table '{}' is NOT NULL and must be given",
                             column.name, table);
    }
    return Expression::Literal(column.type.Nullable(), model::Value());
  }
  const Field& field = query.output[source];
  if (!SupportsImplicitCast(field.type, column.type)) {
    Error error = InvalidArgument(
        "SQL-1012 column types of query result and sink '{}' do not match: column '{}' at position "
        "{} is {}, the query gives {} ('{}')",
        table, column.name, source + 1, column.type.ToString(), field.type.ToString(), field.name);
    error.hint = "CAST the value to " + column.type.Nullable().ToString();
    return error;
  }
  if (field.type.Is(model::TypeRoot::kNull)) {
    return Expression::Literal(column.type.Nullable(), model::Value());
  }
  return CastTo(Expression::Column(field.type, source), column.type);
}

// PARTITION (key = value, ...): of partition keys.
Status CheckPartition(const model::TableDescriptor& descriptor, const InsertAst& insert,
                      const std::string& table) {
  const auto& keys = descriptor.partition_keys;
  for (const auto& [key, value] : insert.partition) {
    if (std::find(keys.begin(), keys.end(), key) != keys.end()) continue;
    return InvalidArgument("SQL-1012 column '{}' of PARTITION is no partition key of table '{}'",
                           key, table);
  }
  return Status::Ok();
}

// The text of PARTITION (key = value) as the column's type.
Result<ExpressionPtr> PartitionValue(const model::ColumnSpec& column, const std::string& text) {
  return CastTo(Expression::Literal(model::DataType::String().NotNull(), model::Value(text)),
                column.type.Nullable());
}

// Batch rows of files come partition by partition, so that one file a sink is open at a time: by
// the keys whose values PARTITION does not say, as in Flink.
PlanPtr SortedByPartition(PlanPtr input, const TableRef& table, const InsertAst& insert) {
  if (table.connector() != "filesystem") return input;
  const model::TableDescriptor& descriptor = table.info.descriptor;
  auto sort = std::make_shared<SortNode>();
  for (const std::string& key : descriptor.partition_keys) {
    if (!insert.partition.contains(key)) sort->order.push_back({descriptor.schema.IndexOf(key)});
  }
  if (sort->order.empty()) return input;
  sort->output = input->output;
  sort->inputs = {std::move(input)};
  return sort;
}

}  // namespace

Result<PlanPtr> AnalyzeInsert(QueryAnalyzer& queries, const InsertAst& insert,
                              const CatalogTable* target) {
  CatalogTable table;
  if (target != nullptr) {
    table = *target;
  } else {
    ASSIGN_OR_RETURN(table, queries.FindTable(insert.table));
  }
  for (const auto& [key, value] : insert.option_hints) table.ref.options[key] = value;
  const model::Schema& schema = table.ref.info.descriptor.schema;
  std::string name = table.ref.path.ToString();
  auto located = [&](const Error& error) { return ErrorAt(error, insert.table.range.position); };
  if (table.ref.IsForeign() || !insert.option_hints.empty()) {
    Status options = CheckConnectorOptions(table.ref);
    if (!options.ok()) return located(options.error());
  }
  Status partition = CheckPartition(table.ref.info.descriptor, insert, name);
  if (!partition.ok()) return located(partition.error());
  Status metadata = CheckWritableMetadata(table.ref);
  if (!metadata.ok()) return located(metadata.error());
  ASSIGN_OR_RETURN(Relation query, queries.Analyze(*insert.query));
  InsertAst named = insert;
  if (insert.by_name) {
    for (const Field& field : query.plan->output) named.columns.push_back(field.name);
  }
  auto mapping = ColumnMapping(schema, named, name);
  if (!mapping.ok()) return located(mapping.status().error());
  size_t expected = named.columns.empty() ? schema.columns.size() - insert.partition.size()
                                          : named.columns.size();
  size_t given = query.plan->output.size();
  if (given != expected) {
    return located(InvalidArgument(
        "SQL-1012 column types of query result and sink '{}' do not match: the sink takes {} "
        "columns, the query gives {}",
        name, expected, given));
  }
  std::vector<ExpressionPtr> projections;
  std::vector<std::string> names;
  for (size_t i = 0; i < schema.columns.size(); ++i) {
    const auto& given = schema.auto_increment_columns;
    bool is_given = std::find(given.begin(), given.end(), schema.columns[i].name) != given.end();
    auto value = insert.partition.find(schema.columns[i].name);
    auto column = value != insert.partition.end()
                      ? PartitionValue(schema.columns[i], value->second)
                      : SinkColumn(schema.columns[i], (*mapping)[i], is_given, *query.plan, name);
    if (!column.ok()) return located(column.status().error());
    projections.push_back(*column);
    names.push_back(schema.columns[i].name);
  }
  for (const auto& [key, value] : insert.partition) {
    (*mapping)[static_cast<size_t>(schema.IndexOf(key))] = static_cast<int>(given);
  }
  auto targets = TargetColumns(table.ref, *mapping);
  if (!targets.ok()) return located(targets.status().error());
  auto sink = std::make_shared<SinkNode>();
  sink->target_columns = std::move(*targets);
  PlanPtr input = MakeCalc(query.plan, nullptr, std::move(projections), names);
  sink->output = input->output;
  if (!queries.options().streaming) {
    input = SortedByPartition(std::move(input), table.ref, insert);
  }
  sink->inputs = {std::move(input)};
  sink->table = std::move(table.ref);
  sink->partition = insert.partition;
  sink->overwrite = insert.overwrite;
  if (sink->overwrite && queries.options().streaming) {
    return located(NotSupported("SQL-1020 INSERT OVERWRITE: streaming mode does not support it"));
  }
  return PlanPtr(sink);
}

}  // namespace forebay::sql
