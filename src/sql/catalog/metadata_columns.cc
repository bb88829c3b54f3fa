#include "sql/catalog/metadata_columns.h"

#include "sql/functions/function_table.h"
#include "sql/plan/expression_json.h"
#include "sql/types/type_rules.h"

namespace forebay::sql {
namespace {

using model::DataType;

using Keys = std::vector<std::pair<std::string, DataType>>;

DataType Time(int precision) { return DataType::TimestampLtz(precision); }
DataType Text() { return DataType::String(); }
DataType Texts() { return DataType::Array(DataType::String()); }

/// What formats say, by Flink's names; with a connector that has formats.
Keys KeysOfFormat(const std::string& format) {
  if (format == "debezium-json") {
    return {{"schema", Text()},
            {"ingestion-timestamp", Time(3)},
            {"source.timestamp", Time(3)},
            {"source.database", Text()},
            {"source.schema", Text()},
            {"source.table", Text()},
            {"source.properties", DataType::Map(Text().NotNull(), Text())}};
  }
  if (format == "canal-json") {
    return {{"database", Text()},
            {"table", Text()},
            {"sql-type", DataType::Map(Text().NotNull(), DataType::Int())},
            {"pk-names", Texts()},
            {"ingestion-timestamp", Time(3)},
            {"event-timestamp", Time(3)}};
  }
  if (format == "maxwell-json") {
    return {{"database", Text()},
            {"table", Text()},
            {"primary-key-columns", Texts()},
            {"ingestion-timestamp", Time(3)}};
  }
  if (format == "ogg-json") {
    return {{"table", Text()},
            {"primary-keys", Texts()},
            {"ingestion-timestamp", Time(6)},
            {"event-timestamp", Time(6)}};
  }
  return {};
}

Keys ReadableKeys(const TableRef& table) {
  if (table.connector() != "filesystem") return {};
  Keys keys = {{"file.path", Text().NotNull()},
               {"file.name", Text().NotNull()},
               {"file.size", DataType::Bigint().NotNull()},
               {"file.modification-time", Time(3).NotNull()}};
  auto format = table.options.find("format");
  if (format == table.options.end()) return keys;
  for (auto& key : KeysOfFormat(format->second)) keys.push_back(std::move(key));
  return keys;
}

}  // namespace

std::string_view MetadataKeyOf(std::string_view key) {
  constexpr std::string_view kPrefix = "value.";
  return key.starts_with(kPrefix) ? key.substr(kPrefix.size()) : key;
}

std::optional<DataType> ReadableMetadata(const TableRef& table, const std::string& key) {
  std::string_view plain = MetadataKeyOf(key);
  for (const auto& [name, type] : ReadableKeys(table)) {
    if (name == key || (name == plain && !name.starts_with("file."))) return type;
  }
  return std::nullopt;
}

Status CheckReadableMetadata(const TableRef& table) {
  for (const MetadataColumn& column : table.metadata) {
    std::optional<DataType> type = ReadableMetadata(table, column.key);
    if (!type) {
      std::vector<std::string> names;
      for (const auto& [name, unused] : ReadableKeys(table)) names.push_back(name);
      std::string known;
      for (const std::string& name : names) known += (known.empty() ? "" : ", ") + name;
      Error error = InvalidArgument(
          "SQL-1024 invalid metadata key '{}' in column '{}' of table '{}': connector '{}' can "
          "read {}",
          column.key, column.name, table.path.ToString(), table.connector(),
          known.empty() ? "none" : known);
      if (auto near = NearestName(column.key, names)) error.hint = "did you mean '" + *near + "'?";
      return error;
    }
    if (!SupportsExplicitCast(*type, column.type)) {
      return InvalidArgument(
          "SQL-1024 metadata column '{}' of table '{}' is declared {}; its metadata is {}, which "
          "cannot be cast to that",
          column.name, table.path.ToString(), column.type.ToString(), type->ToString());
    }
  }
  return {};
}

Status CheckWritableMetadata(const TableRef& table) {
  for (const MetadataColumn& column : table.metadata) {
    if (column.is_virtual) continue;
    Error error = InvalidArgument(
        "SQL-1024 connector '{}' cannot write the metadata column '{}' of table '{}'",
        table.connector(), column.name, table.path.ToString());
    error.hint = "declare the column VIRTUAL";
    return error;
  }
  return {};
}

const MetadataColumn* FindMetadata(const TableRef& table, const std::string& name) {
  for (const MetadataColumn& column : table.metadata) {
    if (column.name == name) return &column;
  }
  return nullptr;
}

nlohmann::json MetadataJson(const MetadataColumn& column) {
  return {{"name", column.name},
          {"key", column.key},
          {"type", TypeJson(column.type)},
          {"virtual", column.is_virtual},
          {"comment", column.comment}};
}

MetadataColumn MetadataOf(const nlohmann::json& json) {
  return {json.at("name"), json.at("key"), TypeOf(json.at("type")), json.at("virtual"),
          json.at("comment")};
}

}  // namespace forebay::sql
