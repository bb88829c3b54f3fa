#include "rpc/frame.h"

#include "base/bytes.h"
#include "rpc/messages.h"

namespace forebay::rpc {

namespace {

constexpr size_t kResponseHeaderBytes = 5;

uint16_t Swap(uint16_t value) { return __builtin_bswap16(value); }
uint32_t Swap(uint32_t value) { return __builtin_bswap32(value); }

void AppendBigEndian(std::string& out, uint32_t value) {
  value = Swap(value);
  out.append(reinterpret_cast<const char*>(&value), sizeof(value));
}

void AppendBigEndian(std::string& out, uint16_t value) {
  value = Swap(value);
  out.append(reinterpret_cast<const char*>(&value), sizeof(value));
}

}  // namespace

uint32_t ReadFrameLength(const char* bytes) { return Swap(LoadLe<uint32_t>(bytes)); }

Result<RequestHeader> ReadRequestHeader(std::string_view& payload) {
  if (payload.size() < RequestHeader::kBytes) {
    return Corruption("a request of {} bytes", payload.size());
  }
  RequestHeader header;
  header.api_key = static_cast<int16_t>(Swap(LoadLe<uint16_t>(payload.data())));
  header.api_version = static_cast<int16_t>(Swap(LoadLe<uint16_t>(payload.data() + 2)));
  header.request_id = static_cast<int32_t>(Swap(LoadLe<uint32_t>(payload.data() + 4)));
  payload.remove_prefix(RequestHeader::kBytes);
  return header;
}

std::string EncodeRequest(const RequestHeader& header, std::string_view message) {
  return EncodeRequestHeader(header, message.size()).append(message);
}

std::string EncodeRequestHeader(const RequestHeader& header, size_t message_bytes) {
  std::string frame;
  AppendBigEndian(frame, static_cast<uint32_t>(RequestHeader::kBytes + message_bytes));
  AppendBigEndian(frame, static_cast<uint16_t>(header.api_key));
  AppendBigEndian(frame, static_cast<uint16_t>(header.api_version));
  AppendBigEndian(frame, static_cast<uint32_t>(header.request_id));
  return frame;
}

Result<ResponseHeader> ReadResponseHeader(std::string_view& payload) {
  ByteReader reader(payload);
  ASSIGN_OR_RETURN(auto type, reader.Read<int8_t>());
  if (type < ResponseHeader::kSuccess || type > ResponseHeader::kServerFailure) {
    return Corruption("a response of type {}", type);
  }
  ResponseHeader header;
  header.type = static_cast<ResponseHeader::Type>(type);
  if (header.type != ResponseHeader::kServerFailure) {
    ASSIGN_OR_RETURN(auto id, reader.Read<uint32_t>());
    header.request_id = static_cast<int32_t>(Swap(id));
  }
  payload.remove_prefix(reader.position());
  return header;
}

void internal::WriteResponseHeader(MessageWriter& out, size_t message_bytes,
                                   ResponseHeader header) {
  std::string bytes;
  AppendBigEndian(bytes, static_cast<uint32_t>(kResponseHeaderBytes + message_bytes));
  bytes.push_back(static_cast<char>(header.type));
  AppendBigEndian(bytes, static_cast<uint32_t>(header.request_id));
  out.WriteRaw(bytes);
}

OutgoingFrame EncodeFailure(int32_t request_id, const Failure& failure) {
  ErrorResponse response;
  response.error_code = static_cast<int>(failure.code);
  response.error_message = failure.message;
  MessageWriter out;
  internal::WriteResponseHeader(out, MessageSize(response), {ResponseHeader::kError, request_id});
  WriteMessage(response, out);
  return out.Finish();
}

}  // namespace forebay::rpc
