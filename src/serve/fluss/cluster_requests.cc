#include "serve/fluss/cluster_requests.h"

#include <nlohmann/json.hpp>

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

std::vector<rpc::PbBucketMetadata> PlacesOf(const model::TableInfo& info) {
  std::vector<rpc::PbBucketMetadata> places;
  for (int bucket = 0; bucket < info.descriptor.bucket_count; ++bucket) {
    rpc::PbBucketMetadata& place = places.emplace_back();
    place.bucket_id = bucket;
    place.leader_id = kTabletServerId;
    place.leader_epoch = kLeaderEpoch;
    place.replica_id = {kTabletServerId};
  }
  return places;
}

rpc::PbTableMetadata MetadataOf(const model::TableInfo& info, int64_t modified_ms,
                                std::string json) {
  rpc::PbTableMetadata metadata;
  metadata.table_path = {info.path.database, info.path.table};
  metadata.table_id = info.id.value();
  metadata.schema_id = info.schema_id.value();
  metadata.table_json = rpc::Payload::Own(std::move(json));
  metadata.created_time = info.created_ms;
  metadata.modified_time = modified_ms;
  // Of a partitioned table its partitions have buckets.
  if (!info.descriptor.IsPartitioned()) metadata.bucket_metadata = PlacesOf(info);
  return metadata;
}

rpc::PbPartitionMetadata MetadataOf(const model::TableInfo& info,
                                    const model::PartitionInfo& partition) {
  rpc::PbPartitionMetadata metadata;
  metadata.table_id = info.id.value();
  metadata.partition_name = partition.Name();
  metadata.partition_id = partition.id.value();
  metadata.bucket_metadata = PlacesOf(info);
  metadata.bucket_count = info.descriptor.bucket_count;
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
    auto json = TableJsonForClients(*info, lake_);
    if (!json.ok()) return rpc::FailureOf(json.status());
    auto modified_ms = gateway_.ModifiedMs(info->path);
    if (!modified_ms.ok()) return TableFailure(modified_ms.status());
    response.table_metadata.push_back(MetadataOf(*info, *modified_ms, std::move(*json)));
  }
  if (auto failure = AddPartitions(request, response)) return *failure;
  return response;
}

std::optional<rpc::Failure> ClusterRequests::AddPartitions(const rpc::MetadataRequest& request,
                                                           rpc::MetadataResponse& response) {
  for (const rpc::PbPhysicalTablePath& path : request.partitions_path) {
    auto info = admin_.GetTable({path.database_name, path.table_name});
    if (!info.ok()) return TableFailure(info.status());
    auto partition = FindPartition(admin_, info->path, path.partition_name.value_or(""));
    if (!partition.ok()) {
      return rpc::FailureOf(partition.status(),
                            {{ErrorKind::kNotFound, ErrorCode::kPartitionNotExists},
                             {ErrorKind::kInvalidArgument, ErrorCode::kPartitionNotExists}});
    }
    response.partition_metadata.push_back(MetadataOf(*info, *partition));
  }
  for (int64_t id : request.partitions_id) {
    auto place = gateway_.FindPartition(model::PartitionId(id));
    if (!place.ok()) {
      return rpc::FailureOf(place.status(),
                            {{ErrorKind::kNotFound, ErrorCode::kPartitionNotExists}});
    }
    response.partition_metadata.push_back(MetadataOf(place->table, place->partition));
  }
  return std::nullopt;
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
      if (!info.ok()) continue;
      int parts = 1;
      if (info->descriptor.IsPartitioned()) {
        auto partitions = admin_.ListPartitions(info->path);
        parts = partitions.ok() ? static_cast<int>(partitions->size()) : 0;
      }
      buckets += parts * info->descriptor.bucket_count;
    }
  }
  return rpc::GetClusterHealthResponse{buckets, buckets, buckets, buckets, kHealthGreen};
}

Outcome<rpc::DescribeClusterConfigsResponse> ClusterRequests::DescribeClusterConfigs(
    const rpc::DescribeClusterConfigsRequest&) {
  return rpc::DescribeClusterConfigsResponse();
}

namespace {

rpc::GetFileSystemSecurityTokenResponse TokenOf(const RemoteAccess& remote, const SessionKey& key) {
  rpc::GetFileSystemSecurityTokenResponse response;
  response.schema = "s3";
  nlohmann::json keys = {{"version", 1},
                         {"access_key_id", key.access_key},
                         {"access_key_secret", key.secret_key},
                         {"security_token", nullptr}};
  if (!key.token.empty()) {
    keys["security_token"] = key.token;
    response.expiration_time = key.expires_ms;
  }
  response.token = rpc::Payload::Own(keys.dump());
  // The Java client looks for the region under the first name, those in Rust under Hadoop's.
  response.addition_info = {{"fs.s3a.region", remote.region},
                            {"fs.s3a.endpoint.region", remote.region}};
  if (!remote.endpoint.empty()) {
    response.addition_info.push_back({"fs.s3a.endpoint", remote.endpoint});
    response.addition_info.push_back({"fs.s3a.path.style.access", "true"});
  }
  return response;
}

}  // namespace

void ClusterRequests::GetSecurityToken(const rpc::GetFileSystemSecurityTokenRequest&,
                                       const Call& call) {
  const RemoteAccess& remote = addresses_.remote;
  if (!remote.is_object_store) {
    rpc::GetFileSystemSecurityTokenResponse response;
    response.schema = "file";
    return call.responder.Succeed(response);
  }
  if (remote.access_key.empty()) {
    return call.responder.Fail({ErrorCode::kSecurityTokenException,
                                "clients are given no keys of the object store: "
                                "s3.client-access-key and s3.client-secret-key are not set"});
  }
  if (addresses_.session_keys == nullptr) {
    return call.responder.Succeed(TokenOf(remote, {remote.access_key, remote.secret_key, "", 0}));
  }
  addresses_.session_keys->Get([&remote, responder = call.responder](const auto& key) {
    if (key.ok()) return responder.Succeed(TokenOf(remote, *key));
    responder.Fail({ErrorCode::kSecurityTokenException, key.message()});
  });
}

}  // namespace forebay::serve
