#include "serve/fluss/access_rules.h"

#include <fmt/ranges.h>

#include "serve/fluss/database_info.h"

namespace forebay::serve {

using rpc::ApiKey;

namespace {

/// What Fluss calls whoever has not authenticated.
constexpr const char* kAnonymous = "ANONYMOUS";

/// Opens the tables that a caller may read.
class ReadableGateway : public client::TabletGateway {
 public:
  ReadableGateway(client::TabletGateway& base, const AccessControl& control, Caller caller)
      : base_(base), control_(control), caller_(std::move(caller)) {}

  Result<std::shared_ptr<client::EncodedTable>> OpenTable(
      model::TableId id, std::optional<model::PartitionId> partition) override {
    ASSIGN_OR_RETURN(model::TablePath path, base_.PathOf(id));
    RETURN_IF_ERROR(control_.Check(caller_, Operation::kRead, Resource::Table(path)));
    return base_.OpenTable(id, partition);
  }
  Result<model::TablePath> PathOf(model::TableId id) override { return base_.PathOf(id); }
  Result<client::PartitionPlace> FindPartition(model::PartitionId id) override {
    return base_.FindPartition(id);
  }
  Result<int64_t> ModifiedMs(const model::TablePath& path) override {
    return base_.ModifiedMs(path);
  }
  client::SnapshotGateway& snapshots() override { return base_.snapshots(); }
  Status CheckOptions(const model::TableDescriptor& descriptor) override {
    return base_.CheckOptions(descriptor);
  }
  Status CheckName(std::string_view what, const std::string& name) override {
    return base_.CheckName(what, name);
  }

 private:
  client::TabletGateway& base_;
  const AccessControl& control_;
  const Caller caller_;
};

}  // namespace

Caller AccessRules::CallerOf(const rpc::Session& session) {
  return {{"User", session.user.empty() ? kAnonymous : session.user}, session.peer_address};
}

Operation AccessRules::NeedOf(ApiKey key) {
  switch (key) {
    case ApiKey::kCreateDatabase:
    case ApiKey::kCreateTable: return Operation::kCreate;
    case ApiKey::kDropDatabase:
    case ApiKey::kDropTable: return Operation::kDrop;
    case ApiKey::kAlterDatabase:
    case ApiKey::kAlterTable:
    case ApiKey::kAlterClusterConfigs: return Operation::kAlter;
    case ApiKey::kCreatePartition:
    case ApiKey::kDropPartition:
    case ApiKey::kLakeTieringHeartbeat:
    case ApiKey::kPrepareLakeTableSnapshot:
    case ApiKey::kCommitLakeTableSnapshot:
    case ApiKey::kProduceLog:
    case ApiKey::kPutKv:
    case ApiKey::kRegisterProducerOffsets:
    case ApiKey::kDeleteProducerOffsets: return Operation::kWrite;
    case ApiKey::kLookup:
    case ApiKey::kPrefixLookup:
    case ApiKey::kLimitScan:
    case ApiKey::kScanKv:
    case ApiKey::kGetTableStats:
    case ApiKey::kAcquireKvSnapshotLease:
    case ApiKey::kReleaseKvSnapshotLease:
    case ApiKey::kDropKvSnapshotLease: return Operation::kRead;
    case ApiKey::kGetDatabaseInfo:
    case ApiKey::kGetTableInfo:
    case ApiKey::kGetTableSchema:
    case ApiKey::kListPartitionInfos:
    case ApiKey::kListOffsets:
    case ApiKey::kListRemoteLogManifests:
    case ApiKey::kGetLatestKvSnapshots:
    case ApiKey::kGetKvSnapshotMetadata:
    case ApiKey::kListKvSnapshots:
    case ApiKey::kGetLakeSnapshot:
    case ApiKey::kGetClusterHealth:
    case ApiKey::kDescribeClusterConfigs: return Operation::kDescribe;
    default: return Operation::kAny;
  }
}

bool AccessRules::IsOfCluster(ApiKey key) {
  return key == ApiKey::kCreateDatabase || key == ApiKey::kAlterClusterConfigs ||
         key == ApiKey::kDescribeClusterConfigs || key == ApiKey::kGetClusterHealth ||
         key == ApiKey::kLakeTieringHeartbeat || key == ApiKey::kPrepareLakeTableSnapshot ||
         key == ApiKey::kCommitLakeTableSnapshot;
}

Resource AccessRules::TableOf(int64_t id) const {
  auto path = gateway_.PathOf(model::TableId(id));
  return path.ok() ? Resource::Table(*path) : Resource();
}

Status AccessRules::Check(const Caller& caller, Operation operation,
                          const Resource& resource) const {
  if (operation == Operation::kAny || resource.kind == ResourceKind::kAny) return Status::Ok();
  return control_->Check(caller, operation, resource);
}

std::set<int64_t> AccessRules::TablesOf(const rpc::AcquireKvSnapshotLeaseRequest& request) {
  std::set<int64_t> tables;
  for (const auto& table : request.snapshots_to_lease) tables.insert(table.table_id);
  return tables;
}

std::set<int64_t> AccessRules::TablesOf(const rpc::ReleaseKvSnapshotLeaseRequest& request) {
  std::set<int64_t> tables;
  for (const auto& bucket : request.buckets_to_release) tables.insert(bucket.table_id);
  return tables;
}

std::set<int64_t> AccessRules::TablesOf(const rpc::DropKvSnapshotLeaseRequest& request) const {
  std::set<int64_t> tables;
  for (model::TableId id : gateway_.snapshots().LeasedTables(request.lease_id)) {
    tables.insert(id.value());
  }
  return tables;
}

std::set<int64_t> AccessRules::TablesOf(const rpc::RegisterProducerOffsetsRequest& request) {
  std::set<int64_t> tables;
  for (const auto& table : request.table_offsets) tables.insert(table.table_id);
  return tables;
}

std::set<int64_t> AccessRules::TablesOf(const rpc::DeleteProducerOffsetsRequest& request) const {
  std::set<int64_t> tables;
  auto found = gateway_.snapshots().GetProducer(request.producer_id);
  if (!found.ok() || !found->has_value()) return tables;
  for (const auto& [bucket, offset] : (*found)->offsets) tables.insert(bucket.table_id.value());
  return tables;
}

Status AccessRules::CheckTables(const Caller& caller, Operation operation,
                                const std::set<int64_t>& tables) const {
  for (int64_t table : tables) RETURN_IF_ERROR(Check(caller, operation, TableOf(table)));
  return {};
}

Status AccessRules::CheckAnyTable(const Caller& caller,
                                  const std::vector<rpc::PbTablePath>& paths) const {
  if (paths.empty()) {
    return PermissionDenied(
        "The request of InitWriter requires non empty table paths for authorization.");
  }
  std::vector<std::string> names;
  for (const rpc::PbTablePath& path : paths) {
    Resource table = Resource::Table({path.database_name, path.table_name});
    if (control_->Allows(caller, Operation::kWrite, table)) return {};
    names.push_back(std::move(table.name));
  }
  return PermissionDenied("No WRITE permission among all the tables: [{}]", fmt::join(names, ", "));
}

bool AccessRules::MayDescribe(const rpc::Session& session, const Resource& resource) const {
  return control_ == nullptr || control_->Allows(CallerOf(session), Operation::kDescribe, resource);
}

void AccessRules::Hide(const rpc::Session& session, rpc::ListDatabasesResponse& response) const {
  std::erase_if(response.database_name, [&](const std::string& name) {
    return !MayDescribe(session, Resource::Database(name));
  });
  std::erase_if(response.database_summary, [&](const rpc::PbDatabaseSummary& summary) {
    return !MayDescribe(session, Resource::Database(summary.database_name));
  });
}

void AccessRules::Hide(const rpc::Session& session, const rpc::ListTablesRequest& request,
                       rpc::ListTablesResponse& response) const {
  std::erase_if(response.table_name, [&](const std::string& name) {
    return !MayDescribe(session, Resource::Table({request.database_name, name}));
  });
}

void AccessRules::Hide(const rpc::Session& session, const rpc::DatabaseExistsRequest& request,
                       rpc::DatabaseExistsResponse& response) const {
  // Catalogs that begin there ask for it before they know whether they need it.
  if (request.database_name == kDefaultDatabase) return;
  response.exists &= MayDescribe(session, Resource::Database(request.database_name));
}

void AccessRules::Hide(const rpc::Session& session, const rpc::TableExistsRequest& request,
                       rpc::TableExistsResponse& response) const {
  const rpc::PbTablePath& path = request.table_path;
  response.exists &= MayDescribe(session, Resource::Table({path.database_name, path.table_name}));
}

void AccessRules::Hide(const rpc::Session& session, rpc::MetadataRequest& request) const {
  auto is_hidden = [&](const auto& path) {
    return !MayDescribe(session, Resource::Table({path.database_name, path.table_name}));
  };
  std::erase_if(request.table_path, is_hidden);
  std::erase_if(request.partitions_path, is_hidden);
  std::erase_if(request.partitions_id, [&](int64_t id) {
    auto place = gateway_.FindPartition(model::PartitionId(id));
    return place.ok() && !MayDescribe(session, Resource::Table(place->table.path));
  });
}

void AccessRules::Hide(const rpc::Session& session,
                       rpc::GetProducerOffsetsResponse& response) const {
  if (control_ == nullptr) return;
  std::erase_if(response.table_offsets, [&](const rpc::PbProducerTableOffsets& table) {
    return !Check(CallerOf(session), Operation::kRead, TableOf(table.table_id)).ok();
  });
}

std::unique_ptr<client::TabletGateway> AccessRules::ReadableTables(
    const rpc::Session& session) const {
  if (control_ == nullptr) return nullptr;
  return std::make_unique<ReadableGateway>(gateway_, *control_, CallerOf(session));
}

}  // namespace forebay::serve
