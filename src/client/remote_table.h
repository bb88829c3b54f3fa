#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "client/connection.h"
#include "format/lake_key.h"
#include "format/log_batch.h"
#include "format/row_format.h"
#include "rpc/messages.h"

namespace forebay::client {

/// A table of another server as its metadata describes it: columns, formats, and which server leads
/// which bucket. Immutable; a newer description replaces it. Thread-safe.
struct RemoteTable {
  static constexpr int kNoLeader = -1;

  /// kNotSupported for a table that this client cannot read or write, kCorruption for metadata that
  /// is none.
  static Result<std::shared_ptr<const RemoteTable>> Make(const rpc::PbTableMetadata& metadata);
  /// The same from GetTableInfo's answer or the like.
  static Result<model::TableInfo> InfoOf(const model::TablePath& path, int64_t id,
                                         int32_t schema_id, std::string_view json,
                                         int64_t created_ms);

  bool HasPrimaryKey() const { return info.descriptor.HasPrimaryKey(); }
  int bucket_count() const { return info.descriptor.bucket_count; }
  /// The number of a bucket that exists; kInvalidArgument for another.
  Result<int> NumberOf(const model::BucketId& bucket) const;
  /// How many columns the table may have had before others were added: those are nullable.
  size_t FewestColumns() const;
  /// Projected columns rise and exist.
  Status CheckProjection(const std::optional<std::vector<int>>& projection) const;

  /// The key of every row as the table's rows are stored under; `columns` are the primary key's.
  Result<format::EncodedKeys> RowKeys(std::span<const model::Column> columns) const;
  /// The bucket of every row; `columns` are the bucket key's.
  Result<std::vector<int>> Buckets(std::span<const model::Column> columns) const;

  model::TableInfo info;
  std::vector<model::DataType> types;
  std::vector<int> leaders;  ///< server ids; index = bucket; kNoLeader while there is none
  format::LogFormat log_format = format::LogFormat::kArrow;
  format::Compression compression = format::Compression::kNone;
  format::RowFormat row_format = format::RowFormat::kCompacted;
  format::KeyEncoding bucket_encoding = format::KeyEncoding::kFluss;
  format::KeyEncoding row_encoding = format::KeyEncoding::kFluss;
  std::vector<int> key_indexes;         ///< columns of the primary key
  std::vector<int> bucket_key_indexes;  ///< columns that choose the bucket; may be none

 private:
  Status ReadOptions();
};

}  // namespace forebay::client
