#include "rpc/frame_stream.h"

#include <algorithm>

namespace forebay::rpc {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

/// A frame's memory grows with what has arrived, whatever its length says.
constexpr size_t kGrowBytes = 1 << 20;
constexpr size_t kSendPiecesMax = 256;
/// A larger piece is not copied to be sent together with others.
constexpr size_t kGatherBytesMax = 64 << 10;
/// An alert of TLS, which a server that expects TLS answers; as a frame's length.
constexpr uint32_t kTlsAlert = 0x1503;
constexpr auto kCompletion = asio::as_tuple(asio::use_awaitable);

}  // namespace

asio::awaitable<Status> FrameStream::BeginTls(TlsContext& context,
                                              asio::ssl::stream_base::handshake_type side,
                                              std::string_view host_name) {
  tls_.emplace(socket_, context);
  std::string host(host_name);
  error_code error;
  if (!host.empty()) {
    tls_->set_verify_callback(asio::ssl::host_name_verification(host), error);
    (void)asio::ip::make_address(host, error);
    // Servers with several certificates choose by the name, if it is one.
    if (error) SSL_set_tlsext_host_name(tls_->native_handle(), host.c_str());
  }
  std::tie(error) = co_await tls_->async_handshake(side, kCompletion);
  if (!error) co_return Status::Ok();
  co_return Unavailable("TLS handshake failed: {}", TlsFailure(error, tls_->native_handle()));
}

asio::awaitable<bool> FrameStream::ReadExactly(char* target, size_t size) {
  while (size > 0) {
    size_t taken = std::min(size, input_end_ - input_begin_);
    std::copy_n(input_ + input_begin_, taken, target);
    input_begin_ += taken;
    target += taken;
    size -= taken;
    if (size == 0) break;
    error_code error;
    if (size >= kReadBytes) {
      auto rest = asio::buffer(target, size);
      size = 0;
      if (tls_.has_value()) {
        std::tie(error, std::ignore) = co_await asio::async_read(*tls_, rest, kCompletion);
      } else {
        std::tie(error, std::ignore) = co_await asio::async_read(socket_, rest, kCompletion);
      }
    } else {
      auto input = asio::buffer(input_);
      input_begin_ = input_end_ = 0;
      if (tls_.has_value()) {
        std::tie(error, input_end_) = co_await tls_->async_read_some(input, kCompletion);
      } else {
        std::tie(error, input_end_) = co_await socket_.async_read_some(input, kCompletion);
      }
    }
    if (error) {
      why_ = Unavailable("the connection was closed: {}", error.message());
      co_return false;
    }
  }
  co_return true;
}

asio::awaitable<std::shared_ptr<std::string>> FrameStream::Read() {
  char length_bytes[kLengthBytes];
  if (!co_await ReadExactly(length_bytes, kLengthBytes)) co_return nullptr;
  uint32_t length = ReadFrameLength(length_bytes);
  if (length < bytes_min_ || length > bytes_max_) {
    why_ = Corruption("a frame of {} bytes, they have {} to {}{}", length, bytes_min_, bytes_max_,
                      length >> 16 == kTlsAlert ? ": the other side expects TLS" : "");
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

void FrameStream::Send(OutgoingFrame frame, const std::shared_ptr<Owner>& owner) {
  if (closed_) return;
  for (Payload& piece : frame) {
    unsent_bytes_ += static_cast<int64_t>(piece.bytes.size());
    unsent_.push_back(std::move(piece));
  }
  if (!sending_) SendNext(owner);
}

void FrameStream::SendNext(const std::shared_ptr<Owner>& owner) {
  sending_ = true;
  auto sent = [this, self = weak_from_this().lock(), owner](size_t pieces, size_t bytes) {
    return [this, self, owner, pieces, bytes](const error_code& error, size_t) {
      Sent(error, pieces, bytes, owner);
    };
  };
  if (tls_.has_value()) {
    size_t pieces = 0;
    asio::const_buffer buffer = Gather(pieces);
    return asio::async_write(*tls_, buffer, sent(pieces, buffer.size()));
  }
  std::vector<asio::const_buffer> buffers;
  size_t bytes = 0;
  for (size_t i = 0; i < unsent_.size() && i < kSendPiecesMax; ++i) {
    buffers.emplace_back(unsent_[i].bytes.data(), unsent_[i].bytes.size());
    bytes += unsent_[i].bytes.size();
  }
  asio::async_write(socket_, buffers, sent(buffers.size(), bytes));
}

asio::const_buffer FrameStream::Gather(size_t& pieces) {
  size_t bytes = unsent_[0].bytes.size();
  for (pieces = 1; pieces < unsent_.size(); ++pieces) {
    if (bytes + unsent_[pieces].bytes.size() > kGatherBytesMax) break;
    bytes += unsent_[pieces].bytes.size();
  }
  if (pieces == 1) return {unsent_[0].bytes.data(), bytes};
  gathered_.clear();
  for (size_t i = 0; i < pieces; ++i) gathered_.append(unsent_[i].bytes);
  return {gathered_.data(), gathered_.size()};
}

void FrameStream::Sent(const error_code& error, size_t pieces, size_t bytes,
                       const std::shared_ptr<Owner>& owner) {
  sending_ = false;
  if (error || closed_) {
    unsent_.clear();
    return owner->OnSendFailed(error);
  }
  unsent_bytes_ -= static_cast<int64_t>(bytes);
  unsent_.erase(unsent_.begin(), unsent_.begin() + static_cast<ptrdiff_t>(pieces));
  if (!unsent_.empty()) SendNext(owner);
  owner->OnSent(bytes);
}

void FrameStream::Close() {
  closed_ = true;
  error_code ignored;
  socket_.shutdown(tcp::socket::shutdown_both, ignored);
  socket_.close(ignored);
  // What the socket still reads from lives until it is told.
  if (!sending_) unsent_.clear();
}

}  // namespace forebay::rpc
