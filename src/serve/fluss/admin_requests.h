#pragma once

#include "client/connection.h"
#include "client/tablet_gateway.h"
#include "rpc/messages.h"
#include "serve/fluss/call.h"
#include "serve/fluss/lake_requests.h"

namespace forebay::serve {

/// Answers Fluss's requests about databases, tables and partitions. Thread-safe.
class AdminRequests {
 public:
  /// Both outlive the object.
  AdminRequests(client::Admin& admin, client::TabletGateway& gateway, const LakeView& lake)
      : admin_(admin), gateway_(gateway), lake_(lake) {}

  Outcome<rpc::CreateDatabaseResponse> CreateDatabase(const rpc::CreateDatabaseRequest& request);
  Outcome<rpc::DropDatabaseResponse> DropDatabase(const rpc::DropDatabaseRequest& request);
  Outcome<rpc::ListDatabasesResponse> ListDatabases(const rpc::ListDatabasesRequest& request);
  Outcome<rpc::DatabaseExistsResponse> DatabaseExists(const rpc::DatabaseExistsRequest& request);
  Outcome<rpc::GetDatabaseInfoResponse> GetDatabaseInfo(const rpc::GetDatabaseInfoRequest& request);

  Outcome<rpc::CreateTableResponse> CreateTable(const rpc::CreateTableRequest& request);
  Outcome<rpc::DropTableResponse> DropTable(const rpc::DropTableRequest& request);
  Outcome<rpc::GetTableInfoResponse> GetTableInfo(const rpc::GetTableInfoRequest& request);
  Outcome<rpc::ListTablesResponse> ListTables(const rpc::ListTablesRequest& request);
  Outcome<rpc::TableExistsResponse> TableExists(const rpc::TableExistsRequest& request);
  Outcome<rpc::GetTableSchemaResponse> GetTableSchema(const rpc::GetTableSchemaRequest& request);
  Outcome<rpc::ListPartitionInfosResponse> ListPartitionInfos(
      const rpc::ListPartitionInfosRequest& request);
  Outcome<rpc::CreatePartitionResponse> CreatePartition(const rpc::CreatePartitionRequest& request);
  Outcome<rpc::DropPartitionResponse> DropPartition(const rpc::DropPartitionRequest& request);

 private:
  /// Nothing when there is a partitioned table at `path`; else why not.
  std::optional<rpc::Failure> CheckPartitioned(const rpc::PbTablePath& path);

  client::Admin& admin_;
  client::TabletGateway& gateway_;
  const LakeView& lake_;
};

model::TablePath PathOf(const rpc::PbTablePath& path);
/// The partition with that name, "a$b". kNotFound.
Result<model::PartitionInfo> FindPartition(client::Admin& admin, const model::TablePath& table,
                                           const std::string& name);
/// TABLE_NOT_EXIST, or DATABASE_NOT_EXIST, or what else stands in the way.
rpc::Failure TableFailure(const Status& status);
/// The descriptor as JSON, with what a Fluss server adds to it when it creates a table.
Result<std::string> TableJsonForClients(const model::TableInfo& info, const LakeView& lake);

}  // namespace forebay::serve
