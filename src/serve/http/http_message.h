#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "base/result.h"

namespace forebay::serve {

/// A request as handlers see it: decoded path and query, header names in lower case, the whole
/// body.
struct HttpRequest {
  std::string method;
  std::string path;  ///< percent-decoded, without the query
  std::map<std::string, std::string> query;
  std::map<std::string, std::string> headers;
  std::string body;

  /// A header's value, or empty. `name` in lower case.
  std::string_view Header(std::string_view name) const;
};

/// A response: a whole body, or a stream of chunks.
struct HttpResponse {
  int status = 200;
  std::string content_type = "application/json";
  std::map<std::string, std::string> headers;
  std::string body;
  /// When set, called on the handler's thread until it returns an empty string; the body is sent in
  /// chunks. kTimeout: there is nothing to send yet. Another error breaks the connection off, so
  /// that the client cannot take a part for the whole.
  std::function<Result<std::string>()> next_chunk;
  /// Set with it when it can say kTimeout: calls `ready` once, on any thread, when it would not any
  /// more.
  std::function<void(std::function<void()> ready)> when_ready;
  /// When set, called once if the client goes away while chunks are being made.
  std::function<void()> on_abort;

  static HttpResponse Json(int status, std::string body);
  static HttpResponse Text(int status, std::string body);
  /// {"error":{"code","message","hint",...}} with the status that belongs to the error's kind.
  static HttpResponse FromError(const Error& error);
};

/// The HTTP status for an error's kind: 400, 404, 409, 413, 429, 501, 503, 507 or 500.
int HttpStatusOf(ErrorKind kind);

/// Decodes %XX and, in queries, '+'. nullopt-like: returns false on a bad escape.
bool PercentDecode(std::string_view text, bool plus_is_space, std::string& out);

}  // namespace forebay::serve
