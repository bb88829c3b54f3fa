#include "app/submit/flink_gateway.h"

#include <boost/asio.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <chrono>
#include <thread>

#include "app/remote/text_rows.h"

namespace forebay::app {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using boost::system::error_code;
using Json = FlinkGateway::Json;

/// A first statement may have to load Flink's planner.
constexpr std::chrono::seconds kCallSecondsMax(120);
constexpr std::chrono::milliseconds kPause(50);
constexpr size_t kAnswerBytesMax = size_t{256} << 20;

/// One request and its answer within kCallSecondsMax.
class Exchange {
 public:
  Exchange() : stream_(context_) {}

  Result<http::response<http::string_body>> Run(const std::string& host, const std::string& port,
                                                http::request<http::string_body> request) {
    asio::ip::tcp::resolver resolver(context_);
    error_code error;
    auto endpoints = resolver.resolve(host, port, error);
    if (error) return Unavailable("cannot find Flink's gateway {}: {}", host, error.message());
    stream_.expires_after(kCallSecondsMax);
    stream_.async_connect(endpoints, [&](error_code e, const auto&) { error = e; });
    Finish();
    if (error) {
      return Unavailable("cannot reach Flink's gateway {}:{}: {}", host, port, error.message());
    }
    http::async_write(stream_, request, [&](error_code e, size_t) { error = e; });
    Finish();
    if (error) return Unavailable("Flink's gateway went away: {}", error.message());
    http::response_parser<http::string_body> parser;
    parser.body_limit(kAnswerBytesMax);
    http::async_read(stream_, buffer_, parser, [&](error_code e, size_t) { error = e; });
    Finish();
    if (error) return Unavailable("Flink's gateway does not answer: {}", error.message());
    return parser.release();
  }

 private:
  void Finish() {
    context_.restart();
    context_.run();
  }

  asio::io_context context_;
  beast::tcp_stream stream_;
  beast::flat_buffer buffer_;
};

std::string Text(const Json& object, const char* key) {
  auto found = object.is_object() ? object.find(key) : object.end();
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

/// What the gateway says when it refuses.
Error Refusal(int status, const Json& body) {
  std::string text;
  if (body.is_object() && body.contains("errors") && body["errors"].is_array()) {
    for (const Json& each : body["errors"]) {
      if (each.is_string()) text = each.get<std::string>();  // the last has the trace
    }
  }
  if (text.empty()) return Unavailable("Flink's gateway answers with status {}", status);
  return InvalidArgument("Flink: {}", FlinkCause(text));
}

std::vector<serve::ColumnHeader> HeadersOf(const Json& columns) {
  std::vector<serve::ColumnHeader> headers;
  for (const Json& column : columns) {
    std::string type = FlinkTypeText(column.value("logicalType", Json()));
    headers.push_back(TextColumn(Text(column, "name"), std::move(type)));
  }
  return headers;
}

}  // namespace

std::string FlinkCause(std::string_view trace) {
  constexpr std::string_view kCause = "Caused by: ";
  size_t cause = trace.rfind("\n" + std::string(kCause));
  if (cause != std::string_view::npos) {
    trace.remove_prefix(cause + 1 + kCause.size());
  } else if (trace.starts_with("<Exception on server side:\n")) {
    trace.remove_prefix(trace.find('\n') + 1);
  }
  trace = trace.substr(0, std::min(trace.find("\n\tat "), trace.find("\n\t... ")));
  size_t colon = trace.find(": ");
  size_t dot = trace.substr(0, colon).rfind('.');
  if (dot != std::string_view::npos) trace.remove_prefix(dot + 1);
  while (trace.ends_with('\n') || trace.ends_with('>')) trace.remove_suffix(1);
  return std::string(trace);
}

namespace {

struct TypeName {
  const char* name;
  const char* text;
  bool has_length;
  bool has_precision;
};

constexpr TypeName kTypeNames[] = {
    {"INTEGER", "INT", false, false},
    {"CHAR", "CHAR", true, false},
    {"VARCHAR", "VARCHAR", true, false},
    {"BINARY", "BINARY", true, false},
    {"VARBINARY", "VARBINARY", true, false},
    {"TIMESTAMP_WITHOUT_TIME_ZONE", "TIMESTAMP", false, true},
    {"TIMESTAMP_WITH_TIME_ZONE", "TIMESTAMP_TZ", false, true},
    {"TIMESTAMP_WITH_LOCAL_TIME_ZONE", "TIMESTAMP_LTZ", false, true},
    {"TIME_WITHOUT_TIME_ZONE", "TIME", false, true},
};

std::string SimpleType(const Json& type) {
  constexpr int64_t kMaxLength = 2147483647;
  std::string name = Text(type, "type");
  int64_t length = type.value("length", int64_t{0});
  if (name == "VARCHAR" && length == kMaxLength) return "STRING";
  if (name == "VARBINARY" && length == kMaxLength) return "BYTES";
  if (name == "DECIMAL") {
    return fmt::format("DECIMAL({}, {})", type.value("precision", 10), type.value("scale", 0));
  }
  for (const TypeName& each : kTypeNames) {
    if (name != each.name) continue;
    if (each.has_length) return fmt::format("{}({})", each.text, length);
    if (each.has_precision) return fmt::format("{}({})", each.text, type.value("precision", 0));
    return each.text;
  }
  return name;
}

std::string NestedType(const Json& type, const std::string& name) {
  if (name == "ARRAY" || name == "MULTISET") {
    return fmt::format("{}<{}>", name, FlinkTypeText(type.value("elementType", Json())));
  }
  if (name == "MAP") {
    return fmt::format("MAP<{}, {}>", FlinkTypeText(type.value("keyType", Json())),
                       FlinkTypeText(type.value("valueType", Json())));
  }
  std::string fields;
  for (const Json& field : type.value("fields", Json::array())) {
    fields += fmt::format("{}`{}` {}", fields.empty() ? "" : ", ", Text(field, "name"),
                          FlinkTypeText(field.value("fieldType", Json())));
  }
  return fmt::format("ROW<{}>", fields);
}

}  // namespace

std::string FlinkTypeText(const Json& type) {
  if (!type.is_object()) return "";
  std::string name = Text(type, "type");
  bool nested = name == "ARRAY" || name == "MULTISET" || name == "MAP" || name == "ROW";
  std::string text = nested ? NestedType(type, name) : SimpleType(type);
  return text + (type.value("nullable", true) ? "" : " NOT NULL");
}

Result<FlinkGateway> FlinkGateway::At(std::string url) {
  FlinkGateway gateway;
  gateway.url_ = url;
  if (url.starts_with("https://")) return NotSupported("{}: only http:// is supported", url);
  if (url.starts_with("http://")) url = url.substr(7);
  while (url.ends_with('/')) url.pop_back();
  size_t colon = url.rfind(':');
  if (colon == std::string::npos || colon == 0 || colon + 1 == url.size() ||
      url.find('/') != std::string::npos) {
    return InvalidArgument("'{}' is no http://HOST:PORT of a Flink SQL gateway", gateway.url_);
  }
  gateway.host_ = url.substr(0, colon);
  gateway.port_ = url.substr(colon + 1);
  return gateway;
}

Result<Json> FlinkGateway::Call(std::string_view method, const std::string& path,
                                const Json& body) {
  http::request<http::string_body> request(http::string_to_verb(std::string(method)), path, 11);
  request.set(http::field::host, host_);
  request.set(http::field::connection, "close");
  if (!body.is_null()) {
    request.set(http::field::content_type, "application/json");
    request.body() = body.dump();
  }
  request.prepare_payload();
  Exchange exchange;
  ASSIGN_OR_RETURN(auto response, exchange.Run(host_, port_, std::move(request)));
  Json json = Json::parse(response.body(), nullptr, false);
  int status = static_cast<int>(response.result_int());
  if (status / 100 != 2) return Refusal(status, json);
  if (json.is_discarded()) return Unavailable("{} is no Flink SQL gateway", url_);
  return json;
}

Status FlinkGateway::OpenSession(const std::map<std::string, std::string>& options) {
  ASSIGN_OR_RETURN(Json info, Call("GET", "/v2/info", Json()));
  version_ = Text(info, "version");
  Json body = {{"sessionName", "forebay"}, {"properties", Json::object()}};
  for (const auto& [key, value] : options) body["properties"][key] = value;
  ASSIGN_OR_RETURN(Json opened, Call("POST", "/v2/sessions", body));
  session_ = Text(opened, "sessionHandle");
  if (session_.empty()) return Unavailable("{} is no Flink SQL gateway", url_);
  return Status::Ok();
}

void FlinkGateway::CloseSession() {
  // One that stays open ends by itself.
  if (!session_.empty()) (void)Call("DELETE", "/v2/sessions/" + session_, Json());
  session_.clear();
}

Result<bool> FlinkGateway::IsStreaming() {
  ASSIGN_OR_RETURN(Json session, Call("GET", "/v2/sessions/" + session_, Json()));
  if (!session.is_object()) return Unavailable("{} is no Flink SQL gateway", url_);
  std::string mode = Text(session.value("properties", Json()), "execution.runtime-mode");
  return mode != "batch" && mode != "BATCH";
}

Result<FlinkOutcome> FlinkGateway::Run(std::string_view statement, bool plain,
                                       const std::atomic<bool>& cancel, const Rows& rows) {
  try {
    return Fetch(statement, plain, cancel, rows);
  } catch (const Json::exception& error) {
    return Unavailable("{} does not answer as a Flink SQL gateway: {}", url_, error.what());
  }
}

Result<FlinkOutcome> FlinkGateway::Fetch(std::string_view statement, bool plain,
                                         const std::atomic<bool>& cancel, const Rows& rows) {
  std::string base = "/v2/sessions/" + session_;
  ASSIGN_OR_RETURN(Json started, Call("POST", base + "/statements", {{"statement", statement}}));
  std::string operation = base + "/operations/" + Text(started, "operationHandle");
  std::string next = operation + "/result/0?rowFormat=" + (plain ? "PLAIN_TEXT" : "JSON");
  FlinkOutcome outcome;
  bool begun = false;
  while (!next.empty() && !cancel) {
    ASSIGN_OR_RETURN(Json page, Call("GET", next, Json()));
    if (Text(page, "resultType") == "NOT_READY") {
      std::this_thread::sleep_for(kPause);
      continue;
    }
    if (!begun) {
      bool is_query = page.value("isQueryResult", false);
      outcome.job_id = is_query ? "" : Text(page, "jobID");
      outcome.has_rows = outcome.job_id.empty() && Text(page, "resultKind") != "SUCCESS";
      bool is_changelog = false;
      if (is_query) {
        ASSIGN_OR_RETURN(is_changelog, IsStreaming());
      }
      if (outcome.has_rows) rows.begin(HeadersOf(page["results"]["columns"]), is_changelog);
      begun = true;
    }
    const Json& data = page["results"]["data"];
    if (outcome.has_rows) rows.rows(data);
    next = Text(page, "nextResultUri");
    if (data.empty() && !next.empty()) std::this_thread::sleep_for(kPause);
  }
  if (cancel) (void)Call("POST", operation + "/cancel", Json::object());
  (void)Call("DELETE", operation + "/close", Json());
  return outcome;
}

}  // namespace forebay::app
