#include "lake/iceberg/table_metadata.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/random.h"
#include "base/whole_json.h"
#include "lake/iceberg/manifest_schema.h"

namespace forebay::lake {

using Json = nlohmann::ordered_json;
using model::DataType;
using model::TypeRoot;

namespace {

constexpr size_t kMetadataLogMax = 100;
constexpr const char* kOffsetColumn = "__offset";

/// Types without parameters.
const char* PlainType(TypeRoot root) {
  switch (root) {
    case TypeRoot::kBoolean: return "boolean";
    case TypeRoot::kTinyint:
    case TypeRoot::kSmallint:
    case TypeRoot::kInteger: return "int";
    case TypeRoot::kBigint: return "long";
    case TypeRoot::kFloat: return "float";
    case TypeRoot::kDouble: return "double";
    case TypeRoot::kChar:
    case TypeRoot::kVarchar: return "string";
    case TypeRoot::kVarbinary: return "binary";
    case TypeRoot::kDate: return "date";
    case TypeRoot::kTime: return "time";
    case TypeRoot::kTimestamp: return "timestamp";
    case TypeRoot::kTimestampLtz: return "timestamptz";
    default: return nullptr;
  }
}

Result<Json> NestedType(const DataType& type, int& next_id) {
  if (type.Is(TypeRoot::kArray)) {
    int id = next_id++;
    ASSIGN_OR_RETURN(Json element, IcebergType(type.children()[0], next_id));
    return Json{{"type", "list"},
                {"element-id", id},
                {"element", element},
                {"element-required", !type.children()[0].nullable()}};
  }
  if (type.Is(TypeRoot::kMap)) {
    int key_id = next_id++;
    int value_id = next_id++;
    ASSIGN_OR_RETURN(Json key, IcebergType(type.children()[0], next_id));
    ASSIGN_OR_RETURN(Json value, IcebergType(type.children()[1], next_id));
    return Json{{"type", "map"},  {"key-id", key_id},
                {"key", key},     {"value-id", value_id},
                {"value", value}, {"value-required", !type.children()[1].nullable()}};
  }
  Json fields = Json::array();
  int first_id = next_id;
  next_id += static_cast<int>(type.fields().size());
  for (size_t i = 0; i < type.fields().size(); ++i) {
    const model::RowField& field = type.fields()[i];
    ASSIGN_OR_RETURN(Json inner, IcebergType(field.type, next_id));
    fields.push_back({{"id", first_id + static_cast<int>(i)},
                      {"name", field.name},
                      {"required", !field.type.nullable()},
                      {"type", inner}});
  }
  return Json{{"type", "struct"}, {"fields", fields}};
}

}  // namespace

Result<Json> IcebergType(const DataType& type, int& next_id) {
  if (type.IsTimestamp() && type.precision() > 6) {
    return NotSupported("Iceberg v2 has no {}: its timestamps have microseconds", type.ToString());
  }
  if (type.Is(TypeRoot::kDecimal)) {
    return Json(fmt::format("decimal({}, {})", type.precision(), type.scale()));
  }
  if (type.Is(TypeRoot::kBinary)) return Json(fmt::format("fixed[{}]", type.length()));
  if (const char* plain = PlainType(type.root())) return Json(plain);
  if (type.Is(TypeRoot::kArray) || type.Is(TypeRoot::kMap) || type.Is(TypeRoot::kRow)) {
    return NestedType(type, next_id);
  }
  return NotSupported("Iceberg has no type for {}", type.ToString());
}

std::vector<IcebergField> IcebergFields(const model::Schema& schema) {
  std::vector<IcebergField> fields;
  int id = 1;
  for (const model::ColumnSpec& column : schema.columns) {
    fields.push_back({id++, column.name, !column.type.nullable(), column.type});
  }
  fields.push_back({id++, kBucketColumn, true, DataType::Int()});
  fields.push_back({id++, kOffsetColumn, true, DataType::Bigint()});
  fields.push_back({id++, "__timestamp", true, DataType::TimestampLtz(6)});
  return fields;
}

namespace {

/// A name that no column has.
std::string BucketFieldName(const std::string& column, const std::map<std::string, int>& ids) {
  std::string name = column + "_bucket";
  while (ids.contains(name)) name += '_';
  return name;
}

Json PartitionSpec(const TablePartitioning& partitioning, const std::map<std::string, int>& ids) {
  Json fields = Json::array();
  int id = kFirstPartitionFieldId;
  auto add = [&](const std::string& name, const std::string& transform, const std::string& of) {
    fields.push_back(
        {{"name", name}, {"transform", transform}, {"source-id", ids.at(of)}, {"field-id", id++}});
  };
  for (const std::string& key : partitioning.partition_keys) add(key, "identity", key);
  const std::string& bucket_key = partitioning.bucket_key;
  if (bucket_key.empty()) {
    add(kBucketColumn, "identity", kBucketColumn);
  } else {
    add(BucketFieldName(bucket_key, ids), fmt::format("bucket[{}]", partitioning.bucket_count),
        bucket_key);
  }
  return fields;
}

Json NewProperties(bool has_primary_key) {
  Json properties = {{"write.format.default", "parquet"},
                     {"write.parquet.compression-codec", "zstd"}};
  if (!has_primary_key) return properties;
  for (const char* change : {"delete", "update", "merge"}) {
    properties[fmt::format("write.{}.mode", change)] = "merge-on-read";
  }
  return properties;
}

Json SortOrders(int offset_id) {
  Json by_offset = {{"transform", "identity"},
                    {"source-id", offset_id},
                    {"direction", "asc"},
                    {"null-order", "nulls-first"}};
  return Json::array({{{"order-id", 1}, {"fields", Json::array({by_offset})}}});
}

}  // namespace

Result<TableMetadata> TableMetadata::Create(const std::string& location,
                                            const model::Schema& schema,
                                            const TablePartitioning& partitioning, int64_t now_ms) {
  std::vector<IcebergField> fields = IcebergFields(schema);
  int next_id = static_cast<int>(fields.size()) + 1;
  Json columns = Json::array();
  std::map<std::string, int> ids;
  for (const IcebergField& field : fields) {
    auto type = IcebergType(field.type, next_id);
    if (!type.ok()) return type.status().WithContext("column " + field.name);
    columns.push_back(
        {{"id", field.id}, {"name", field.name}, {"required", field.required}, {"type", *type}});
    ids[field.name] = field.id;
  }
  Json partition_fields = PartitionSpec(partitioning, ids);
  Json identifiers = Json::array();
  for (int key : schema.PrimaryKeyIndexes()) identifiers.push_back(key + 1);
  Json iceberg_schema = {{"type", "struct"}, {"schema-id", 0}};
  if (!identifiers.empty()) iceberg_schema["identifier-field-ids"] = identifiers;
  iceberg_schema["fields"] = columns;
  TableMetadata metadata;
  metadata.location_ = location;
  metadata.json_ = {
      {"format-version", 2},
      {"table-uuid", RandomUuid()},
      {"location", location},
      {"last-sequence-number", 0},
      {"last-updated-ms", now_ms},
      {"last-column-id", next_id - 1},
      {"current-schema-id", 0},
      {"schemas", Json::array({iceberg_schema})},
      {"default-spec-id", 0},
      {"partition-specs", Json::array({{{"spec-id", 0}, {"fields", partition_fields}}})},
      {"last-partition-id", partition_fields.back()["field-id"]},
      {"default-sort-order-id", 1},
      {"sort-orders", SortOrders(ids.at(kOffsetColumn))},
      {"properties", NewProperties(!identifiers.empty())},
      {"current-snapshot-id", -1},
      {"refs", Json::object()},
      {"snapshots", Json::array()},
      {"snapshot-log", Json::array()},
      {"metadata-log", Json::array()}};
  return metadata;
}

Result<TableMetadata> TableMetadata::Parse(std::string_view text) {
  TableMetadata metadata;
  metadata.json_ = ParseWholeJson<Json>(text);
  const Json& json = metadata.json_;
  if (!json.is_object()) return Corruption("the table metadata is no JSON object");
  try {
    int version = json.at("format-version");
    if (version != 2) return NotSupported("Iceberg format version {}", version);
    metadata.location_ = json.at("location");
    RETURN_IF_ERROR(metadata.CheckShape());
    RETURN_IF_ERROR(metadata.ReadSnapshots());
  } catch (const Json::exception& error) {
    return Corruption("bad table metadata: {}", error.what());
  }
  return metadata;
}

/// What the other functions rely on.
Status TableMetadata::CheckShape() const {
  for (const char* field : {"last-sequence-number", "current-schema-id", "last-column-id",
                            "last-updated-ms", "current-snapshot-id"}) {
    bool optional = field == std::string_view("current-snapshot-id");
    if (optional && (!json_.contains(field) || json_.at(field).is_null())) continue;
    if (!json_.at(field).is_number_integer()) return Corruption("{} is no number", field);
  }
  for (const char* list : {"snapshots", "snapshot-log", "metadata-log"}) {
    if (json_.contains(list) && !json_.at(list).is_array())
      return Corruption("{} is no list", list);
  }
  if (json_.contains("refs") && !json_.at("refs").is_object())
    return Corruption("refs is no object");
  bool has_schema = false;
  for (const Json& schema : json_.at("schemas")) {
    has_schema |= schema.at("schema-id") == json_.at("current-schema-id");
  }
  if (!has_schema) return Corruption("the current schema is missing");
  const Json& specs = json_.at("partition-specs");
  if (!specs.is_array() || specs.empty()) return Corruption("there is no partition spec");
  if (!specs.back().at("fields").is_array()) return Corruption("a partition spec has no fields");
  return Status::Ok();
}

Status TableMetadata::ReadSnapshots() {
  if (!json_.contains("snapshots")) json_["snapshots"] = Json::array();
  for (const Json& item : json_["snapshots"]) {
    Snapshot snapshot;
    snapshot.id = item.at("snapshot-id");
    if (item.contains("parent-snapshot-id") && !item["parent-snapshot-id"].is_null()) {
      snapshot.parent_id = item["parent-snapshot-id"].get<int64_t>();
    }
    snapshot.sequence_number = item.value("sequence-number", int64_t{0});
    snapshot.timestamp_ms = item.at("timestamp-ms");
    snapshot.manifest_list = item.at("manifest-list");
    snapshot.schema_id = item.value("schema-id", 0);
    for (const auto& [key, value] : item.at("summary").items()) {
      if (key == "operation") {
        snapshot.operation = value;
      } else {
        snapshot.summary[key] = value;
      }
    }
    snapshots_.push_back(std::move(snapshot));
  }
  return Status::Ok();
}

const Snapshot* TableMetadata::current_snapshot() const {
  if (!json_.contains("current-snapshot-id") || json_["current-snapshot-id"].is_null()) {
    return nullptr;
  }
  int64_t id = json_["current-snapshot-id"];
  auto it = std::find_if(snapshots_.begin(), snapshots_.end(),
                         [id](const Snapshot& snapshot) { return snapshot.id == id; });
  return it == snapshots_.end() ? nullptr : &*it;
}

const Snapshot* TableMetadata::SnapshotAsOf(int64_t timestamp_ms) const {
  const Snapshot* found = nullptr;
  for (const Snapshot& snapshot : snapshots_) {
    if (snapshot.timestamp_ms <= timestamp_ms) found = &snapshot;
  }
  return found;
}

Json TableMetadata::CurrentSchema() const {
  for (const Json& schema : json_["schemas"]) {
    if (schema["schema-id"] == json_["current-schema-id"]) return schema;
  }
  return Json::object();
}

std::string TableMetadata::SchemaJson() const { return CurrentSchema().dump(); }

std::map<std::string, int> TableMetadata::FieldIds() const {
  std::map<std::string, int> ids;
  Json schema = CurrentSchema();
  if (!schema.contains("fields") || !schema["fields"].is_array()) return ids;
  for (const Json& field : schema["fields"]) {
    if (!field.is_object() || !field.contains("name") || !field["name"].is_string()) continue;
    ids[field["name"].get<std::string>()] = field.value("id", -1);
  }
  return ids;
}

Result<bool> TableMetadata::AddColumns(const model::Schema& schema, int64_t now_ms,
                                       const std::string& metadata_file) {
  std::map<std::string, int> present = FieldIds();
  Json fields = CurrentSchema()["fields"];
  int next_id = json_["last-column-id"].get<int>() + 1;
  Json added = Json::array();
  for (const model::ColumnSpec& column : schema.columns) {
    if (present.contains(column.name)) continue;
    int id = next_id++;
    auto type = IcebergType(column.type, next_id);
    if (!type.ok()) return type.status().WithContext("column " + column.name);
    added.push_back({{"id", id}, {"name", column.name}, {"required", false}, {"type", *type}});
  }
  if (added.empty()) return false;
  auto system = std::find_if(fields.begin(), fields.end(), [](const Json& field) {
    return field.value("name", "") == kBucketColumn;
  });
  fields.insert(system, added.begin(), added.end());
  Json next = CurrentSchema();
  next["fields"] = fields;
  int id = 0;
  for (const Json& earlier : json_["schemas"]) id = std::max(id, earlier["schema-id"].get<int>());
  next["schema-id"] = id + 1;
  json_["schemas"].push_back(next);
  json_["current-schema-id"] = id + 1;
  json_["last-column-id"] = next_id - 1;
  LogMetadata(metadata_file, now_ms);
  return true;
}

void TableMetadata::LogMetadata(const std::string& metadata_file, int64_t now_ms) {
  Json& log = json_["metadata-log"];
  log.push_back({{"timestamp-ms", json_["last-updated-ms"]}, {"metadata-file", metadata_file}});
  while (log.size() > kMetadataLogMax) log.erase(log.begin());
  // Time goes on, as the specification wants it.
  json_["last-updated-ms"] = std::max(json_["last-updated-ms"].get<int64_t>(), now_ms);
}

std::string TableMetadata::PartitionFieldsJson() const {
  return json_["partition-specs"].back()["fields"].dump();
}

Result<std::vector<PartitionField>> TableMetadata::PartitionFields() const {
  std::map<int, std::string> types;
  Json schema = CurrentSchema();
  try {
    for (const Json& field : schema.at("fields")) {
      if (field.at("type").is_string()) types[field.at("id")] = field.at("type");
    }
    std::vector<PartitionField> fields;
    for (const Json& field : json_["partition-specs"].back()["fields"]) {
      PartitionField& made = fields.emplace_back();
      made.name = field.at("name");
      made.id = field.at("field-id");
      bool is_bucket = field.at("transform").get<std::string>().starts_with("bucket[");
      made.iceberg_type = is_bucket ? "int" : types.at(field.at("source-id").get<int>());
    }
    return fields;
  } catch (const std::exception& error) {
    return Corruption("a bad partition spec: {}", error.what());
  }
}

void TableMetadata::AddSnapshot(const Snapshot& snapshot, const std::string& metadata_file) {
  Json summary = {{"operation", snapshot.operation}};
  for (const auto& [key, value] : snapshot.summary) summary[key] = value;
  Json item = {{"sequence-number", snapshot.sequence_number}, {"snapshot-id", snapshot.id}};
  if (snapshot.parent_id) item["parent-snapshot-id"] = *snapshot.parent_id;
  item["timestamp-ms"] = snapshot.timestamp_ms;
  item["summary"] = summary;
  item["manifest-list"] = snapshot.manifest_list;
  item["schema-id"] = snapshot.schema_id;
  LogMetadata(metadata_file, snapshot.timestamp_ms);
  json_["snapshots"].push_back(item);
  json_["snapshot-log"].push_back(
      {{"timestamp-ms", snapshot.timestamp_ms}, {"snapshot-id", snapshot.id}});
  json_["last-sequence-number"] = snapshot.sequence_number;
  json_["current-snapshot-id"] = snapshot.id;
  json_["refs"]["main"] = {{"snapshot-id", snapshot.id}, {"type", "branch"}};
  snapshots_.push_back(snapshot);
}

std::vector<Snapshot> TableMetadata::ExpireSnapshots(size_t keep) {
  std::vector<Snapshot> expired;
  while (snapshots_.size() > std::max<size_t>(keep, 1)) {
    expired.push_back(std::move(snapshots_.front()));
    snapshots_.erase(snapshots_.begin());
    json_["snapshots"].erase(json_["snapshots"].begin());
  }
  Json& log = json_["snapshot-log"];
  while (log.size() > snapshots_.size()) log.erase(log.begin());
  return expired;
}

std::string PartitionOffsetsToJson(const std::vector<PartitionOffsets>& partitions) {
  Json list = Json::array();
  for (const PartitionOffsets& entry : partitions) {
    list.push_back({{"partition", entry.partition.id.value()},
                    {"values", entry.partition.values},
                    {"offsets", entry.offsets}});
  }
  return list.dump();
}

std::vector<PartitionOffsets> Snapshot::LogOffsetsByPartition() const {
  auto it = summary.find(kLogOffsetsKey);
  if (it == summary.end()) return {};
  auto list = ParseWholeJson<Json>(it->second);
  std::vector<PartitionOffsets> partitions;
  try {
    for (const Json& item : list) {
      PartitionOffsets& entry = partitions.emplace_back();
      entry.partition.id = model::PartitionId(item.at("partition").get<int64_t>());
      entry.partition.values = item.at("values").get<std::vector<std::string>>();
      entry.offsets = item.at("offsets").get<std::vector<model::LogOffset>>();
    }
  } catch (const std::exception&) {
    return {};
  }
  return partitions;
}

std::vector<model::LogOffset> Snapshot::LogOffsets() const {
  auto it = summary.find(kLogOffsetsKey);
  if (it == summary.end()) return {};
  auto list = ParseWholeJson<Json>(it->second);
  std::vector<model::LogOffset> offsets;
  if (!list.is_array()) return {};
  for (const Json& item : list) {
    if (!item.is_number_integer()) return {};
    offsets.push_back(item.get<int64_t>());
  }
  return offsets;
}

}  // namespace forebay::lake
