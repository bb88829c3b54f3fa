#pragma once

#include "client/connection.h"
#include "rpc/messages.h"
#include "serve/fluss/call.h"

namespace forebay::serve {

/// Answers requests that change tables and databases that exist
/// (org.apache.fluss.server.coordinator.CoordinatorService). Thread-safe.
class AlterRequests {
 public:
  /// `admin` must outlive the object.
  explicit AlterRequests(client::Admin& admin) : admin_(admin) {}

  Outcome<rpc::AlterTableResponse> AlterTable(const rpc::AlterTableRequest& request);
  Outcome<rpc::AlterDatabaseResponse> AlterDatabase(const rpc::AlterDatabaseRequest& request);
  /// No option of the server can be changed while it runs.
  Outcome<rpc::AlterClusterConfigsResponse> AlterClusterConfigs(
      const rpc::AlterClusterConfigsRequest& request);

 private:
  client::Admin& admin_;
};

}  // namespace forebay::serve
