#include "serve/fluss/lake_requests.h"

#include "format/row/lake_key.h"
#include "lake/tiering/lake_rows.h"
#include "serve/fluss/admin_requests.h"

namespace forebay::serve {

using rpc::ErrorCode;

namespace {

bool HasIcebergBuckets(const model::TableDescriptor& table) {
  return format::BucketEncodingOf(table) == format::KeyEncoding::kIceberg;
}

/// Of a primary-key table only buckets that have been tiered: the others may be read from their
/// snapshots instead of the whole changelog. Of a log table all: the connector 0.9 waits forever
/// for the end of an empty bucket that is not there.
void AddBuckets(const model::TableDescriptor& table, const std::vector<model::LogOffset>& offsets,
                const model::PartitionInfo* partition, rpc::GetLakeSnapshotResponse& response) {
  for (size_t bucket = 0; bucket < offsets.size(); ++bucket) {
    if (table.HasPrimaryKey() && offsets[bucket] == 0) continue;
    rpc::PbLakeSnapshotForBucket& part = response.bucket_snapshots.emplace_back();
    part.bucket_id = static_cast<int32_t>(bucket);
    part.log_offset = offsets[bucket];
    if (partition == nullptr) continue;
    part.partition_id = partition->id.value();
    part.partition_name = partition->Name();
  }
}

}  // namespace

bool IsLakeShown(const LakeView& lake, const model::TableDescriptor& table) {
  auto enabled = table.properties.find("table.datalake.enabled");
  bool is_tiered = enabled != table.properties.end() && enabled->second == "true";
  return is_tiered && !lake.catalog_uri.empty() && lake::HasFlussLayout(table);
}

void ShowLake(const LakeView& lake, model::TableDescriptor& table) {
  // With a lake format clients encode keys and choose buckets as the lake does.
  if (!HasIcebergBuckets(table)) table.properties.erase("table.datalake.format");
  if (!IsLakeShown(lake, table)) {
    // Clients that see a lake without being able to read it fail instead of reading the log.
    table.properties.erase("table.datalake.enabled");
    return;
  }
  table.properties["table.datalake.format"] = "iceberg";
  table.properties["table.datalake.iceberg.type"] = "rest";
  table.properties["table.datalake.iceberg.uri"] = lake.catalog_uri;
}

Outcome<rpc::GetLakeSnapshotResponse> LakeRequests::GetLakeSnapshot(
    const rpc::GetLakeSnapshotRequest& request) {
  auto info = admin_.GetTable(PathOf(request.table_path));
  if (!info.ok()) return TableFailure(info.status());
  if (!IsLakeShown(lake_, info->descriptor)) {
    return {
        ErrorCode::kLakeSnapshotNotExist,
        fmt::format("table {} has no lake snapshots that clients can read", info->path.ToString())};
  }
  if (info->descriptor.IsPartitioned()) lake_.tiering->AnnouncePartitions(*info);
  auto snapshot = lake_.tiering->SnapshotOf(*info, request.snapshot_id);
  if (!snapshot.ok()) {
    return rpc::FailureOf(snapshot.status(),
                          {{ErrorKind::kNotFound, ErrorCode::kLakeSnapshotNotExist}});
  }
  rpc::GetLakeSnapshotResponse response;
  response.table_id = info->id.value();
  response.snapshotId = snapshot->id;
  if (!info->descriptor.IsPartitioned()) {
    AddBuckets(info->descriptor, snapshot->LogOffsets(), nullptr, response);
    return response;
  }
  for (const lake::PartitionOffsets& part : snapshot->LogOffsetsByPartition()) {
    AddBuckets(info->descriptor, part.offsets, &part.partition, response);
  }
  return response;
}

}  // namespace forebay::serve
