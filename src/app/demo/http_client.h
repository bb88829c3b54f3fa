#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace forebay::app {

/// One kept connection to an HTTP server on this machine. Thread-compatible.
class HttpClient {
 public:
  static Result<std::unique_ptr<HttpClient>> Connect(uint16_t port);
  virtual ~HttpClient() = default;
  /// The body of a 2xx answer. While the server is busy (429, 503) it waits as the server asks and
  /// tries again; other answers are an error with the answer's text.
  virtual Result<std::string> Post(const std::string& target, std::string_view content_type,
                                   std::string body) = 0;
};

}  // namespace forebay::app
