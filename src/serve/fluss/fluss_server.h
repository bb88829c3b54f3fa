#pragma once

#include <memory>
#include <set>
#include <string>

#include "client/connection.h"
#include "client/tablet_gateway.h"
#include "rpc/server.h"
#include "serve/fluss/access_control.h"
#include "serve/fluss/authentication.h"
#include "serve/fluss/cluster_requests.h"

namespace forebay::serve {

class FlussHandler;

struct FlussServerOptions {
  std::string address = "127.0.0.1";
  uint16_t coordinator_port = 9123;  ///< 0: any free one
  uint16_t tablet_port = 9124;       ///< 0: any free one
  /// The host that clients are told; empty: the address by which they came.
  std::string advertised_host;
  RemoteAccess remote;
  /// Who may connect, by SASL; empty: everybody, without authentication.
  FlussUsers users;
  /// Whether callers need access rights.
  bool has_authorizer = false;
  std::set<std::string> super_users;  ///< may do everything
  /// TLS and limits of both ports; address, port and needs_login are not used.
  rpc::ServerOptions limits;
};

/// Both ports of a Fluss server, over the tables of one storage core. Thread-safe.
class FlussServer {
 public:
  /// Serves when it returns. Both outlive the server. kUnavailable when a port is in use.
  static Result<std::unique_ptr<FlussServer>> Start(const FlussServerOptions& options,
                                                    client::Admin& admin,
                                                    client::TabletGateway& gateway,
                                                    const LakeView& lake = {});
  ~FlussServer();

  uint16_t coordinator_port() const { return addresses_.coordinator_port; }
  uint16_t tablet_port() const { return addresses_.tablet_port; }
  const rpc::ServerMetrics& metrics(FlussRole role) const;
  /// Closes all connections, waits for requests under way. Called by the destructor too.
  void Stop();

 private:
  FlussServer() = default;

  FlussAddresses addresses_;
  std::unique_ptr<SessionKeys> session_keys_;
  FlussUsers users_;
  std::unique_ptr<AccessControl> access_;
  LakeView lake_;
  std::unique_ptr<FlussHandler> coordinator_handler_;
  std::unique_ptr<FlussHandler> tablet_handler_;
  std::unique_ptr<rpc::Server> coordinator_;
  std::unique_ptr<rpc::Server> tablet_;
};

}  // namespace forebay::serve
