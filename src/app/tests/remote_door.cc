#include <gtest/gtest.h>

#include "client/local_connection.h"
#include "client/remote_connection.h"
#include "client/tablet_gateway.h"
#include "client/tests/test_door.h"
#include "serve/fluss/fluss_server.h"

namespace forebay::client {

namespace {

/// A server of Fluss's protocol over a storage core, and the network of its client.
struct ServedStorage {
  std::unique_ptr<Connection> connection;
  std::unique_ptr<TabletGateway> gateway;
  std::unique_ptr<serve::FlussServer> server;
  std::unique_ptr<rpc::ClientNetwork> network;
};

}  // namespace

TestDoor OpenTestDoor(storage::StorageServer& storage) {
  auto served = std::make_shared<ServedStorage>();
  served->connection = LocalConnection::Open(storage);
  served->gateway = TabletGateway::Open(storage);
  serve::FlussServerOptions options;
  options.coordinator_port = options.tablet_port = 0;
  auto server = serve::FlussServer::Start(options, served->connection->admin(), *served->gateway);
  EXPECT_TRUE(server.ok()) << server.message();
  served->server = std::move(*server);
  served->network = rpc::ClientNetwork::Start();
  RemoteOptions remote;
  remote.bootstrap = {{"127.0.0.1", served->server->coordinator_port()}};
  auto connection = RemoteConnection::Open(remote, *served->network);
  return {std::move(served), std::move(connection), true};
}

}  // namespace forebay::client
