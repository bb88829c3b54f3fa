#include "app/http_api.h"

#include <nlohmann/json.hpp>

#include "app/metrics_page.h"
#include "compute/job/graph_text.h"

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

constexpr std::string_view kSqlPath = "/api/v1/sql";
constexpr std::string_view kCatalogBase = "/iceberg";

HttpResponse Page() {
  HttpResponse response =
      HttpResponse::Text(200,
                         "Forebay\n\n"
                         "  POST /api/v1/sql               run SQL: the body is the script\n"
                         "  GET  /api/v1/jobs              jobs; /<id>/graph?format=json|dot\n"
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

bool HttpApi::IsQuery(const HttpRequest& request) { return request.path == kSqlPath; }

HttpResponse HttpApi::Handle(const HttpRequest& request) {
  const std::string& path = request.path;
  if (path == kSqlPath) return sql_.Handle(request);
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
  if (path == "/api/v1/jobs" || path.starts_with("/api/v1/jobs/")) return Jobs(request);
  if (path == "/metrics") return Metrics();
  if (path == "/") return Page();
  return NoSuchPath(request);
}

HttpResponse HttpApi::Catalog(const HttpRequest& request) {
  lake::CatalogResponse answer = node_.catalog().Handle(
      request.method, request.path.substr(kCatalogBase.size()), request.body);
  return HttpResponse::Json(answer.status, answer.body);
}

/// /api/v1/jobs lists all, /api/v1/jobs/<id>/graph shows one as it runs.
HttpResponse HttpApi::Jobs(const HttpRequest& request) {
  if (request.method != "GET") return NoSuchPath(request);
  std::string rest = request.path.substr(std::string_view("/api/v1/jobs").size());
  if (rest.empty() || rest == "/") {
    nlohmann::ordered_json all = nlohmann::json::array();
    for (const compute::JobRecord& job : node_.engine().jobs->List()) {
      all.push_back({{"id", job.id},
                     {"name", job.name},
                     {"status", compute::JobStateName(job.state)},
                     {"created", job.created_ms},
                     {"failure", job.failure}});
    }
    return HttpResponse::Json(200,
                              all.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
  }
  constexpr std::string_view kGraph = "/graph";
  if (!rest.ends_with(kGraph) || rest.size() <= kGraph.size() + 1) return NoSuchPath(request);
  std::string id = rest.substr(1, rest.size() - kGraph.size() - 1);
  auto job = node_.engine().jobs->Find(id);
  if (!job.ok()) return HttpResponse::FromError(job.error());
  auto format = request.query.find("format");
  if (format == request.query.end() || format->second == "json") {
    return HttpResponse::Json(200, compute::GraphJson(**job));
  }
  if (format->second == "dot") {
    HttpResponse response = HttpResponse::Text(200, compute::GraphDot(**job));
    response.content_type = "text/vnd.graphviz";
    return response;
  }
  return HttpResponse::FromError(
      InvalidArgument("format is json or dot, not '{}'", format->second));
}

HttpResponse HttpApi::Metrics() {
  HttpResponse response = HttpResponse::Text(200, MetricsPage(node_, ingest_->metrics(), fluss_));
  response.content_type = "text/plain; version=0.0.4";
  return response;
}

}  // namespace forebay::app
