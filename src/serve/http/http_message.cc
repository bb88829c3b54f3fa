#include "serve/http/http_message.h"

#include <nlohmann/json.hpp>

namespace forebay::serve {

std::string_view HttpRequest::Header(std::string_view name) const {
  auto it = headers.find(std::string(name));
  return it == headers.end() ? std::string_view() : it->second;
}

HttpResponse HttpResponse::Json(int status, std::string body) {
  HttpResponse response;
  response.status = status;
  response.body = std::move(body);
  return response;
}

HttpResponse HttpResponse::Text(int status, std::string body) {
  HttpResponse response = Json(status, std::move(body));
  response.content_type = "text/plain; charset=utf-8";
  return response;
}

HttpResponse HttpResponse::FromError(const Error& error) {
  nlohmann::json details = {{"code", ErrorKindName(error.kind)}, {"message", error.message}};
  if (!error.hint.empty()) details["hint"] = error.hint;
  if (error.position.line > 0) {
    details["line"] = error.position.line;
    details["column"] = error.position.column;
  }
  auto text = nlohmann::json{{"error", details}}.dump(-1, ' ', false,
                                                      nlohmann::json::error_handler_t::replace);
  HttpResponse response = Json(HttpStatusOf(error.kind), text + "\n");
  if (response.status == 503 || response.status == 429) response.headers["Retry-After"] = "1";
  return response;
}

int HttpStatusOf(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kInvalidArgument:
    case ErrorKind::kOutOfRange: return 400;
    case ErrorKind::kPermissionDenied: return 403;
    case ErrorKind::kNotFound: return 404;
    case ErrorKind::kAlreadyExists:
    case ErrorKind::kConflict: return 409;
    case ErrorKind::kNotSupported: return 501;
    case ErrorKind::kUnavailable:
    case ErrorKind::kTimeout:
    case ErrorKind::kCancelled: return 503;
    case ErrorKind::kNoSpace: return 507;
    case ErrorKind::kCorruption:
    case ErrorKind::kIoError:
    case ErrorKind::kInternal: return 500;
  }
  return 500;
}

namespace {
int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}
}  // namespace

bool PercentDecode(std::string_view text, bool plus_is_space, std::string& out) {
  out.clear();
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus_is_space) {
      out += ' ';
    } else if (text[i] != '%') {
      out += text[i];
    } else {
      bool complete = i + 2 < text.size();
      int high = complete ? HexDigit(text[i + 1]) : -1;
      int low = complete ? HexDigit(text[i + 2]) : -1;
      if (high < 0 || low < 0) return false;
      out += static_cast<char>(high * 16 + low);
      i += 2;
    }
  }
  return true;
}

}  // namespace forebay::serve
