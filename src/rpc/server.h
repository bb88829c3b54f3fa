#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "rpc/api_key.h"
#include "rpc/frame.h"
#include "rpc/tls.h"

namespace forebay::rpc {

struct ServerOptions {
  std::string address = "127.0.0.1";
  uint16_t port = 0;        ///< 0: any free one
  int network_threads = 2;  ///< they also run the handlers
  /// A larger frame closes its connection; also what the structs of one request may take.
  int64_t frame_bytes_max = 128 << 20;
  /// The same before the client has shown who it is, where it must.
  int64_t login_frame_bytes_max = 64 << 10;
  bool needs_login = false;
  ServerTls tls;
  int tls_handshake_seconds = 10;     ///< after that the connection is closed
  int connections_max = 4096;         ///< further ones are closed at once
  int requests_in_flight_max = 1024;  ///< of one connection; it is not read meanwhile
  /// Answers of one connection that its client has not taken; it is not read meanwhile.
  int64_t unsent_bytes_max = 64 << 20;
  int idle_timeout_seconds = 600;  ///< a connection without requests is closed
};

/// What the server counts. Thread-safe.
struct ServerMetrics {
  std::atomic<int64_t> connections = 0;
  std::atomic<int64_t> requests = 0;
  std::atomic<int64_t> failed_requests = 0;
  std::atomic<int64_t> received_bytes = 0;
  std::atomic<int64_t> sent_bytes = 0;
};

/// What belongs to one client's connection, for as long as it lasts. Its fields are used only by
/// the connection's own requests, one at a time.
struct Session {
  std::string local_address;  ///< where the client reached us
  std::string peer_address;
  uint16_t local_port = 0;
  /// Who the client has shown to be; empty before that.
  std::string user;
  /// Whatever the handler keeps for a connection.
  std::shared_ptr<void> state;
};

/// Answers one request, once, from any thread. A request that nobody answers fails when the last
/// copy goes. Copies are cheap. Thread-safe.
class Responder {
 public:
  /// Gets the frame, and whether it is a failure.
  using Send = std::function<void(OutgoingFrame, bool)>;

  Responder(int32_t request_id, Send send);
  template <typename M>
  void Succeed(const M& response) const {
    if (Claim()) Deliver(EncodeResponse(request_id(), response), false);
  }
  void Fail(const Failure& failure) const;

 private:
  struct State;
  bool Claim() const;
  int32_t request_id() const;
  void Deliver(OutgoingFrame frame, bool failed) const;

  std::shared_ptr<State> state_;
};

/// One request; what it points to lives as long as `frame` does.
struct Request {
  const ApiInfo* api = nullptr;
  int16_t version = 0;
  std::string_view message;
  std::shared_ptr<const std::string> frame;
  std::shared_ptr<Session> session;
};

/// Runs things on the server's threads; what has not run when the server stops is dropped.
/// Thread-safe.
class Scheduler {
 public:
  virtual ~Scheduler() = default;
  virtual void Post(std::function<void()> task) = 0;
  virtual void PostAfter(int64_t delay_ms, std::function<void()> task) = 0;
};

/// Answers the requests of a server. Thread-safe; outlives the server.
class RequestHandler {
 public:
  virtual ~RequestHandler() = default;
  /// Called on a network thread, for one connection in the order of its requests and one at a time.
  /// What has to wait for others answers later, from wherever it likes.
  virtual void Handle(const Request& request, Scheduler& scheduler, Responder responder) = 0;
};

/// Listens on one port for Fluss's frames, checks them and gives them to a handler. Thread-safe.
class Server {
 public:
  /// Listens when it returns, and serves from Run on. kUnavailable, naming the address, when the
  /// port is in use; kInvalidArgument for bad certificates.
  static Result<std::unique_ptr<Server>> Listen(const ServerOptions& options,
                                                RequestHandler& handler);
  virtual ~Server() = default;
  virtual void Run() = 0;
  virtual uint16_t port() const = 0;
  virtual const ServerMetrics& metrics() const = 0;
  /// Closes the port and all connections, waits for handlers under way. Later answers go nowhere.
  virtual void Stop() = 0;
};

}  // namespace forebay::rpc
