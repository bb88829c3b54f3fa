#include "rpc/server.h"

#include <boost/asio.hpp>
#include <deque>
#include <mutex>
#include <set>
#include <thread>

#include "base/clock.h"
#include "base/log.h"

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

/// A frame's memory grows with what has arrived, whatever its length says.
constexpr size_t kGrowBytes = 1 << 20;
constexpr size_t kReadBytes = 64 << 10;
constexpr size_t kSendPiecesMax = 256;
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
  asio::io_context network;
  std::atomic<bool> stopping = false;
  std::mutex mutex;
  std::set<Connection*> connections;     ///< guarded by `mutex`
  std::set<asio::steady_timer*> timers;  ///< guarded by `mutex`
};

/// One client's connection. A coroutine reads frames and hands them to the handler, one at a time;
/// answers are queued and sent as the socket takes them. Everything runs on the connection's
/// strand, but for Send.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(tcp::socket socket, std::shared_ptr<Shared> shared)
      : shared_(std::move(shared)),
        socket_(std::move(socket)),
        room_(socket_.get_executor()),
        session_(std::make_shared<Session>()) {
    error_code ignored;
    auto local = socket_.local_endpoint(ignored);
    session_->local_address = local.address().to_string(ignored);
    session_->local_port = local.port();
    session_->peer_address = socket_.remote_endpoint(ignored).address().to_string(ignored);
    room_.expires_at(asio::steady_timer::time_point::max());
    shared_->metrics.connections += 1;
    std::lock_guard lock(shared_->mutex);
    shared_->connections.insert(this);
  }
  ~Connection() {
    shared_->metrics.connections -= 1;
    std::lock_guard lock(shared_->mutex);
    shared_->connections.erase(this);
  }

  void Run() {
    asio::co_spawn(
        socket_.get_executor(),
        [self = shared_from_this()]() -> asio::awaitable<void> { return self->ReadFrames(); },
        asio::detached);
  }

  /// From any thread.
  void Send(OutgoingFrame frame, bool failed) {
    if (failed) shared_->metrics.failed_requests += 1;
    if (shared_->stopping) return;
    asio::post(socket_.get_executor(),
               [self = shared_from_this(), frame = std::move(frame)]() mutable {
                 self->Queue(std::move(frame));
               });
  }

  /// Closes the connection when its last request came before `since_ms`, or in any case. From any
  /// thread, as long as the connection lies in Shared::connections.
  void CloseIfIdle(std::optional<int64_t> since_ms) {
    auto self = weak_from_this().lock();
    if (self == nullptr) return;
    asio::any_io_executor strand = socket_.get_executor();
    // Moved: the caller holds the mutex that the destructor takes.
    asio::post(strand, [self = std::move(self), since_ms] {
      bool idle =
          since_ms.has_value() && self->in_flight_ == 0 && self->last_request_ms_ < *since_ms;
      if (idle || !since_ms.has_value()) self->Close();
    });
  }

 private:
  asio::awaitable<void> ReadFrames();
  asio::awaitable<bool> ReadExactly(char* target, size_t size);
  asio::awaitable<std::shared_ptr<std::string>> ReadFrame();
  void Dispatch(std::shared_ptr<const std::string> frame);

  bool HasRoom() const {
    return in_flight_ < shared_->options.requests_in_flight_max &&
           unsent_bytes_ < shared_->options.unsent_bytes_max;
  }

  void Queue(OutgoingFrame frame) {
    in_flight_ -= 1;
    if (closed_) return;
    for (Payload& piece : frame) {
      unsent_bytes_ += static_cast<int64_t>(piece.bytes.size());
      unsent_.push_back(std::move(piece));
    }
    if (!sending_) SendNext();
    if (HasRoom()) room_.cancel();
  }

  void SendNext() {
    std::vector<asio::const_buffer> buffers;
    size_t bytes = 0;
    for (size_t i = 0; i < unsent_.size() && i < kSendPiecesMax; ++i) {
      buffers.emplace_back(unsent_[i].bytes.data(), unsent_[i].bytes.size());
      bytes += unsent_[i].bytes.size();
    }
    sending_ = true;
    asio::async_write(socket_, buffers,
                      [self = shared_from_this(), pieces = buffers.size(), bytes](
                          error_code error, size_t) { self->OnSent(error, pieces, bytes); });
  }

  void OnSent(error_code error, size_t pieces, size_t bytes) {
    sending_ = false;
    if (error) return Close();
    shared_->metrics.sent_bytes += static_cast<int64_t>(bytes);
    unsent_bytes_ -= static_cast<int64_t>(bytes);
    unsent_.erase(unsent_.begin(), unsent_.begin() + static_cast<ptrdiff_t>(pieces));
    if (!unsent_.empty()) SendNext();
    if (HasRoom()) room_.cancel();
  }

  void Close() {
    closed_ = true;
    error_code ignored;
    socket_.shutdown(tcp::socket::shutdown_both, ignored);
    socket_.close(ignored);
    if (!sending_) unsent_.clear();
    room_.cancel();
  }

  const std::shared_ptr<Shared> shared_;
  tcp::socket socket_;       ///< on a strand
  asio::steady_timer room_;  ///< cancelled when there is room for another request
  const std::shared_ptr<Session> session_;
  char input_[kReadBytes];
  size_t input_begin_ = 0;
  size_t input_end_ = 0;
  std::deque<Payload> unsent_;
  int64_t unsent_bytes_ = 0;
  int in_flight_ = 0;
  bool sending_ = false;
  bool closed_ = false;
  int64_t last_request_ms_ = MonotonicMs();
};

asio::awaitable<void> Connection::ReadFrames() {
  while (!closed_ && !shared_->stopping) {
    if (!HasRoom()) {
      co_await room_.async_wait(kCompletion);
      continue;
    }
    auto frame = co_await ReadFrame();
    if (frame == nullptr || closed_) break;
    last_request_ms_ = MonotonicMs();
    shared_->metrics.received_bytes += static_cast<int64_t>(kLengthBytes + frame->size());
    Dispatch(std::move(frame));
  }
  Close();
}

asio::awaitable<bool> Connection::ReadExactly(char* target, size_t size) {
  while (size > 0) {
    size_t taken = std::min(size, input_end_ - input_begin_);
    std::copy_n(input_ + input_begin_, taken, target);
    input_begin_ += taken;
    target += taken;
    size -= taken;
    if (size == 0) break;
    if (size >= kReadBytes) {
      auto [error, read] =
          co_await asio::async_read(socket_, asio::buffer(target, size), kCompletion);
      co_return !error;
    }
    auto [error, read] = co_await socket_.async_read_some(asio::buffer(input_), kCompletion);
    if (error) co_return false;
    input_begin_ = 0;
    input_end_ = read;
  }
  co_return true;
}

/// nullptr at the end of the connection, or when it sends no frames.
asio::awaitable<std::shared_ptr<std::string>> Connection::ReadFrame() {
  char length_bytes[kLengthBytes];
  if (!co_await ReadExactly(length_bytes, kLengthBytes)) co_return nullptr;
  uint32_t length = ReadFrameLength(length_bytes);
  if (length < RequestHeader::kBytes || length > shared_->options.frame_bytes_max) {
    Log(LogLevel::kWarning, "rpc", "connection closed, bad frame length={} peer={}", length,
        session_->peer_address);
    co_return nullptr;
  }
  auto frame = std::make_shared<std::string>();
  while (frame->size() < length) {
    size_t begin = frame->size();
    frame->resize(std::min<size_t>(length, begin + std::max(kGrowBytes, begin)));
    if (!co_await ReadExactly(frame->data() + begin, frame->size() - begin)) co_return nullptr;
  }
  co_return frame;
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
