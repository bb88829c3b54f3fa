#include "rpc/api_key.h"

#include <algorithm>
#include <array>

namespace forebay::rpc {

namespace {

/// PutKv 2: the client understands STORAGE_BACKPRESSURE. PutKv 1, Lookup 1, PrefixLookup 1: keys of
/// tables with a lake format are encoded anew.
constexpr std::array<ApiInfo, 57> kApis = {{
    {ApiKey::kApiVersions, "ApiVersions", 0, 0},
    {ApiKey::kCreateDatabase, "CreateDatabase", 0, 0},
    {ApiKey::kDropDatabase, "DropDatabase", 0, 0},
    {ApiKey::kListDatabases, "ListDatabases", 0, 0},
    {ApiKey::kDatabaseExists, "DatabaseExists", 0, 0},
    {ApiKey::kCreateTable, "CreateTable", 0, 0},
    {ApiKey::kDropTable, "DropTable", 0, 0},
    {ApiKey::kGetTableInfo, "GetTableInfo", 0, 0},
    {ApiKey::kListTables, "ListTables", 0, 0},
    {ApiKey::kListPartitionInfos, "ListPartitionInfos", 0, 0},
    {ApiKey::kTableExists, "TableExists", 0, 0},
    {ApiKey::kGetTableSchema, "GetTableSchema", 0, 0},
    {ApiKey::kGetMetadata, "GetMetadata", 0, 0},
    {ApiKey::kProduceLog, "ProduceLog", 0, 0},
    {ApiKey::kFetchLog, "FetchLog", 0, 0},
    {ApiKey::kPutKv, "PutKv", 0, 2},
    {ApiKey::kLookup, "Lookup", 0, 1},
    {ApiKey::kListOffsets, "ListOffsets", 0, 0},
    {ApiKey::kGetLatestKvSnapshots, "GetLatestKvSnapshots", 0, 0},
    {ApiKey::kGetKvSnapshotMetadata, "GetKvSnapshotMetadata", 0, 0},
    {ApiKey::kGetFileSystemSecurityToken, "GetFileSystemSecurityToken", 0, 0},
    {ApiKey::kInitWriter, "InitWriter", 0, 0},
    {ApiKey::kCommitLakeTableSnapshot, "CommitLakeTableSnapshot", 0, 0},
    {ApiKey::kGetLakeSnapshot, "GetLakeSnapshot", 0, 0},
    {ApiKey::kLimitScan, "LimitScan", 0, 0},
    {ApiKey::kPrefixLookup, "PrefixLookup", 0, 1},
    {ApiKey::kGetDatabaseInfo, "GetDatabaseInfo", 0, 0},
    {ApiKey::kCreatePartition, "CreatePartition", 0, 0},
    {ApiKey::kDropPartition, "DropPartition", 0, 0},
    {ApiKey::kAuthenticate, "Authenticate", 0, 0},
    {ApiKey::kCreateAcls, "CreateAcls", 0, 0},
    {ApiKey::kListAcls, "ListAcls", 0, 0},
    {ApiKey::kDropAcls, "DropAcls", 0, 0},
    {ApiKey::kLakeTieringHeartbeat, "LakeTieringHeartbeat", 0, 0},
    {ApiKey::kAlterTable, "AlterTable", 0, 0},
    {ApiKey::kDescribeClusterConfigs, "DescribeClusterConfigs", 0, 0},
    {ApiKey::kAlterClusterConfigs, "AlterClusterConfigs", 0, 0},
    {ApiKey::kAddServerTag, "AddServerTag", 0, 0},
    {ApiKey::kRemoveServerTag, "RemoveServerTag", 0, 0},
    {ApiKey::kRebalance, "Rebalance", 0, 0},
    {ApiKey::kListRebalanceProgress, "ListRebalanceProgress", 0, 0},
    {ApiKey::kCancelRebalance, "CancelRebalance", 0, 0},
    {ApiKey::kPrepareLakeTableSnapshot, "PrepareLakeTableSnapshot", 0, 0},
    {ApiKey::kRegisterProducerOffsets, "RegisterProducerOffsets", 0, 0},
    {ApiKey::kGetProducerOffsets, "GetProducerOffsets", 0, 0},
    {ApiKey::kDeleteProducerOffsets, "DeleteProducerOffsets", 0, 0},
    {ApiKey::kAcquireKvSnapshotLease, "AcquireKvSnapshotLease", 0, 0},
    {ApiKey::kReleaseKvSnapshotLease, "ReleaseKvSnapshotLease", 0, 0},
    {ApiKey::kDropKvSnapshotLease, "DropKvSnapshotLease", 0, 0},
    {ApiKey::kGetTableStats, "GetTableStats", 0, 0},
    {ApiKey::kAlterDatabase, "AlterDatabase", 0, 0},
    {ApiKey::kScanKv, "ScanKv", 0, 0},
    {ApiKey::kGetClusterHealth, "GetClusterHealth", 0, 0},
    {ApiKey::kListRemoteLogManifests, "ListRemoteLogManifests", 0, 0},
    {ApiKey::kListKvSnapshots, "ListKvSnapshots", 0, 0},
    {ApiKey::kAddServerTagByRack, "AddServerTagByRack", 0, 0},
    {ApiKey::kRemoveServerTagByRack, "RemoveServerTagByRack", 0, 0},
}};

}  // namespace

std::span<const ApiInfo> AllApis() { return kApis; }

const ApiInfo* FindApi(int16_t key) {
  const auto* found = std::lower_bound(
      kApis.begin(), kApis.end(), key,
      [](const ApiInfo& api, int16_t wanted) { return static_cast<int16_t>(api.key) < wanted; });
  return found != kApis.end() && static_cast<int16_t>(found->key) == key ? found : nullptr;
}

}  // namespace forebay::rpc
