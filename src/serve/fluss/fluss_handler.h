#pragma once

#include "serve/fluss/access_rules.h"
#include "serve/fluss/acl_requests.h"
#include "serve/fluss/admin_requests.h"
#include "serve/fluss/alter_requests.h"
#include "serve/fluss/authentication.h"
#include "serve/fluss/cluster_requests.h"
#include "serve/fluss/log_requests.h"
#include "serve/fluss/producer_requests.h"
#include "serve/fluss/row_requests.h"
#include "serve/fluss/snapshot_requests.h"
#include "serve/fluss/tiering_requests.h"

namespace forebay::serve {

/// Answers every request that Fluss's clients can send, on a port that plays one role: what both
/// kinds of servers would answer, since clients ask either. Thread-safe.
class FlussHandler : public rpc::RequestHandler {
 public:
  /// All outlive the handler; `access` may be null.
  FlussHandler(FlussRole role, client::Admin& admin, client::TabletGateway& gateway,
               const LakeView& lake, const FlussAddresses& addresses, const FlussUsers& users,
               AccessControl* access)
      : role_(role),
        gateway_(gateway),
        users_(users),
        rules_(access, gateway),
        acls_(access),
        admin_(admin, gateway, lake),
        alter_(admin),
        cluster_(admin, gateway, addresses, lake),
        lake_(admin, lake),
        tiering_(admin, gateway, lake),
        logs_(admin, gateway),
        rows_(gateway),
        snapshots_(admin, gateway),
        producers_(gateway) {}

  void Handle(const rpc::Request& request, rpc::Scheduler& scheduler,
              rpc::Responder responder) override;

 private:
  /// The request's message; nullopt, and an answer that says so, when it is none or the caller may
  /// not do this.
  template <typename Request>
  std::optional<Request> Admit(const Call& call);
  /// Has `object` answer the request's message, and sends that.
  template <typename Request, typename Response, typename Object>
  void Answer(const Call& call, Object& object,
              Outcome<Response> (Object::*method)(const Request&));
  template <typename Request, typename Method>
  void AnswerAcls(const Call& call, Method method);
  void AnswerAdmin(const Call& call);
  void AnswerTable(const Call& call);
  void AnswerAlter(const Call& call);
  void AnswerCluster(const Call& call);
  void AnswerTiering(const Call& call);
  void AnswerLog(const Call& call);
  void AnswerRows(const Call& call);
  void AnswerSnapshots(const Call& call);
  void AnswerProducer(const Call& call);
  void AnswerUnsupported(const Call& call);
  Outcome<rpc::ApiVersionsResponse> ApiVersions(const rpc::ApiVersionsRequest& request);

  const FlussRole role_;
  client::TabletGateway& gateway_;
  const FlussUsers& users_;
  const AccessRules rules_;
  AclRequests acls_;
  AdminRequests admin_;
  AlterRequests alter_;
  ClusterRequests cluster_;
  LakeRequests lake_;
  TieringRequests tiering_;
  LogRequests logs_;
  RowRequests rows_;
  SnapshotRequests snapshots_;
  ProducerRequests producers_;
};

}  // namespace forebay::serve
