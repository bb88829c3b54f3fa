#pragma once

#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "base/result.h"
#include "rpc/api_key.h"
#include "rpc/frame.h"
#include "rpc/message_codec.h"
#include "rpc/scram.h"
#include "rpc/tls.h"

namespace forebay::rpc {

/// Where a server listens.
struct ServerAddress {
  std::string host;
  uint16_t port = 0;

  /// "host:port", as messages name the server.
  std::string ToString() const;
  /// kInvalidArgument for anything but a host, a colon and a port.
  static Result<ServerAddress> Parse(const std::string& text);
  friend auto operator<=>(const ServerAddress&, const ServerAddress&) = default;
};

/// How a client speaks to servers.
struct ClientOptions {
  /// SASL; without a user the client does not authenticate.
  std::string user;
  std::string password;
  /// The mechanism is SCRAM with this; without it PLAIN, which shows the password to the server.
  std::optional<ScramHash> scram;
  ClientTls tls;
  /// Of the name look-up, the connection and its handshake together.
  int64_t connect_timeout_ms = 5'000;
  /// A longer answer closes the connection; also what the structs of one answer may take.
  int64_t frame_bytes_max = 128 << 20;
  /// Requests of one server that are not answered; a further one is refused, unless it is alone.
  int64_t in_flight_bytes_max = 64 << 20;
  int requests_in_flight_max = 1024;
  /// After a failed connection requests fail at once for a while that doubles from the first to
  /// the second, so that a dead server costs nobody time.
  int64_t reconnect_ms_min = 50;
  int64_t reconnect_ms_max = 5'000;
};

/// A server's answer and the frame that its Payloads point into.
template <typename M>
struct Reply {
  M message;
  std::shared_ptr<const std::string> frame;
};

/// Requests to one server over one connection, which is made when it is needed. Requests are sent
/// one after the other without waiting and answered in any order. Thread-safe.
///
/// Errors are the server's own (see KindOf), with its code and address in the message, or:
/// kUnavailable: not sent, since the server cannot be reached or too much is under way; kIoError:
/// sent, but the connection broke; kTimeout: no answer in time, which also closes the connection;
/// kCorruption: the server sent no answer, likewise; kNotSupported: the server does not know it.
class Channel {
 public:
  template <typename M>
  using Callback = std::function<void(Result<Reply<M>>)>;

  virtual ~Channel() = default;

  /// `done` is called once, on the network's thread, where it must not block, or at once on this
  /// one when the request is refused.
  template <typename Response, typename Request>
  void Call(ApiKey api, const Request& request, int64_t timeout_ms, Callback<Response> done) {
    MessageWriter writer;
    WriteMessage(request, writer);
    int64_t budget = answer_budget();
    Send(api, writer.Finish(), timeout_ms, [done = std::move(done), budget](Result<Frame> frame) {
      if (!frame.ok()) return done(frame.status());
      int64_t left = budget;
      auto message = ParseMessage<Response>(frame->message, left);
      if (!message.ok()) return done(message.status());
      done(Reply<Response>{std::move(*message), std::move(frame->bytes)});
    });
  }

  /// The same for callers that may wait; not for callbacks.
  template <typename Response, typename Request>
  Result<Reply<Response>> CallAndWait(ApiKey api, const Request& request, int64_t timeout_ms) {
    auto answered = std::make_shared<std::promise<Result<Reply<Response>>>>();
    Call<Response>(api, request, timeout_ms, [answered](Result<Reply<Response>> reply) {
      answered->set_value(std::move(reply));
    });
    return answered->get_future().get();
  }

  virtual const ServerAddress& address() const = 0;

 protected:
  struct Frame {
    std::string_view message;
    std::shared_ptr<const std::string> bytes;
  };
  virtual void Send(ApiKey api, OutgoingFrame message, int64_t timeout_ms,
                    std::function<void(Result<Frame>)> done) = 0;
  virtual int64_t answer_budget() const = 0;
};

/// The thread that all connections of clients live on. Thread-safe.
class ClientNetwork {
 public:
  static std::unique_ptr<ClientNetwork> Start();
  /// Stops.
  virtual ~ClientNetwork() = default;

  virtual std::shared_ptr<Channel> Open(const ServerAddress& address,
                                        const ClientOptions& options) = 0;
  /// Runs `task` on the thread after a while, or as soon as the network stops. Tells whether it
  /// will: no longer when it has stopped.
  [[nodiscard]] virtual bool PostAfter(int64_t delay_ms, std::function<void()> task) = 0;
  /// Closes all connections; requests under way and later ones fail with kUnavailable. Not for
  /// callbacks.
  virtual void Stop() = 0;
};

}  // namespace forebay::rpc
