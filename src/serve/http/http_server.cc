#include "serve/http/http_server.h"

#include <atomic>
#include <boost/asio.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <thread>
#include <utility>

#include "base/ascii_case.h"

namespace forebay::serve {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using boost::system::error_code;
using tcp = asio::ip::tcp;

/// Splits the target into path and query; false when an escape is broken.
bool ParseTarget(std::string_view target, HttpRequest& request) {
  size_t mark = target.find('?');
  if (!PercentDecode(target.substr(0, mark), false, request.path)) return false;
  if (mark == std::string_view::npos) return true;
  std::string_view query = target.substr(mark + 1);
  while (!query.empty()) {
    size_t end = query.find('&');
    std::string_view pair = query.substr(0, end);
    size_t equals = pair.find('=');
    std::string key;
    std::string value;
    if (!PercentDecode(pair.substr(0, equals), true, key)) return false;
    if (equals != std::string_view::npos && !PercentDecode(pair.substr(equals + 1), true, value)) {
      return false;
    }
    if (!key.empty()) request.query[key] = value;
    query = end == std::string_view::npos ? std::string_view() : query.substr(end + 1);
  }
  return true;
}

/// Threads that handle requests, and how many wait for one.
struct Pool {
  explicit Pool(int count) : threads(static_cast<size_t>(count)) {}
  asio::thread_pool threads;
  std::atomic<int> queued = 0;
};

/// How often a stream without rows finds out whether its client is still there.
constexpr std::chrono::milliseconds kStreamPulse(200);

/// What all connections share. Outlives them.
struct Shared {
  Shared(const HttpServerOptions& server_options, HttpHandler own_handler, IsQuery own_is_query)
      : options(server_options),
        handler(std::move(own_handler)),
        is_query(std::move(own_is_query)),
        handlers(options.handler_threads),
        queries(options.query_threads) {}

  const HttpServerOptions options;
  const HttpHandler handler;
  const IsQuery is_query;
  asio::io_context network{1};
  Pool handlers;
  Pool queries;
  std::atomic<int> connections = 0;
  std::atomic<int> streams = 0;
  std::atomic<bool> stopping = false;
};

/// One client's connection: reads a request, hands it to the pool, writes the answer, again. Its
/// callbacks run on the network thread, its handler and chunk makers on a pool thread, never both
/// at a time.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(tcp::socket socket, Shared& shared)
      : stream_(std::move(socket)), shared_(shared), pulse_(stream_.get_executor()) {
    ++shared_.connections;
  }
  ~Connection() { --shared_.connections; }

  void Run() { ReadHeader(); }

 private:
  using Self = std::shared_ptr<Connection>;

  void ReadHeader() {
    parser_.emplace();
    parser_->header_limit(64 << 10);
    parser_->body_limit(shared_.options.body_bytes_max);
    stream_.expires_after(std::chrono::seconds(shared_.options.idle_timeout_seconds));
    http::async_read_header(
        stream_, buffer_, *parser_,
        [self = shared_from_this()](error_code error, size_t) { self->OnHeader(error); });
  }

  void OnHeader(error_code error) {
    if (error == http::error::body_limit) return TooLarge();
    if (error) return Reject(error);
    keep_alive_ = parser_->get().keep_alive();
    if (LowerAscii(parser_->get()[http::field::expect]) == "100-continue") {
      return SendContinue();
    }
    ReadBody();
  }

  void SendContinue() {
    auto text = std::make_shared<std::string>("HTTP/1.1 100 Continue\r\n\r\n");
    asio::async_write(stream_, asio::buffer(*text),
                      [self = shared_from_this(), text](error_code error, size_t) {
                        if (!error) self->ReadBody();
                      });
  }

  void ReadBody() {
    http::async_read(stream_, buffer_, *parser_,
                     [self = shared_from_this()](error_code error, size_t) {
                       if (error == http::error::body_limit) return self->TooLarge();
                       if (error) return self->Reject(error);
                       self->Dispatch();
                     });
  }

  /// Bytes that are no HTTP get a 400 and the end; a client that went away gets nothing.
  void Reject(error_code error) {
    if (error == http::error::end_of_stream ||
        error.category() != http::make_error_code(http::error::bad_value).category()) {
      return Close();
    }
    keep_alive_ = false;
    Answer(HttpResponse::FromError(InvalidArgument("bad HTTP request: {}", error.message())));
  }

  void TooLarge() {
    keep_alive_ = false;
    HttpResponse response = HttpResponse::FromError(InvalidArgument(
        "the request body is larger than {} bytes", shared_.options.body_bytes_max));
    response.status = 413;
    Answer(std::move(response));
  }

  void Dispatch() {
    HttpRequest request;
    const auto& message = parser_->get();
    request.method = std::string(message.method_string());
    if (!ParseTarget(message.target(), request)) {
      return Answer(HttpResponse::FromError(InvalidArgument("bad escape in the request's URL")));
    }
    for (const auto& field : message) {
      request.headers[LowerAscii(field.name_string())] = std::string(field.value());
    }
    is_head_ = message.method() == http::verb::head;
    if (is_head_) request.method = "GET";
    request.body = std::move(parser_->get().body());
    pool_ = shared_.is_query(request) ? &shared_.queries : &shared_.handlers;
    if (pool_->queued.fetch_add(1) >= shared_.options.queued_requests_max) {
      --pool_->queued;
      return Answer(HttpResponse::FromError(Unavailable("too many requests are waiting")));
    }
    stream_.expires_never();
    asio::post(pool_->threads, [self = shared_from_this(), request = std::move(request)] {
      self->Handle(request);
    });
  }

  /// On a pool thread.
  void Handle(const HttpRequest& request) {
    --pool_->queued;
    HttpResponse response;
    if (shared_.stopping) {
      response = HttpResponse::FromError(Unavailable("the server is stopping"));
    } else {
      response = shared_.handler(request);
    }
    asio::post(stream_.get_executor(),
               [self = shared_from_this(), response = std::move(response)]() mutable {
                 self->Answer(std::move(response));
               });
  }

  template <typename Body>
  void FillHeader(http::response<Body>& message) {
    message.version(11);
    message.result(static_cast<unsigned>(response_.status));
    message.set(http::field::server, "forebay");
    message.set(http::field::content_type, response_.content_type);
    for (const auto& [name, value] : response_.headers) message.set(name, value);
    message.keep_alive(keep_alive_);
  }

  void Answer(HttpResponse response) {
    response_ = std::move(response);
    if (response_.next_chunk && !is_head_) return StartStream();
    auto message = std::make_shared<http::response<http::string_body>>();
    FillHeader(*message);
    message->body() = std::move(response_.body);
    message->prepare_payload();
    if (is_head_) message->body().clear();
    stream_.expires_after(std::chrono::seconds(shared_.options.idle_timeout_seconds));
    http::async_write(stream_, *message,
                      [self = shared_from_this(), message](error_code error, size_t) {
                        self->AfterAnswer(error);
                      });
  }

  void AfterAnswer(error_code error) {
    if (error || !keep_alive_ || shared_.stopping) return Close();
    ReadHeader();
  }

  void StartStream() {
    ++shared_.streams;
    auto message = std::make_shared<http::response<http::empty_body>>();
    FillHeader(*message);
    message->chunked(true);
    auto serializer = std::make_shared<http::response_serializer<http::empty_body>>(*message);
    http::async_write_header(
        stream_, *serializer,
        [self = shared_from_this(), message, serializer](error_code error, size_t) {
          if (error) return self->Abort();
          self->MakeChunk();
        });
  }

  /// The next chunk is made on the pool, only after the last one was taken by the network.
  void MakeChunk() {
    asio::post(pool_->threads, [self = shared_from_this()] {
      Result<std::string> chunk = Unavailable("the server is stopping");
      if (!self->shared_.stopping) chunk = self->response_.next_chunk();
      asio::post(self->stream_.get_executor(), [self, chunk = std::move(chunk)]() mutable {
        self->WriteChunk(std::move(chunk));
      });
    });
  }

  /// No thread is held while there is nothing to send.
  void AwaitChunk() {
    uint64_t wait = ++wait_;
    pulse_.expires_after(kStreamPulse);
    pulse_.async_wait([self = shared_from_this(), wait](error_code error) {
      if (!error) self->EndWait(wait, false);
    });
    response_.when_ready([self = shared_from_this(), wait] {
      asio::post(self->stream_.get_executor(), [self, wait] { self->EndWait(wait, true); });
    });
  }

  /// What comes for a wait that has ended is late, and means nothing.
  void EndWait(uint64_t wait, bool ready) {
    if (wait != wait_) return;
    ++wait_;
    pulse_.cancel();
    if (ready || shared_.stopping) return MakeChunk();
    WriteChunk(std::string("\n"));
  }

  void WriteChunk(Result<std::string> chunk) {
    if (!chunk.ok() && chunk.kind() == ErrorKind::kTimeout) return AwaitChunk();
    if (!chunk.ok()) return Abort();
    auto text = std::make_shared<std::string>(std::move(chunk).value());
    if (text->empty()) {
      EndStream();
      return asio::async_write(
          stream_, http::make_chunk_last(),
          [self = shared_from_this()](error_code error, size_t) { self->AfterAnswer(error); });
    }
    asio::async_write(stream_, http::make_chunk(asio::buffer(*text)),
                      [self = shared_from_this(), text](error_code error, size_t) {
                        if (error) return self->Abort();
                        self->MakeChunk();
                      });
  }

  void Abort() {
    if (response_.on_abort) response_.on_abort();
    EndStream();
    Close();
  }

  /// What made the chunks may have to wait for a query to end: not on the network's thread.
  void EndStream() {
    asio::post(pool_->threads, [dropped = std::exchange(response_, {})] {});
    --shared_.streams;
    shared_.streams.notify_all();
  }

  void Close() {
    error_code ignored;
    stream_.socket().shutdown(tcp::socket::shutdown_both, ignored);
    stream_.close();
  }

  beast::tcp_stream stream_;
  Shared& shared_;
  Pool* pool_ = nullptr;  ///< of the request that is worked on
  asio::steady_timer pulse_;
  uint64_t wait_ = 0;  ///< counts what a stream waits for; changed on the network's thread only
  beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::string_body>> parser_;
  HttpResponse response_;
  bool keep_alive_ = false;
  bool is_head_ = false;
};

class BeastServer : public HttpServer {
 public:
  BeastServer(const HttpServerOptions& options, HttpHandler handler, IsQuery is_query)
      : shared_(options, std::move(handler), std::move(is_query)), acceptor_(shared_.network) {}
  ~BeastServer() override { Stop(); }

  Status Listen() {
    error_code error;
    auto address = asio::ip::make_address(shared_.options.address, error);
    if (error) {
      Error bad = InvalidArgument("'{}' is no IP address to listen on", shared_.options.address);
      bad.hint = "use 127.0.0.1 for this machine only, 0.0.0.0 for every network";
      return bad;
    }
    tcp::endpoint endpoint(address, shared_.options.port);
    acceptor_.open(endpoint.protocol(), error);
    if (!error) acceptor_.set_option(asio::socket_base::reuse_address(true), error);
    if (!error) acceptor_.bind(endpoint, error);
    if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
    if (error) {
      Error failure = Unavailable("cannot listen on {}:{}: {}", shared_.options.address,
                                  shared_.options.port, error.message());
      failure.hint = "another program uses the port: stop it or choose another port";
      return failure;
    }
    port_ = acceptor_.local_endpoint().port();
    Accept();
    // It goes on while all that is left is work of the pools, whose answers it has to send.
    thread_ = std::thread(
        [this, working = asio::make_work_guard(shared_.network)] { shared_.network.run(); });
    return Status::Ok();
  }

  uint16_t port() const override { return port_; }

  void Stop() override {
    if (shared_.stopping.exchange(true)) return;
    asio::post(shared_.network, [this] {
      error_code ignored;
      acceptor_.close(ignored);
    });
    // Streams end first (they see `stopping` with their next pulse), then what else the pools do;
    // then the network thread has nothing left that could start one.
    for (int count; (count = shared_.streams) > 0;) shared_.streams.wait(count);
    shared_.handlers.threads.join();
    shared_.queries.threads.join();
    shared_.network.stop();
    if (thread_.joinable()) thread_.join();
  }

 private:
  void Accept() {
    acceptor_.async_accept([this](error_code error, tcp::socket socket) {
      if (error == asio::error::operation_aborted || shared_.stopping) return;
      if (!error && shared_.connections < shared_.options.connections_max) {
        error_code ignored;
        socket.set_option(tcp::no_delay(true), ignored);
        std::make_shared<Connection>(std::move(socket), shared_)->Run();
      }
      Accept();
    });
  }

  Shared shared_;
  tcp::acceptor acceptor_;
  uint16_t port_ = 0;
  std::thread thread_;
};

}  // namespace

Result<std::unique_ptr<HttpServer>> HttpServer::Start(const HttpServerOptions& options,
                                                      HttpHandler handler, IsQuery is_query) {
  auto server = std::make_unique<BeastServer>(options, std::move(handler), std::move(is_query));
  RETURN_IF_ERROR(server->Listen());
  return std::unique_ptr<HttpServer>(std::move(server));
}

}  // namespace forebay::serve
