#include "serve/fluss/lake_requests.h"

#include "serve/fluss/admin_requests.h"

namespace forebay::serve {

using rpc::ErrorCode;

bool IsLakeShown(const LakeView& lake, const model::TableDescriptor& table) {
  auto enabled = table.properties.find("table.datalake.enabled");
  return !lake.catalog_uri.empty() && enabled != table.properties.end() &&
         enabled->second == "true" && !table.HasPrimaryKey() && table.bucket_keys.empty() &&
         !table.IsPartitioned();
}

void ShowLake(const LakeView& lake, model::TableDescriptor& table) {
  if (!IsLakeShown(lake, table)) {
    // Clients that see a lake without being able to read it fail instead of reading the log.
    table.properties.erase("table.datalake.enabled");
    table.properties.erase("table.datalake.format");
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
  auto snapshot = lake_.tiering->SnapshotOf(*info, request.snapshot_id);
  if (!snapshot.ok()) {
    return rpc::FailureOf(snapshot.status(),
                          {{ErrorKind::kNotFound, ErrorCode::kLakeSnapshotNotExist}});
  }
  rpc::GetLakeSnapshotResponse response;
  response.table_id = info->id.value();
  response.snapshotId = snapshot->id;
  std::vector<model::LogOffset> offsets = snapshot->LogOffsets();
  for (size_t bucket = 0; bucket < offsets.size(); ++bucket) {
    rpc::PbLakeSnapshotForBucket& part = response.bucket_snapshots.emplace_back();
    part.bucket_id = static_cast<int32_t>(bucket);
    part.log_offset = offsets[bucket];
  }
  return response;
}

}  // namespace forebay::serve
