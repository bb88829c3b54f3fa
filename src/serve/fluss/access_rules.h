#pragma once

#include <memory>
#include <optional>
#include <set>
#include <vector>

#include "client/tablet_gateway.h"
#include "rpc/api_key.h"
#include "rpc/messages.h"
#include "rpc/server.h"
#include "serve/fluss/access_control.h"

namespace forebay::serve {

/// Which right each request of Fluss's clients needs, and what of an answer a caller may see: the
/// checks of Fluss's CoordinatorService and TabletService in one place. Without an AccessControl
/// everybody may do everything. Thread-safe.
class AccessRules {
 public:
  /// `control` may be null. Both outlive the object.
  AccessRules(const AccessControl* control, client::TabletGateway& gateway)
      : control_(control), gateway_(gateway) {}

  static Caller CallerOf(const rpc::Session& session);

  /// kPermissionDenied when the caller may not do this.
  template <typename Request>
  Status Check(rpc::ApiKey key, const rpc::Session& session, const Request& request) const {
    if (control_ == nullptr) return Status::Ok();
    Caller caller = CallerOf(session);
    if constexpr (std::is_same_v<Request, rpc::InitWriterRequest>) {
      return CheckAnyTable(caller, request.table_path);
    } else if constexpr (std::is_same_v<Request, rpc::LookupRequest>) {
      bool inserts = request.insert_if_not_exists.value_or(false);
      return Check(caller, inserts ? Operation::kWrite : Operation::kRead,
                   TableOf(request.table_id));
    } else if constexpr (requires { TablesOf(request); }) {
      return CheckTables(caller, NeedOf(key), TablesOf(request));
    } else {
      return Check(caller, NeedOf(key), ResourceOf(key, request));
    }
  }

  /// Takes out of an answer, or out of the question, what the caller may not know of.
  void Hide(const rpc::Session& session, rpc::ListDatabasesResponse& response) const;
  void Hide(const rpc::Session& session, const rpc::ListTablesRequest& request,
            rpc::ListTablesResponse& response) const;
  void Hide(const rpc::Session& session, const rpc::DatabaseExistsRequest& request,
            rpc::DatabaseExistsResponse& response) const;
  void Hide(const rpc::Session& session, const rpc::TableExistsRequest& request,
            rpc::TableExistsResponse& response) const;
  void Hide(const rpc::Session& session, rpc::MetadataRequest& request) const;
  void Hide(const rpc::Session& session, rpc::GetProducerOffsetsResponse& response) const;

  /// A gateway that opens only tables the caller may read; lives no longer than this.
  std::unique_ptr<client::TabletGateway> ReadableTables(const rpc::Session& session) const;

 private:
  /// kAny: the request needs no right.
  static Operation NeedOf(rpc::ApiKey key);
  static bool IsOfCluster(rpc::ApiKey key);

  /// The resource that a request names; kAny when it names none.
  template <typename Request>
  Resource ResourceOf(rpc::ApiKey key, const Request& request) const {
    if (IsOfCluster(key)) return Resource::Cluster();
    if constexpr (requires { request.table_path.table_name; }) {
      if (key == rpc::ApiKey::kCreateTable) {
        return Resource::Database(request.table_path.database_name);
      }
      return Resource::Table({request.table_path.database_name, request.table_path.table_name});
    } else if constexpr (requires { request.table_id; }) {
      return TableOf(request.table_id);
    } else if constexpr (requires { request.bucket_scan_req; }) {
      return request.bucket_scan_req.has_value() ? TableOf(request.bucket_scan_req->table_id)
                                                 : Resource();
    } else if constexpr (requires { request.database_name; }) {
      return Resource::Database(request.database_name);
    } else {
      return {};
    }
  }
  /// The tables of requests that are about several: those they name, or those of a lease or of a
  /// producer that they name.
  static std::set<int64_t> TablesOf(const rpc::AcquireKvSnapshotLeaseRequest& request);
  static std::set<int64_t> TablesOf(const rpc::ReleaseKvSnapshotLeaseRequest& request);
  std::set<int64_t> TablesOf(const rpc::DropKvSnapshotLeaseRequest& request) const;
  static std::set<int64_t> TablesOf(const rpc::RegisterProducerOffsetsRequest& request);
  std::set<int64_t> TablesOf(const rpc::DeleteProducerOffsetsRequest& request) const;
  /// kAny when there is no such table: who asks for one learns just that.
  Resource TableOf(int64_t id) const;
  Status Check(const Caller& caller, Operation operation, const Resource& resource) const;
  Status CheckTables(const Caller& caller, Operation operation,
                     const std::set<int64_t>& tables) const;
  Status CheckAnyTable(const Caller& caller, const std::vector<rpc::PbTablePath>& paths) const;
  bool MayDescribe(const rpc::Session& session, const Resource& resource) const;

  const AccessControl* control_;
  client::TabletGateway& gateway_;
};

}  // namespace forebay::serve
