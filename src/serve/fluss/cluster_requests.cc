#include "serve/fluss/cluster_requests.h"

#include "serve/fluss/admin_requests.h"

namespace forebay::serve {

using rpc::ErrorCode;

namespace {

/// The only servers there are.
constexpr int kCoordinatorId = 0;
constexpr int kTabletServerId = 0;
/// Leaders never change.
constexpr int kLeaderEpoch = 0;
constexpr int kHealthGreen = 0;

rpc::PbTableMetadata MetadataOf(const model::TableInfo& info, std::string json) {
  rpc::PbTableMetadata metadata;
  metadata.table_path = {info.path.database, info.path.table};
  metadata.table_id = info.id.value();
  metadata.schema_id = info.schema_id.value();
  metadata.table_json = rpc::Payload::Own(std::move(json));
  metadata.created_time = metadata.modified_time = info.created_ms;
  for (int bucket = 0; bucket < info.descriptor.bucket_count; ++bucket) {
    rpc::PbBucketMetadata place;
    place.bucket_id = bucket;
    place.leader_id = kTabletServerId;
    place.leader_epoch = kLeaderEpoch;
    place.replica_id = {kTabletServerId};
    metadata.bucket_metadata.push_back(std::move(place));
  }
  return metadata;
}

}  // namespace

Outcome<rpc::MetadataResponse> ClusterRequests::GetMetadata(const rpc::MetadataRequest& request,
                                                            const Call& call) {
  std::string host = addresses_.advertised_host;
  if (host.empty()) host = call.request.session->local_address;
  rpc::MetadataResponse response;
  response.coordinator_server =
      rpc::PbServerNode{kCoordinatorId, host, addresses_.coordinator_port, {}, {}};
  response.tablet_servers.push_back({kTabletServerId, host, addresses_.tablet_port, {}, {}});
  for (const rpc::PbTablePath& path : request.table_path) {
    auto info = admin_.GetTable(PathOf(path));
    if (!info.ok()) return TableFailure(info.status());
    auto json = TableJsonForClients(*info);
    if (!json.ok()) return rpc::FailureOf(json.status());
    response.table_metadata.push_back(MetadataOf(*info, std::move(*json)));
  }
  if (request.partitions_path.empty() && request.partitions_id.empty()) return response;
  return {ErrorCode::kPartitionNotExists, "there are no partitioned tables"};
}

Outcome<rpc::GetClusterHealthResponse> ClusterRequests::GetClusterHealth(
    const rpc::GetClusterHealthRequest&) {
  int buckets = 0;
  auto databases = admin_.ListDatabases();
  if (!databases.ok()) return rpc::FailureOf(databases.status());
  for (const std::string& database : *databases) {
    auto tables = admin_.ListTables(database);
    for (size_t i = 0; tables.ok() && i < tables->size(); ++i) {
      auto info = admin_.GetTable({database, (*tables)[i]});
      if (info.ok()) buckets += info->descriptor.bucket_count;
    }
  }
  return rpc::GetClusterHealthResponse{buckets, buckets, buckets, buckets, kHealthGreen};
}

Outcome<rpc::DescribeClusterConfigsResponse> ClusterRequests::DescribeClusterConfigs(
    const rpc::DescribeClusterConfigsRequest&) {
  return rpc::DescribeClusterConfigsResponse();
}

Outcome<rpc::GetFileSystemSecurityTokenResponse> ClusterRequests::GetSecurityToken(
    const rpc::GetFileSystemSecurityTokenRequest&) {
  // Clients read snapshots and old segments from a local directory, which needs no token.
  rpc::GetFileSystemSecurityTokenResponse response;
  response.schema = "file";
  return response;
}

}  // namespace forebay::serve
