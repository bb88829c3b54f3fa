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
constexpr auto kCompletion = asio::as_tuple(asio::use_awaitable);

}  // namespace

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
      std::tie(error, std::ignore) =
          co_await asio::async_read(socket_, asio::buffer(target, size), kCompletion);
      size = 0;
    } else {
      input_begin_ = input_end_ = 0;
      std::tie(error, input_end_) =
          co_await socket_.async_read_some(asio::buffer(input_), kCompletion);
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
    why_ = Corruption("a frame of {} bytes, they have {} to {}", length, bytes_min_, bytes_max_);
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
  std::vector<asio::const_buffer> buffers;
  size_t bytes = 0;
  for (size_t i = 0; i < unsent_.size() && i < kSendPiecesMax; ++i) {
    buffers.emplace_back(unsent_[i].bytes.data(), unsent_[i].bytes.size());
    bytes += unsent_[i].bytes.size();
  }
  sending_ = true;
  asio::async_write(socket_, buffers,
                    [this, self = weak_from_this().lock(), owner, pieces = buffers.size(), bytes](
                        const error_code& error, size_t) { Sent(error, pieces, bytes, owner); });
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
