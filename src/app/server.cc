#include "app/server.h"

#include "app/http_api.h"
#include "base/log.h"

namespace forebay::app {

Result<std::unique_ptr<Server>> Server::Start(const ServerOptions& options) {
  std::unique_ptr<Server> server(new Server());
  ASSIGN_OR_RETURN(server->node_, Node::Open(options.node));
  server->api_ = std::make_unique<HttpApi>(*server->node_);
  RETURN_IF_ERROR(server->api_->Open());
  HttpApi& api = *server->api_;
  ASSIGN_OR_RETURN(
      server->http_,
      serve::HttpServer::Start(
          options.http, [&api](const serve::HttpRequest& request) { return api.Handle(request); },
          HttpApi::IsQuery));
  RETURN_IF_ERROR(server->StartFluss(options));
  return server;
}

Status Server::StartFluss(const ServerOptions& options) {
  if (!options.fluss_enabled) return Status::Ok();
  std::string host = options.fluss.advertised_host;
  if (host.empty()) host = options.http.address == "0.0.0.0" ? "127.0.0.1" : options.http.address;
  serve::LakeView lake{&node_->tiering(), fmt::format("http://{}:{}/iceberg", host, http_port())};
  serve::FlussServerOptions fluss = options.fluss;
  const storage::RemoteOptions& remote = options.node.remote;
  fluss.remote.is_object_store = io::IsS3Path(remote.directory);
  fluss.remote.endpoint = remote.s3.endpoint;
  fluss.remote.region = remote.s3.region;
  if (fluss.remote.has_sessions() && fluss.remote.access_key.empty()) {
    // What they ask for has fewer rights than these, or ends soon.
    fluss.remote.access_key = remote.s3.access_key;
    fluss.remote.secret_key = remote.s3.secret_key;
  }
  ASSIGN_OR_RETURN(fluss_, serve::FlussServer::Start(fluss, node_->connection().admin(),
                                                     node_->gateway(), lake));
  api_->set_fluss(fluss_.get());
  return Status::Ok();
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
