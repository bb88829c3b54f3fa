#include "client/local_lookup.h"

#include <numeric>

#include "format/partition_name.h"
#include "format/row/lake_key.h"
#include "format/row/row_key.h"

namespace forebay::client {

namespace {

/// Of the rows of one prefix.
constexpr int64_t kPrefixBytesMax = 32 << 20;

}  // namespace

Result<std::unique_ptr<Lookuper>> LocalLookuper::Open(
    std::shared_ptr<const storage::HostedTable> table,
    const std::optional<std::vector<int>>& projection) {
  if (!table->info.descriptor.HasPrimaryKey()) {
    return InvalidArgument("table '{}' has no primary key to look rows up by",
                           table->info.path.ToString());
  }
  LookupKeys keys(table->info);
  return std::unique_ptr<Lookuper>(
      new LocalLookuper(std::move(table), projection, std::move(keys)));
}

Result<std::unique_ptr<PrefixLookuper>> LocalLookuper::OpenPrefix(
    std::shared_ptr<const storage::HostedTable> table,
    const std::optional<std::vector<int>>& projection) {
  ASSIGN_OR_RETURN(LookupKeys keys, LookupKeys::OfPrefix(table->info));
  return std::unique_ptr<PrefixLookuper>(
      new LocalLookuper(std::move(table), projection, std::move(keys)));
}

LocalLookuper::LocalLookuper(std::shared_ptr<const storage::HostedTable> table,
                             const std::optional<std::vector<int>>& projection, LookupKeys keys)
    : table_(std::move(table)),
      reader_(table_->schemas, table_->info.schema_id, table_->info.descriptor.schema.Types(),
              projection),
      keys_(std::move(keys)),
      bucket_encoding_(format::BucketEncodingOf(table_->info.descriptor)) {}

Result<Lookuper::Rows> LocalLookuper::Lookup(const model::Batch& keys) {
  RETURN_IF_ERROR(keys_.Check(keys));
  ASSIGN_OR_RETURN(auto parts, Divide(keys));
  std::vector<int> row_of_key(keys.num_rows, -1);
  model::BatchBuilder builder(reader_.types(), keys.num_rows);
  for (const BucketKeys& part : parts) {
    ASSIGN_OR_RETURN(auto values, LookupIn(part, keys));
    RETURN_IF_ERROR(Append(values, part.rows, builder, row_of_key));
  }
  model::Batch by_bucket = builder.Finish();
  if (parts.size() < 2) return Lookuper::Rows{std::move(by_bucket), std::move(row_of_key)};
  // The rows came by bucket; they are promised in the keys' order.
  std::vector<uint32_t> order;
  for (int& row : row_of_key) {
    if (row < 0) continue;
    order.push_back(row);
    row = static_cast<int>(order.size()) - 1;
  }
  return Lookuper::Rows{by_bucket.Gather(order), std::move(row_of_key)};
}

Result<PrefixLookuper::Rows> LocalLookuper::LookupAll(const model::Batch& keys) {
  RETURN_IF_ERROR(keys_.Check(keys));
  ASSIGN_OR_RETURN(auto parts, Divide(keys));
  model::BatchBuilder builder(reader_.types());
  std::vector<int> key_of_row;
  for (const BucketKeys& part : parts) {
    RETURN_IF_ERROR(LookupAllIn(part, keys, builder, key_of_row));
  }
  return PrefixLookuper::Rows::InOrder(builder.Finish(), std::move(key_of_row));
}

Status LocalLookuper::LookupAllIn(const BucketKeys& part, const model::Batch& keys,
                                  model::BatchBuilder& builder,
                                  std::vector<int>& key_of_row) const {
  RETURN_IF_ERROR(part.host->CheckBucket(part.bucket));
  model::Batch own = keys.Gather(part.rows);
  ASSIGN_OR_RETURN(auto encoded, format::EncodeKeys(LookupKeys::ColumnsAt(own, keys_.row_places)));
  for (size_t i = 0; i < part.rows.size(); ++i) {
    ASSIGN_OR_RETURN(auto values, part.host->buckets[part.bucket].kv->PrefixLookup(
                                      encoded[static_cast<int>(i)], kPrefixBytesMax));
    for (const std::string& value : values) {
      RETURN_IF_ERROR(reader_.Read(value, builder));
      builder.FinishRow();
      key_of_row.push_back(static_cast<int>(part.rows[i]));
    }
  }
  return {};
}

Result<storage::KvValues> LocalLookuper::LookupIn(const BucketKeys& part,
                                                  const model::Batch& keys) const {
  RETURN_IF_ERROR(part.host->CheckBucket(part.bucket));
  model::Batch own = keys.Gather(part.rows);
  ASSIGN_OR_RETURN(auto encoded, format::EncodeKeys(LookupKeys::ColumnsAt(own, keys_.row_places)));
  return part.host->buckets[part.bucket].kv->Lookup(encoded);
}

/// Keys of partitions that do not exist are left out: there is no row for them.
Result<std::vector<LocalLookuper::BucketKeys>> LocalLookuper::Divide(
    const model::Batch& keys) const {
  std::vector<BucketKeys> parts;
  if (keys.num_rows == 0) return parts;
  std::vector<uint32_t> all(keys.num_rows);
  std::iota(all.begin(), all.end(), 0);
  if (table_->partitions == nullptr) {
    RETURN_IF_ERROR(DivideByBucket(keys, table_, all, parts));
    return parts;
  }
  ASSIGN_OR_RETURN(auto divided, format::PartitionRows(keys, keys_.partition_places));
  std::vector<std::vector<uint32_t>> rows(divided.values.size());
  for (uint32_t row : all) rows[divided.partition_of_row[row]].push_back(row);
  for (size_t i = 0; i < rows.size(); ++i) {
    auto host = table_->partitions->Find(model::PartitionInfo{{}, divided.values[i]}.Name());
    if (host != nullptr) RETURN_IF_ERROR(DivideByBucket(keys, std::move(host), rows[i], parts));
  }
  return parts;
}

Status LocalLookuper::DivideByBucket(const model::Batch& keys,
                                     std::shared_ptr<const storage::HostedTable> host,
                                     const std::vector<uint32_t>& rows,
                                     std::vector<BucketKeys>& out) const {
  size_t count = host->buckets.size();
  if (count == 1) {
    out.push_back({std::move(host), 0, rows});
    return {};
  }
  ASSIGN_OR_RETURN(
      auto bucket_keys,
      format::EncodeBucketKeys(bucket_encoding_, LookupKeys::ColumnsAt(keys, keys_.bucket_places)));
  std::vector<std::vector<uint32_t>> rows_of_bucket(count);
  for (uint32_t row : rows) {
    int bucket = format::BucketOf(bucket_encoding_, bucket_keys[row], static_cast<int>(count));
    rows_of_bucket[bucket].push_back(row);
  }
  for (size_t bucket = 0; bucket < count; ++bucket) {
    if (rows_of_bucket[bucket].empty()) continue;
    out.push_back({host, static_cast<int>(bucket), std::move(rows_of_bucket[bucket])});
  }
  return {};
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
