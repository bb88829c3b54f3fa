#pragma once

#include <atomic>
#include <boost/asio.hpp>
#include <deque>
#include <map>
#include <memory>
#include <optional>

#include "rpc/client.h"
#include "rpc/client_network.h"
#include "rpc/frame_stream.h"

namespace forebay::rpc {

/// The connection behind a Channel: connects when there is something to send, shakes hands, sends,
/// gives answers to whom they belong. Everything runs on the network's thread, but for Submit.
class ClientChannel : public FrameStream::Owner,
                      public std::enable_shared_from_this<ClientChannel> {
 public:
  /// Gets the answer's message, which points into the frame.
  using Done =
      std::function<void(Result<std::pair<std::string_view, std::shared_ptr<const std::string>>>)>;

  ClientChannel(std::shared_ptr<NetworkLoop> loop, ServerAddress address, ClientOptions options);

  const ServerAddress& address() const { return address_; }
  const ClientOptions& options() const { return options_; }

  /// From any thread.
  void Submit(ApiKey api, OutgoingFrame message, int64_t timeout_ms, Done done);
  /// Fails what is under way, with `why`; for good.
  void Shut(const Status& why);

 private:
  /// A request that waits for the connection or for its answer.
  struct Request {
    ApiKey api;
    OutgoingFrame message;
    int64_t bytes = 0;
    int64_t timeout_ms = 0;
    int64_t deadline_ms = 0;
    Done done;
  };
  enum class State { kIdle, kConnecting, kReady, kShut };

  void Take(Request request);
  void SendNow(Request request);
  void Finish(Request& request, const Status& error);
  boost::asio::awaitable<void> Run();
  boost::asio::awaitable<Status> Connect();
  boost::asio::awaitable<Status> BeginTls(FrameStream& stream);
  boost::asio::awaitable<Status> ShakeHands(FrameStream& stream);
  boost::asio::awaitable<Status> Authenticate(FrameStream& stream);
  boost::asio::awaitable<Status> AuthenticateByScram(FrameStream& stream);
  /// Sends one token and gives what the server answers, which is empty when that is nothing.
  boost::asio::awaitable<Result<std::string>> SendToken(FrameStream& stream,
                                                        std::string_view token);
  template <typename Response, typename M>
  boost::asio::awaitable<Status> Exchange(FrameStream& stream, ApiKey api, const M& message,
                                          Reply<Response>& reply);
  /// A request of the handshake; returns its id.
  int32_t SendFirst(FrameStream& stream, ApiKey api, std::string_view message);
  Status Deliver(std::shared_ptr<const std::string> frame);
  Status FailureOf(std::string_view message) const;
  /// Ends the connection: what was sent fails with `sent`, what waits with `waiting`.
  void Disconnect(const Status& sent, const Status& waiting);
  void Watch();
  void Expire();

  void OnSent(size_t) override {}
  void OnSendFailed(const boost::system::error_code& error) override;

  const std::shared_ptr<NetworkLoop> loop_;
  const ServerAddress address_;
  const ClientOptions options_;
  std::atomic<int64_t> in_flight_bytes_ = 0;
  std::atomic<int> in_flight_ = 0;

  State state_ = State::kIdle;
  Status shut_;
  std::shared_ptr<FrameStream> stream_;
  boost::asio::ip::tcp::resolver resolver_;
  boost::asio::steady_timer connect_timer_;
  boost::asio::steady_timer watch_timer_;
  bool watching_ = false;
  std::map<int16_t, std::pair<int32_t, int32_t>> versions_;  ///< by api key, what the server has
  std::deque<Request> waiting_;
  std::map<int32_t, Request> sent_;
  int32_t next_id_ = 0;
  int64_t connecting_since_ms_ = 0;
  int64_t retry_at_ms_ = 0;
  int64_t backoff_ms_ = 0;
  Status last_failure_;
};

}  // namespace forebay::rpc
