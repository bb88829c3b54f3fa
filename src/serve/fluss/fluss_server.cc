#include "serve/fluss/fluss_server.h"

#include "serve/fluss/database_info.h"
#include "serve/fluss/fluss_handler.h"

namespace forebay::serve {

Result<std::unique_ptr<FlussServer>> FlussServer::Start(const FlussServerOptions& options,
                                                        client::Admin& admin,
                                                        client::TabletGateway& gateway,
                                                        const LakeView& lake) {
  RETURN_IF_ERROR(admin.CreateDatabase(kDefaultDatabase, true));
  std::unique_ptr<FlussServer> server(new FlussServer());
  FlussAddresses& addresses = server->addresses_;
  addresses.advertised_host = options.advertised_host;
  addresses.remote = options.remote;
  if (options.remote.is_object_store && options.remote.has_sessions()) {
    const RemoteAccess& remote = options.remote;
    server->session_keys_ = std::make_unique<SessionKeys>(
        SessionKeyOptions{remote.sts_endpoint, remote.region, remote.role_arn, remote.access_key,
                          remote.secret_key},
        Clock::System());
    addresses.session_keys = server->session_keys_.get();
  }
  server->users_ = options.users;
  server->lake_ = lake;
  if (options.has_authorizer) {
    ASSIGN_OR_RETURN(server->access_, AccessControl::Open(admin, options.super_users));
  }
  auto handler_of = [&](FlussRole role) {
    return std::make_unique<FlussHandler>(role, admin, gateway, server->lake_, addresses,
                                          server->users_, server->access_.get());
  };
  server->coordinator_handler_ = handler_of(FlussRole::kCoordinator);
  server->tablet_handler_ = handler_of(FlussRole::kTablet);
  rpc::ServerOptions port = options.limits;
  port.address = options.address;
  port.needs_login = !options.users.empty();
  port.port = options.coordinator_port;
  ASSIGN_OR_RETURN(server->coordinator_, rpc::Server::Listen(port, *server->coordinator_handler_));
  port.port = options.tablet_port;
  ASSIGN_OR_RETURN(server->tablet_, rpc::Server::Listen(port, *server->tablet_handler_));
  addresses.coordinator_port = server->coordinator_->port();
  addresses.tablet_port = server->tablet_->port();
  // Clients are told both ports, so none is served before both are known.
  server->coordinator_->Run();
  server->tablet_->Run();
  return server;
}

FlussServer::~FlussServer() { Stop(); }

const rpc::ServerMetrics& FlussServer::metrics(FlussRole role) const {
  return (role == FlussRole::kCoordinator ? coordinator_ : tablet_)->metrics();
}

void FlussServer::Stop() {
  // Requests that wait for keys are answered first.
  if (session_keys_ != nullptr) session_keys_->Stop();
  if (coordinator_ != nullptr) coordinator_->Stop();
  if (tablet_ != nullptr) tablet_->Stop();
}

}  // namespace forebay::serve
