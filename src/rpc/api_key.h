#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace forebay::rpc {

/// What a request asks for: Fluss's api keys that a single server answers. Those between servers of
/// a cluster are not among them.
enum class ApiKey : int16_t {
  kApiVersions = 1000,
  kCreateDatabase = 1001,
  kDropDatabase = 1002,
  kListDatabases = 1003,
  kDatabaseExists = 1004,
  kCreateTable = 1005,
  kDropTable = 1006,
  kGetTableInfo = 1007,
  kListTables = 1008,
  kListPartitionInfos = 1009,
  kTableExists = 1010,
  kGetTableSchema = 1011,
  kGetMetadata = 1012,
  kProduceLog = 1014,
  kFetchLog = 1015,
  kPutKv = 1016,
  kLookup = 1017,
  kListOffsets = 1021,
  kGetLatestKvSnapshots = 1023,
  kGetKvSnapshotMetadata = 1024,
  kGetFileSystemSecurityToken = 1025,
  kInitWriter = 1026,
  kCommitLakeTableSnapshot = 1030,
  kGetLakeSnapshot = 1032,
  kLimitScan = 1033,
  kPrefixLookup = 1034,
  kGetDatabaseInfo = 1035,
  kCreatePartition = 1036,
  kDropPartition = 1037,
  kAuthenticate = 1038,
  kCreateAcls = 1039,
  kListAcls = 1040,
  kDropAcls = 1041,
  kLakeTieringHeartbeat = 1042,
  kAlterTable = 1044,
  kDescribeClusterConfigs = 1045,
  kAlterClusterConfigs = 1046,
  kAddServerTag = 1047,
  kRemoveServerTag = 1048,
  kRebalance = 1049,
  kListRebalanceProgress = 1050,
  kCancelRebalance = 1051,
  kPrepareLakeTableSnapshot = 1052,
  kRegisterProducerOffsets = 1053,
  kGetProducerOffsets = 1054,
  kDeleteProducerOffsets = 1055,
  kAcquireKvSnapshotLease = 1056,
  kReleaseKvSnapshotLease = 1057,
  kDropKvSnapshotLease = 1058,
  kGetTableStats = 1059,
  kAlterDatabase = 1060,
  kScanKv = 1061,
  kGetClusterHealth = 1062,
  kListRemoteLogManifests = 1063,
  kListKvSnapshots = 1064,
  kAddServerTagByRack = 1065,
  kRemoveServerTagByRack = 1066,
};

/// An api key, what it is called, and the versions of it that exist.
struct ApiInfo {
  ApiKey key;
  std::string_view name;
  int16_t version_min;
  int16_t version_max;
};

/// All of them, rising.
std::span<const ApiInfo> AllApis();
/// nullptr for a number that is none.
const ApiInfo* FindApi(int16_t key);

}  // namespace forebay::rpc
