#include "storage/coordinator/table_file.h"

#include <charconv>
#include <nlohmann/json.hpp>

#include "base/crc32c.h"

namespace forebay::storage {
namespace {

using model::DataType;
using model::TypeRoot;
using nlohmann::json;

constexpr std::string_view kSealMark = "\n#crc32c ";
constexpr size_t kSealBytes = kSealMark.size() + 8 + 1;

constexpr std::pair<TypeRoot, std::string_view> kRoots[] = {
    {TypeRoot::kBoolean, "BOOLEAN"},
    {TypeRoot::kTinyint, "TINYINT"},
    {TypeRoot::kSmallint, "SMALLINT"},
    {TypeRoot::kInteger, "INTEGER"},
    {TypeRoot::kBigint, "BIGINT"},
    {TypeRoot::kFloat, "FLOAT"},
    {TypeRoot::kDouble, "DOUBLE"},
    {TypeRoot::kDecimal, "DECIMAL"},
    {TypeRoot::kChar, "CHAR"},
    {TypeRoot::kVarchar, "VARCHAR"},
    {TypeRoot::kBinary, "BINARY"},
    {TypeRoot::kVarbinary, "VARBINARY"},
    {TypeRoot::kDate, "DATE"},
    {TypeRoot::kTime, "TIME_WITHOUT_TIME_ZONE"},
    {TypeRoot::kTimestamp, "TIMESTAMP_WITHOUT_TIME_ZONE"},
    {TypeRoot::kTimestampLtz, "TIMESTAMP_WITH_LOCAL_TIME_ZONE"},
    {TypeRoot::kArray, "ARRAY"},
    {TypeRoot::kMap, "MAP"},
    {TypeRoot::kRow, "ROW"},
};

json TypeToJson(const DataType& type) {
  json out;
  for (const auto& [root, name] : kRoots) {
    if (root == type.root()) out["type"] = name;
  }
  if (!type.nullable()) out["nullable"] = false;
  switch (type.root()) {
    case TypeRoot::kDecimal: out["scale"] = type.scale(); [[fallthrough]];
    case TypeRoot::kTime:
    case TypeRoot::kTimestamp:
    case TypeRoot::kTimestampLtz: out["precision"] = type.precision(); break;
    case TypeRoot::kChar:
    case TypeRoot::kVarchar:
    case TypeRoot::kBinary:
    case TypeRoot::kVarbinary: out["length"] = type.length(); break;
    case TypeRoot::kArray: out["element_type"] = TypeToJson(type.children()[0]); break;
    case TypeRoot::kMap:
      out["key_type"] = TypeToJson(type.children()[0]);
      out["value_type"] = TypeToJson(type.children()[1]);
      break;
    case TypeRoot::kRow:
      out["fields"] = json::array();
      for (const model::RowField& field : type.fields()) {
        out["fields"].push_back({{"name", field.name},
                                 {"field_type", TypeToJson(field.type)},
                                 {"description", field.description}});
      }
      break;
    default: break;
  }
  return out;
}

// The readers below let nlohmann throw on a missing or mistyped field; TableInfoFromJson catches that.

DataType NestedTypeFromJson(const json& in, TypeRoot root);

DataType TypeFromJson(const json& in) {
  std::string name = in.at("type");
  TypeRoot root = TypeRoot::kNull;
  for (const auto& [candidate, text] : kRoots) {
    if (text == name) root = candidate;
  }
  DataType type;
  switch (root) {
    case TypeRoot::kNull: throw std::invalid_argument("unknown type " + name);
    case TypeRoot::kDecimal: type = DataType::Decimal(in.at("precision"), in.at("scale")); break;
    case TypeRoot::kTime: type = DataType::Time(in.at("precision")); break;
    case TypeRoot::kTimestamp: type = DataType::Timestamp(in.at("precision")); break;
    case TypeRoot::kTimestampLtz: type = DataType::TimestampLtz(in.at("precision")); break;
    case TypeRoot::kChar: type = DataType::Char(in.at("length")); break;
    case TypeRoot::kVarchar: type = DataType::Varchar(in.at("length")); break;
    case TypeRoot::kBinary: type = DataType::Binary(in.at("length")); break;
    case TypeRoot::kVarbinary: type = DataType::Varbinary(in.at("length")); break;
    case TypeRoot::kArray:
    case TypeRoot::kMap:
    case TypeRoot::kRow: type = NestedTypeFromJson(in, root); break;
    default: type = DataType::Of(root);
  }
  return type.WithNullable(in.value("nullable", true));
}

DataType NestedTypeFromJson(const json& in, TypeRoot root) {
  if (root == TypeRoot::kArray) return DataType::Array(TypeFromJson(in.at("element_type")));
  if (root == TypeRoot::kMap) {
    return DataType::Map(TypeFromJson(in.at("key_type")), TypeFromJson(in.at("value_type")));
  }
  std::vector<model::RowField> fields;
  for (const json& field : in.at("fields")) {
    fields.push_back({field.at("name"), TypeFromJson(field.at("field_type")),
                      field.value("description", std::string())});
  }
  return DataType::Row(std::move(fields));
}

json DescriptorToJson(const model::TableDescriptor& table) {
  json columns = json::array();
  for (const model::ColumnSpec& column : table.schema.columns) {
    columns.push_back({{"name", column.name},
                       {"data_type", TypeToJson(column.type)},
                       {"comment", column.comment},
                       {"id", column.id}});
  }
  return {{"version", 1},
          {"schema", {{"columns", columns}, {"primary_key", table.schema.primary_key}}},
          {"comment", table.comment},
          {"partition_key", table.partition_keys},
          {"bucket_key", table.bucket_keys},
          {"bucket_count", table.bucket_count},
          {"properties", table.properties},
          {"custom_properties", table.custom_properties}};
}

model::TableDescriptor DescriptorFromJson(const json& in) {
  model::TableDescriptor table;
  const json& schema = in.at("schema");
  for (const json& column : schema.at("columns")) {
    table.schema.columns.push_back({column.at("name"), TypeFromJson(column.at("data_type")),
                                    column.value("comment", std::string()), column.value("id", 0)});
  }
  table.schema.primary_key = schema.at("primary_key");
  table.comment = in.value("comment", std::string());
  table.partition_keys = in.at("partition_key");
  table.bucket_keys = in.at("bucket_key");
  table.bucket_count = in.at("bucket_count");
  table.properties = in.at("properties");
  table.custom_properties = in.at("custom_properties");
  return table;
}

bool IsPlain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-';
}

}  // namespace

std::string TableInfoToJson(const model::TableInfo& info) {
  json out = {{"table_id", info.id.value()},
              {"schema_id", info.schema_id.value()},
              {"database", info.path.database},
              {"table", info.path.table},
              {"created_ms", info.created_ms},
              {"descriptor", DescriptorToJson(info.descriptor)}};
  return out.dump(1, ' ', false, json::error_handler_t::replace);
}

Result<model::TableInfo> TableInfoFromJson(std::string_view text) {
  try {
    json in = json::parse(text);
    model::TableInfo info;
    info.id = model::TableId(in.at("table_id").get<int64_t>());
    info.schema_id = model::SchemaId(in.at("schema_id").get<int32_t>());
    info.path = {in.at("database"), in.at("table")};
    info.created_ms = in.at("created_ms");
    info.descriptor = DescriptorFromJson(in.at("descriptor"));
    return info;
  } catch (const std::exception& error) {
    return Corruption("not a table's metadata: {}", error.what());
  }
}

std::string SealMetadata(std::string_view json) {
  return fmt::format("{}{}{:08x}\n", json, kSealMark, Crc32c(json));
}

Result<std::string> UnsealMetadata(std::string_view bytes) {
  if (bytes.size() < kSealBytes) return Corruption("the file is cut off");
  std::string_view json = bytes.substr(0, bytes.size() - kSealBytes);
  if (SealMetadata(json) != bytes) return Corruption("the checksum is wrong");
  return std::string(json);
}

std::string EscapeFileName(std::string_view name) {
  std::string file;
  for (char c : name) {
    if (IsPlain(c) || (c == '.' && !file.empty())) {
      file += c;
    } else {
      file += fmt::format("%{:02X}", static_cast<uint8_t>(c));
    }
  }
  return file;
}

Result<std::string> UnescapeFileName(std::string_view file) {
  std::string name;
  for (size_t i = 0; i < file.size(); ++i) {
    if (file[i] != '%') {
      name += file[i];
      continue;
    }
    int value = 0;
    std::string_view digits = file.substr(i + 1, 2);
    auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
    if (error != std::errc() || digits.size() != 2 || end != digits.data() + 2) {
      return Corruption("'{}' is no escaped file name", file);
    }
    name += static_cast<char>(value);
    i += 2;
  }
  return name;
}

}  // namespace forebay::storage
