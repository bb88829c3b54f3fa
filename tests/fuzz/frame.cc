// The input is what one side of a connection sends, whole: frames, or what is none.

#include <sys/socket.h>

#include <algorithm>

#include "base/check.h"
#include "rpc/frame_stream.h"
#include "tests/fuzz/fuzz_target.h"

namespace forebay {

namespace {

namespace asio = boost::asio;

constexpr size_t kFrameBytesMax = 1 << 20;
/// What fits into a socket, so that one thread can write it all before it reads.
constexpr size_t kInputBytesMax = 64 << 10;

asio::awaitable<void> ReadAll(rpc::FrameStream& stream, size_t input_bytes) {
  size_t read_bytes = 0;
  while (auto frame = co_await stream.Read()) {
    CHECK(frame->size() <= kFrameBytesMax);
    read_bytes += frame->size() + rpc::kLengthBytes;
    std::string_view request = *frame;
    auto header = rpc::ReadRequestHeader(request);
    CHECK(header.ok() == (frame->size() >= rpc::RequestHeader::kBytes));
    std::string_view response = *frame;
    (void)rpc::ReadResponseHeader(response);
  }
  CHECK(read_bytes <= input_bytes);
  CHECK(!stream.why().ok());
}

}  // namespace

FUZZ_TARGET(frame) {
  input = input.substr(0, kInputBytesMax);
  int ends[2];
  CHECK(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
  CHECK(::send(ends[0], input.data(), input.size(), MSG_NOSIGNAL) ==
        static_cast<ssize_t>(input.size()));
  ::shutdown(ends[0], SHUT_WR);
  {
    asio::io_context network;
    asio::ip::tcp::socket socket(network, asio::ip::tcp::v4(), ends[1]);
    rpc::FrameStream stream(std::move(socket), 1, kFrameBytesMax);
    asio::co_spawn(network, ReadAll(stream, input.size()), asio::detached);
    network.run();
  }
  ::close(ends[0]);
}

}  // namespace forebay
