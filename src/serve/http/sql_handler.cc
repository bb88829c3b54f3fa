#include "serve/http/sql_handler.h"

#include <nlohmann/json.hpp>

#include "serve/session/local_time.h"
#include "serve/session/script_runner.h"
#include "sql/diagnostic.h"

namespace forebay::serve {

namespace {

/// A result held in memory may not be larger; longer ones are asked for as a stream.
constexpr size_t kCollectedBytesMax = 256 << 20;

std::string ErrorJson(int statement, const Error& error) {
  std::string_view code = sql::ErrorCode(error.message);
  nlohmann::ordered_json details = {{"code", code.empty() ? ErrorKindName(error.kind) : code},
                                    {"message", error.message}};
  if (!error.hint.empty()) details["hint"] = error.hint;
  if (error.position.line > 0) {
    details["line"] = error.position.line;
    details["column"] = error.position.column;
  }
  return nlohmann::ordered_json{{"statement", statement}, {"error", details}}.dump(
      -1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string MessageJson(int statement, const StatementResult& result) {
  std::string text =
      fmt::format("{{\"statement\":{},\"message\":{}", statement, JsonString(result.message));
  if (!result.job_id.empty()) text += ",\"jobId\":" + JsonString(result.job_id);
  return text + "}";
}

/// Shown times are those of the session's zone; a name of no zone was refused by the statement.
LocalTime ZoneOf(const Session& session) {
  auto zone = LocalTime::In(session.time_zone());
  return zone.ok() ? *zone : LocalTime();
}

}  // namespace

/// The script of a request, from JSON or plain.
Result<SqlHandler::Script> SqlHandler::ScriptOf(const HttpRequest& request) {
  Script script;
  script.continue_on_error = request.query.contains("continueOnError");
  auto cells = request.query.find("cells");
  script.text_cells = cells != request.query.end() && cells->second == "text";
  script.text = request.body;
  if (request.Header("content-type").starts_with("application/json")) {
    auto json = nlohmann::json::parse(request.body, nullptr, false);
    if (!json.is_object() || !json.contains("sql") || !json["sql"].is_string()) {
      Error error = InvalidArgument("the body is no JSON object with a string \"sql\"");
      error.hint = R"(send {"sql": "SELECT 1"}, or the script itself as text/plain)";
      return error;
    }
    if (json.value("continueOnError", false)) script.continue_on_error = true;
    script.text = json["sql"].get<std::string>();
  }
  std::string id(request.Header("forebay-session"));
  if (id.empty()) {
    script.session = std::make_shared<Session>(engine_);
  } else {
    ASSIGN_OR_RETURN(script.session, sessions_.Use(id));
  }
  return script;
}

/// Runs the statements of one request step by step: Next() makes the next lines.
class SqlHandler::StatementStream {
 public:
  StatementStream(Script script, const std::atomic<bool>& stopping)
      : script_(std::move(script)),
        stopping_(stopping),
        statements_(sql::SplitStatements(script_.text)) {}

  /// Empty at the end; kTimeout when no rows came since.
  Result<std::string> Next() {
    if (stopping_) return Cancelled("the server is stopping");
    if (result_.rows != nullptr) return Rows();
    if (result_.work != nullptr) return Work();
    if (ended_ || next_ >= statements_.size()) return std::string();
    return Start();
  }

  /// After a Next() without rows.
  void WhenReady(std::function<void()> ready) { result_.rows->WhenReady(std::move(ready)); }

 private:
  static constexpr int kWaitMs = 200;

  Result<std::string> Start() {
    ++next_;
    auto result = script_.session->Start(statements_[next_ - 1]);
    if (!result.ok()) return Failed(result.error());
    result_ = std::move(*result);
    if (result_.work != nullptr) return Work();
    if (result_.rows == nullptr) return MessageJson(number(), result_) + "\n";
    zone_ = ZoneOf(*script_.session);
    return fmt::format("{{\"statement\":{},{},\"changelog\":{}}}\n", number(),
                       ColumnsJson(HeadersOf(result_.rows->columns())),
                       result_.rows->is_changelog());
  }

  Result<std::string> Work() {
    auto message = result_.work->Continue(kWaitMs);
    if (!message.ok() && message.kind() == ErrorKind::kTimeout) {
      return fmt::format("{{\"statement\":{},\"progress\":{}}}\n", number(), result_.work->rows());
    }
    result_.work.reset();
    if (!message.ok()) return Failed(message.error());
    result_.message = *message;
    return MessageJson(number(), result_) + "\n";
  }

  Result<std::string> Rows() {
    auto batch = result_.rows->Next(0);
    if (!batch.ok()) {
      if (batch.kind() == ErrorKind::kTimeout) return batch.error();
      result_.rows.reset();
      return Failed(batch.error());
    }
    if (!*batch) {
      result_.rows.reset();
      return fmt::format("{{\"statement\":{},\"end\":true}}\n", number());
    }
    return RowsLine(zone_.Apply(std::move(**batch)));
  }

  std::string RowsLine(const model::Batch& batch) const {
    bool first = true;
    std::string line = fmt::format("{{\"statement\":{},\"rows\":[", number());
    if (script_.text_cells) {
      AppendRowsText(line, batch, first);
    } else {
      AppendRowsJson(line, batch, first);
    }
    line += "]";
    if (result_.rows->is_changelog()) {
      first = true;
      line += ",\"kinds\":[";
      AppendKindsJson(line, batch, first);
      line += "]";
    }
    return line + "}\n";
  }

  std::string Failed(const Error& error) {
    ended_ = !script_.continue_on_error;
    return ErrorJson(number(), error) + "\n";
  }

  int number() const { return static_cast<int>(next_); }

  const Script script_;
  const std::atomic<bool>& stopping_;
  const std::vector<sql::StatementText> statements_;
  size_t next_ = 0;
  StatementResult result_;  ///< of the statement that runs
  LocalTime zone_;
  bool ended_ = false;
};

namespace {

HttpResponse WrongMethod(const char* allowed) {
  HttpResponse response = HttpResponse::FromError(InvalidArgument("use {}", allowed));
  response.status = 405;
  response.headers["Allow"] = allowed;
  return response;
}

}  // namespace

HttpResponse SqlHandler::Handle(const HttpRequest& request) {
  if (request.method != "POST") return WrongMethod("POST");
  auto script = ScriptOf(request);
  if (!script.ok()) return HttpResponse::FromError(script.error());
  bool stream = request.Header("accept").find("application/x-ndjson") != std::string_view::npos;
  return stream ? Stream(std::move(*script)) : Collect(*script);
}

HttpResponse SqlHandler::HandleSessions(const HttpRequest& request, const std::string& id) {
  if (request.method != (id.empty() ? "POST" : "DELETE")) {
    return WrongMethod(id.empty() ? "POST" : "DELETE");
  }
  if (!id.empty()) {
    Status closed = sessions_.Close(id);
    return closed.ok() ? HttpResponse::Json(200, "{}\n") : HttpResponse::FromError(closed.error());
  }
  auto opened = sessions_.Open();
  if (!opened.ok()) return HttpResponse::FromError(opened.error());
  return HttpResponse::Json(201, fmt::format("{{\"session\":\"{}\"}}\n", *opened));
}

HttpResponse SqlHandler::Stream(Script script) {
  auto statements = std::make_shared<StatementStream>(std::move(script), stopping_);
  HttpResponse response;
  response.content_type = "application/x-ndjson";
  response.next_chunk = [statements] { return statements->Next(); };
  response.when_ready = [statements](std::function<void()> ready) {
    statements->WhenReady(std::move(ready));
  };
  return response;
}

namespace {

/// A statement's whole result as a JSON object without its closing brace.
Result<std::string> CollectRows(int number, ResultCursor& cursor, const LocalTime& zone,
                                const std::atomic<bool>& stopping) {
  std::string rows;
  std::string kinds;
  bool first = true;
  bool first_kind = true;
  constexpr int kWaitMs = 200;
  while (!stopping) {
    auto batch = cursor.Next(kWaitMs);
    if (!batch.ok() && batch.kind() == ErrorKind::kTimeout) continue;
    if (!batch.ok()) return batch.status();
    if (!*batch) break;
    model::Batch shown = zone.Apply(std::move(**batch));
    AppendRowsJson(rows, shown, first);
    if (cursor.is_changelog()) AppendKindsJson(kinds, shown, first_kind);
    if (rows.size() > kCollectedBytesMax) {
      Error error = OutOfRange("the result is larger than {} bytes", kCollectedBytesMax);
      error.hint = "ask for it as a stream: Accept: application/x-ndjson";
      return error;
    }
  }
  if (stopping) return Cancelled("the server is stopping");
  std::string text = fmt::format("{{\"statement\":{},{},\"rows\":[{}]", number,
                                 ColumnsJson(HeadersOf(cursor.columns())), rows);
  if (cursor.is_changelog()) text += ",\"kinds\":[" + kinds + "]";
  return text + "}";
}

/// A statement run to its end as a JSON object.
Result<std::string> RunToEnd(int number, Session& session, const sql::StatementText& text,
                             const std::atomic<bool>& stopping) {
  ASSIGN_OR_RETURN(StatementResult result, session.Start(text));
  if (result.rows != nullptr) return CollectRows(number, *result.rows, ZoneOf(session), stopping);
  constexpr int kWaitMs = 200;
  while (result.work != nullptr) {
    auto message = result.work->Continue(kWaitMs);
    if (stopping) return Cancelled("the server is stopping");
    if (!message.ok() && message.kind() == ErrorKind::kTimeout) continue;
    if (!message.ok()) return message.status();
    result.message = *message;
    result.work.reset();
  }
  return MessageJson(number, result);
}

}  // namespace

HttpResponse SqlHandler::Collect(const Script& script) {
  std::string results;
  int status = 200;
  int number = 0;
  for (const sql::StatementText& text : sql::SplitStatements(script.text)) {
    if (number++ > 0) results += ",\n";
    auto json = RunToEnd(number, *script.session, text, stopping_);
    results += json.ok() ? *json : ErrorJson(number, json.error());
    if (json.ok()) continue;
    if (status == 200) status = HttpStatusOf(json.kind());
    if (!script.continue_on_error) break;
  }
  return HttpResponse::Json(status, "{\"results\":[" + results + "]}\n");
}

}  // namespace forebay::serve
