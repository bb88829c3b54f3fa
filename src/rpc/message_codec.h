#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace forebay::rpc {

/// Bytes and what keeps them alive; without an owner they live as long as the frame they lie in.
struct Payload {
  std::string_view bytes;
  std::shared_ptr<const void> owner;

  /// Takes the bytes over.
  static Payload Own(std::string bytes);
  static Payload Of(std::string_view bytes, std::shared_ptr<const void> owner) {
    return {bytes, std::move(owner)};
  }
};

/// Reads the protobuf encoding of one message after the other, from bytes that may be anything.
/// What the fields take in memory is counted against a budget, since two bytes of a frame can stand
/// for a struct of hundreds. Thread-compatible.
class MessageReader {
 public:
  /// Messages in messages; predicates are the only ones that may be nested at will: Fluss's client
  /// makes two levels of every AND and OR.
  static constexpr int kDepthMax = 256;

  /// `budget_bytes` outlives the reader.
  MessageReader(std::string_view bytes, int64_t& budget_bytes, int depth = 0)
      : bytes_(bytes), budget_bytes_(budget_bytes), depth_(depth) {}

  /// The next field's number; 0 at the end.
  Result<uint32_t> NextField();
  Status Skip();

  Status Read(int32_t& value);
  Status Read(int64_t& value);
  Status Read(bool& value);
  Status Read(float& value);
  Status Read(double& value);
  Status Read(std::string& value);
  Status Read(Payload& value);
  template <typename T>
  Status Read(std::optional<T>& value) {
    return Read(value.emplace());
  }
  template <typename T>
  Status Read(std::vector<T>& values);
  template <typename M>
    requires requires { M::kRequired; }
  Status Read(M& message);

 private:
  enum WireType : uint32_t { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };

  Status Expect(WireType type) const;
  Result<uint64_t> ReadVarint();
  Result<std::string_view> ReadBytes();
  Result<std::string_view> Take(size_t count);
  Status Spend(size_t bytes);
  template <typename T>
  Status ReadPacked(std::vector<T>& values);

  std::string_view bytes_;
  int64_t& budget_bytes_;
  int depth_;
  uint32_t wire_type_ = 0;
};

/// kCorruption for bytes that are no such message, or lack a required field.
template <typename M>
Status ReadMessage(MessageReader& in, M& message) {
  uint64_t seen = 0;
  while (true) {
    ASSIGN_OR_RETURN(uint32_t number, in.NextField());
    if (number == 0) break;
    if (number < 64) seen |= uint64_t{1} << number;
    RETURN_IF_ERROR(message.ReadField(number, in));
  }
  if ((seen & M::kRequired) == M::kRequired) return Status::Ok();
  return Corruption("a {} lacks required fields", M::kName);
}

template <typename T>
Status MessageReader::Read(std::vector<T>& values) {
  if constexpr (std::is_arithmetic_v<T>) {
    if (wire_type_ == kBytes) return ReadPacked(values);
  }
  // A vector that grows holds its elements twice for a moment.
  RETURN_IF_ERROR(Spend(2 * sizeof(T)));
  return Read(values.emplace_back());
}

template <typename M>
  requires requires { M::kRequired; }
Status MessageReader::Read(M& message) {
  RETURN_IF_ERROR(Expect(kBytes));
  ASSIGN_OR_RETURN(std::string_view bytes, ReadBytes());
  if (depth_ + 1 > kDepthMax) return Corruption("messages nested {} deep", depth_ + 1);
  MessageReader inner(bytes, budget_bytes_, depth_ + 1);
  return ReadMessage(inner, message);
}

/// A whole message; see MessageReader. Its Payloads point into `bytes`.
template <typename M>
Result<M> ParseMessage(std::string_view bytes, int64_t budget_bytes) {
  M message;
  MessageReader reader(bytes, budget_bytes);
  RETURN_IF_ERROR(ReadMessage(reader, message));
  return message;
}

/// Writes the protobuf encoding as pieces that a socket can send: large Payloads with an owner are
/// not copied. Thread-compatible.
class MessageWriter {
 public:
  void WriteField(uint32_t number, int32_t value) { WriteVarintField(number, int64_t{value}); }
  void WriteField(uint32_t number, int64_t value) { WriteVarintField(number, value); }
  void WriteField(uint32_t number, bool value) { WriteVarintField(number, int64_t{value}); }
  void WriteField(uint32_t number, float value);
  void WriteField(uint32_t number, double value);
  void WriteField(uint32_t number, std::string_view value);
  void WriteField(uint32_t number, const std::string& value) {
    WriteField(number, std::string_view(value));
  }
  void WriteField(uint32_t number, const Payload& value);
  template <typename T>
  void WriteField(uint32_t number, const std::optional<T>& value) {
    if (value.has_value()) WriteField(number, *value);
  }
  template <typename T>
  void WriteField(uint32_t number, const std::vector<T>& values);
  template <typename M>
    requires requires { M::kRequired; }
  void WriteField(uint32_t number, const M& message);

  /// Bytes before the message, e.g. a frame's header.
  void WriteRaw(std::string_view bytes) { buffer_.append(bytes); }
  std::vector<Payload> Finish();

 private:
  static constexpr size_t kCopiedBytesMax = 4096;

  void WriteVarint(uint64_t value);
  void WriteVarintField(uint32_t number, int64_t value);
  void Cut();

  std::string buffer_;
  std::vector<Payload> pieces_;
};

namespace internal {

size_t VarintSize(uint64_t value);
inline size_t ValueSize(int32_t value) { return VarintSize(static_cast<uint64_t>(int64_t{value})); }
inline size_t ValueSize(int64_t value) { return VarintSize(static_cast<uint64_t>(value)); }
inline size_t ValueSize(bool) { return 1; }
inline size_t ValueSize(float) { return 4; }
inline size_t ValueSize(double) { return 8; }
inline size_t ValueSize(std::string_view value) { return VarintSize(value.size()) + value.size(); }
inline size_t ValueSize(const std::string& value) { return ValueSize(std::string_view(value)); }
inline size_t ValueSize(const Payload& value) { return ValueSize(value.bytes); }
template <typename M>
  requires requires { M::kRequired; }
size_t ValueSize(const M& message);

template <typename T>
size_t FieldSize(uint32_t number, const T& value) {
  return VarintSize(uint64_t{number} << 3) + ValueSize(value);
}
template <typename T>
size_t FieldSize(uint32_t number, const std::optional<T>& value) {
  return value.has_value() ? FieldSize(number, *value) : 0;
}
template <typename T>
size_t FieldSize(uint32_t number, const std::vector<T>& values) {
  size_t size = 0;
  if constexpr (std::is_arithmetic_v<T>) {
    for (T value : values) size += ValueSize(value);
    return values.empty() ? 0 : VarintSize(uint64_t{number} << 3) + VarintSize(size) + size;
  } else {
    for (const T& value : values) size += FieldSize(number, value);
    return size;
  }
}

}  // namespace internal

/// Bytes of the encoded message.
template <typename M>
size_t MessageSize(const M& message) {
  size_t size = 0;
  message.ForEachField(
      [&size](uint32_t number, const auto& value) { size += internal::FieldSize(number, value); });
  return size;
}

template <typename M>
void WriteMessage(const M& message, MessageWriter& out) {
  message.ForEachField(
      [&out](uint32_t number, const auto& value) { out.WriteField(number, value); });
}

namespace internal {
template <typename M>
  requires requires { M::kRequired; }
size_t ValueSize(const M& message) {
  size_t size = MessageSize(message);
  return VarintSize(size) + size;
}
}  // namespace internal

template <typename T>
void MessageWriter::WriteField(uint32_t number, const std::vector<T>& values) {
  if constexpr (std::is_arithmetic_v<T>) {
    if (values.empty()) return;
    size_t size = 0;
    for (T value : values) size += internal::ValueSize(value);
    WriteVarint(uint64_t{number} << 3 | 2);
    WriteVarint(size);
    for (T value : values) WriteVarint(static_cast<uint64_t>(int64_t{value}));
  } else {
    for (const T& value : values) WriteField(number, value);
  }
}

template <typename M>
  requires requires { M::kRequired; }
void MessageWriter::WriteField(uint32_t number, const M& message) {
  WriteVarint(uint64_t{number} << 3 | 2);
  WriteVarint(MessageSize(message));
  WriteMessage(message, *this);
}

/// The encoded message in one piece.
template <typename M>
std::string MessageToBytes(const M& message) {
  MessageWriter writer;
  WriteMessage(message, writer);
  std::string bytes;
  for (const Payload& piece : writer.Finish()) bytes.append(piece.bytes);
  return bytes;
}

}  // namespace forebay::rpc
