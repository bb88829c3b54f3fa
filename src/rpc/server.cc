#include "rpc/server.h"

#include <boost/asio.hpp>
#include <mutex>
#include <set>
#include <thread>

#include "base/clock.h"
#include "base/log.h"
#include "rpc/frame_stream.h"

namespace forebay::rpc {

struct Responder::State {
  State(int32_t id, Send send) : request_id(id), send(std::move(send)) {}
  ~State() {
    if (answered.exchange(true)) return;
    send(EncodeFailure(request_id, {ErrorCode::kUnknownServerError, "the request was dropped"}),
         true);
  }

  const int32_t request_id;
  const Send send;
  std::atomic<bool> answered = false;
};

Responder::Responder(int32_t request_id, Send send)
    : state_(std::make_shared<State>(request_id, std::move(send))) {}

bool Responder::Claim() const { return !state_->answered.exchange(true); }
int32_t Responder::request_id() const { return state_->request_id; }
void Responder::Deliver(OutgoingFrame frame, bool failed) const {
  state_->send(std::move(frame), failed);
}

void Responder::Fail(const Failure& failure) const {
  if (Claim()) Deliver(EncodeFailure(request_id(), failure), true);
}

namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using tcp = asio::ip::tcp;

constexpr auto kCompletion = asio::as_tuple(asio::use_awaitable);

class Connection;

/// What the connections of a server share; they keep it alive.
struct Shared : Scheduler {
  Shared(const ServerOptions& server_options, RequestHandler& request_handler)
      : options(server_options), handler(request_handler) {}

  void Post(std::function<void()> task) override {
    if (!stopping) asio::post(network, std::move(task));
  }
  void PostAfter(int64_t delay_ms, std::function<void()> task) override {
    if (stopping) return;
    auto timer = std::make_shared<asio::steady_timer>(network, std::chrono::milliseconds(delay_ms));
    std::lock_guard lock(mutex);
    timers.insert(timer.get());
    timer->async_wait([this, timer, task = std::move(task)](error_code error) {
      {
        std::lock_guard lock(mutex);
        timers.erase(timer.get());
      }
      if (!error) task();
    });
  }

  const ServerOptions options;
  RequestHandler& handler;
  ServerMetrics metrics;
  std::shared_ptr<TlsContext> tls;  ///< null: none
  asio::io_context network;
  std::atomic<bool> stopping = false;
  std::mutex mutex;
  std::set<Connection*> connections;     ///< guarded by `mutex`
  std::set<asio::steady_timer*> timers;  ///< guarded by `mutex`
};

/// One client's connection. A coroutine reads frames and hands them to the handler, one at a time;
/// answers are queued and sent as the socket takes them. Everything runs on the connection's
/// strand, but for Send.
class Connection : public FrameStream::Owner, public std::enable_shared_from_this<Connection> {
 public:
  Connection(tcp::socket socket, std::shared_ptr<Shared> shared)
      : shared_(std::move(shared)),
        stream_(std::move(socket), RequestHeader::kBytes,
                static_cast<size_t>(shared_->options.frame_bytes_max)),
        room_(strand()),
        session_(std::make_shared<Session>()) {
    error_code ignored;
    auto local = stream_.socket().local_endpoint(ignored);
    session_->local_address = local.address().to_string(ignored);
    session_->local_port = local.port();
    session_->peer_address = stream_.socket().remote_endpoint(ignored).address().to_string(ignored);
    room_.expires_at(asio::steady_timer::time_point::max());
    shared_->metrics.connections += 1;
    std::lock_guard lock(shared_->mutex);
    shared_->connections.insert(this);
  }
  ~Connection() override {
    shared_->metrics.connections -= 1;
    std::lock_guard lock(shared_->mutex);
    shared_->connections.erase(this);
  }

  void Run() {
    asio::co_spawn(
        strand(),
        [self = shared_from_this()]() -> asio::awaitable<void> { return self->ReadFrames(); },
        asio::detached);
  }

  /// From any thread.
  void Send(OutgoingFrame frame, bool failed) {
    if (failed) shared_->metrics.failed_requests += 1;
    if (shared_->stopping) return;
    asio::post(strand(), [self = shared_from_this(), frame = std::move(frame)]() mutable {
      self->in_flight_ -= 1;
      self->stream_.Send(std::move(frame), self);
      if (self->HasRoom()) self->room_.cancel();
    });
  }

  /// Closes the connection when its last request came before `since_ms`, or in any case. From any
  /// thread, as long as the connection lies in Shared::connections.
  void CloseIfIdle(std::optional<int64_t> since_ms) {
    auto self = weak_from_this().lock();
    if (self == nullptr) return;
    asio::any_io_executor executor = strand();
    // Moved: the caller holds the mutex that the destructor takes.
    asio::post(executor, [self = std::move(self), since_ms] {
      bool idle =
          since_ms.has_value() && self->in_flight_ == 0 && self->last_request_ms_ < *since_ms;
      if (idle || !since_ms.has_value()) self->Close();
    });
  }

 private:
  void OnSent(size_t bytes) override {
    shared_->metrics.sent_bytes += static_cast<int64_t>(bytes);
    if (HasRoom()) room_.cancel();
  }
  void OnSendFailed(const error_code&) override { Close(); }

  asio::awaitable<void> ReadFrames();
  asio::awaitable<bool> BeginTls();
  void Warn(const Status& why) {
    Log(LogLevel::kWarning, "rpc", "connection closed peer={} reason={}", session_->peer_address,
        why.message());
  }
  void Dispatch(std::shared_ptr<const std::string> frame);

  asio::any_io_executor strand() { return stream_.socket().get_executor(); }

  bool HasRoom() const {
    return in_flight_ < shared_->options.requests_in_flight_max &&
           stream_.unsent_bytes() < shared_->options.unsent_bytes_max;
  }

  void Close() {
    stream_.Close();
    room_.cancel();
  }

  const std::shared_ptr<Shared> shared_;
  FrameStream stream_;
  asio::steady_timer room_;  ///< cancelled when there is room for another request
  const std::shared_ptr<Session> session_;
  int in_flight_ = 0;
  int64_t last_request_ms_ = MonotonicMs();
};

asio::awaitable<bool> Connection::BeginTls() {
  auto timed_out = std::make_shared<bool>(true);
  asio::steady_timer timer(strand(), std::chrono::seconds(shared_->options.tls_handshake_seconds));
  timer.async_wait([self = shared_from_this(), timed_out](const error_code& error) {
    if (!error && *timed_out) self->Close();
  });
  Status status = co_await stream_.BeginTls(*shared_->tls, asio::ssl::stream_base::server);
  *timed_out = false;
  if (!status.ok()) Warn(status);
  co_return status.ok();
}

asio::awaitable<void> Connection::ReadFrames() {
  if (shared_->tls != nullptr && !co_await BeginTls()) co_return Close();
  const ServerOptions& options = shared_->options;
  while (!stream_.closed() && !shared_->stopping) {
    if (!HasRoom()) {
      co_await room_.async_wait(kCompletion);
      continue;
    }
    bool is_stranger = options.needs_login && session_->user.empty();
    stream_.set_frame_bytes_max(
        static_cast<size_t>(is_stranger ? options.login_frame_bytes_max : options.frame_bytes_max));
    auto frame = co_await stream_.Read();
    if (frame == nullptr && stream_.why().kind() == ErrorKind::kCorruption) Warn(stream_.why());
    if (frame == nullptr || stream_.closed()) break;
    last_request_ms_ = MonotonicMs();
    shared_->metrics.received_bytes += static_cast<int64_t>(kLengthBytes + frame->size());
    Dispatch(std::move(frame));
  }
  Close();
}

void Connection::Dispatch(std::shared_ptr<const std::string> frame) {
  shared_->metrics.requests += 1;
  in_flight_ += 1;
  Request request;
  request.message = *frame;
  request.frame = std::move(frame);
  request.session = session_;
  RequestHeader header = *ReadRequestHeader(request.message);  // its length was checked
  Responder responder(header.request_id,
                      [self = shared_from_this()](OutgoingFrame answer, bool failed) {
                        self->Send(std::move(answer), failed);
                      });
  request.api = FindApi(header.api_key);
  request.version = header.api_version;
  if (request.api == nullptr) {
    return responder.Fail(
        {ErrorCode::kUnsupportedVersion, fmt::format("there is no api key {}", header.api_key)});
  }
  if (request.version < request.api->version_min || request.version > request.api->version_max) {
    return responder.Fail(
        {ErrorCode::kUnsupportedVersion,
         fmt::format("{} has versions {} to {}, not {}", request.api->name,
                     request.api->version_min, request.api->version_max, request.version)});
  }
  shared_->handler.Handle(request, *shared_, std::move(responder));
}

class AsioServer : public Server {
 public:
  AsioServer(const ServerOptions& options, RequestHandler& handler)
      : shared_(std::make_shared<Shared>(options, handler)), acceptor_(shared_->network) {}
  ~AsioServer() override { Stop(); }

  Status Open() {
    const ServerOptions& options = shared_->options;
    if (options.tls.is_on()) {
      ASSIGN_OR_RETURN(shared_->tls, MakeTlsContext(options.tls));
    }
    error_code error;
    auto address = asio::ip::make_address(options.address, error);
    if (error) {
      Error bad = InvalidArgument("'{}' is no IP address to listen on", options.address);
      bad.hint = "use 127.0.0.1 for this machine only, 0.0.0.0 for every network";
      return bad;
    }
    tcp::endpoint endpoint(address, options.port);
    acceptor_.open(endpoint.protocol(), error);
    if (!error) acceptor_.set_option(asio::socket_base::reuse_address(true), error);
    if (!error) acceptor_.bind(endpoint, error);
    if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
    if (error) {
      Error failure =
          Unavailable("cannot listen on {}:{}: {}", options.address, options.port, error.message());
      failure.hint = "another program uses the port: stop it or choose another port";
      return failure;
    }
    port_ = acceptor_.local_endpoint().port();
    return Status::Ok();
  }

  void Run() override {
    Accept();
    SweepIdle();
    for (int i = 0; i < shared_->options.network_threads; ++i) {
      threads_.emplace_back([this] { shared_->network.run(); });
    }
  }

  uint16_t port() const override { return port_; }
  const ServerMetrics& metrics() const override { return shared_->metrics; }

  void Stop() override {
    if (shared_->stopping.exchange(true)) return;
    shared_->network.stop();
    for (std::thread& thread : threads_) thread.join();
    error_code ignored;
    acceptor_.close(ignored);
    // Connections are held by what waits for their sockets and timers: let it run to its end.
    {
      std::lock_guard lock(shared_->mutex);
      for (Connection* connection : shared_->connections) connection->CloseIfIdle(std::nullopt);
      for (asio::steady_timer* timer : shared_->timers) timer->cancel();
    }
    shared_->network.restart();
    shared_->network.poll();
  }

 private:
  void Accept() {
    acceptor_.async_accept(
        asio::make_strand(shared_->network), [this](error_code error, tcp::socket socket) {
          if (error == asio::error::operation_aborted || shared_->stopping) return;
          if (!error && shared_->metrics.connections < shared_->options.connections_max) {
            error_code ignored;
            socket.set_option(tcp::no_delay(true), ignored);
            std::make_shared<Connection>(std::move(socket), shared_)->Run();
          }
          Accept();
        });
  }

  void SweepIdle() {
    int64_t timeout_ms = int64_t{1000} * shared_->options.idle_timeout_seconds;
    shared_->PostAfter(std::max<int64_t>(timeout_ms / 4, 1), [this, timeout_ms] {
      int64_t since_ms = MonotonicMs() - timeout_ms;
      {
        std::lock_guard lock(shared_->mutex);
        for (Connection* connection : shared_->connections) connection->CloseIfIdle(since_ms);
      }
      SweepIdle();
    });
  }

  const std::shared_ptr<Shared> shared_;
  tcp::acceptor acceptor_;
  uint16_t port_ = 0;
  std::vector<std::thread> threads_;
};

}  // namespace

Result<std::unique_ptr<Server>> Server::Listen(const ServerOptions& options,
                                               RequestHandler& handler) {
  auto server = std::make_unique<AsioServer>(options, handler);
  RETURN_IF_ERROR(server->Open());
  return std::unique_ptr<Server>(std::move(server));
}

}  // namespace forebay::rpc
