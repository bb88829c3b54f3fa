#include "client/local_lookup.h"

#include <algorithm>
#include <numeric>

namespace forebay::client {

Result<std::unique_ptr<Lookuper>> LocalLookuper::Open(
    std::shared_ptr<const storage::HostedTable> table,
    const std::optional<std::vector<int>>& projection) {
  if (!table->info.descriptor.HasPrimaryKey()) {
    return InvalidArgument("table '{}' has no primary key to look rows up by",
                           table->info.path.ToString());
  }
  return std::unique_ptr<Lookuper>(new LocalLookuper(std::move(table), projection));
}

LocalLookuper::LocalLookuper(std::shared_ptr<const storage::HostedTable> table,
                             const std::optional<std::vector<int>>& projection)
    : table_(std::move(table)),
      reader_(table_->schemas, table_->info.schema_id, table_->info.descriptor.schema.Types(),
              projection) {
  const model::TableDescriptor& descriptor = table_->info.descriptor;
  const auto& primary_key = descriptor.schema.primary_key;
  for (int index : descriptor.schema.PrimaryKeyIndexes()) {
    key_types_.push_back(descriptor.schema.columns[index].type);
  }
  const auto& bucket_keys = descriptor.bucket_keys.empty() ? primary_key : descriptor.bucket_keys;
  for (const std::string& key : bucket_keys) {
    auto place = std::find(primary_key.begin(), primary_key.end(), key);
    bucket_key_places_.push_back(static_cast<int>(place - primary_key.begin()));
  }
}

Status LocalLookuper::CheckKeys(const model::Batch& keys) const {
  if (keys.columns.size() != key_types_.size()) {
    return InvalidArgument("the primary key of table '{}' has {} columns, not {}",
                           table_->info.path.ToString(), key_types_.size(), keys.columns.size());
  }
  for (size_t i = 0; i < key_types_.size(); ++i) {
    if (!keys.columns[i].type().EqualsIgnoringNullability(key_types_[i])) {
      return InvalidArgument("key column {} is {}, not {}", i, key_types_[i].ToString(),
                             keys.columns[i].type().ToString());
    }
  }
  return {};
}

Result<Lookuper::Rows> LocalLookuper::Lookup(const model::Batch& keys) {
  RETURN_IF_ERROR(CheckKeys(keys));
  if (table_->buckets.size() > 1) return LookupAcross(keys);
  RETURN_IF_ERROR(table_->CheckBucket(0));
  ASSIGN_OR_RETURN(auto encoded, format::EncodeKeys(keys.columns));
  ASSIGN_OR_RETURN(auto values, table_->buckets[0].kv->Lookup(encoded));
  std::vector<uint32_t> all(keys.num_rows);
  std::iota(all.begin(), all.end(), 0);
  Rows rows;
  rows.row_of_key.assign(keys.num_rows, -1);
  model::BatchBuilder builder(reader_.types(), keys.num_rows);
  RETURN_IF_ERROR(Append(values, all, builder, rows.row_of_key));
  rows.rows = builder.Finish();
  return rows;
}

Result<format::EncodedKeys> LocalLookuper::BucketKeysOf(const model::Batch& keys) const {
  std::vector<model::Column> columns;
  for (int place : bucket_key_places_) columns.push_back(keys.columns[place]);
  return format::EncodeKeys(columns);
}

Result<Lookuper::Rows> LocalLookuper::LookupAcross(const model::Batch& keys) {
  ASSIGN_OR_RETURN(auto bucket_keys, BucketKeysOf(keys));
  std::vector<std::vector<uint32_t>> rows_of_bucket(table_->buckets.size());
  for (int row = 0; row < keys.num_rows; ++row) {
    rows_of_bucket[format::BucketOf(bucket_keys[row], std::ssize(rows_of_bucket))].push_back(row);
  }
  std::vector<int> row_of_key(keys.num_rows, -1);
  model::BatchBuilder builder(reader_.types(), keys.num_rows);
  for (size_t bucket = 0; bucket < rows_of_bucket.size(); ++bucket) {
    if (rows_of_bucket[bucket].empty()) continue;
    RETURN_IF_ERROR(table_->CheckBucket(static_cast<int>(bucket)));
    ASSIGN_OR_RETURN(auto encoded, format::EncodeKeys(keys.Gather(rows_of_bucket[bucket]).columns));
    ASSIGN_OR_RETURN(auto values, table_->buckets[bucket].kv->Lookup(encoded));
    RETURN_IF_ERROR(Append(values, rows_of_bucket[bucket], builder, row_of_key));
  }
  // The rows came by bucket; they are promised in the keys' order.
  model::Batch by_bucket = builder.Finish();
  std::vector<uint32_t> order;
  for (int& row : row_of_key) {
    if (row < 0) continue;
    order.push_back(row);
    row = static_cast<int>(order.size()) - 1;
  }
  return Rows{by_bucket.Gather(order), std::move(row_of_key)};
}

Status LocalLookuper::Append(const storage::KvValues& values, std::span<const uint32_t> key_rows,
                             model::BatchBuilder& builder, std::vector<int>& row_of_key) const {
  for (size_t i = 0; i < key_rows.size(); ++i) {
    if (!values.slots[i].found) continue;
    row_of_key[key_rows[i]] = builder.num_rows();
    RETURN_IF_ERROR(reader_.Read(values[i], builder));
    builder.FinishRow();
  }
  return {};
}

LocalSnapshotScanner::LocalSnapshotScanner(std::shared_ptr<const storage::HostedTable> table,
                                           std::unique_ptr<storage::KvSnapshot> snapshot,
                                           const std::optional<std::vector<int>>& projection)
    : table_(std::move(table)),
      snapshot_(std::move(snapshot)),
      reader_(table_->schemas, table_->info.schema_id, table_->info.descriptor.schema.Types(),
              projection) {}

Result<model::Batch> LocalSnapshotScanner::Next() {
  model::BatchBuilder builder(reader_.types());
  while (builder.num_rows() < model::Batch::kMaxRows) {
    ASSIGN_OR_RETURN(auto value, snapshot_->Next());
    if (!value.has_value()) break;
    RETURN_IF_ERROR(reader_.Read(*value, builder));
    builder.FinishRow();
  }
  return builder.Finish();
}

}  // namespace forebay::client
