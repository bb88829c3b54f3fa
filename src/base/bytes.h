#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

#include "base/result.h"

namespace forebay {

static_assert(std::endian::native == std::endian::little, "the file formats are little-endian");

/// Reads a little-endian T from `data`, which need not be aligned.
template <typename T>
  requires std::is_trivially_copyable_v<T>
T LoadLe(const void* data) {
  T value;
  std::memcpy(&value, data, sizeof(T));
  return value;
}

/// Writes a little-endian T to `data`, which need not be aligned.
template <typename T>
  requires std::is_trivially_copyable_v<T>
void StoreLe(void* data, T value) {
  std::memcpy(data, &value, sizeof(T));
}

/// Appends little-endian values, LEB128 integers and byte strings to a buffer. Thread-compatible.
class ByteWriter {
 public:
  template <typename T>
    requires std::is_trivially_copyable_v<T>
  void Write(T value) {
    buffer_.append(reinterpret_cast<const char*>(&value), sizeof(T));
  }
  void WriteBytes(std::string_view bytes) { buffer_.append(bytes); }
  void WriteVarint(uint64_t value) {
    while (value >= 0x80) {
      buffer_.push_back(static_cast<char>(value | 0x80));
      value >>= 7;
    }
    buffer_.push_back(static_cast<char>(value));
  }
  /// A varint length, then the bytes.
  void WriteString(std::string_view bytes) {
    WriteVarint(bytes.size());
    WriteBytes(bytes);
  }
  /// Overwrites sizeof(T) bytes at `position`, which were written before.
  template <typename T>
  void Patch(size_t position, T value) {
    StoreLe(buffer_.data() + position, value);
  }
  size_t size() const { return buffer_.size(); }
  std::string_view view() const { return buffer_; }
  std::string Take() { return std::move(buffer_); }
  void Clear() { buffer_.clear(); }

 private:
  std::string buffer_;
};

/// Reads what ByteWriter wrote. Every read is bounds-checked and fails with kCorruption, so it may
/// be given foreign bytes. The bytes must outlive the reader and the views it returns.
/// Thread-compatible.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : bytes_(bytes) {}

  template <typename T>
    requires std::is_trivially_copyable_v<T>
  Result<T> Read() {
    if (remaining() < sizeof(T)) return Truncated(sizeof(T));
    T value = LoadLe<T>(bytes_.data() + position_);
    position_ += sizeof(T);
    return value;
  }
  Result<std::string_view> ReadBytes(size_t count) {
    if (remaining() < count) return Truncated(count);
    std::string_view view = bytes_.substr(position_, count);
    position_ += count;
    return view;
  }
  Result<uint64_t> ReadVarint();
  Result<std::string_view> ReadString() {
    ASSIGN_OR_RETURN(uint64_t size, ReadVarint());
    return ReadBytes(size);
  }
  size_t position() const { return position_; }
  size_t remaining() const { return bytes_.size() - position_; }
  bool AtEnd() const { return remaining() == 0; }

 private:
  Error Truncated(size_t wanted) const;

  std::string_view bytes_;
  size_t position_ = 0;
};

}  // namespace forebay
