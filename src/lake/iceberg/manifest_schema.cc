#include "lake/iceberg/manifest_schema.h"

namespace forebay::lake {

namespace {

AvroJson Required(const char* name, AvroJson type, int id) {
  return {{"name", name}, {"type", std::move(type)}, {"field-id", id}};
}

AvroJson Optional(const char* name, AvroJson type, int id) {
  return {{"name", name},
          {"type", AvroJson::array({"null", std::move(type)})},
          {"default", nullptr},
          {"field-id", id}};
}

/// A map with int keys: Avro has string keys only, so the spec writes an array of key-value
/// records.
AvroJson IntMap(const char* value_type, int key_id, int value_id) {
  std::string name = "k" + std::to_string(key_id) + "_v" + std::to_string(value_id);
  AvroJson record = {{"type", "record"},
                     {"name", name},
                     {"fields", AvroJson::array({Required("key", "int", key_id),
                                                 Required("value", value_type, value_id)})}};
  return {{"type", "array"}, {"items", record}, {"logicalType", "map"}};
}

AvroJson List(AvroJson element, int element_id) {
  return {{"type", "array"}, {"items", std::move(element)}, {"element-id", element_id}};
}

AvroJson Record(const char* name, AvroJson fields) {
  return {{"type", "record"}, {"name", name}, {"fields", std::move(fields)}};
}

AvroJson AvroType(const std::string& iceberg_type) {
  if (iceberg_type == "date") return {{"type", "int"}, {"logicalType", "date"}};
  return iceberg_type;
}

AvroJson DataFileSchema(const std::vector<PartitionField>& fields) {
  AvroJson list = AvroJson::array();
  for (const PartitionField& field : fields) {
    list.push_back(Optional(field.name.c_str(), AvroType(field.iceberg_type), field.id));
  }
  AvroJson partition = Record("r102", std::move(list));
  return Record("r2", AvroJson::array({
                          Required("content", "int", 134),
                          Required("file_path", "string", 100),
                          Required("file_format", "string", 101),
                          Required("partition", partition, 102),
                          Required("record_count", "long", 103),
                          Required("file_size_in_bytes", "long", 104),
                          Optional("column_sizes", IntMap("long", 117, 118), 108),
                          Optional("value_counts", IntMap("long", 119, 120), 109),
                          Optional("null_value_counts", IntMap("long", 121, 122), 110),
                          Optional("nan_value_counts", IntMap("long", 138, 139), 137),
                          Optional("lower_bounds", IntMap("bytes", 126, 127), 125),
                          Optional("upper_bounds", IntMap("bytes", 129, 130), 128),
                          Optional("key_metadata", "bytes", 131),
                          Optional("split_offsets", List("long", 133), 132),
                          Optional("equality_ids", List("int", 136), 135),
                          Optional("sort_order_id", "int", 140),
                      }));
}

AvroJson FieldSummarySchema() {
  return Record("r508", AvroJson::array({Required("contains_null", "boolean", 509),
                                         Optional("contains_nan", "boolean", 518),
                                         Optional("lower_bound", "bytes", 510),
                                         Optional("upper_bound", "bytes", 511)}));
}

}  // namespace

AvroJson ManifestEntrySchema(const std::vector<PartitionField>& partition) {
  return Record("manifest_entry",
                AvroJson::array({Required("status", "int", 0), Optional("snapshot_id", "long", 1),
                                 Optional("sequence_number", "long", 3),
                                 Optional("file_sequence_number", "long", 4),
                                 Required("data_file", DataFileSchema(partition), 2)}));
}

const AvroJson& ManifestFileSchema() {
  static const AvroJson kSchema =
      Record("manifest_file", AvroJson::array({
                                  Required("manifest_path", "string", 500),
                                  Required("manifest_length", "long", 501),
                                  Required("partition_spec_id", "int", 502),
                                  Required("content", "int", 517),
                                  Required("sequence_number", "long", 515),
                                  Required("min_sequence_number", "long", 516),
                                  Required("added_snapshot_id", "long", 503),
                                  Required("added_files_count", "int", 504),
                                  Required("existing_files_count", "int", 505),
                                  Required("deleted_files_count", "int", 506),
                                  Required("added_rows_count", "long", 512),
                                  Required("existing_rows_count", "long", 513),
                                  Required("deleted_rows_count", "long", 514),
                                  Optional("partitions", List(FieldSummarySchema(), 508), 507),
                                  Optional("key_metadata", "bytes", 519),
                              }));
  return kSchema;
}

}  // namespace forebay::lake
