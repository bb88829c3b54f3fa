#pragma once

#include "rpc/messages.h"
#include "rpc/server.h"
#include "serve/fluss/access_control.h"
#include "serve/fluss/call.h"

namespace forebay::serve {

/// Answers Fluss's requests about access rights: SECURITY_DISABLED when there are none.
/// Thread-safe.
class AclRequests {
 public:
  /// `control` may be null and outlives the object.
  explicit AclRequests(AccessControl* control) : control_(control) {}

  Outcome<rpc::CreateAclsResponse> CreateAcls(const rpc::CreateAclsRequest& request,
                                              const rpc::Session& session);
  Outcome<rpc::ListAclsResponse> ListAcls(const rpc::ListAclsRequest& request,
                                          const rpc::Session& session);
  Outcome<rpc::DropAclsResponse> DropAcls(const rpc::DropAclsRequest& request,
                                          const rpc::Session& session);

 private:
  AccessControl* control_;
};

}  // namespace forebay::serve
