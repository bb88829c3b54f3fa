#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "client/connection.h"
#include "format/batch/log_batch.h"
#include "format/row/lake_key.h"
#include "format/row/row_format.h"
#include "rpc/messages.h"

namespace forebay::client {

/// A table of another server as its metadata describes it: columns, formats, and which server leads
/// which bucket. Immutable; a newer description replaces it. Thread-safe.
struct RemoteTable {
  static constexpr int kNoLeader = -1;

  /// kNotSupported for a table that this client cannot read or write, kCorruption for metadata that
  /// is none.
  static Result<std::shared_ptr<RemoteTable>> Make(const rpc::PbTableMetadata& metadata);
  /// Adds a partition and where its buckets are. kCorruption.
  Status AddPartition(const model::PartitionInfo& partition,
                      const std::vector<rpc::PbBucketMetadata>& buckets);
  /// The same from GetTableInfo's answer or the like.
  static Result<model::TableInfo> InfoOf(const model::TablePath& path, int64_t id,
                                         int32_t schema_id, std::string_view json,
                                         int64_t created_ms);

  bool HasPrimaryKey() const { return info.descriptor.HasPrimaryKey(); }
  int bucket_count() const { return info.descriptor.bucket_count; }
  /// kInvalidArgument for a bucket that the table cannot have, kNotFound for one of a partition
  /// that does not exist.
  Status CheckBucket(const model::BucketId& bucket) const;
  /// kNoLeader when there is none now, or it is not known.
  int LeaderOf(const model::BucketId& bucket) const;
  bool IsPartitioned() const { return info.descriptor.IsPartitioned(); }
  bool HasPartitionOf(const model::BucketId& bucket) const {
    return !bucket.partition || partitions.contains(*bucket.partition);
  }
  /// nullptr when there is none of this name.
  const model::PartitionInfo* FindPartition(const std::string& name) const;
  /// How many columns the table may have had before others were added: those are nullable.
  size_t FewestColumns() const;
  /// Projected columns rise and exist.
  Status CheckProjection(const std::optional<std::vector<int>>& projection) const;

  /// The key of every row as the table's rows are stored under; `columns` are the primary key's
  /// without the partition keys.
  Result<format::EncodedKeys> RowKeys(std::span<const model::Column> columns) const;
  /// The bucket of every row; `columns` are the bucket key's.
  Result<std::vector<int>> Buckets(std::span<const model::Column> columns) const;

  model::TableInfo info;
  std::vector<model::DataType> types;
  std::map<model::BucketId, int> leaders;  ///< server ids
  std::map<model::PartitionId, model::PartitionInfo> partitions;
  format::LogFormat log_format = format::LogFormat::kArrow;
  format::BodyCompression compression;
  format::RowFormat row_format = format::RowFormat::kCompacted;
  format::KeyEncoding bucket_encoding = format::KeyEncoding::kFluss;
  format::KeyEncoding row_encoding = format::KeyEncoding::kFluss;
  std::vector<int> partition_key_indexes;  ///< in a partitioned table
  std::vector<int> physical_key_indexes;   ///< the primary key's others
  std::vector<int> bucket_key_indexes;     ///< columns that choose the bucket; may be none

 private:
  Status ReadOptions();
  Status AddLeaders(std::optional<model::PartitionId> partition,
                    const std::vector<rpc::PbBucketMetadata>& buckets);
};

}  // namespace forebay::client
