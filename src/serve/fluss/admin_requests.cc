#include "serve/fluss/admin_requests.h"

#include <algorithm>

#include "base/clock.h"
#include "format/table_json.h"
#include "serve/fluss/database_info.h"

namespace forebay::serve {

using rpc::ErrorCode;
using rpc::Failure;

namespace {

model::PartitionSpec SpecOf(const rpc::PbPartitionSpec& spec) {
  model::PartitionSpec values;
  for (const rpc::PbKeyValue& entry : spec.partition_key_values) values[entry.key] = entry.value;
  return values;
}

}  // namespace

model::TablePath PathOf(const rpc::PbTablePath& path) {
  return {path.database_name, path.table_name};
}

Failure TableFailure(const Status& status) {
  return rpc::FailureOf(status, {{ErrorKind::kNotFound, ErrorCode::kTableNotExist}});
}

Result<std::string> TableJsonForClients(const model::TableInfo& info, const LakeView& lake) {
  model::TableDescriptor table = info.descriptor;
  auto& properties = table.properties;
  properties.try_emplace("table.replication.factor", "1");
  if (table.HasPrimaryKey()) {
    properties.try_emplace("table.kv.format-version", "2");
    table.bucket_keys = table.EffectiveBucketKeys();
  }
  ShowLake(lake, table);
  return format::TableToJson(table);
}

Outcome<rpc::CreateDatabaseResponse> AdminRequests::CreateDatabase(
    const rpc::CreateDatabaseRequest& request) {
  const std::string& name = request.database_name;
  Status created = gateway_.CheckName("database", name);
  if (!created.ok()) return {ErrorCode::kInvalidDatabase, created.message()};
  auto exists = admin_.DatabaseExists(name);
  if (exists.ok() && *exists && request.ignore_if_exists) return rpc::CreateDatabaseResponse();
  created = admin_.CreateDatabase(name, request.ignore_if_exists);
  if (created.ok()) {
    DatabaseInfo info;
    if (request.database_json.has_value()) info.json = request.database_json->bytes;
    info.created_ms = info.modified_ms = Clock::System().NowMs();
    created = WriteDatabaseInfo(admin_, name, info);
  }
  if (created.ok()) return rpc::CreateDatabaseResponse();
  return rpc::FailureOf(created, {{ErrorKind::kAlreadyExists, ErrorCode::kDatabaseAlreadyExist},
                                  {ErrorKind::kInvalidArgument, ErrorCode::kInvalidDatabase}});
}

Outcome<rpc::DropDatabaseResponse> AdminRequests::DropDatabase(
    const rpc::DropDatabaseRequest& request) {
  Status dropped =
      admin_.DropDatabase(request.database_name, request.ignore_if_not_exists, request.cascade);
  if (!dropped.ok()) {
    return rpc::FailureOf(dropped, {{ErrorKind::kNotFound, ErrorCode::kDatabaseNotExist},
                                    {ErrorKind::kConflict, ErrorCode::kDatabaseNotEmpty}});
  }
  RemoveDatabaseInfo(admin_, request.database_name);
  return rpc::DropDatabaseResponse();
}

Outcome<rpc::ListDatabasesResponse> AdminRequests::ListDatabases(
    const rpc::ListDatabasesRequest& request) {
  auto names = admin_.ListDatabases();
  if (!names.ok()) return rpc::FailureOf(names.status());
  rpc::ListDatabasesResponse response;
  if (!request.include_summary.value_or(false)) {
    response.database_name = *names;
    return response;
  }
  for (const std::string& name : *names) {
    auto tables = admin_.ListTables(name);
    if (!tables.ok()) continue;  // dropped meanwhile
    response.database_summary.push_back(
        {name, ReadDatabaseInfo(admin_, name).created_ms, static_cast<int32_t>(tables->size())});
  }
  return response;
}

Outcome<rpc::DatabaseExistsResponse> AdminRequests::DatabaseExists(
    const rpc::DatabaseExistsRequest& request) {
  auto exists = admin_.DatabaseExists(request.database_name);
  if (!exists.ok()) return rpc::FailureOf(exists.status());
  return rpc::DatabaseExistsResponse{*exists};
}

Outcome<rpc::GetDatabaseInfoResponse> AdminRequests::GetDatabaseInfo(
    const rpc::GetDatabaseInfoRequest& request) {
  const std::string& name = request.database_name;
  auto exists = admin_.DatabaseExists(name);
  if (!exists.ok()) return rpc::FailureOf(exists.status());
  if (!*exists) {
    return {ErrorCode::kDatabaseNotExist, fmt::format("Database {} does not exist.", name)};
  }
  DatabaseInfo info = ReadDatabaseInfo(admin_, name);
  return rpc::GetDatabaseInfoResponse{rpc::Payload::Own(info.json), info.created_ms,
                                      info.modified_ms};
}

Outcome<rpc::CreateTableResponse> AdminRequests::CreateTable(
    const rpc::CreateTableRequest& request) {
  model::TablePath path = PathOf(request.table_path);
  auto descriptor = format::TableFromJson(request.table_json.bytes);
  if (!descriptor.ok()) return {ErrorCode::kInvalidTable, descriptor.message()};
  Status options = gateway_.CheckOptions(*descriptor);
  if (!options.ok()) return {ErrorCode::kInvalidConfig, rpc::FailureOf(options).message};
  auto created = admin_.CreateTable(path, *descriptor);
  if (created.ok()) return rpc::CreateTableResponse();
  if (created.kind() == ErrorKind::kAlreadyExists && request.ignore_if_exists) {
    return rpc::CreateTableResponse();
  }
  return rpc::FailureOf(created.status(), {{ErrorKind::kNotFound, ErrorCode::kDatabaseNotExist},
                                           {ErrorKind::kNotSupported, ErrorCode::kInvalidTable}});
}

Outcome<rpc::DropTableResponse> AdminRequests::DropTable(const rpc::DropTableRequest& request) {
  Status dropped = admin_.DropTable(PathOf(request.table_path));
  if (dropped.ok()) return rpc::DropTableResponse();
  if (dropped.kind() == ErrorKind::kNotFound && request.ignore_if_not_exists) {
    return rpc::DropTableResponse();
  }
  return TableFailure(dropped);
}

Outcome<rpc::GetTableInfoResponse> AdminRequests::GetTableInfo(
    const rpc::GetTableInfoRequest& request) {
  auto info = admin_.GetTable(PathOf(request.table_path));
  if (!info.ok()) return TableFailure(info.status());
  auto json = TableJsonForClients(*info, lake_);
  if (!json.ok()) return rpc::FailureOf(json.status());
  auto modified_ms = gateway_.ModifiedMs(info->path);
  if (!modified_ms.ok()) return TableFailure(modified_ms.status());
  rpc::GetTableInfoResponse response;
  response.table_id = info->id.value();
  response.schema_id = info->schema_id.value();
  response.table_json = rpc::Payload::Own(std::move(*json));
  response.created_time = info->created_ms;
  response.modified_time = *modified_ms;
  return response;
}

Outcome<rpc::ListTablesResponse> AdminRequests::ListTables(const rpc::ListTablesRequest& request) {
  auto tables = admin_.ListTables(request.database_name);
  if (tables.ok()) return rpc::ListTablesResponse{*tables};
  return rpc::FailureOf(tables.status(), {{ErrorKind::kNotFound, ErrorCode::kDatabaseNotExist}});
}

Outcome<rpc::TableExistsResponse> AdminRequests::TableExists(
    const rpc::TableExistsRequest& request) {
  auto info = admin_.GetTable(PathOf(request.table_path));
  if (info.ok()) return rpc::TableExistsResponse{true};
  if (info.kind() == ErrorKind::kNotFound) return rpc::TableExistsResponse{false};
  return rpc::FailureOf(info.status());
}

Outcome<rpc::GetTableSchemaResponse> AdminRequests::GetTableSchema(
    const rpc::GetTableSchemaRequest& request) {
  auto info = admin_.GetTable(PathOf(request.table_path));
  if (!info.ok()) return TableFailure(info.status());
  int32_t wanted = request.schema_id.value_or(info->schema_id.value());
  auto schema = admin_.GetSchema(info->path, model::SchemaId(wanted));
  if (!schema.ok()) {
    return rpc::FailureOf(schema.status(), {{ErrorKind::kOutOfRange, ErrorCode::kSchemaNotExist},
                                            {ErrorKind::kNotFound, ErrorCode::kTableNotExist}});
  }
  auto json = format::SchemaToJson(*schema);
  if (!json.ok()) return rpc::FailureOf(json.status());
  return rpc::GetTableSchemaResponse{wanted, rpc::Payload::Own(std::move(*json))};
}

Result<model::PartitionInfo> FindPartition(client::Admin& admin, const model::TablePath& table,
                                           const std::string& name) {
  ASSIGN_OR_RETURN(auto partitions, admin.ListPartitions(table));
  for (model::PartitionInfo& partition : partitions) {
    if (partition.Name() == name) return std::move(partition);
  }
  return NotFound("table '{}' has no partition '{}'", table.ToString(), name);
}

std::optional<Failure> AdminRequests::CheckPartitioned(const rpc::PbTablePath& path) {
  auto info = admin_.GetTable(PathOf(path));
  if (!info.ok()) return TableFailure(info.status());
  if (info->descriptor.IsPartitioned()) return std::nullopt;
  return Failure{ErrorCode::kTableNotPartitioned,
                 fmt::format("table '{}' is not partitioned", info->path.ToString())};
}

Outcome<rpc::ListPartitionInfosResponse> AdminRequests::ListPartitionInfos(
    const rpc::ListPartitionInfosRequest& request) {
  auto info = admin_.GetTable(PathOf(request.table_path));
  if (!info.ok()) return TableFailure(info.status());
  if (auto failure = CheckPartitioned(request.table_path)) return *failure;
  const auto& keys = info->descriptor.partition_keys;
  model::PartitionSpec wanted;
  if (request.partial_partition_spec) wanted = SpecOf(*request.partial_partition_spec);
  for (const auto& [key, value] : wanted) {
    if (std::find(keys.begin(), keys.end(), key) == keys.end()) {
      return {ErrorCode::kPartitionSpecInvalid,
              fmt::format("table '{}' has no partition key '{}'", info->path.ToString(), key)};
    }
  }
  auto partitions = admin_.ListPartitions(info->path);
  if (!partitions.ok()) return TableFailure(partitions.status());
  rpc::ListPartitionInfosResponse response;
  for (const model::PartitionInfo& partition : *partitions) {
    rpc::PbPartitionInfo answer;
    answer.partition_id = partition.id.value();
    answer.bucket_count = info->descriptor.bucket_count;
    bool matches = true;
    for (size_t i = 0; i < keys.size(); ++i) {
      auto found = wanted.find(keys[i]);
      matches &= found == wanted.end() || found->second == partition.values[i];
      answer.partition_spec.partition_key_values.push_back({keys[i], partition.values[i]});
    }
    if (matches) response.partitions_info.push_back(std::move(answer));
  }
  return response;
}

Outcome<rpc::CreatePartitionResponse> AdminRequests::CreatePartition(
    const rpc::CreatePartitionRequest& request) {
  if (auto failure = CheckPartitioned(request.table_path)) return *failure;
  auto created = admin_.CreatePartition(PathOf(request.table_path), SpecOf(request.partition_spec),
                                        request.ignore_if_not_exists);
  if (created.ok()) return rpc::CreatePartitionResponse();
  return rpc::FailureOf(created.status(),
                        {{ErrorKind::kNotFound, ErrorCode::kTableNotExist},
                         {ErrorKind::kAlreadyExists, ErrorCode::kPartitionAlreadyExists},
                         {ErrorKind::kInvalidArgument, ErrorCode::kPartitionSpecInvalid},
                         {ErrorKind::kOutOfRange, ErrorCode::kPartitionMaxNum}});
}

Outcome<rpc::DropPartitionResponse> AdminRequests::DropPartition(
    const rpc::DropPartitionRequest& request) {
  if (auto failure = CheckPartitioned(request.table_path)) return *failure;
  Status dropped = admin_.DropPartition(PathOf(request.table_path), SpecOf(request.partition_spec),
                                        request.ignore_if_not_exists);
  if (dropped.ok()) return rpc::DropPartitionResponse();
  return rpc::FailureOf(dropped, {{ErrorKind::kNotFound, ErrorCode::kPartitionNotExists},
                                  {ErrorKind::kInvalidArgument, ErrorCode::kPartitionSpecInvalid}});
}

}  // namespace forebay::serve
