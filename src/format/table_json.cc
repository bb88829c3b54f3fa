#include "format/table_json.h"

#include <algorithm>
#include <cctype>
#include <nlohmann/json.hpp>

#include "base/json_depth.h"

namespace forebay::format {

using Json = nlohmann::ordered_json;
using model::AggFunction;
using model::ColumnSpec;
using model::DataType;
using model::RowField;
using model::Schema;
using model::TableDescriptor;
using model::TypeRoot;

namespace {

constexpr int kVersion = 1;
/// Foreign JSON may nest types without end; our recursion may not.
constexpr int kMaxTypeDepth = 100;

struct TypeName {
  TypeRoot root;
  const char* name;
  /// The field that holds the length or precision, if any.
  const char* parameter;
};
constexpr TypeName kTypeNames[] = {
    {TypeRoot::kBoolean, "BOOLEAN", nullptr},
    {TypeRoot::kTinyint, "TINYINT", nullptr},
    {TypeRoot::kSmallint, "SMALLINT", nullptr},
    {TypeRoot::kInteger, "INTEGER", nullptr},
    {TypeRoot::kBigint, "BIGINT", nullptr},
    {TypeRoot::kFloat, "FLOAT", nullptr},
    {TypeRoot::kDouble, "DOUBLE", nullptr},
    {TypeRoot::kDate, "DATE", nullptr},
    {TypeRoot::kVariant, "VARIANT", nullptr},
    {TypeRoot::kDecimal, "DECIMAL", "precision"},
    {TypeRoot::kChar, "CHAR", "length"},
    {TypeRoot::kVarchar, "STRING", "length"},
    {TypeRoot::kBinary, "BINARY", "length"},
    {TypeRoot::kVarbinary, "BYTES", "length"},
    {TypeRoot::kTime, "TIME_WITHOUT_TIME_ZONE", "precision"},
    {TypeRoot::kTimestamp, "TIMESTAMP_WITHOUT_TIME_ZONE", "precision"},
    {TypeRoot::kTimestampLtz, "TIMESTAMP_WITH_LOCAL_TIME_ZONE", "precision"},
    {TypeRoot::kArray, "ARRAY", nullptr},
    {TypeRoot::kMultiset, "MULTISET", nullptr},
    {TypeRoot::kMap, "MAP", nullptr},
    {TypeRoot::kRow, "ROW", nullptr},
};

Status WriteType(const DataType& type, int& next_field_id, Json& out);

Status WriteRowFields(const DataType& type, int& next_field_id, Json& out) {
  out["fields"] = Json::array();
  for (const RowField& field : type.fields()) {
    Json json;
    json["name"] = field.name;
    RETURN_IF_ERROR(WriteType(field.type, next_field_id, json["field_type"]));
    if (!field.description.empty()) json["description"] = field.description;
    json["field_id"] = next_field_id++;
    out["fields"].push_back(std::move(json));
  }
  return Status::Ok();
}

Status WriteType(const DataType& type, int& next_field_id, Json& out) {
  const auto* entry = std::find_if(std::begin(kTypeNames), std::end(kTypeNames),
                                   [&](const TypeName& t) { return t.root == type.root(); });
  if (entry == std::end(kTypeNames)) {
    return NotSupported("a table cannot store {}", type.ToString());
  }
  out["type"] = entry->name;
  if (!type.nullable()) out["nullable"] = false;
  bool unbounded = (type.Is(TypeRoot::kVarchar) || type.Is(TypeRoot::kVarbinary)) &&
                   type.length() == DataType::kMaxLength;
  if (entry->parameter != nullptr && !unbounded) out[entry->parameter] = type.length();
  if (type.Is(TypeRoot::kDecimal)) out["scale"] = type.scale();
  if (type.Is(TypeRoot::kRow)) return WriteRowFields(type, next_field_id, out);
  if (type.Is(TypeRoot::kMap)) {
    RETURN_IF_ERROR(WriteType(type.children()[0], next_field_id, out["key_type"]));
    return WriteType(type.children()[1], next_field_id, out["value_type"]);
  }
  if (type.children().empty()) return Status::Ok();
  return WriteType(type.children()[0], next_field_id, out["element_type"]);
}

Json AggFunctionJson(const AggFunction& function) {
  Json json;
  json["type"] = function.name;
  for (const auto& [key, value] : function.parameters) json["parameters"][key] = value;
  return json;
}

Result<Json> SchemaJson(const Schema& schema) {
  Json json;
  json["version"] = kVersion;
  json["columns"] = Json::array();
  // The fields of ROW types are numbered behind the columns a table was created with, and behind
  // each column that was added later: as model::HighestFieldId counts them.
  int next_field_id = 0;
  while (next_field_id < std::ssize(schema.columns) &&
         schema.columns[static_cast<size_t>(next_field_id)].id == next_field_id) {
    ++next_field_id;
  }
  for (const ColumnSpec& column : schema.columns) {
    next_field_id = std::max(next_field_id, column.id + 1);
    Json entry;
    entry["name"] = column.name;
    RETURN_IF_ERROR(WriteType(column.type, next_field_id, entry["data_type"]));
    if (!column.comment.empty()) entry["comment"] = column.comment;
    if (column.agg_function) entry["agg_function"] = AggFunctionJson(*column.agg_function);
    entry["id"] = column.id;
    json["columns"].push_back(std::move(entry));
  }
  if (!schema.primary_key.empty()) json["primary_key"] = schema.primary_key;
  if (!schema.auto_increment_columns.empty()) {
    json["auto_increment_column"] = schema.auto_increment_columns;
  }
  json["highest_field_id"] = next_field_id - 1;
  return json;
}

std::string Dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Result<Json> Parse(std::string_view text) {
  int deepest = JsonDepth(text);
  if (deepest > 4 * kMaxTypeDepth) return Corruption("JSON nested {} deep", deepest);
  Json json = Json::parse(text, nullptr, false);
  if (json.is_discarded()) return Corruption("not JSON: {}", text.substr(0, 80));
  return json;
}

/// The member `name`, which must be there and of the kind `is_kind` tests.
Result<const Json*> Member(const Json& json, const char* name,
                           bool (Json::*is_kind)() const noexcept) {
  if (!json.is_object()) return Corruption("a JSON object is needed around '{}'", name);
  auto found = json.find(name);
  if (found == json.end()) return Corruption("'{}' is missing", name);
  if (!((*found).*is_kind)()) return Corruption("'{}' is of the wrong kind", name);
  return &*found;
}

Result<int> IntOf(const Json& json, const char* name, int64_t min, int64_t max) {
  ASSIGN_OR_RETURN(const Json* member, Member(json, name, &Json::is_number_integer));
  auto value = member->get<int64_t>();
  if (value < min || value > max) return Corruption("'{}' is out of range: {}", name, value);
  return static_cast<int>(value);
}

Result<std::string> TextOf(const Json& json, const char* name) {
  ASSIGN_OR_RETURN(const Json* member, Member(json, name, &Json::is_string));
  return member->get<std::string>();
}

/// The empty string when absent or null.
Result<std::string> OptionalText(const Json& json, const char* name) {
  if (!json.is_object() || !json.contains(name) || json[name].is_null()) return std::string();
  return TextOf(json, name);
}

Result<std::vector<std::string>> TextsOf(const Json& json, const char* name) {
  std::vector<std::string> texts;
  if (!json.is_object() || !json.contains(name) || json[name].is_null()) return texts;
  ASSIGN_OR_RETURN(const Json* member, Member(json, name, &Json::is_array));
  for (const Json& entry : *member) {
    if (!entry.is_string()) return Corruption("'{}' must hold strings", name);
    texts.push_back(entry.get<std::string>());
  }
  return texts;
}

Result<std::map<std::string, std::string>> TextMapOf(const Json& json, const char* name) {
  std::map<std::string, std::string> texts;
  if (!json.is_object() || !json.contains(name) || json[name].is_null()) return texts;
  ASSIGN_OR_RETURN(const Json* member, Member(json, name, &Json::is_object));
  for (const auto& [key, value] : member->items()) {
    if (!value.is_string()) return Corruption("'{}' must hold strings", name);
    texts[key] = value.get<std::string>();
  }
  return texts;
}

Result<DataType> ReadType(const Json& json, int depth);

Result<DataType> ReadChildType(const Json& json, const char* name, int depth) {
  ASSIGN_OR_RETURN(const Json* member, Member(json, name, &Json::is_object));
  return ReadType(*member, depth + 1);
}

Result<DataType> ReadRowType(const Json& json, int depth) {
  ASSIGN_OR_RETURN(const Json* fields, Member(json, "fields", &Json::is_array));
  std::vector<RowField> row;
  for (const Json& entry : *fields) {
    RowField field;
    ASSIGN_OR_RETURN(field.name, TextOf(entry, "name"));
    ASSIGN_OR_RETURN(field.type, ReadChildType(entry, "field_type", depth));
    ASSIGN_OR_RETURN(field.description, OptionalText(entry, "description"));
    row.push_back(std::move(field));
  }
  return DataType::Row(std::move(row));
}

Result<DataType> ReadParameterised(const Json& json, TypeRoot root, const char* parameter) {
  bool is_length = std::string_view(parameter) == "length";
  int64_t max = is_length ? DataType::kMaxLength : 9;
  if (root == TypeRoot::kDecimal) max = DataType::kMaxDecimalPrecision;
  bool unbounded = root == TypeRoot::kVarchar || root == TypeRoot::kVarbinary;
  int value = DataType::kMaxLength;
  if (!unbounded || json.contains(parameter)) {
    int64_t min = is_length || root == TypeRoot::kDecimal ? 1 : 0;
    ASSIGN_OR_RETURN(value, IntOf(json, parameter, min, max));
  }
  switch (root) {
    case TypeRoot::kDecimal: {
      ASSIGN_OR_RETURN(int scale, IntOf(json, "scale", 0, value));
      return DataType::Decimal(value, scale);
    }
    case TypeRoot::kChar: return DataType::Char(value);
    case TypeRoot::kVarchar: return DataType::Varchar(value);
    case TypeRoot::kBinary: return DataType::Binary(value);
    case TypeRoot::kVarbinary: return DataType::Varbinary(value);
    case TypeRoot::kTime: return DataType::Time(value);
    case TypeRoot::kTimestamp: return DataType::Timestamp(value);
    default: return DataType::TimestampLtz(value);
  }
}

Result<DataType> ReadBareType(const Json& json, const TypeName& entry, int depth) {
  switch (entry.root) {
    case TypeRoot::kArray:
    case TypeRoot::kMultiset: {
      ASSIGN_OR_RETURN(DataType element, ReadChildType(json, "element_type", depth));
      return entry.root == TypeRoot::kArray ? DataType::Array(element)
                                            : DataType::Multiset(element);
    }
    case TypeRoot::kMap: {
      ASSIGN_OR_RETURN(DataType key, ReadChildType(json, "key_type", depth));
      ASSIGN_OR_RETURN(DataType value, ReadChildType(json, "value_type", depth));
      return DataType::Map(key, value);
    }
    case TypeRoot::kRow: return ReadRowType(json, depth);
    default: break;
  }
  if (entry.parameter == nullptr) return DataType::Of(entry.root);
  return ReadParameterised(json, entry.root, entry.parameter);
}

Result<DataType> ReadType(const Json& json, int depth) {
  if (depth > kMaxTypeDepth) return Corruption("a type nested more than {} deep", kMaxTypeDepth);
  ASSIGN_OR_RETURN(std::string name, TextOf(json, "type"));
  const auto* entry = std::find_if(std::begin(kTypeNames), std::end(kTypeNames),
                                   [&](const TypeName& t) { return name == t.name; });
  if (entry == std::end(kTypeNames)) return Corruption("unknown type '{}'", name);
  ASSIGN_OR_RETURN(DataType type, ReadBareType(json, *entry, depth));
  if (!json.contains("nullable")) return type;
  ASSIGN_OR_RETURN(const Json* nullable, Member(json, "nullable", &Json::is_boolean));
  return type.WithNullable(nullable->get<bool>());
}

Status CheckVersion(const Json& json) {
  ASSIGN_OR_RETURN(int version, IntOf(json, "version", 0, INT32_MAX));
  if (version != kVersion) return Corruption("unknown version {} of table metadata", version);
  return Status::Ok();
}

Result<AggFunction> ReadAggFunction(const Json& json) {
  AggFunction function;
  ASSIGN_OR_RETURN(function.name, TextOf(json, "type"));
  for (char& c : function.name) {
    c = c == '-' ? '_' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  ASSIGN_OR_RETURN(function.parameters, TextMapOf(json, "parameters"));
  return function;
}

Result<ColumnSpec> ReadColumn(const Json& json, int position) {
  ColumnSpec column;
  ASSIGN_OR_RETURN(column.name, TextOf(json, "name"));
  ASSIGN_OR_RETURN(column.type, ReadChildType(json, "data_type", 0));
  ASSIGN_OR_RETURN(column.comment, OptionalText(json, "comment"));
  column.id = position;
  if (json.contains("id")) {
    ASSIGN_OR_RETURN(column.id, IntOf(json, "id", -1, INT32_MAX));
  }
  if (json.contains("agg_function") && !json["agg_function"].is_null()) {
    ASSIGN_OR_RETURN(column.agg_function, ReadAggFunction(json["agg_function"]));
  }
  return column;
}

Result<Schema> ReadSchema(const Json& json) {
  RETURN_IF_ERROR(CheckVersion(json));
  ASSIGN_OR_RETURN(const Json* columns, Member(json, "columns", &Json::is_array));
  Schema schema;
  for (const Json& entry : *columns) {
    ASSIGN_OR_RETURN(ColumnSpec column, ReadColumn(entry, static_cast<int>(schema.columns.size())));
    schema.columns.push_back(std::move(column));
  }
  ASSIGN_OR_RETURN(schema.primary_key, TextsOf(json, "primary_key"));
  for (const std::string& name : schema.primary_key) {
    if (schema.IndexOf(name) < 0) return Corruption("primary key column '{}' is missing", name);
  }
  ASSIGN_OR_RETURN(schema.auto_increment_columns, TextsOf(json, "auto_increment_column"));
  return schema;
}

}  // namespace

Result<std::string> TableToJson(const TableDescriptor& table) {
  Json json;
  json["version"] = kVersion;
  ASSIGN_OR_RETURN(json["schema"], SchemaJson(table.schema));
  if (!table.comment.empty()) json["comment"] = table.comment;
  json["partition_key"] = table.partition_keys;
  json["bucket_key"] = table.bucket_keys;  // the Java client wants it even when it is empty
  json["bucket_count"] = table.bucket_count;
  json["properties"] = Json::object();
  for (const auto& [key, value] : table.properties) json["properties"][key] = value;
  json["custom_properties"] = Json::object();
  for (const auto& [key, value] : table.custom_properties) json["custom_properties"][key] = value;
  return Dump(json);
}

Result<TableDescriptor> TableFromJson(std::string_view text) {
  ASSIGN_OR_RETURN(Json json, Parse(text));
  RETURN_IF_ERROR(CheckVersion(json));
  TableDescriptor table;
  ASSIGN_OR_RETURN(const Json* schema, Member(json, "schema", &Json::is_object));
  ASSIGN_OR_RETURN(table.schema, ReadSchema(*schema));
  ASSIGN_OR_RETURN(table.comment, OptionalText(json, "comment"));
  ASSIGN_OR_RETURN(table.partition_keys, TextsOf(json, "partition_key"));
  ASSIGN_OR_RETURN(table.bucket_keys, TextsOf(json, "bucket_key"));
  if (json.contains("bucket_count")) {
    ASSIGN_OR_RETURN(table.bucket_count, IntOf(json, "bucket_count", 1, INT32_MAX));
  }
  ASSIGN_OR_RETURN(table.properties, TextMapOf(json, "properties"));
  ASSIGN_OR_RETURN(table.custom_properties, TextMapOf(json, "custom_properties"));
  return table;
}

Result<std::string> SchemaToJson(const Schema& schema) {
  ASSIGN_OR_RETURN(Json json, SchemaJson(schema));
  return Dump(json);
}

Result<Schema> SchemaFromJson(std::string_view text) {
  ASSIGN_OR_RETURN(Json json, Parse(text));
  return ReadSchema(json);
}

Result<std::string> DataTypeToJson(const DataType& type) {
  Json json;
  int next_field_id = 0;
  RETURN_IF_ERROR(WriteType(type, next_field_id, json));
  return Dump(json);
}

Result<DataType> DataTypeFromJson(std::string_view text) {
  ASSIGN_OR_RETURN(Json json, Parse(text));
  return ReadType(json, 0);
}

}  // namespace forebay::format
