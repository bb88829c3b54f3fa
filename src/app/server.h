#pragma once

#include <memory>
#include <string>

#include "app/node.h"
#include "serve/fluss/fluss_server.h"
#include "serve/http/http_server.h"

namespace forebay::app {

class HttpApi;

struct ServerOptions {
  NodeOptions node;
  serve::HttpServerOptions http;
  bool fluss_enabled = true;
  serve::FlussServerOptions fluss;
};

/// A node that listens. Thread-safe.
class Server {
 public:
  /// Listens when it returns. Errors of Node::Open and HttpServer::Start.
  static Result<std::unique_ptr<Server>> Start(const ServerOptions& options);
  ~Server();

  uint16_t http_port() const { return http_->port(); }
  /// nullptr when it is off.
  const serve::FlussServer* fluss() const { return fluss_.get(); }
  Node& node() { return *node_; }
  serve::Engine& engine() { return node_->engine(); }
  /// Ends listeners, then jobs, then storage.
  Status Stop();

 private:
  Server() = default;
  /// Last, since its clients are told where the HTTP listener has the catalog.
  Status StartFluss(const ServerOptions& options);

  std::unique_ptr<Node> node_;
  std::unique_ptr<HttpApi> api_;
  std::unique_ptr<serve::HttpServer> http_;
  std::unique_ptr<serve::FlussServer> fluss_;
};

}  // namespace forebay::app
