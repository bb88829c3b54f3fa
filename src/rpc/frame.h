#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "rpc/error_code.h"
#include "rpc/message_codec.h"

namespace forebay::rpc {

/// What a TCP connection carries, integers big-endian:
///
///   int32 length     of what follows
///   a request:       int16 api key, int16 api version, int32 request id, the message
///   a response:      int8 type, int32 request id (not for type 2), the message
///
/// Response types: 0 success; 1 error, the message is an ErrorResponse; 2 the server failed and
/// closes the connection, likewise. Requests may be sent before earlier ones are answered, and
/// answers come in any order.
inline constexpr size_t kLengthBytes = 4;

struct RequestHeader {
  static constexpr size_t kBytes = 8;

  int16_t api_key = 0;
  int16_t api_version = 0;
  int32_t request_id = 0;
};

/// The number the first four bytes say; may be anything.
uint32_t ReadFrameLength(const char* bytes);

/// Cuts the header off the frame's payload and leaves the message. kCorruption when it is shorter.
Result<RequestHeader> ReadRequestHeader(std::string_view& payload);

/// A whole request in one piece.
std::string EncodeRequest(const RequestHeader& header, std::string_view message);
/// What goes before a request's message.
std::string EncodeRequestHeader(const RequestHeader& header, size_t message_bytes);

/// What a client gets: the type, whose it is, and the message.
struct ResponseHeader {
  enum Type : int8_t { kSuccess = 0, kError = 1, kServerFailure = 2 };
  Type type = kSuccess;
  int32_t request_id = -1;
};
Result<ResponseHeader> ReadResponseHeader(std::string_view& payload);

/// A response's pieces, to be sent one after the other.
using OutgoingFrame = std::vector<Payload>;

namespace internal {
void WriteResponseHeader(MessageWriter& out, size_t message_bytes, ResponseHeader header);
}  // namespace internal

template <typename M>
OutgoingFrame EncodeResponse(int32_t request_id, const M& message) {
  MessageWriter out;
  internal::WriteResponseHeader(out, MessageSize(message), {ResponseHeader::kSuccess, request_id});
  WriteMessage(message, out);
  return out.Finish();
}

OutgoingFrame EncodeFailure(int32_t request_id, const Failure& failure);

}  // namespace forebay::rpc
