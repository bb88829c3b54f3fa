#pragma once

#include <atomic>
#include <memory>

#include "app/node.h"
#include "serve/fluss/fluss_server.h"
#include "serve/http/http_message.h"
#include "serve/http/ingest_handler.h"
#include "serve/http/sql_handler.h"

namespace forebay::app {

/// The server's HTTP paths: /api/v1/sql, /api/v1/jobs, /ingest/v1/..., /iceberg/..., /metrics,
/// /healthz, /readyz and a page at /. Thread-safe.
class HttpApi {
 public:
  /// `node` outlives the API.
  explicit HttpApi(Node& node);
  ~HttpApi();
  /// Finishes ingest requests that an earlier process left half done.
  Status Open();

  serve::HttpResponse Handle(const serve::HttpRequest& request);
  /// Whether a request runs SQL, which may take as long as it likes.
  static bool IsQuery(const serve::HttpRequest& request);
  /// Whose work /metrics shows from now on; outlives the API.
  void set_fluss(const serve::FlussServer* fluss) { fluss_ = fluss; }
  /// From now on /readyz says no and statements end.
  void Stop();

 private:
  serve::HttpResponse Catalog(const serve::HttpRequest& request);
  serve::HttpResponse Jobs(const serve::HttpRequest& request);
  serve::HttpResponse Metrics();

  Node& node_;
  serve::SqlHandler sql_;
  std::unique_ptr<serve::IngestHandler> ingest_;
  std::atomic<const serve::FlussServer*> fluss_{nullptr};
  std::atomic<bool> stopping_{false};
};

}  // namespace forebay::app
