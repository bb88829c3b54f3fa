#include "client/remote_table.h"

#include "base/ascii_case.h"
#include "format/table_json.h"

namespace forebay::client {

namespace {

using format::KeyEncoding;

std::string OptionOf(const model::TableDescriptor& table, const char* key, const char* fallback) {
  auto found = table.properties.find(key);
  return UpperAscii(found == table.properties.end() ? fallback : found->second);
}

Result<KeyEncoding> EncodingOf(const std::string& lake_format) {
  if (lake_format.empty() || lake_format == "LANCE") return KeyEncoding::kFluss;
  if (lake_format == "PAIMON") return KeyEncoding::kPaimon;
  if (lake_format == "ICEBERG") return KeyEncoding::kIceberg;
  if (lake_format == "HUDI") return KeyEncoding::kHudi;
  return NotSupported("unknown lake format '{}'", lake_format);
}

/// How rows' keys are encoded; see org.apache.fluss.row.encode.KeyEncoder.
KeyEncoding RowEncodingOf(KeyEncoding lake, const std::string& version, bool default_bucket_key) {
  if (lake == KeyEncoding::kHudi) return KeyEncoding::kFluss;
  if (version == "1" || default_bucket_key) return lake;
  return KeyEncoding::kFluss;
}

}  // namespace

Result<model::TableInfo> RemoteTable::InfoOf(const model::TablePath& path, int64_t id,
                                             int32_t schema_id, std::string_view json,
                                             int64_t created_ms) {
  model::TableInfo info;
  info.path = path;
  info.id = model::TableId(id);
  info.schema_id = model::SchemaId(schema_id);
  info.created_ms = created_ms;
  ASSIGN_OR_RETURN(info.descriptor, format::TableFromJson(json));
  return info;
}

Result<std::shared_ptr<RemoteTable>> RemoteTable::Make(const rpc::PbTableMetadata& metadata) {
  auto table = std::make_shared<RemoteTable>();
  ASSIGN_OR_RETURN(
      table->info,
      InfoOf({metadata.table_path.database_name, metadata.table_path.table_name}, metadata.table_id,
             metadata.schema_id, metadata.table_json.bytes, metadata.created_time));
  const model::TableDescriptor& descriptor = table->info.descriptor;
  table->types = descriptor.schema.Types();
  table->partition_key_indexes = descriptor.PartitionKeyIndexes();
  table->physical_key_indexes = descriptor.PhysicalPrimaryKeyIndexes();
  for (int index : table->partition_key_indexes) {
    if (index < 0) return Corruption("a partition key is no column");
  }
  for (const std::string& key : descriptor.EffectiveBucketKeys()) {
    int index = descriptor.schema.IndexOf(key);
    if (index < 0) return Corruption("bucket key '{}' is no column", key);
    table->bucket_key_indexes.push_back(index);
  }
  Status options = table->ReadOptions();
  if (!options.ok()) return options.WithContext(table->info.path.ToString());
  if (!table->IsPartitioned()) {
    RETURN_IF_ERROR(table->AddLeaders(std::nullopt, metadata.bucket_metadata));
  }
  return table;
}

Status RemoteTable::AddLeaders(std::optional<model::PartitionId> partition,
                               const std::vector<rpc::PbBucketMetadata>& buckets) {
  for (const rpc::PbBucketMetadata& bucket : buckets) {
    if (bucket.bucket_id < 0 || bucket.bucket_id >= bucket_count()) {
      return Corruption("metadata of bucket {} of {}", bucket.bucket_id, bucket_count());
    }
    leaders[{partition, bucket.bucket_id}] = bucket.leader_id.value_or(kNoLeader);
  }
  return {};
}

Status RemoteTable::AddPartition(const model::PartitionInfo& partition,
                                 const std::vector<rpc::PbBucketMetadata>& buckets) {
  if (partition.values.size() != partition_key_indexes.size()) {
    return Corruption("a partition with {} values of {} keys", partition.values.size(),
                      partition_key_indexes.size());
  }
  partitions[partition.id] = partition;
  return AddLeaders(partition.id, buckets);
}

const model::PartitionInfo* RemoteTable::FindPartition(const std::string& name) const {
  for (const auto& [id, partition] : partitions) {
    if (partition.Name() == name) return &partition;
  }
  return nullptr;
}

int RemoteTable::LeaderOf(const model::BucketId& bucket) const {
  auto found = leaders.find(bucket);
  return found == leaders.end() ? kNoLeader : found->second;
}

Status RemoteTable::ReadOptions() {
  const model::TableDescriptor& table = info.descriptor;
  ASSIGN_OR_RETURN(log_format,
                   format::ParseLogFormat(OptionOf(table, "table.log.format", "ARROW")));
  ASSIGN_OR_RETURN(compression.codec, format::ParseCompression(OptionOf(
                                          table, "table.log.arrow.compression.type", "ZSTD")));
  std::string level = OptionOf(table, "table.log.arrow.compression.zstd.level", "");
  if (!level.empty()) {
    ASSIGN_OR_RETURN(compression.zstd_level, format::ParseZstdLevel(level));
  }
  std::string rows = OptionOf(table, "table.kv.format", "COMPACTED");
  if (rows != "COMPACTED" && rows != "INDEXED") return NotSupported("rows in format {}", rows);
  row_format = rows == "INDEXED" ? format::RowFormat::kIndexed : format::RowFormat::kCompacted;
  ASSIGN_OR_RETURN(bucket_encoding, EncodingOf(OptionOf(table, "table.datalake.format", "")));
  row_encoding = RowEncodingOf(bucket_encoding, OptionOf(table, "table.kv.format-version", "1"),
                               bucket_key_indexes == physical_key_indexes);
  return {};
}

size_t RemoteTable::FewestColumns() const {
  constexpr int kFirstSchemaId = 1;
  size_t fewest = types.size();
  if (info.schema_id.value() == kFirstSchemaId) return fewest;
  while (fewest > 1 && types[fewest - 1].nullable()) --fewest;
  return fewest;
}

Status RemoteTable::CheckBucket(const model::BucketId& bucket) const {
  bool possible = bucket.partition.has_value() == IsPartitioned() && bucket.bucket >= 0 &&
                  bucket.bucket < bucket_count();
  if (possible && HasPartitionOf(bucket)) return {};
  if (possible) {
    return NotFound("table '{}' has no partition {}", info.path.ToString(),
                    bucket.partition->value());
  }
  return InvalidArgument("table '{}' has {} buckets, there is no bucket {}", info.path.ToString(),
                         bucket_count(), bucket.ToString());
}

Status RemoteTable::CheckProjection(const std::optional<std::vector<int>>& projection) const {
  if (!projection.has_value()) return {};
  int columns = static_cast<int>(types.size());
  int last = -1;
  for (int index : *projection) {
    if (index <= last || index >= columns) {
      return InvalidArgument("a projection of table '{}' must have rising column indexes below {}",
                             info.path.ToString(), columns);
    }
    last = index;
  }
  return {};
}

Result<format::EncodedKeys> RemoteTable::RowKeys(std::span<const model::Column> columns) const {
  return format::EncodeBucketKeys(row_encoding, columns);
}

Result<std::vector<int>> RemoteTable::Buckets(std::span<const model::Column> columns) const {
  size_t rows = columns.empty() ? 0 : static_cast<size_t>(columns[0].num_rows());
  std::vector<int> buckets(rows);
  if (bucket_count() == 1) return buckets;
  ASSIGN_OR_RETURN(auto keys, format::EncodeBucketKeys(bucket_encoding, columns));
  for (size_t row = 0; row < rows; ++row) {
    buckets[row] = format::BucketOf(bucket_encoding, keys[static_cast<int>(row)], bucket_count());
  }
  return buckets;
}

}  // namespace forebay::client
