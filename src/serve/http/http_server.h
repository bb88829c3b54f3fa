#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "serve/http/http_message.h"

namespace forebay::serve {

struct HttpServerOptions {
  std::string address = "127.0.0.1";
  uint16_t port = 8080;              ///< 0: any free one
  int handler_threads = 4;           ///< for what is answered soon
  int query_threads = 32;            ///< for what runs as long as a user's query
  size_t body_bytes_max = 64 << 20;  ///< larger requests get 413
  int connections_max = 1024;        ///< further ones get 503
  int queued_requests_max = 256;     ///< waiting for a thread of either kind; further ones get 503
  int idle_timeout_seconds = 60;
};

using HttpHandler = std::function<HttpResponse(const HttpRequest&)>;
/// Whether a request may take long, so that it must not hold up those that do not.
using IsQuery = std::function<bool(const HttpRequest&)>;

/// An HTTP/1.1 server: one thread does the network, handlers run on two pools, for queries and for
/// all else, long answers are streamed with back-pressure; a stream that waits for rows holds no
/// thread. Thread-safe.
class HttpServer {
 public:
  /// Listens when it returns. kUnavailable, naming the address, when the port is in use.
  static Result<std::unique_ptr<HttpServer>> Start(const HttpServerOptions& options,
                                                   HttpHandler handler, IsQuery is_query);
  virtual ~HttpServer() = default;
  virtual uint16_t port() const = 0;
  /// Stops accepting, ends running streams, waits for handlers. Called by the destructor too.
  virtual void Stop() = 0;
};

}  // namespace forebay::serve
