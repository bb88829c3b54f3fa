#pragma once

#include <boost/asio.hpp>
#include <boost/asio/ssl.hpp>
#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "rpc/frame.h"
#include "rpc/tls_context.h"

namespace forebay::rpc {

/// One TCP connection, with or without TLS, as frames in both directions: a coroutine reads one
/// whole frame at a time, what is sent is queued and goes out as the socket takes it. Strand-bound:
/// everything runs on the socket's executor. It is a part of its owner, or shared: then it lives
/// until the socket is done with what is under way.
class FrameStream : public std::enable_shared_from_this<FrameStream> {
 public:
  /// Who the stream belongs to, kept alive by what is under way on the socket.
  class Owner {
   public:
    virtual ~Owner() = default;
    virtual void OnSent(size_t bytes) = 0;
    virtual void OnSendFailed(const boost::system::error_code& error) = 0;
  };

  /// A frame that is shorter or longer ends the stream.
  FrameStream(boost::asio::ip::tcp::socket socket, size_t frame_bytes_min, size_t frame_bytes_max)
      : socket_(std::move(socket)), bytes_min_(frame_bytes_min), bytes_max_(frame_bytes_max) {}

  /// Shakes hands before anything else is sent or read. With a host the other side's certificate
  /// must be for it.
  boost::asio::awaitable<Status> BeginTls(TlsContext& context,
                                          boost::asio::ssl::stream_base::handshake_type side,
                                          std::string_view host = {});

  /// From the next frame on.
  void set_frame_bytes_max(size_t bytes) { bytes_max_ = bytes; }
  /// The next frame's payload; nullptr at the end, which why() explains.
  boost::asio::awaitable<std::shared_ptr<std::string>> Read();
  const Status& why() const { return why_; }

  void Send(OutgoingFrame frame, const std::shared_ptr<Owner>& owner);
  /// Bytes that the socket has not taken.
  int64_t unsent_bytes() const { return unsent_bytes_; }
  void Close();
  bool closed() const { return closed_; }

  boost::asio::ip::tcp::socket& socket() { return socket_; }

 private:
  static constexpr size_t kReadBytes = 64 << 10;

  using TlsStream = boost::asio::ssl::stream<boost::asio::ip::tcp::socket&>;

  boost::asio::awaitable<bool> ReadExactly(char* target, size_t size);
  void SendNext(const std::shared_ptr<Owner>& owner);
  void Sent(const boost::system::error_code& error, size_t pieces, size_t bytes,
            const std::shared_ptr<Owner>& owner);

  /// The next pieces as one, since every write over TLS is a record of its own.
  boost::asio::const_buffer Gather(size_t& pieces);

  boost::asio::ip::tcp::socket socket_;
  std::optional<TlsStream> tls_;  ///< none: bytes go over the socket as they are
  const size_t bytes_min_;
  size_t bytes_max_;
  char input_[kReadBytes];
  size_t input_begin_ = 0;
  size_t input_end_ = 0;
  Status why_;
  std::deque<Payload> unsent_;
  std::string gathered_;
  int64_t unsent_bytes_ = 0;
  bool sending_ = false;
  bool closed_ = false;
};

}  // namespace forebay::rpc
