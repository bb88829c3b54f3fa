#include "serve/fluss/fluss_handler.h"

#include <algorithm>

namespace forebay::serve {

using rpc::ApiKey;
using rpc::ErrorCode;

namespace {

/// What is understood but not done: clients that ask for the versions do not find these.
constexpr ApiKey kUnsupported[] = {
    ApiKey::kAddServerTag,          ApiKey::kRemoveServerTag, ApiKey::kRebalance,
    ApiKey::kListRebalanceProgress, ApiKey::kCancelRebalance, ApiKey::kAddServerTagByRack,
    ApiKey::kRemoveServerTagByRack,
};

/// Only a server that leaves tiering to Fluss's tiering service does these.
constexpr ApiKey kOfTiering[] = {
    ApiKey::kCommitLakeTableSnapshot,
    ApiKey::kLakeTieringHeartbeat,
    ApiKey::kPrepareLakeTableSnapshot,
};

bool IsOfTiering(ApiKey key) {
  return std::find(std::begin(kOfTiering), std::end(kOfTiering), key) != std::end(kOfTiering);
}

bool IsSupported(ApiKey key) {
  return std::find(std::begin(kUnsupported), std::end(kUnsupported), key) == std::end(kUnsupported);
}

}  // namespace

template <typename Request>
std::optional<Request> FlussHandler::Admit(const Call& call) {
  auto request = call.Parse<Request>();
  if (!request.has_value()) return request;
  Status allowed = rules_.Check(call.request.api->key, *call.request.session, *request);
  if (allowed.ok()) return request;
  call.responder.Fail(rpc::FailureOf(allowed));
  return std::nullopt;
}

template <typename Request, typename Response, typename Object>
void FlussHandler::Answer(const Call& call, Object& object,
                          Outcome<Response> (Object::*method)(const Request&)) {
  auto request = Admit<Request>(call);
  if (!request.has_value()) return;
  Outcome<Response> outcome = (object.*method)(*request);
  const rpc::Session& session = *call.request.session;
  if (Response* response = outcome.response()) {
    if constexpr (requires { rules_.Hide(session, *response); }) rules_.Hide(session, *response);
    if constexpr (requires { rules_.Hide(session, *request, *response); }) {
      rules_.Hide(session, *request, *response);
    }
  }
  outcome.Send(call.responder);
}

void FlussHandler::Handle(const rpc::Request& request, rpc::Scheduler& scheduler,
                          rpc::Responder responder) {
  Call call{request, scheduler, std::move(responder)};
  if (request.api->key == ApiKey::kAuthenticate) {
    auto message = call.Parse<rpc::AuthenticateRequest>();
    if (message.has_value()) {
      Authenticate(users_, *message, *request.session).Send(call.responder);
    }
    return;
  }
  if (!users_.empty() && request.session->user.empty() &&
      request.api->key != ApiKey::kApiVersions) {
    return call.responder.Fail({ErrorCode::kAuthenticateException,
                                "the connection has not authenticated yet: set the client's "
                                "client.security.protocol to SASL"});
  }
  switch (request.api->key) {
    case ApiKey::kProduceLog:
    case ApiKey::kFetchLog:
    case ApiKey::kInitWriter:
    case ApiKey::kListOffsets:
    case ApiKey::kGetTableStats:
    case ApiKey::kListRemoteLogManifests: return AnswerLog(call);
    case ApiKey::kPutKv:
    case ApiKey::kLookup:
    case ApiKey::kPrefixLookup:
    case ApiKey::kLimitScan:
    case ApiKey::kScanKv: return AnswerRows(call);
    case ApiKey::kGetLatestKvSnapshots:
    case ApiKey::kGetKvSnapshotMetadata:
    case ApiKey::kListKvSnapshots:
    case ApiKey::kAcquireKvSnapshotLease:
    case ApiKey::kReleaseKvSnapshotLease:
    case ApiKey::kDropKvSnapshotLease: return AnswerSnapshots(call);
    case ApiKey::kRegisterProducerOffsets:
    case ApiKey::kGetProducerOffsets:
    case ApiKey::kDeleteProducerOffsets: return AnswerProducer(call);
    case ApiKey::kApiVersions:
    case ApiKey::kGetMetadata:
    case ApiKey::kGetClusterHealth:
    case ApiKey::kDescribeClusterConfigs:
    case ApiKey::kGetFileSystemSecurityToken: return AnswerCluster(call);
    case ApiKey::kAlterTable:
    case ApiKey::kAlterDatabase:
    case ApiKey::kAlterClusterConfigs: return AnswerAlter(call);
    case ApiKey::kGetLakeSnapshot: return Answer(call, lake_, &LakeRequests::GetLakeSnapshot);
    case ApiKey::kLakeTieringHeartbeat:
    case ApiKey::kPrepareLakeTableSnapshot:
    case ApiKey::kCommitLakeTableSnapshot: return AnswerTiering(call);
    case ApiKey::kCreateAcls:
      return AnswerAcls<rpc::CreateAclsRequest>(call, &AclRequests::CreateAcls);
    case ApiKey::kListAcls: return AnswerAcls<rpc::ListAclsRequest>(call, &AclRequests::ListAcls);
    case ApiKey::kDropAcls: return AnswerAcls<rpc::DropAclsRequest>(call, &AclRequests::DropAcls);
    default: return AnswerAdmin(call);
  }
}

void FlussHandler::AnswerAlter(const Call& call) {
  switch (call.request.api->key) {
    case ApiKey::kAlterTable: return Answer(call, alter_, &AlterRequests::AlterTable);
    case ApiKey::kAlterDatabase: return Answer(call, alter_, &AlterRequests::AlterDatabase);
    default: return Answer(call, alter_, &AlterRequests::AlterClusterConfigs);
  }
}

void FlussHandler::AnswerTiering(const Call& call) {
  if (!tiering_.is_on()) return AnswerUnsupported(call);
  switch (call.request.api->key) {
    case ApiKey::kLakeTieringHeartbeat: return Answer(call, tiering_, &TieringRequests::Heartbeat);
    case ApiKey::kPrepareLakeTableSnapshot:
      return Answer(call, tiering_, &TieringRequests::Prepare);
    default: return Answer(call, tiering_, &TieringRequests::Commit);
  }
}

void FlussHandler::AnswerCluster(const Call& call) {
  switch (call.request.api->key) {
    case ApiKey::kApiVersions: return Answer(call, *this, &FlussHandler::ApiVersions);
    case ApiKey::kGetMetadata: {
      auto request = Admit<rpc::MetadataRequest>(call);
      if (!request.has_value()) return;
      rules_.Hide(*call.request.session, *request);
      return cluster_.GetMetadata(*request, call).Send(call.responder);
    }
    case ApiKey::kGetClusterHealth:
      return Answer(call, cluster_, &ClusterRequests::GetClusterHealth);
    case ApiKey::kDescribeClusterConfigs:
      return Answer(call, cluster_, &ClusterRequests::DescribeClusterConfigs);
    default: {
      auto request = Admit<rpc::GetFileSystemSecurityTokenRequest>(call);
      if (request.has_value()) cluster_.GetSecurityToken(*request, call);
    }
  }
}

void FlussHandler::AnswerAdmin(const Call& call) {
  switch (call.request.api->key) {
    case ApiKey::kCreateDatabase: return Answer(call, admin_, &AdminRequests::CreateDatabase);
    case ApiKey::kDropDatabase: return Answer(call, admin_, &AdminRequests::DropDatabase);
    case ApiKey::kListDatabases: return Answer(call, admin_, &AdminRequests::ListDatabases);
    case ApiKey::kDatabaseExists: return Answer(call, admin_, &AdminRequests::DatabaseExists);
    case ApiKey::kGetDatabaseInfo: return Answer(call, admin_, &AdminRequests::GetDatabaseInfo);
    default: return AnswerTable(call);
  }
}

void FlussHandler::AnswerTable(const Call& call) {
  switch (call.request.api->key) {
    case ApiKey::kCreateTable: return Answer(call, admin_, &AdminRequests::CreateTable);
    case ApiKey::kDropTable: return Answer(call, admin_, &AdminRequests::DropTable);
    case ApiKey::kGetTableInfo: return Answer(call, admin_, &AdminRequests::GetTableInfo);
    case ApiKey::kListTables: return Answer(call, admin_, &AdminRequests::ListTables);
    case ApiKey::kTableExists: return Answer(call, admin_, &AdminRequests::TableExists);
    case ApiKey::kGetTableSchema: return Answer(call, admin_, &AdminRequests::GetTableSchema);
    case ApiKey::kListPartitionInfos:
      return Answer(call, admin_, &AdminRequests::ListPartitionInfos);
    case ApiKey::kCreatePartition: return Answer(call, admin_, &AdminRequests::CreatePartition);
    case ApiKey::kDropPartition: return Answer(call, admin_, &AdminRequests::DropPartition);
    default: return AnswerUnsupported(call);
  }
}

void FlussHandler::AnswerLog(const Call& call) {
  switch (call.request.api->key) {
    case ApiKey::kInitWriter: return Answer(call, logs_, &LogRequests::InitWriter);
    case ApiKey::kListOffsets: return Answer(call, logs_, &LogRequests::ListOffsets);
    case ApiKey::kGetTableStats: return Answer(call, logs_, &LogRequests::GetTableStats);
    case ApiKey::kListRemoteLogManifests:
      return Answer(call, logs_, &LogRequests::ListRemoteLogManifests);
    case ApiKey::kProduceLog: {
      auto request = Admit<rpc::ProduceLogRequest>(call);
      if (request.has_value()) logs_.ProduceLog(*request, call);
      return;
    }
    default: {
      auto request = Admit<rpc::FetchLogRequest>(call);
      if (!request.has_value()) return;
      auto readable = rules_.ReadableTables(*call.request.session);
      return LogRequests::FetchLog(std::move(*request), readable ? *readable : gateway_, call);
    }
  }
}

void FlussHandler::AnswerRows(const Call& call) {
  switch (call.request.api->key) {
    case ApiKey::kLookup: {
      auto request = Admit<rpc::LookupRequest>(call);
      if (request.has_value()) rows_.Lookup(*request, call);
      return;
    }
    case ApiKey::kPrefixLookup: return Answer(call, rows_, &RowRequests::PrefixLookup);
    case ApiKey::kLimitScan: return Answer(call, rows_, &RowRequests::LimitScan);
    case ApiKey::kScanKv: return Answer(call, rows_, &RowRequests::ScanKv);
    default: {
      auto request = Admit<rpc::PutKvRequest>(call);
      if (request.has_value()) rows_.PutKv(*request, call);
      return;
    }
  }
}

void FlussHandler::AnswerSnapshots(const Call& call) {
  switch (call.request.api->key) {
    case ApiKey::kGetLatestKvSnapshots:
      return Answer(call, snapshots_, &SnapshotRequests::GetLatestKvSnapshots);
    case ApiKey::kGetKvSnapshotMetadata:
      return Answer(call, snapshots_, &SnapshotRequests::GetKvSnapshotMetadata);
    case ApiKey::kListKvSnapshots:
      return Answer(call, snapshots_, &SnapshotRequests::ListKvSnapshots);
    case ApiKey::kAcquireKvSnapshotLease:
      return Answer(call, snapshots_, &SnapshotRequests::AcquireLease);
    case ApiKey::kReleaseKvSnapshotLease:
      return Answer(call, snapshots_, &SnapshotRequests::ReleaseLease);
    default: return Answer(call, snapshots_, &SnapshotRequests::DropLease);
  }
}

void FlussHandler::AnswerProducer(const Call& call) {
  switch (call.request.api->key) {
    case ApiKey::kRegisterProducerOffsets:
      return Answer(call, producers_, &ProducerRequests::Register);
    case ApiKey::kGetProducerOffsets: return Answer(call, producers_, &ProducerRequests::Get);
    default: return Answer(call, producers_, &ProducerRequests::Delete);
  }
}

template <typename Request, typename Method>
void FlussHandler::AnswerAcls(const Call& call, Method method) {
  auto request = call.Parse<Request>();
  if (request.has_value()) {
    (acls_.*method)(*request, *call.request.session).Send(call.responder);
  }
}

void FlussHandler::AnswerUnsupported(const Call& call) {
  call.responder.Fail(
      {ErrorCode::kUnsupportedVersion, fmt::format("{} is not supported", call.request.api->name)});
}

Outcome<rpc::ApiVersionsResponse> FlussHandler::ApiVersions(const rpc::ApiVersionsRequest&) {
  rpc::ApiVersionsResponse response;
  for (const rpc::ApiInfo& api : rpc::AllApis()) {
    if (!IsSupported(api.key) || (IsOfTiering(api.key) && !tiering_.is_on())) continue;
    response.api_versions.push_back(
        {static_cast<int32_t>(api.key), api.version_min, api.version_max});
  }
  response.server_type = static_cast<int32_t>(role_);
  return response;
}

}  // namespace forebay::serve
