#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "serve/http/http_message.h"
#include "serve/http/sql_sessions.h"
#include "serve/session/engine.h"

namespace forebay::serve {

/// POST /api/v1/sql. The body is a script (or {"sql": "...", "continueOnError": bool} with
/// Content-Type application/json). A request has a session of its own, or with the header
/// Forebay-Session the one of that id: POST /api/v1/sessions opens one, DELETE
/// /api/v1/sessions/<id> ends it. Thread-safe.
///
/// The answer is a stream of lines (application/x-ndjson): for each statement either
/// {"statement":N,"columns":[..],"changelog":bool}, then lines
/// {"statement":N,"rows":[..],"kinds":[..]} as they come, then
/// {"statement":N,"end":true}; or {"statement":N,"message":"..","jobId":".."}, after lines
/// {"statement":N,"progress":ROWS} when it takes long; or {"statement":N,"error":{..}}. Blank lines
/// keep the connection awake. With ?cells=text all cells are strings as CAST gives. With `Accept:
/// application/json` (the default) the answer is one object
/// {"results":[{"statement":N,"columns":[..],"rows":[..],"kinds":[..]} | {"statement":N,"message"}
/// | {"statement":N,"error"}]} when all statements are done; its status is that of the first error.
class SqlHandler {
 public:
  /// `engine` outlives the handler.
  explicit SqlHandler(const Engine& engine) : engine_(engine), sessions_(engine) {}

  HttpResponse Handle(const HttpRequest& request);
  /// Requests below /api/v1/sessions; `id`: what follows in the path, or empty.
  HttpResponse HandleSessions(const HttpRequest& request, const std::string& id);
  /// Ends running statements.
  void Stop() { stopping_ = true; }

 private:
  struct Script {
    std::string text;
    bool continue_on_error = false;
    bool text_cells = false;
    std::shared_ptr<Session> session;
  };
  class StatementStream;

  Result<Script> ScriptOf(const HttpRequest& request);
  HttpResponse Collect(const Script& script);
  HttpResponse Stream(Script script);

  const Engine& engine_;
  SqlSessions sessions_;
  std::atomic<bool> stopping_{false};
};

}  // namespace forebay::serve
