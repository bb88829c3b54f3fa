#include "storage/coordinator/row_rules.h"

#include <algorithm>

#include "storage/coordinator/table_options.h"
#include "storage/kv/cell_aggregate.h"

namespace forebay::storage {
namespace {

using model::DataType;
using model::Schema;
using model::TableDescriptor;
using model::TypeRoot;

bool IsKey(const Schema& schema, const std::string& column) {
  const auto& key = schema.primary_key;
  return std::find(key.begin(), key.end(), column) != key.end();
}

Status ValidateVersionColumn(const Schema& schema, const std::string& name) {
  if (name.empty()) {
    return InvalidArgument(
        "'table.merge-engine.versioned.ver-column' must be set for the merge engine versioned");
  }
  int index = schema.IndexOf(name);
  if (index < 0) return InvalidArgument("there is no version column '{}'", name);
  const DataType& type = schema.columns[index].type;
  if (type.Is(TypeRoot::kInteger) || type.Is(TypeRoot::kBigint) || type.IsTimestamp()) return {};
  return InvalidArgument(
      "the version column '{}' must be INT, BIGINT, TIMESTAMP or TIMESTAMP_LTZ, not {}", name,
      type.ToString());
}

Status ValidateAggFunctions(const Schema& schema, MergeEngine engine) {
  for (const model::ColumnSpec& column : schema.columns) {
    if (!column.agg_function) continue;
    if (engine != MergeEngine::kAggregation) {
      return InvalidArgument(
          "column '{}' has the aggregate function {}, but the table has not the merge engine "
          "aggregation",
          column.name, column.agg_function->name);
    }
    if (IsKey(schema, column.name)) {
      return InvalidArgument("the primary key column '{}' has an aggregate function", column.name);
    }
    auto made = CellAggregate::Make(*column.agg_function, column.type);
    if (!made.ok()) return made.status().WithContext(fmt::format("column '{}'", column.name));
  }
  return {};
}

Status ValidateAutoIncrement(const Schema& schema) {
  const auto& columns = schema.auto_increment_columns;
  if (columns.empty()) return {};
  if (columns.size() > 1) return InvalidArgument("a table has at most one auto-increment column");
  int index = schema.IndexOf(columns[0]);
  if (index < 0) return InvalidArgument("there is no auto-increment column '{}'", columns[0]);
  if (schema.primary_key.empty() || IsKey(schema, columns[0])) {
    return InvalidArgument(
        "the auto-increment column '{}' must be a column of a primary-key table that is not in the "
        "key",
        columns[0]);
  }
  const DataType& type = schema.columns[index].type;
  if (type.Is(TypeRoot::kInteger) || type.Is(TypeRoot::kBigint)) return {};
  return InvalidArgument("the auto-increment column '{}' must be INT or BIGINT, not {}", columns[0],
                         type.ToString());
}

Status ValidateEngine(const TableDescriptor& table, const TableOptions& options) {
  if (!table.HasPrimaryKey()) return InvalidArgument("a merge engine needs a primary key");
  bool aggregates = options.merge_engine == MergeEngine::kAggregation;
  if (options.delete_behavior == DeleteBehavior::kAllow && !aggregates) {
    return InvalidArgument(
        "'table.delete.behavior' must be IGNORE or DISABLE with the merge engines first_row and "
        "versioned");
  }
  if (options.merge_engine == MergeEngine::kVersioned) {
    return ValidateVersionColumn(table.schema, options.version_column);
  }
  if (aggregates && options.changelog_image == ChangelogImage::kWal) {
    return InvalidArgument("the merge engine aggregation needs 'table.changelog.image' = 'FULL'");
  }
  return {};
}

}  // namespace

Status ValidateRowRules(const TableDescriptor& table) {
  ASSIGN_OR_RETURN(TableOptions options, TableOptions::Parse(table.properties, {}));
  if (!table.HasPrimaryKey() && table.properties.contains("table.delete.behavior")) {
    return InvalidArgument("'table.delete.behavior' needs a primary key");
  }
  if (options.merge_engine != MergeEngine::kNone) RETURN_IF_ERROR(ValidateEngine(table, options));
  RETURN_IF_ERROR(ValidateAggFunctions(table.schema, options.merge_engine));
  return ValidateAutoIncrement(table.schema);
}

void AddRowDefaults(TableDescriptor& table) {
  // From then on its buckets are the lake's, whose partitions they are.
  auto lake = table.properties.find("table.datalake.enabled");
  if (lake != table.properties.end() && lake->second == "true") {
    table.properties.try_emplace("table.datalake.format", "iceberg");
  }
  if (!table.properties.contains("table.merge-engine")) return;
  table.properties.try_emplace("table.delete.behavior", "IGNORE");
}

}  // namespace forebay::storage
