#include "app/server.h"

#include "app/http_api.h"
#include "base/log.h"

namespace forebay::app {

Result<std::unique_ptr<Server>> Server::Start(const ServerOptions& options) {
  std::unique_ptr<Server> server(new Server());
  ASSIGN_OR_RETURN(server->node_, Node::Open(options.node));
  server->api_ = std::make_unique<HttpApi>(*server->node_);
  RETURN_IF_ERROR(server->api_->Open());
  if (options.fluss_enabled) {
    ASSIGN_OR_RETURN(server->fluss_,
                     serve::FlussServer::Start(options.fluss, server->node_->connection().admin(),
                                               server->node_->gateway()));
  }
  server->api_->set_fluss(server->fluss_.get());
  HttpApi& api = *server->api_;
  ASSIGN_OR_RETURN(server->http_, serve::HttpServer::Start(
                                      options.http, [&api](const serve::HttpRequest& request) {
                                        return api.Handle(request);
                                      }));
  return server;
}

Server::~Server() {
  Status status = Stop();
  if (!status.ok()) Log(LogLevel::kError, "app", "stopping failed: {}", status.ToString());
}

Status Server::Stop() {
  if (api_ != nullptr) api_->Stop();
  if (http_ != nullptr) http_->Stop();
  if (fluss_ != nullptr) fluss_->Stop();
  api_.reset();
  return node_ == nullptr ? Status::Ok() : node_->Close();
}

}  // namespace forebay::app
