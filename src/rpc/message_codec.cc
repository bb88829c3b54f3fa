#include "rpc/message_codec.h"

#include "base/bytes.h"

namespace forebay::rpc {

Payload Payload::Own(std::string bytes) {
  auto owner = std::make_shared<const std::string>(std::move(bytes));
  std::string_view view = *owner;
  return {view, std::move(owner)};
}

Result<uint64_t> MessageReader::ReadVarint() {
  uint64_t value = 0;
  for (size_t i = 0; i < 10 && i < bytes_.size(); ++i) {
    auto byte = static_cast<uint8_t>(bytes_[i]);
    value |= uint64_t{byte & 0x7fu} << (7 * i);
    if (byte < 0x80) {
      bytes_.remove_prefix(i + 1);
      return value;
    }
  }
  return Corruption("a number of a message does not end");
}

Result<std::string_view> MessageReader::Take(size_t count) {
  if (count > bytes_.size()) {
    return Corruption("a message's field of {} bytes in {} bytes", count, bytes_.size());
  }
  std::string_view taken = bytes_.substr(0, count);
  bytes_.remove_prefix(count);
  return taken;
}

Result<std::string_view> MessageReader::ReadBytes() {
  ASSIGN_OR_RETURN(uint64_t size, ReadVarint());
  return Take(size);
}

Status MessageReader::Spend(size_t bytes) {
  budget_bytes_ -= static_cast<int64_t>(bytes);
  if (budget_bytes_ >= 0) return Status::Ok();
  return Corruption("a message needs more memory than a frame may have");
}

Status MessageReader::Expect(WireType type) const {
  if (wire_type_ == type) return Status::Ok();
  return Corruption("a message's field has wire type {}, not {}", wire_type_,
                    static_cast<uint32_t>(type));
}

Result<uint32_t> MessageReader::NextField() {
  if (bytes_.empty()) return uint32_t{0};
  ASSIGN_OR_RETURN(uint64_t key, ReadVarint());
  wire_type_ = key & 7;
  uint64_t number = key >> 3;
  if (number == 0 || number >= uint64_t{1} << 29) return Corruption("a message's field {}", number);
  return static_cast<uint32_t>(number);
}

Status MessageReader::Skip() {
  switch (wire_type_) {
    case kVarint: return forebay::internal::ToStatus(ReadVarint());
    case kFixed64: return forebay::internal::ToStatus(Take(8));
    case kFixed32: return forebay::internal::ToStatus(Take(4));
    case kBytes: return forebay::internal::ToStatus(ReadBytes());
    default: return Corruption("a message's field of wire type {}", wire_type_);
  }
}

Status MessageReader::Read(int32_t& value) {
  RETURN_IF_ERROR(Expect(kVarint));
  ASSIGN_OR_RETURN(uint64_t raw, ReadVarint());
  value = static_cast<int32_t>(raw);
  return Status::Ok();
}

Status MessageReader::Read(int64_t& value) {
  RETURN_IF_ERROR(Expect(kVarint));
  ASSIGN_OR_RETURN(uint64_t raw, ReadVarint());
  value = static_cast<int64_t>(raw);
  return Status::Ok();
}

Status MessageReader::Read(bool& value) {
  RETURN_IF_ERROR(Expect(kVarint));
  ASSIGN_OR_RETURN(uint64_t raw, ReadVarint());
  value = raw != 0;
  return Status::Ok();
}

Status MessageReader::Read(float& value) {
  RETURN_IF_ERROR(Expect(kFixed32));
  ASSIGN_OR_RETURN(std::string_view raw, Take(sizeof(value)));
  value = LoadLe<float>(raw.data());
  return Status::Ok();
}

Status MessageReader::Read(double& value) {
  RETURN_IF_ERROR(Expect(kFixed64));
  ASSIGN_OR_RETURN(std::string_view raw, Take(sizeof(value)));
  value = LoadLe<double>(raw.data());
  return Status::Ok();
}

Status MessageReader::Read(std::string& value) {
  RETURN_IF_ERROR(Expect(kBytes));
  ASSIGN_OR_RETURN(std::string_view raw, ReadBytes());
  RETURN_IF_ERROR(Spend(raw.size()));
  value = raw;
  return Status::Ok();
}

Status MessageReader::Read(Payload& value) {
  RETURN_IF_ERROR(Expect(kBytes));
  ASSIGN_OR_RETURN(value.bytes, ReadBytes());
  return Status::Ok();
}

template <typename T>
Status MessageReader::ReadPacked(std::vector<T>& values) {
  ASSIGN_OR_RETURN(std::string_view packed, ReadBytes());
  RETURN_IF_ERROR(Spend(packed.size() * sizeof(T)));
  MessageReader inner(packed, budget_bytes_, depth_);
  while (!inner.bytes_.empty()) {
    ASSIGN_OR_RETURN(uint64_t raw, inner.ReadVarint());
    values.push_back(static_cast<T>(raw));
  }
  return Status::Ok();
}
template Status MessageReader::ReadPacked(std::vector<int32_t>&);
template Status MessageReader::ReadPacked(std::vector<int64_t>&);

size_t internal::VarintSize(uint64_t value) {
  size_t size = 1;
  for (; value >= 0x80; value >>= 7) ++size;
  return size;
}

void MessageWriter::WriteVarint(uint64_t value) {
  for (; value >= 0x80; value >>= 7) buffer_.push_back(static_cast<char>(value | 0x80));
  buffer_.push_back(static_cast<char>(value));
}

void MessageWriter::WriteVarintField(uint32_t number, int64_t value) {
  WriteVarint(uint64_t{number} << 3);
  WriteVarint(static_cast<uint64_t>(value));
}

void MessageWriter::WriteField(uint32_t number, float value) {
  WriteVarint(uint64_t{number} << 3 | 5);
  buffer_.append(reinterpret_cast<const char*>(&value), sizeof(value));
}

void MessageWriter::WriteField(uint32_t number, double value) {
  WriteVarint(uint64_t{number} << 3 | 1);
  buffer_.append(reinterpret_cast<const char*>(&value), sizeof(value));
}

void MessageWriter::WriteField(uint32_t number, std::string_view value) {
  WriteVarint(uint64_t{number} << 3 | 2);
  WriteVarint(value.size());
  buffer_.append(value);
}

void MessageWriter::WriteField(uint32_t number, const Payload& value) {
  if (value.owner == nullptr || value.bytes.size() <= kCopiedBytesMax) {
    return WriteField(number, value.bytes);
  }
  WriteVarint(uint64_t{number} << 3 | 2);
  WriteVarint(value.bytes.size());
  Cut();
  pieces_.push_back(value);
}

void MessageWriter::Cut() {
  if (!buffer_.empty()) pieces_.push_back(Payload::Own(std::exchange(buffer_, {})));
}

std::vector<Payload> MessageWriter::Finish() {
  Cut();
  return std::exchange(pieces_, {});
}

}  // namespace forebay::rpc
