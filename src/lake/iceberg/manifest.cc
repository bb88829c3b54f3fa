#include "lake/iceberg/manifest.h"

#include <algorithm>

#include "base/check.h"
#include "lake/avro/avro_codec.h"
#include "lake/iceberg/manifest_schema.h"

namespace forebay::lake {

namespace {

AvroJson Binary(std::string_view bytes) {
  return AvroJson::binary(std::vector<uint8_t>(bytes.begin(), bytes.end()));
}

std::string Text(const AvroJson& binary) {
  return std::string(binary.get_binary().begin(), binary.get_binary().end());
}

/// A field, or null when the writer's schema did not have it.
const AvroJson& Get(const AvroJson& record, const char* name) {
  static const AvroJson kNull;
  auto it = record.find(name);
  return it == record.end() ? kNull : *it;
}

int IntOr0(const AvroJson& value) { return value.is_null() ? 0 : value.get<int>(); }

AvroJson OptionalLong(const std::optional<int64_t>& value) {
  return value ? AvroJson(*value) : AvroJson();
}

std::optional<int64_t> ToOptional(const AvroJson& value) {
  return value.is_null() ? std::nullopt : std::optional(value.get<int64_t>());
}

template <typename T>
AvroJson FromMap(const std::map<int, T>& map) {
  if (map.empty()) return AvroJson();
  AvroJson list = AvroJson::array();
  for (const auto& [key, value] : map) {
    if constexpr (std::is_same_v<T, std::string>) {
      list.push_back({{"key", key}, {"value", Binary(value)}});
    } else {
      list.push_back({{"key", key}, {"value", value}});
    }
  }
  return list;
}

template <typename T>
std::map<int, T> ToMap(const AvroJson& list) {
  std::map<int, T> map;
  if (list.is_null()) return map;
  for (const AvroJson& item : list) {
    if constexpr (std::is_same_v<T, std::string>) {
      map[item.at("key").get<int>()] = Text(item.at("value"));
    } else {
      map[item.at("key").get<int>()] = item.at("value").get<T>();
    }
  }
  return map;
}

AvroJson FromValue(const model::Value& value) {
  if (const auto* text = std::get_if<std::string>(&value.data)) return *text;
  if (const auto* number = std::get_if<int64_t>(&value.data)) return *number;
  if (const auto* flag = std::get_if<bool>(&value.data)) return *flag;
  return AvroJson();
}

model::Value ToValue(const AvroJson& json) {
  if (json.is_string()) return model::Value(json.get<std::string>());
  if (json.is_boolean()) return model::Value(json.get<bool>());
  if (json.is_number_integer()) return model::Value(json.get<int64_t>());
  return model::Value();
}

AvroJson FromDataFile(const DataFile& file, const std::string& bucket_field) {
  AvroJson partition = AvroJson::object();
  for (const auto& [name, value] : file.keys) partition[name] = FromValue(value);
  partition[bucket_field] = file.bucket ? AvroJson(*file.bucket) : AvroJson();
  return {{"content", static_cast<int>(file.content)},
          {"file_path", file.file_path},
          {"file_format", "PARQUET"},
          {"partition", partition},
          {"record_count", file.record_count},
          {"file_size_in_bytes", file.file_size_in_bytes},
          {"column_sizes", FromMap(file.column_sizes)},
          {"value_counts", FromMap(file.value_counts)},
          {"null_value_counts", FromMap(file.null_value_counts)},
          {"lower_bounds", FromMap(file.lower_bounds)},
          {"upper_bounds", FromMap(file.upper_bounds)}};
}

Result<DataFile> ToDataFile(const AvroJson& datum, const std::string& bucket_field) {
  DataFile file;
  int content = IntOr0(Get(datum, "content"));
  if (content < 0 || content > 2)
    return Corruption("a manifest lists a file of content {}", content);
  file.content = static_cast<FileContent>(content);
  file.file_path = Get(datum, "file_path").get<std::string>();
  const AvroJson& partition = Get(datum, "partition");
  if (!Get(partition, bucket_field.c_str()).is_null()) {
    file.bucket = Get(partition, bucket_field.c_str()).get<int>();
  }
  for (const auto& [name, value] : partition.items()) {
    if (name != bucket_field) file.keys[name] = ToValue(value);
  }
  file.record_count = Get(datum, "record_count").get<int64_t>();
  file.file_size_in_bytes = Get(datum, "file_size_in_bytes").get<int64_t>();
  file.column_sizes = ToMap<int64_t>(Get(datum, "column_sizes"));
  file.value_counts = ToMap<int64_t>(Get(datum, "value_counts"));
  file.null_value_counts = ToMap<int64_t>(Get(datum, "null_value_counts"));
  file.lower_bounds = ToMap<std::string>(Get(datum, "lower_bounds"));
  file.upper_bounds = ToMap<std::string>(Get(datum, "upper_bounds"));
  return file;
}

std::string IntBytes(int value) { return std::string(reinterpret_cast<const char*>(&value), 4); }

/// The lowest and highest bucket. There is none of a table with partition keys: to readers a field
/// without bounds has no values at all.
AvroJson PartitionSummary(const ManifestFile& manifest) {
  if (!manifest.lowest_bucket || manifest.partition_key_count > 0) return AvroJson();
  return AvroJson::array({{{"contains_null", false},
                           {"contains_nan", nullptr},
                           {"lower_bound", Binary(IntBytes(*manifest.lowest_bucket))},
                           {"upper_bound", Binary(IntBytes(*manifest.highest_bucket))}}});
}

/// The last field of the partition spec in a manifest's header.
Result<std::string> BucketFieldOf(const AvroFile& manifest) {
  auto spec = std::find_if(manifest.metadata.begin(), manifest.metadata.end(),
                           [](const auto& entry) { return entry.first == "partition-spec"; });
  if (spec == manifest.metadata.end()) return std::string(kBucketColumn);
  auto fields = nlohmann::json::parse(spec->second, nullptr, false);
  if (!fields.is_array() || fields.empty() || !fields.back().is_object() ||
      !fields.back().contains("name") || !fields.back()["name"].is_string()) {
    return Corruption("a manifest has no partition spec");
  }
  return fields.back()["name"].get<std::string>();
}

/// Runs `read`, turning what nlohmann throws on unexpected shapes into kCorruption.
template <typename F>
auto Guarded(const char* what, F&& read) -> decltype(read()) {
  try {
    return read();
  } catch (const nlohmann::json::exception& error) {
    return Corruption("{} lacks a field or has one of another type: {}", what, error.what());
  }
}

}  // namespace

Result<std::string> WriteManifest(const std::vector<ManifestEntry>& entries,
                                  const ManifestContext& context) {
  CHECK(!context.partition_fields.empty());
  AvroFile file;
  file.schema = ManifestEntrySchema(context.partition_fields);
  file.metadata = {{"schema", context.schema_json},
                   {"schema-id", std::to_string(context.schema_id)},
                   {"partition-spec", context.partition_fields_json},
                   {"partition-spec-id", std::to_string(context.partition_spec_id)},
                   {"format-version", "2"},
                   {"content", context.is_deletes ? "deletes" : "data"}};
  for (const ManifestEntry& entry : entries) {
    file.datums.push_back(
        {{"status", static_cast<int>(entry.status)},
         {"snapshot_id", OptionalLong(entry.snapshot_id)},
         {"sequence_number", OptionalLong(entry.sequence_number)},
         {"file_sequence_number", OptionalLong(entry.file_sequence_number)},
         {"data_file", FromDataFile(entry.file, context.partition_fields.back().name)}});
  }
  return WriteAvroFile(file);
}

Result<std::vector<ManifestEntry>> ReadManifest(std::string_view bytes) {
  ASSIGN_OR_RETURN(AvroFile file, ReadAvroFile(bytes));
  ASSIGN_OR_RETURN(std::string bucket_field, BucketFieldOf(file));
  return Guarded("the manifest", [&]() -> Result<std::vector<ManifestEntry>> {
    std::vector<ManifestEntry> entries;
    for (const AvroJson& datum : file.datums) {
      ManifestEntry entry;
      int status = Get(datum, "status").get<int>();
      if (status < 0 || status > 2) return Corruption("a manifest entry has status {}", status);
      entry.status = static_cast<EntryStatus>(status);
      entry.snapshot_id = ToOptional(Get(datum, "snapshot_id"));
      entry.sequence_number = ToOptional(Get(datum, "sequence_number"));
      entry.file_sequence_number = ToOptional(Get(datum, "file_sequence_number"));
      ASSIGN_OR_RETURN(entry.file, ToDataFile(Get(datum, "data_file"), bucket_field));
      entries.push_back(std::move(entry));
    }
    return entries;
  });
}

Result<std::string> WriteManifestList(const std::vector<ManifestFile>& manifests,
                                      int64_t snapshot_id, std::optional<int64_t> parent_id,
                                      int64_t sequence_number) {
  AvroFile file;
  file.schema = ManifestFileSchema();
  file.metadata = {{"snapshot-id", std::to_string(snapshot_id)},
                   {"parent-snapshot-id", parent_id ? std::to_string(*parent_id) : "null"},
                   {"sequence-number", std::to_string(sequence_number)},
                   {"format-version", "2"}};
  for (const ManifestFile& manifest : manifests) {
    file.datums.push_back({{"manifest_path", manifest.manifest_path},
                           {"manifest_length", manifest.manifest_length},
                           {"partition_spec_id", manifest.partition_spec_id},
                           {"content", manifest.is_deletes ? 1 : 0},
                           {"sequence_number", manifest.sequence_number},
                           {"min_sequence_number", manifest.min_sequence_number},
                           {"added_snapshot_id", manifest.added_snapshot_id},
                           {"added_files_count", manifest.added_files_count},
                           {"existing_files_count", manifest.existing_files_count},
                           {"deleted_files_count", manifest.deleted_files_count},
                           {"added_rows_count", manifest.added_rows_count},
                           {"existing_rows_count", manifest.existing_rows_count},
                           {"deleted_rows_count", manifest.deleted_rows_count},
                           {"partitions", PartitionSummary(manifest)}});
  }
  return WriteAvroFile(file);
}

namespace {

ManifestFile ToManifestFile(const AvroJson& datum) {
  ManifestFile manifest;
  manifest.manifest_path = Get(datum, "manifest_path").get<std::string>();
  manifest.manifest_length = Get(datum, "manifest_length").get<int64_t>();
  manifest.partition_spec_id = Get(datum, "partition_spec_id").get<int>();
  manifest.is_deletes = IntOr0(Get(datum, "content")) == 1;
  manifest.sequence_number = Get(datum, "sequence_number").get<int64_t>();
  manifest.min_sequence_number = Get(datum, "min_sequence_number").get<int64_t>();
  manifest.added_snapshot_id = Get(datum, "added_snapshot_id").get<int64_t>();
  manifest.added_files_count = Get(datum, "added_files_count").get<int>();
  manifest.existing_files_count = Get(datum, "existing_files_count").get<int>();
  manifest.deleted_files_count = Get(datum, "deleted_files_count").get<int>();
  manifest.added_rows_count = Get(datum, "added_rows_count").get<int64_t>();
  manifest.existing_rows_count = Get(datum, "existing_rows_count").get<int64_t>();
  manifest.deleted_rows_count = Get(datum, "deleted_rows_count").get<int64_t>();
  const AvroJson& partitions = Get(datum, "partitions");
  if (partitions.is_array() && !partitions.empty()) {
    manifest.partition_key_count = static_cast<int>(partitions.size()) - 1;
  }
  if (partitions.is_array() && !partitions.empty() &&
      Get(partitions.back(), "lower_bound").is_binary()) {
    std::string low = Text(Get(partitions.back(), "lower_bound"));
    std::string high = Text(Get(partitions.back(), "upper_bound"));
    if (low.size() == 4 && high.size() == 4) {
      manifest.lowest_bucket = LoadLe<int>(low.data());
      manifest.highest_bucket = LoadLe<int>(high.data());
    }
  }
  return manifest;
}

}  // namespace

Result<std::vector<ManifestFile>> ReadManifestList(std::string_view bytes) {
  ASSIGN_OR_RETURN(AvroFile file, ReadAvroFile(bytes));
  return Guarded("the manifest list", [&]() -> Result<std::vector<ManifestFile>> {
    std::vector<ManifestFile> manifests;
    for (const AvroJson& datum : file.datums) manifests.push_back(ToManifestFile(datum));
    return manifests;
  });
}

}  // namespace forebay::lake
