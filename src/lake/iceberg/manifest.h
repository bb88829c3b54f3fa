#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/value.h"

namespace forebay::lake {

/// What a data file of a manifest holds (Iceberg table specification v2, "Manifests", field
/// `content`).
enum class FileContent { kData = 0, kPositionDeletes = 1, kEqualityDeletes = 2 };

enum class EntryStatus { kExisting = 0, kAdded = 1, kDeleted = 2 };

inline constexpr const char* kBucketColumn = "__bucket";
/// The id of a partition spec's first field.
inline constexpr int kFirstPartitionFieldId = 1000;

/// A field of the partition spec: an identity transform, or the bucket transform as the last one.
struct PartitionField {
  std::string name;
  std::string iceberg_type;  ///< of its values: "string", "int", ...
  int id = 0;
};

/// Values of the table's partition keys by name; empty in tables that have none.
using PartitionKeys = std::map<std::string, model::Value>;

/// The spec's `data_file` struct. Tables are partitioned by identity of their partition keys, if
/// they have some, and by the bucket: identity of __bucket, or Iceberg's bucket of a column.
struct DataFile {
  FileContent content = FileContent::kData;
  std::string file_path;
  PartitionKeys keys;
  std::optional<int> bucket;
  int64_t record_count = 0;
  int64_t file_size_in_bytes = 0;
  /// By field id.
  std::map<int, int64_t> column_sizes;
  std::map<int, int64_t> value_counts;
  std::map<int, int64_t> null_value_counts;
  /// In Iceberg's single-value binary form ("Binary single-value serialization").
  std::map<int, std::string> lower_bounds;
  std::map<int, std::string> upper_bounds;
};

/// The spec's `manifest_entry`. Unset ids and sequence numbers are inherited from the manifest.
struct ManifestEntry {
  EntryStatus status = EntryStatus::kAdded;
  std::optional<int64_t> snapshot_id;
  std::optional<int64_t> sequence_number;
  std::optional<int64_t> file_sequence_number;
  DataFile file;
};

/// The spec's `manifest_file`: a manifest as its manifest list describes it.
struct ManifestFile {
  std::string manifest_path;
  int64_t manifest_length = 0;
  int partition_spec_id = 0;
  bool is_deletes = false;
  int64_t sequence_number = 0;
  int64_t min_sequence_number = 0;
  int64_t added_snapshot_id = 0;
  int added_files_count = 0;
  int existing_files_count = 0;
  int deleted_files_count = 0;
  int64_t added_rows_count = 0;
  int64_t existing_rows_count = 0;
  int64_t deleted_rows_count = 0;
  int partition_key_count = 0;  ///< fields of the partition before the bucket
  std::optional<int> lowest_bucket;
  std::optional<int> highest_bucket;
};

/// What the header of a manifest says about the table.
struct ManifestContext {
  std::string schema_json;  ///< the table's current schema
  int schema_id = 0;
  std::string partition_fields_json;             ///< the partition spec's fields
  std::vector<PartitionField> partition_fields;  ///< the bucket as the last
  int partition_spec_id = 0;
  bool is_deletes = false;
};

/// Avro files of format version 2. Reading fills inherited fields only in ReadManifestList's
/// callers (see IcebergTable).
Result<std::string> WriteManifest(const std::vector<ManifestEntry>& entries,
                                  const ManifestContext& context);
Result<std::vector<ManifestEntry>> ReadManifest(std::string_view bytes);

Result<std::string> WriteManifestList(const std::vector<ManifestFile>& manifests,
                                      int64_t snapshot_id, std::optional<int64_t> parent_id,
                                      int64_t sequence_number);
Result<std::vector<ManifestFile>> ReadManifestList(std::string_view bytes);

}  // namespace forebay::lake
