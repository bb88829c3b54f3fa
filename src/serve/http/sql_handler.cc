#include "serve/http/sql_handler.h"

#include <nlohmann/json.hpp>

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

/// The script of a request, from JSON or plain.
Result<std::string> ScriptOf(const HttpRequest& request, bool& continue_on_error) {
  continue_on_error = request.query.contains("continueOnError");
  if (!request.Header("content-type").starts_with("application/json")) return request.body;
  auto json = nlohmann::json::parse(request.body, nullptr, false);
  if (!json.is_object() || !json.contains("sql") || !json["sql"].is_string()) {
    Error error = InvalidArgument("the body is no JSON object with a string \"sql\"");
    error.hint = R"(send {"sql": "SELECT 1"}, or the script itself as text/plain)";
    return error;
  }
  if (json.value("continueOnError", false)) continue_on_error = true;
  return json["sql"].get<std::string>();
}

/// Runs the statements of one request step by step: Next() makes the next lines.
class StatementStream {
 public:
  StatementStream(const Engine& engine, std::string script, bool continue_on_error,
                  const std::atomic<bool>& stopping)
      : session_(engine),
        script_(std::move(script)),
        continue_on_error_(continue_on_error),
        stopping_(stopping),
        statements_(sql::SplitStatements(script_)) {}

  /// Empty at the end; a lone newline when there is nothing new.
  Result<std::string> Next() {
    if (stopping_) return Cancelled("the server is stopping");
    if (cursor_ != nullptr) return Rows();
    if (ended_ || next_ >= statements_.size()) return std::string();
    return Start();
  }

 private:
  Result<std::string> Start() {
    int number = static_cast<int>(++next_);
    auto result = session_.Execute(statements_[next_ - 1]);
    if (!result.ok()) return Failed(number, result.error());
    if (result->rows == nullptr) return MessageJson(number, *result) + "\n";
    cursor_ = std::move(result->rows);
    return fmt::format("{{\"statement\":{},{},\"changelog\":{}}}\n", number,
                       ColumnsJson(HeadersOf(cursor_->columns())), cursor_->is_changelog());
  }

  Result<std::string> Rows() {
    int number = static_cast<int>(next_);
    constexpr int kWaitMs = 200;
    auto batch = cursor_->Next(kWaitMs);
    if (!batch.ok()) {
      if (batch.kind() == ErrorKind::kTimeout) return std::string("\n");
      cursor_.reset();
      return Failed(number, batch.error());
    }
    if (!*batch) {
      cursor_.reset();
      return fmt::format("{{\"statement\":{},\"end\":true}}\n", number);
    }
    bool first = true;
    std::string line = fmt::format("{{\"statement\":{},\"rows\":[", number);
    AppendRowsJson(line, **batch, first);
    line += "]";
    if (cursor_->is_changelog()) {
      first = true;
      line += ",\"kinds\":[";
      AppendKindsJson(line, **batch, first);
      line += "]";
    }
    return line + "}\n";
  }

  std::string Failed(int number, const Error& error) {
    ended_ = !continue_on_error_;
    return ErrorJson(number, error) + "\n";
  }

  Session session_;
  const std::string script_;
  const bool continue_on_error_;
  const std::atomic<bool>& stopping_;
  const std::vector<sql::StatementText> statements_;
  size_t next_ = 0;
  std::unique_ptr<ResultCursor> cursor_;
  bool ended_ = false;
};

}  // namespace

HttpResponse SqlHandler::Handle(const HttpRequest& request) {
  if (request.method != "POST") {
    HttpResponse response =
        HttpResponse::FromError(InvalidArgument("use POST with the SQL as body"));
    response.status = 405;
    response.headers["Allow"] = "POST";
    return response;
  }
  bool continue_on_error = false;
  auto script = ScriptOf(request, continue_on_error);
  if (!script.ok()) return HttpResponse::FromError(script.error());
  bool stream = request.Header("accept").find("application/x-ndjson") != std::string_view::npos;
  return stream ? Stream(*script, continue_on_error) : Collect(*script, continue_on_error);
}

HttpResponse SqlHandler::Stream(const std::string& script, bool continue_on_error) {
  auto statements =
      std::make_shared<StatementStream>(engine_, script, continue_on_error, stopping_);
  HttpResponse response;
  response.content_type = "application/x-ndjson";
  response.next_chunk = [statements] { return statements->Next(); };
  return response;
}

namespace {

/// A statement's whole result as a JSON object without its closing brace.
Result<std::string> CollectRows(int number, ResultCursor& cursor,
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
    AppendRowsJson(rows, **batch, first);
    if (cursor.is_changelog()) AppendKindsJson(kinds, **batch, first_kind);
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

}  // namespace

HttpResponse SqlHandler::Collect(const std::string& script, bool continue_on_error) {
  Session session(engine_);
  std::string results;
  int status = 200;
  int number = 0;
  for (const sql::StatementText& text : sql::SplitStatements(script)) {
    if (number++ > 0) results += ",\n";
    auto result = session.Execute(text);
    Result<std::string> json = std::string();
    if (!result.ok()) {
      json = result.status();
    } else if (result->rows == nullptr) {
      json = MessageJson(number, *result);
    } else {
      json = CollectRows(number, *result->rows, stopping_);
    }
    results += json.ok() ? *json : ErrorJson(number, json.error());
    if (json.ok()) continue;
    if (status == 200) status = HttpStatusOf(json.kind());
    if (!continue_on_error) break;
  }
  return HttpResponse::Json(status, "{\"results\":[" + results + "]}\n");
}

}  // namespace forebay::serve
