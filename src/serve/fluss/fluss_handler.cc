#include "serve/fluss/fluss_handler.h"

#include <algorithm>

namespace forebay::serve {

using rpc::ApiKey;
using rpc::ErrorCode;

namespace {

/// What is understood but not done: clients that ask for the versions do not find these.
constexpr ApiKey kUnsupported[] = {
    ApiKey::kCommitLakeTableSnapshot,
    ApiKey::kLakeTieringHeartbeat,
    ApiKey::kAddServerTag,
    ApiKey::kRemoveServerTag,
    ApiKey::kRebalance,
    ApiKey::kListRebalanceProgress,
    ApiKey::kCancelRebalance,
    ApiKey::kPrepareLakeTableSnapshot,
    ApiKey::kAddServerTagByRack,
    ApiKey::kRemoveServerTagByRack,
};

bool IsSupported(ApiKey key) {
  return std::find(std::begin(kUnsupported), std::end(kUnsupported), key) == std::end(kUnsupported);
}

/// Reads the request's message, has `object` answer it, and sends that.
template <typename Request, typename Response, typename Object>
void Answer(const Call& call, Object& object, Outcome<Response> (Object::*method)(const Request&)) {
  auto request = call.Parse<Request>();
  if (request.has_value()) (object.*method)(*request).Send(call.responder);
}

}  // namespace

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

void FlussHandler::AnswerCluster(const Call& call) {
  switch (call.request.api->key) {
    case ApiKey::kApiVersions: return Answer(call, *this, &FlussHandler::ApiVersions);
    case ApiKey::kGetMetadata: {
      auto request = call.Parse<rpc::MetadataRequest>();
      if (request.has_value()) cluster_.GetMetadata(*request, call).Send(call.responder);
      return;
    }
    case ApiKey::kGetClusterHealth:
      return Answer(call, cluster_, &ClusterRequests::GetClusterHealth);
    case ApiKey::kDescribeClusterConfigs:
      return Answer(call, cluster_, &ClusterRequests::DescribeClusterConfigs);
    default: return Answer(call, cluster_, &ClusterRequests::GetSecurityToken);
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
      auto request = call.Parse<rpc::ProduceLogRequest>();
      if (request.has_value()) logs_.ProduceLog(*request, call);
      return;
    }
    default: {
      auto request = call.Parse<rpc::FetchLogRequest>();
      if (request.has_value()) logs_.FetchLog(std::move(*request), call);
      return;
    }
  }
}

void FlussHandler::AnswerRows(const Call& call) {
  switch (call.request.api->key) {
    case ApiKey::kLookup: {
      auto request = call.Parse<rpc::LookupRequest>();
      if (request.has_value()) rows_.Lookup(*request, call);
      return;
    }
    case ApiKey::kPrefixLookup: return Answer(call, rows_, &RowRequests::PrefixLookup);
    case ApiKey::kLimitScan: return Answer(call, rows_, &RowRequests::LimitScan);
    case ApiKey::kScanKv: return Answer(call, rows_, &RowRequests::ScanKv);
    default: {
      auto request = call.Parse<rpc::PutKvRequest>();
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

void FlussHandler::AnswerUnsupported(const Call& call) {
  switch (call.request.api->key) {
    case ApiKey::kCreateAcls:
    case ApiKey::kListAcls:
    case ApiKey::kDropAcls:
      return call.responder.Fail({ErrorCode::kSecurityDisabled, "No Authorizer is configured."});
    default:
      return call.responder.Fail({ErrorCode::kUnsupportedVersion,
                                  fmt::format("{} is not supported", call.request.api->name)});
  }
}

Outcome<rpc::ApiVersionsResponse> FlussHandler::ApiVersions(const rpc::ApiVersionsRequest&) {
  rpc::ApiVersionsResponse response;
  for (const rpc::ApiInfo& api : rpc::AllApis()) {
    if (!IsSupported(api.key)) continue;
    response.api_versions.push_back(
        {static_cast<int32_t>(api.key), api.version_min, api.version_max});
  }
  response.server_type = static_cast<int32_t>(role_);
  return response;
}

}  // namespace forebay::serve
