#include "format/avro/avro_schema.h"

#include <map>
#include <nlohmann/json.hpp>

namespace forebay::format {

using Json = nlohmann::ordered_json;
using model::DataType;
using model::TypeRoot;

namespace {

constexpr int kDepthMax = 64;
constexpr int kTypesMax = 10'000;
constexpr int64_t kFixedBytesMax = 1 << 30;
constexpr size_t kSchemaBytesMax = 4 << 20;

constexpr std::pair<std::string_view, AvroKind> kNamed[] = {
    {"null", AvroKind::kNull},    {"boolean", AvroKind::kBoolean}, {"int", AvroKind::kInt},
    {"long", AvroKind::kLong},    {"float", AvroKind::kFloat},     {"double", AvroKind::kDouble},
    {"bytes", AvroKind::kBytes},  {"string", AvroKind::kString},   {"fixed", AvroKind::kFixed},
    {"enum", AvroKind::kEnum},    {"array", AvroKind::kArray},     {"map", AvroKind::kMap},
    {"record", AvroKind::kRecord}};

using SchemaPtr = std::shared_ptr<const AvroSchema>;

/// Reads one schema; names are known once their type was read.
class SchemaParser {
 public:
  Result<SchemaPtr> Parse(const Json& json, const std::string& space, int depth) {
    if (depth > kDepthMax || ++types_ > kTypesMax) return TooManyTypes();
    if (json.is_string()) return ByName(json.get<std::string>(), space);
    if (json.is_array()) return Union(json, space, depth);
    if (!json.is_object()) return Corruption("an Avro schema is neither name, list nor object");
    auto type = json.find("type");
    if (type == json.end()) return Corruption("an Avro schema has no type");
    if (!type->is_string()) return Parse(*type, space, depth + 1);
    for (const auto& [name, kind] : kNamed) {
      if (name == type->get<std::string>()) return Complex(kind, json, space, depth);
    }
    return ByName(type->get<std::string>(), space);
  }

 private:
  static std::string TextOf(const Json& json, const char* key) {
    auto found = json.find(key);
    return found != json.end() && found->is_string() ? found->get<std::string>() : "";
  }
  static int64_t NumberOf(const Json& json, const char* key) {
    auto found = json.find(key);
    return found != json.end() && found->is_number_integer() ? found->get<int64_t>() : 0;
  }

  static Error TooManyTypes() { return NotSupported("an Avro schema of that many types"); }

  /// Records may name each other, so that a short schema stands for a tree beyond all bounds.
  static Status Add(SchemaPtr child, AvroSchema& schema) {
    schema.num_types += child->num_types;
    if (schema.num_types > kTypesMax) return TooManyTypes();
    schema.children.push_back(std::move(child));
    return {};
  }

  Result<SchemaPtr> ByName(const std::string& name, const std::string& space) {
    for (const auto& [known, kind] : kNamed) {
      if (known != name || kind >= AvroKind::kFixed) continue;
      auto schema = std::make_shared<AvroSchema>();
      schema->kind = kind;
      return SchemaPtr(schema);
    }
    for (const std::string& full : {name, space + "." + name}) {
      auto found = named_.find(full);
      if (found == named_.end()) continue;
      if (found->second == nullptr) return NotSupported("Avro records that contain themselves");
      return found->second;
    }
    return Corruption("the Avro schema has no type '{}'", name);
  }

  Result<SchemaPtr> Union(const Json& json, const std::string& space, int depth) {
    auto schema = std::make_shared<AvroSchema>();
    schema->kind = AvroKind::kUnion;
    for (const Json& branch : json) {
      ASSIGN_OR_RETURN(SchemaPtr child, Parse(branch, space, depth + 1));
      if (child->kind == AvroKind::kUnion) return Corruption("an Avro union within a union");
      RETURN_IF_ERROR(Add(std::move(child), *schema));
    }
    return SchemaPtr(schema);
  }

  Result<SchemaPtr> Complex(AvroKind kind, const Json& json, std::string space, int depth) {
    auto schema = std::make_shared<AvroSchema>();
    schema->kind = kind;
    schema->logical = TextOf(json, "logicalType");
    int64_t scale = NumberOf(json, "scale");
    if (scale < 0 || scale > 38) return NotSupported("an Avro decimal of scale {}", scale);
    schema->scale = static_cast<int>(scale);
    std::string full_name = TextOf(json, "name");
    if (!TextOf(json, "namespace").empty()) space = TextOf(json, "namespace");
    size_t dot = full_name.rfind('.');
    if (dot != std::string::npos) space = full_name.substr(0, dot);
    if (dot == std::string::npos && !space.empty()) full_name = space + "." + full_name;
    bool named = kind == AvroKind::kFixed || kind == AvroKind::kEnum || kind == AvroKind::kRecord;
    if (named) named_[full_name] = nullptr;
    RETURN_IF_ERROR(ReadParts(json, space, depth, *schema));
    if (named) named_[full_name] = schema;
    return SchemaPtr(schema);
  }

  Status ReadParts(const Json& json, const std::string& space, int depth, AvroSchema& schema) {
    const char* key = schema.kind == AvroKind::kArray ? "items"
                      : schema.kind == AvroKind::kMap ? "values"
                                                      : "";
    if (*key != '\0') {
      auto items = json.find(key);
      if (items == json.end()) return Corruption("an Avro collection without '{}'", key);
      ASSIGN_OR_RETURN(SchemaPtr child, Parse(*items, space, depth + 1));
      RETURN_IF_ERROR(Add(std::move(child), schema));
    }
    if (schema.kind == AvroKind::kFixed) {
      schema.fixed_size = NumberOf(json, "size");
      if (schema.fixed_size < 0 || schema.fixed_size > kFixedBytesMax) {
        return Corruption("an Avro fixed of {} bytes", schema.fixed_size);
      }
    }
    auto symbols = json.find("symbols");
    if (schema.kind == AvroKind::kEnum && symbols != json.end()) {
      for (const Json& symbol : *symbols) {
        if (!symbol.is_string()) return Corruption("an Avro symbol is no string");
        schema.names.push_back(symbol.get<std::string>());
      }
    }
    return schema.kind == AvroKind::kRecord ? ReadFields(json, space, depth, schema) : Status::Ok();
  }

  Status ReadFields(const Json& json, const std::string& space, int depth, AvroSchema& schema) {
    auto fields = json.find("fields");
    if (fields == json.end() || !fields->is_array()) return Corruption("an Avro record: no fields");
    for (const Json& field : *fields) {
      auto type = field.is_object() ? field.find("type") : field.end();
      if (!field.is_object() || type == field.end()) return Corruption("an Avro field: no type");
      ASSIGN_OR_RETURN(SchemaPtr child, Parse(*type, space, depth + 1));
      schema.names.push_back(TextOf(field, "name"));
      RETURN_IF_ERROR(Add(std::move(child), schema));
    }
    return {};
  }

  std::map<std::string, SchemaPtr> named_;  ///< null: its parts are being read
  int types_ = 0;
};

Json Logical(const char* type, const char* logical) {
  return {{"type", type}, {"logicalType", logical}};
}

Result<Json> TypeOf(const DataType& type, const std::string& record, bool legacy);

Json Nullable(Json type, bool nullable) {
  return nullable ? Json::array({"null", std::move(type)}) : type;
}

Result<Json> TimestampOf(const DataType& type, bool legacy) {
  bool local = type.Is(TypeRoot::kTimestampLtz);
  if (type.precision() > (legacy ? 3 : 6) || (legacy && local)) {
    Error error = NotSupported("{} in Avro", type.Nullable().ToString());
    if (legacy) error.hint = "'avro.timestamp_mapping.legacy' = 'false' has more";
    return error;
  }
  bool millis = type.precision() <= 3;
  if (local || legacy) return Logical("long", millis ? "timestamp-millis" : "timestamp-micros");
  return Logical("long", millis ? "local-timestamp-millis" : "local-timestamp-micros");
}

Result<Json> RecordOf(const std::vector<std::pair<std::string, DataType>>& fields,
                      const std::string& name, bool legacy) {
  Json list = Json::array();
  for (const auto& [field, type] : fields) {
    ASSIGN_OR_RETURN(Json of_field, TypeOf(type, name + "_" + field, legacy));
    Json entry = {{"name", field}, {"type", std::move(of_field)}};
    if (type.nullable()) entry["default"] = nullptr;
    list.push_back(std::move(entry));
  }
  Json record = {{"type", "record"}, {"name", name}};
  if (name == "record") record["namespace"] = "org.apache.flink.avro.generated";
  record["fields"] = std::move(list);
  return record;
}

Result<Json> PlainTypeOf(const DataType& type, const std::string& record, bool legacy) {
  switch (type.root()) {
    case TypeRoot::kBoolean: return Json("boolean");
    case TypeRoot::kTinyint:
    case TypeRoot::kSmallint:
    case TypeRoot::kInteger: return Json("int");
    case TypeRoot::kBigint: return Json("long");
    case TypeRoot::kFloat: return Json("float");
    case TypeRoot::kDouble: return Json("double");
    case TypeRoot::kChar:
    case TypeRoot::kVarchar: return Json("string");
    case TypeRoot::kBinary:
    case TypeRoot::kVarbinary: return Json("bytes");
    case TypeRoot::kDate: return Logical("int", "date");
    case TypeRoot::kTime:
      if (type.precision() > 3) return NotSupported("{} in Avro", type.Nullable().ToString());
      return Logical("int", "time-millis");
    case TypeRoot::kTimestamp:
    case TypeRoot::kTimestampLtz: return TimestampOf(type, legacy);
    case TypeRoot::kDecimal: {
      Json decimal = Logical("bytes", "decimal");
      decimal["precision"] = type.precision();
      decimal["scale"] = type.scale();
      return decimal;
    }
    case TypeRoot::kArray: {
      ASSIGN_OR_RETURN(Json items, TypeOf(type.children()[0], record, legacy));
      return Json{{"type", "array"}, {"items", std::move(items)}};
    }
    case TypeRoot::kMap:
    case TypeRoot::kMultiset: {
      if (!type.children()[0].IsCharacter()) {
        return NotSupported("{} in Avro: keys must be strings", type.Nullable().ToString());
      }
      DataType value = type.Is(TypeRoot::kMap) ? type.children()[1] : DataType::Int().NotNull();
      ASSIGN_OR_RETURN(Json values, TypeOf(value, record, legacy));
      return Json{{"type", "map"}, {"values", std::move(values)}};
    }
    case TypeRoot::kRow: {
      std::vector<std::pair<std::string, DataType>> fields;
      for (const auto& field : type.fields()) fields.emplace_back(field.name, field.type);
      return RecordOf(fields, record, legacy);
    }
    default: return NotSupported("{} in Avro", type.Nullable().ToString());
  }
}

Result<Json> TypeOf(const DataType& type, const std::string& record, bool legacy) {
  ASSIGN_OR_RETURN(Json plain, PlainTypeOf(type, record, legacy));
  return Nullable(std::move(plain), type.nullable());
}

}  // namespace

Result<SchemaPtr> ParseAvroSchema(std::string_view json) {
  if (json.size() > kSchemaBytesMax) return NotSupported("an Avro schema of {} bytes", json.size());
  Json parsed = Json::parse(json, nullptr, false);
  if (parsed.is_discarded()) return Corruption("an Avro schema is no JSON");
  return SchemaParser().Parse(parsed, "", 0);
}

Result<std::string> AvroSchemaOf(const std::vector<model::ColumnSpec>& columns,
                                 bool legacy_timestamps) {
  std::vector<std::pair<std::string, DataType>> fields;
  for (const model::ColumnSpec& column : columns) fields.emplace_back(column.name, column.type);
  ASSIGN_OR_RETURN(Json record, RecordOf(fields, "record", legacy_timestamps));
  return record.dump();
}

}  // namespace forebay::format
