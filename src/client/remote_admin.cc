#include "client/remote_admin.h"

#include <algorithm>
#include <numeric>

#include "client/bucket_calls.h"
#include "format/table_json.h"

namespace forebay::client {

using model::LogOffset;
using model::TablePath;
using rpc::ApiKey;

namespace {

/// What ListOffsets can ask for.
enum OffsetType : int32_t { kEarliest = 0, kLatest = 1, kAtTimestamp = 2 };
/// AlterConfigOpType.
enum OptionChange : int32_t { kSetOption = 0, kDeleteOption = 1 };
/// ColumnPositionType.
constexpr int32_t kLast = 0;
/// A client is no follower.
constexpr int32_t kNoFollower = -1;
/// A new table's buckets get their leaders within this time, or somebody else waits for them.
constexpr int64_t kLeadersMs = 10'000;
constexpr int64_t kLeadersPauseMs = 50;

Error NotOverTheWire(std::string_view what) {
  return NotSupported("{} cannot be kept by another server", what);
}

rpc::PbPartitionSpec SpecOf(const model::PartitionSpec& spec) {
  rpc::PbPartitionSpec pairs;
  for (const auto& [key, value] : spec) pairs.partition_key_values.push_back({key, value});
  return pairs;
}

}  // namespace

Status RemoteAdmin::CreateDatabase(const std::string& database, bool ignore_if_exists) {
  rpc::CreateDatabaseRequest request{database, ignore_if_exists, {}};
  return internal::ToStatus(
      cluster_->AskCoordinator<rpc::CreateDatabaseResponse>(ApiKey::kCreateDatabase, request));
}

Status RemoteAdmin::DropDatabase(const std::string& database, bool ignore_if_not_exists,
                                 bool cascade) {
  rpc::DropDatabaseRequest request{database, ignore_if_not_exists, cascade};
  return internal::ToStatus(
      cluster_->AskCoordinator<rpc::DropDatabaseResponse>(ApiKey::kDropDatabase, request));
}

Result<std::vector<std::string>> RemoteAdmin::ListDatabases() {
  ASSIGN_OR_RETURN(auto reply, cluster_->AskCoordinator<rpc::ListDatabasesResponse>(
                                   ApiKey::kListDatabases, rpc::ListDatabasesRequest()));
  std::sort(reply.message.database_name.begin(), reply.message.database_name.end());
  return reply.message.database_name;
}

Result<bool> RemoteAdmin::DatabaseExists(const std::string& database) {
  ASSIGN_OR_RETURN(auto reply, cluster_->AskCoordinator<rpc::DatabaseExistsResponse>(
                                   ApiKey::kDatabaseExists, rpc::DatabaseExistsRequest{database}));
  return reply.message.exists;
}

Result<model::TableInfo> RemoteAdmin::CreateTable(const TablePath& path,
                                                  const model::TableDescriptor& descriptor) {
  rpc::CreateTableRequest request;
  request.table_path = {path.database, path.table};
  ASSIGN_OR_RETURN(std::string json, format::TableToJson(descriptor));
  request.table_json = rpc::Payload::Own(std::move(json));
  request.ignore_if_exists = false;
  RETURN_IF_ERROR(
      cluster_->AskCoordinator<rpc::CreateTableResponse>(ApiKey::kCreateTable, request));
  RETURN_IF_ERROR(WaitForLeaders(path));
  return GetTable(path);
}

/// In a cluster servers learn of a table after it was created.
Status RemoteAdmin::WaitForLeaders(const TablePath& path) {
  int64_t deadline_ms = MonotonicMs() + kLeadersMs;
  while (true) {
    auto table = cluster_->FetchTable(path);
    bool may_come = !table.ok() && table.kind() == ErrorKind::kNotFound;
    // Whether this client can use the table is not what was asked.
    if (!table.ok() && !may_come) return {};
    if (table.ok()) {
      const auto& leaders = (*table)->leaders;
      bool all = std::none_of(leaders.begin(), leaders.end(),
                              [](const auto& one) { return one.second == RemoteTable::kNoLeader; });
      if (all) return {};
    }
    if (MonotonicMs() > deadline_ms) return {};
    std::this_thread::sleep_for(std::chrono::milliseconds(kLeadersPauseMs));
  }
}

Status RemoteAdmin::DropTable(const TablePath& path) {
  rpc::DropTableRequest request{{path.database, path.table}, false};
  return internal::ToStatus(
      cluster_->AskCoordinator<rpc::DropTableResponse>(ApiKey::kDropTable, request));
}

Result<std::vector<std::string>> RemoteAdmin::ListTables(const std::string& database) {
  ASSIGN_OR_RETURN(auto reply, cluster_->AskCoordinator<rpc::ListTablesResponse>(
                                   ApiKey::kListTables, rpc::ListTablesRequest{database}));
  std::sort(reply.message.table_name.begin(), reply.message.table_name.end());
  return reply.message.table_name;
}

Result<model::TableInfo> RemoteAdmin::GetTable(const TablePath& path) {
  rpc::GetTableInfoRequest request{{path.database, path.table}};
  ASSIGN_OR_RETURN(auto reply, cluster_->AskCoordinator<rpc::GetTableInfoResponse>(
                                   ApiKey::kGetTableInfo, request));
  const rpc::GetTableInfoResponse& info = reply.message;
  return RemoteTable::InfoOf(path, info.table_id, info.schema_id, info.table_json.bytes,
                             info.created_time);
}

Result<model::TableInfo> RemoteAdmin::AlterTable(const TablePath& path,
                                                 const model::TableChanges& changes) {
  rpc::AlterTableRequest request;
  request.table_path = {path.database, path.table};
  request.ignore_if_not_exists = false;
  for (const model::ColumnSpec& column : changes.add_columns) {
    rpc::PbAddColumn& added = request.add_columns.emplace_back();
    added.column_name = column.name;
    ASSIGN_OR_RETURN(std::string type, format::DataTypeToJson(column.type));
    added.data_type_json = rpc::Payload::Own(std::move(type));
    if (!column.comment.empty()) added.comment = column.comment;
    added.column_position_type = kLast;
  }
  for (const auto& [key, value] : changes.set_options) {
    request.config_changes.push_back({key, value, kSetOption});
  }
  for (const std::string& key : changes.reset_options) {
    request.config_changes.push_back({key, {}, kDeleteOption});
  }
  RETURN_IF_ERROR(cluster_->AskCoordinator<rpc::AlterTableResponse>(ApiKey::kAlterTable, request));
  return GetTable(path);
}

Result<model::Schema> RemoteAdmin::GetSchema(const TablePath& path, model::SchemaId id) {
  rpc::GetTableSchemaRequest request{{path.database, path.table}, id.value()};
  ASSIGN_OR_RETURN(auto reply, cluster_->AskCoordinator<rpc::GetTableSchemaResponse>(
                                   ApiKey::kGetTableSchema, request));
  return format::SchemaFromJson(reply.message.schema_json.bytes);
}

Result<std::vector<model::PartitionInfo>> RemoteAdmin::ListPartitions(const TablePath& path) {
  ASSIGN_OR_RETURN(model::TableInfo table, GetTable(path));
  if (!table.descriptor.IsPartitioned()) {
    return InvalidArgument("table '{}' is not partitioned", path.ToString());
  }
  rpc::ListPartitionInfosRequest request;
  request.table_path = {path.database, path.table};
  ASSIGN_OR_RETURN(auto reply, cluster_->AskCoordinator<rpc::ListPartitionInfosResponse>(
                                   ApiKey::kListPartitionInfos, request));
  return PartitionsOf(table.descriptor, reply.message);
}

Result<model::PartitionInfo> RemoteAdmin::CreatePartition(const TablePath& path,
                                                          const model::PartitionSpec& spec,
                                                          bool ignore_if_exists) {
  rpc::CreatePartitionRequest request{{path.database, path.table}, SpecOf(spec), ignore_if_exists};
  RETURN_IF_ERROR(
      cluster_->AskCoordinator<rpc::CreatePartitionResponse>(ApiKey::kCreatePartition, request));
  ASSIGN_OR_RETURN(auto partitions, ListPartitions(path));
  ASSIGN_OR_RETURN(model::TableInfo table, GetTable(path));
  for (const model::PartitionInfo& partition : partitions) {
    model::PartitionSpec found;
    for (size_t i = 0; i < partition.values.size(); ++i) {
      found[table.descriptor.partition_keys[i]] = partition.values[i];
    }
    if (found == spec) return partition;
  }
  return NotFound("the new partition of table '{}' was dropped at once", path.ToString());
}

Status RemoteAdmin::DropPartition(const TablePath& path, const model::PartitionSpec& spec,
                                  bool ignore_if_not_exists) {
  rpc::DropPartitionRequest request{
      {path.database, path.table}, SpecOf(spec), ignore_if_not_exists};
  return internal::ToStatus(
      cluster_->AskCoordinator<rpc::DropPartitionResponse>(ApiKey::kDropPartition, request));
}

Result<std::vector<LogOffset>> RemoteAdmin::ListOffsets(
    const TablePath& path, LogOffset which, std::optional<model::PartitionId> partition) {
  if (which != model::kEarliestOffset && which != model::kLatestOffset) {
    return InvalidArgument("neither the earliest nor the latest offset is asked for: {}", which);
  }
  return AskOffsets(path, partition, which == model::kEarliestOffset ? kEarliest : kLatest, {});
}

Result<std::vector<LogOffset>> RemoteAdmin::ListOffsetsAt(
    const TablePath& path, int64_t timestamp_ms, std::optional<model::PartitionId> partition) {
  // Servers refuse the future.
  if (timestamp_ms > Clock::System().NowMs())
    return ListOffsets(path, model::kLatestOffset, partition);
  return AskOffsets(path, partition, kAtTimestamp, timestamp_ms);
}

Result<std::vector<LogOffset>> RemoteAdmin::AskOffsets(const TablePath& path,
                                                       std::optional<model::PartitionId> partition,
                                                       int32_t type,
                                                       std::optional<int64_t> timestamp_ms) {
  ASSIGN_OR_RETURN(auto table, cluster_->FetchTable(path));
  std::vector<model::BucketId> buckets;
  for (int bucket = 0; bucket < table->bucket_count(); ++bucket) {
    buckets.emplace_back(partition, bucket);
    RETURN_IF_ERROR(table->CheckBucket(buckets.back()));
  }
  RemoteTableState state(cluster_, std::move(table));
  return AskBucketOffsets(state, buckets, type, timestamp_ms);
}

Result<std::vector<LogOffset>> AskBucketOffsets(RemoteTableState& state,
                                                const std::vector<model::BucketId>& buckets,
                                                int32_t type, std::optional<int64_t> timestamp_ms) {
  std::map<model::BucketId, LogOffset> found;
  BucketCalls<rpc::ListOffsetsRequest, rpc::ListOffsetsResponse> calls(
      state, ApiKey::kListOffsets, state.cluster().options().metadata_timeout_ms,
      [&](const RemoteTable& table, const std::vector<model::BucketId>& wanted) {
        rpc::ListOffsetsRequest request;
        request.follower_server_id = kNoFollower;
        request.offset_type = type;
        request.table_id = table.info.id.value();
        if (wanted[0].partition) request.partition_id = wanted[0].partition->value();
        for (const auto& bucket : wanted) request.bucket_id.push_back(bucket.bucket);
        request.startTimestamp = timestamp_ms;
        return request;
      },
      [&](const model::BucketId& bucket, rpc::PbListOffsetsRespForBucket& part,
          const auto&) -> Status {
        if (!part.offset.has_value()) return Corruption("an answer without the offset asked for");
        found[bucket] = *part.offset;
        return {};
      });
  RETURN_IF_ERROR(calls.Run(buckets));
  std::vector<LogOffset> offsets;
  for (const auto& bucket : buckets) offsets.push_back(found[bucket]);
  return offsets;
}

Status RemoteAdmin::PutObject(const std::string& kind, const std::string& name, const std::string&,
                              bool) {
  return NotOverTheWire(fmt::format("{} {}", kind, name));
}

Status RemoteAdmin::DropObject(const std::string& kind, const std::string& name) {
  return NotFound("there is no {} {}", kind, name);
}

Result<std::string> RemoteAdmin::GetObject(const std::string& kind, const std::string& name) {
  return NotFound("there is no {} {}", kind, name);
}

Result<std::vector<std::string>> RemoteAdmin::ListObjects(const std::string&) {
  return std::vector<std::string>();
}

Status RemoteAdmin::SetLakeOffsets(const TablePath& path, const std::vector<LogOffset>&,
                                   std::optional<model::PartitionId>) {
  return NotOverTheWire(fmt::format("what is in the lake of {}", path.ToString()));
}

Result<int64_t> RemoteAdmin::AllocateWriterId() {
  auto allocated = std::make_shared<std::promise<Result<int64_t>>>();
  cluster_->AllocateWriterId(
      std::nullopt, [allocated](Result<int64_t> id) { allocated->set_value(std::move(id)); });
  return allocated->get_future().get();
}

}  // namespace forebay::client
