#include "app/http_api.h"

#include "app/metrics_page.h"

namespace forebay::app {

using serve::HttpRequest;
using serve::HttpResponse;

HttpApi::HttpApi(Node& node) : node_(node), sql_(node.engine()) {}
HttpApi::~HttpApi() = default;

Status HttpApi::Open() {
  ASSIGN_OR_RETURN(ingest_, serve::IngestHandler::Open(node_.connection(), node_.file_system(),
                                                       node_.data_dir() + "/ingest"));
  return Status::Ok();
}

void HttpApi::Stop() {
  stopping_ = true;
  sql_.Stop();
}

namespace {

constexpr std::string_view kCatalogBase = "/iceberg";

HttpResponse Page() {
  HttpResponse response =
      HttpResponse::Text(200,
                         "Forebay\n\n"
                         "  POST /api/v1/sql               run SQL: the body is the script\n"
                         "  POST /ingest/v1/<db>/<table>   add rows: JSON, NDJSON or CSV\n"
                         "  GET  /iceberg/v1/config        Iceberg REST catalog\n"
                         "  GET  /metrics /healthz /readyz\n");
  return response;
}

HttpResponse NoSuchPath(const HttpRequest& request) {
  Error error = NotFound("no such path: {} {}", request.method, request.path);
  error.hint = "GET / lists the paths there are";
  return HttpResponse::FromError(error);
}

}  // namespace

HttpResponse HttpApi::Handle(const HttpRequest& request) {
  const std::string& path = request.path;
  if (path == "/api/v1/sql") return sql_.Handle(request);
  if (path == "/api/v1/sessions") return sql_.HandleSessions(request, "");
  constexpr std::string_view kOneSession = "/api/v1/sessions/";
  if (path.starts_with(kOneSession) && path.size() > kOneSession.size()) {
    return sql_.HandleSessions(request, path.substr(kOneSession.size()));
  }
  if (path.starts_with("/ingest/v1/")) return ingest_->Handle(request);
  if (path.starts_with(kCatalogBase)) return Catalog(request);
  if (path == "/healthz") return HttpResponse::Text(200, "ok\n");
  if (path == "/readyz") {
    return stopping_ ? HttpResponse::Text(503, "stopping\n") : HttpResponse::Text(200, "ready\n");
  }
  if (path == "/metrics") return Metrics();
  if (path == "/") return Page();
  return NoSuchPath(request);
}

HttpResponse HttpApi::Catalog(const HttpRequest& request) {
  lake::CatalogResponse answer = node_.catalog().Handle(
      request.method, request.path.substr(kCatalogBase.size()), request.body);
  return HttpResponse::Json(answer.status, answer.body);
}

HttpResponse HttpApi::Metrics() {
  HttpResponse response = HttpResponse::Text(200, MetricsPage(node_, ingest_->metrics(), fluss_));
  response.content_type = "text/plain; version=0.0.4";
  return response;
}

}  // namespace forebay::app
