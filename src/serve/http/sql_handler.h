#pragma once

#include <atomic>

#include "serve/http/http_message.h"
#include "serve/session/engine.h"

namespace forebay::serve {

/// POST /api/v1/sql. The body is a script (or {"sql": "...", "continueOnError": bool} with
/// Content-Type application/json). Every request has a session of its own. Thread-safe.
///
/// The answer is a stream of lines (application/x-ndjson): for each statement either
/// {"statement":N,"columns":[..],"changelog":bool}, then lines
/// {"statement":N,"rows":[..],"kinds":[..]} as they come, then
/// {"statement":N,"end":true}; or {"statement":N,"message":"..","jobId":".."}; or
/// {"statement":N,"error":{..}}. Blank lines keep the connection awake. With `Accept:
/// application/json` (the default) the answer is one object
/// {"results":[{"statement":N,"columns":[..],"rows":[..],"kinds":[..]} | {"statement":N,"message"}
/// | {"statement":N,"error"}]} when all statements are done; its status is that of the first error.
class SqlHandler {
 public:
  /// `engine` outlives the handler.
  explicit SqlHandler(const Engine& engine) : engine_(engine) {}

  HttpResponse Handle(const HttpRequest& request);
  /// Ends running statements.
  void Stop() { stopping_ = true; }

 private:
  HttpResponse Collect(const std::string& script, bool continue_on_error);
  HttpResponse Stream(const std::string& script, bool continue_on_error);

  const Engine& engine_;
  std::atomic<bool> stopping_{false};
};

}  // namespace forebay::serve
