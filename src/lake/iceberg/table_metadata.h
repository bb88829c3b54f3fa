#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "lake/iceberg/manifest.h"
#include "model/table.h"

namespace forebay::lake {

/// A field of an Iceberg schema: a table's column or one of the three system columns.
struct IcebergField {
  int id = 0;
  std::string name;
  bool required = false;
  model::DataType type;  ///< the type of the rows in memory; the Iceberg type follows from it
};

/// How a new Iceberg table is partitioned: by identity of the partition keys and by the bucket,
/// which is Iceberg's own of a column, or identity of __bucket when `bucket_key` is empty.
struct TablePartitioning {
  std::vector<std::string> partition_keys = {};
  std::string bucket_key = {};
  int bucket_count = 1;
};

/// How far the lake has the buckets of a partition.
struct PartitionOffsets {
  model::PartitionInfo partition;
  std::vector<model::LogOffset> offsets;
};
std::string PartitionOffsetsToJson(const std::vector<PartitionOffsets>& partitions);

/// A snapshot of table metadata (Iceberg table specification v2, "Snapshots").
struct Snapshot {
  int64_t id = 0;
  std::optional<int64_t> parent_id;
  int64_t sequence_number = 0;
  int64_t timestamp_ms = 0;
  std::string manifest_list;
  int schema_id = 0;
  std::string operation;                       ///< "append", "overwrite", ...
  std::map<std::string, std::string> summary;  ///< the other entries

  /// What tiering records: for every bucket the first log offset that is not in the lake; empty
  /// when unknown.
  std::vector<model::LogOffset> LogOffsets() const;
  /// The same of a partitioned table, partition by partition.
  std::vector<PartitionOffsets> LogOffsetsByPartition() const;
};

/// The snapshot summary's key for LogOffsets(): a JSON array of numbers; of a partitioned table
/// [{"partition": id, "values": [text...], "offsets": [number...]}, ...].
inline constexpr const char* kLogOffsetsKey = "forebay.log-offsets";

/// A table's metadata file of format version 2. It keeps the JSON it was read from, so that what
/// other writers put there survives our commits.
class TableMetadata {
 public:
  /// Metadata of a new, empty table as Fluss's IcebergLakeCatalog makes it: the columns of
  /// `schema`, then __bucket INT, __offset BIGINT, __timestamp TIMESTAMP_LTZ(6), sorted by
  /// __offset. kNotSupported for column types Iceberg v2 has not.
  static Result<TableMetadata> Create(const std::string& location, const model::Schema& schema,
                                      const TablePartitioning& partitioning, int64_t now_ms);
  /// kCorruption, kNotSupported (format version).
  static Result<TableMetadata> Parse(std::string_view json);

  std::string ToJson() const { return json_.dump(1); }
  const std::string& location() const { return location_; }
  int64_t last_sequence_number() const { return json_["last-sequence-number"]; }
  int schema_id() const { return json_["current-schema-id"]; }
  const std::vector<Snapshot>& snapshots() const { return snapshots_; }
  /// Null when the table has no snapshot yet.
  const Snapshot* current_snapshot() const;
  /// The snapshot that was current at `timestamp_ms`; null before the first.
  const Snapshot* SnapshotAsOf(int64_t timestamp_ms) const;

  /// The ids of the current schema's columns by name.
  std::map<std::string, int> FieldIds() const;
  /// Adds the columns of `schema` that the current schema has not, before the system columns, with
  /// ids of their own, as a new schema that becomes the current one; false when it has all.
  /// `metadata_file` as for AddSnapshot. kNotSupported for types Iceberg v2 has not.
  Result<bool> AddColumns(const model::Schema& schema, int64_t now_ms,
                          const std::string& metadata_file);

  /// The current schema and the partition fields as JSON, for manifests.
  std::string SchemaJson() const;
  std::string PartitionFieldsJson() const;
  /// The fields of the partition spec, the bucket as the last. kCorruption.
  Result<std::vector<PartitionField>> PartitionFields() const;

  /// Adds a snapshot and makes it current. `metadata_file` is the file that this metadata was read
  /// from.
  void AddSnapshot(const Snapshot& snapshot, const std::string& metadata_file);
  /// Forgets all but the newest `keep` snapshots; returns those forgotten.
  std::vector<Snapshot> ExpireSnapshots(size_t keep);

 private:
  Status CheckShape() const;
  Status ReadSnapshots();
  nlohmann::ordered_json CurrentSchema() const;
  void LogMetadata(const std::string& metadata_file, int64_t now_ms);

  nlohmann::ordered_json json_;
  std::string location_;
  std::vector<Snapshot> snapshots_;
};

/// The fields of a table's files: columns of `schema` with ids from 1, then the system columns.
std::vector<IcebergField> IcebergFields(const model::Schema& schema);

/// "long", "decimal(10, 2)", {"type":"list",...}; nested ids are taken from `next_id`.
/// kNotSupported.
Result<nlohmann::ordered_json> IcebergType(const model::DataType& type, int& next_id);

}  // namespace forebay::lake
