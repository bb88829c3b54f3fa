#include "model/table_change.h"

#include <algorithm>
#include <array>
#include <limits>
#include <string_view>

namespace forebay::model {

namespace {

constexpr std::string_view kTablePrefix = "table.";

constexpr std::array<std::string_view, 12> kAlterableOptions = {
    "table.datalake.enabled",
    "table.datalake.historical-partition.enabled",
    "table.datalake.freshness",
    "table.datalake.auto-compaction",
    "table.log.ttl",
    "table.log.tiered.local-segments",
    "table.log.local-ttl",
    "table.auto-partition.enabled",
    "table.auto-partition.num-retention",
    "table.auto-partition.num-precreate",
    "table.statistics.columns",
    "table.kv.standby-replica.enabled"};

Status AddColumn(Schema& schema, ColumnSpec column) {
  if (schema.IndexOf(column.name) >= 0) {
    return InvalidArgument("Column {} already exists.", column.name);
  }
  if (!column.type.nullable()) {
    return InvalidArgument("Column {} must be nullable.", column.name);
  }
  column.id = HighestFieldId(schema) + 1;
  schema.columns.push_back(std::move(column));
  return {};
}

Status ApplyOptions(const TableChanges& changes, TableDescriptor& table) {
  std::set<std::string> keys = changes.reset_options;
  for (const auto& [key, value] : changes.set_options) keys.insert(key);
  std::string refused;
  for (const std::string& key : keys) {
    if (IsAlterableOption(key)) continue;
    refused += (refused.empty() ? "'" : ", '") + key + "'";
  }
  if (!refused.empty()) {
    return InvalidArgument("The following options are not supported to alter yet: {}.", refused);
  }
  if (keys.contains("table.kv.standby-replica.enabled") && !table.HasPrimaryKey()) {
    return InvalidArgument(
        "'table.kv.standby-replica.enabled' can only be altered on primary key tables.");
  }
  for (const auto& [key, value] : changes.set_options) {
    (key.starts_with(kTablePrefix) ? table.properties : table.custom_properties)[key] = value;
  }
  for (const std::string& key : changes.reset_options) {
    (key.starts_with(kTablePrefix) ? table.properties : table.custom_properties).erase(key);
  }
  return {};
}

}  // namespace

bool IsAlterableOption(const std::string& key) {
  if (!key.starts_with(kTablePrefix)) return true;
  return std::find(kAlterableOptions.begin(), kAlterableOptions.end(), key) !=
         kAlterableOptions.end();
}

int CountRowFields(const DataType& type) {
  int count = 0;
  if (type.Is(TypeRoot::kRow)) {
    for (const RowField& field : type.fields()) count += 1 + CountRowFields(field.type);
    return count;
  }
  for (const DataType& child : type.children()) count += CountRowFields(child);
  return count;
}

int HighestFieldId(const Schema& schema) {
  int highest = -1;
  size_t first = 0;
  // The columns a table was created with come first, then the fields of their types.
  while (first < schema.columns.size() && schema.columns[first].id == static_cast<int>(first)) {
    ++first;
  }
  highest = static_cast<int>(first) - 1;
  for (size_t i = 0; i < schema.columns.size(); ++i) {
    if (i >= first) highest = std::max(highest, schema.columns[i].id);
    highest += CountRowFields(schema.columns[i].type);
  }
  return highest;
}

Result<TableInfo> ApplyTableChanges(const TableInfo& info, const TableChanges& changes) {
  bool changes_options = !changes.set_options.empty() || !changes.reset_options.empty();
  if (changes_options && !changes.add_columns.empty()) {
    return InvalidArgument(
        "Table alteration can only be applied to one of the following: table properties or table "
        "schema.");
  }
  TableInfo altered = info;
  RETURN_IF_ERROR(ApplyOptions(changes, altered.descriptor));
  for (const ColumnSpec& column : changes.add_columns) {
    RETURN_IF_ERROR(AddColumn(altered.descriptor.schema, column));
  }
  if (changes.add_columns.empty()) return altered;
  // Batches and rows name their schema by an int16.
  if (info.schema_id.value() >= std::numeric_limits<int16_t>::max()) {
    return InvalidArgument("table '{}' has had {} schemas, more are not possible",
                           info.path.ToString(), info.schema_id.value());
  }
  altered.schema_id = SchemaId(info.schema_id.value() + 1);
  return altered;
}

}  // namespace forebay::model
