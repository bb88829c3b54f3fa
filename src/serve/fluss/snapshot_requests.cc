#include "serve/fluss/snapshot_requests.h"

#include <map>

#include "serve/fluss/admin_requests.h"
#include "serve/fluss/log_requests.h"

namespace forebay::serve {

using model::TableBucket;
using rpc::ErrorCode;
using Leased = client::SnapshotGateway::BucketSnapshot;

namespace {

std::vector<Leased> SnapshotsOf(const rpc::AcquireKvSnapshotLeaseRequest& request) {
  std::vector<Leased> snapshots;
  for (const rpc::PbKvSnapshotLeaseForTable& table : request.snapshots_to_lease) {
    for (const rpc::PbKvSnapshotLeaseForBucket& wanted : table.bucket_snapshots) {
      snapshots.emplace_back(BucketOf(table.table_id, wanted.partition_id, wanted.bucket_id),
                             wanted.snapshot_id);
    }
  }
  return snapshots;
}

rpc::AcquireKvSnapshotLeaseResponse Unavailable(const std::vector<Leased>& snapshots) {
  std::map<int64_t, rpc::PbKvSnapshotLeaseForTable> tables;
  for (const auto& [bucket, id] : snapshots) {
    rpc::PbKvSnapshotLeaseForTable& table = tables[bucket.table_id.value()];
    table.table_id = bucket.table_id.value();
    rpc::PbKvSnapshotLeaseForBucket& missing = table.bucket_snapshots.emplace_back();
    if (bucket.partition_id.has_value()) missing.partition_id = bucket.partition_id->value();
    missing.bucket_id = bucket.bucket;
    missing.snapshot_id = id;
  }
  rpc::AcquireKvSnapshotLeaseResponse response;
  for (auto& [id, table] : tables) response.unavailable_snapshots.push_back(std::move(table));
  return response;
}

}  // namespace

TableBucket BucketOf(int64_t table_id, const std::optional<int64_t>& partition_id, int32_t bucket) {
  TableBucket place{model::TableId(table_id), std::nullopt, bucket};
  if (partition_id.has_value()) place.partition_id = model::PartitionId(*partition_id);
  return place;
}

Outcome<rpc::GetLatestKvSnapshotsResponse> SnapshotRequests::GetLatestKvSnapshots(
    const rpc::GetLatestKvSnapshotsRequest& request) {
  auto info = admin_.GetTable(PathOf(request.table_path));
  if (!info.ok()) return TableFailure(info.status());
  if (!info->descriptor.HasPrimaryKey()) {
    return {ErrorCode::kNonPrimaryKeyTable,
            fmt::format("table '{}' has no primary key", info->path.ToString())};
  }
  if (request.partition_name.has_value() && !info->descriptor.IsPartitioned()) {
    return {ErrorCode::kTableNotPartitioned,
            fmt::format("table '{}' is not partitioned", info->path.ToString())};
  }
  rpc::GetLatestKvSnapshotsResponse response;
  response.table_id = info->id.value();
  std::optional<model::PartitionId> partition_id;
  if (info->descriptor.IsPartitioned()) {
    auto partition = FindPartition(admin_, info->path, request.partition_name.value_or(""));
    if (!partition.ok()) {
      return rpc::FailureOf(partition.status(),
                            {{ErrorKind::kNotFound, ErrorCode::kPartitionNotExists}});
    }
    partition_id = partition->id;
    response.partition_id = partition->id.value();
  }
  for (int bucket = 0; bucket < info->descriptor.bucket_count; ++bucket) {
    auto latest = gateway_.snapshots().Latest({info->id, partition_id, bucket});
    if (!latest.ok()) return rpc::FailureOf(latest.status());
    // Without one, clients read the changelog from its start.
    rpc::PbKvSnapshot& answer = response.latest_snapshots.emplace_back();
    answer.bucket_id = bucket;
    if (!latest->has_value()) continue;
    answer.snapshot_id = (*latest)->id;
    answer.log_offset = (*latest)->log_offset;
  }
  return response;
}

Outcome<rpc::GetKvSnapshotMetadataResponse> SnapshotRequests::GetKvSnapshotMetadata(
    const rpc::GetKvSnapshotMetadataRequest& request) {
  auto found = gateway_.snapshots().Files(
      BucketOf(request.table_id, request.partition_id, request.bucket_id), request.snapshot_id);
  if (!found.ok()) {
    return rpc::FailureOf(found.status(), {{ErrorKind::kNotFound, ErrorCode::kKvSnapshotNotExist}});
  }
  rpc::GetKvSnapshotMetadataResponse response;
  response.log_offset = found->log_offset;
  for (auto& file : found->files) {
    response.snapshot_files.push_back({std::move(file.remote_path), std::move(file.local_name)});
  }
  return response;
}

Outcome<rpc::ListKvSnapshotsResponse> SnapshotRequests::ListKvSnapshots(
    const rpc::ListKvSnapshotsRequest& request) {
  auto table = OpenPart(gateway_, request.table_id, request.partition_id);
  if (!table.ok()) return TableFailure(table.status());
  rpc::ListKvSnapshotsResponse response{request.table_id, request.partition_id, {}};
  for (int bucket = 0; bucket < (*table)->info().descriptor.bucket_count; ++bucket) {
    auto all = gateway_.snapshots().List(BucketOf(request.table_id, request.partition_id, bucket));
    if (!all.ok()) {
      return rpc::FailureOf(all.status(), {{ErrorKind::kNotFound, ErrorCode::kPartitionNotExists}});
    }
    for (const client::KvSnapshotId& snapshot : *all) {
      response.active_snapshots.push_back({bucket, snapshot.id, snapshot.log_offset});
    }
  }
  return response;
}

Outcome<rpc::AcquireKvSnapshotLeaseResponse> SnapshotRequests::AcquireLease(
    const rpc::AcquireKvSnapshotLeaseRequest& request) {
  for (const rpc::PbKvSnapshotLeaseForTable& wanted : request.snapshots_to_lease) {
    for (const rpc::PbKvSnapshotLeaseForBucket& bucket : wanted.bucket_snapshots) {
      auto table = OpenPart(gateway_, wanted.table_id, bucket.partition_id);
      // A partition that has gone has no snapshots: they are among the unavailable ones.
      if (!table.ok() && bucket.partition_id && table.kind() == ErrorKind::kNotFound) continue;
      if (!table.ok()) return TableFailure(table.status());
      if ((*table)->HasPrimaryKey()) continue;
      return {ErrorCode::kNonPrimaryKeyTable,
              fmt::format("table '{}' has no primary key", (*table)->info().path.ToString())};
    }
  }
  auto missing = gateway_.snapshots().AcquireLease(request.lease_id, request.lease_duration_ms,
                                                   SnapshotsOf(request));
  if (!missing.ok()) return rpc::FailureOf(missing.status());
  return Unavailable(*missing);
}

Outcome<rpc::ReleaseKvSnapshotLeaseResponse> SnapshotRequests::ReleaseLease(
    const rpc::ReleaseKvSnapshotLeaseRequest& request) {
  std::vector<TableBucket> buckets;
  for (const rpc::PbTableBucket& bucket : request.buckets_to_release) {
    buckets.push_back(BucketOf(bucket.table_id, bucket.partition_id, bucket.bucket_id));
  }
  Status released = gateway_.snapshots().ReleaseLease(request.lease_id, buckets);
  if (!released.ok()) return rpc::FailureOf(released);
  return rpc::ReleaseKvSnapshotLeaseResponse();
}

Outcome<rpc::DropKvSnapshotLeaseResponse> SnapshotRequests::DropLease(
    const rpc::DropKvSnapshotLeaseRequest& request) {
  Status dropped = gateway_.snapshots().DropLease(request.lease_id);
  if (!dropped.ok()) return rpc::FailureOf(dropped);
  return rpc::DropKvSnapshotLeaseResponse();
}

}  // namespace forebay::serve
