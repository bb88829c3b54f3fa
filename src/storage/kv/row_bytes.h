#pragma once

#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

namespace forebay::storage {

/// Keeps copies of rows where they are until it goes. Thread-compatible.
class RowBytes {
 public:
  std::string_view Add(std::string_view bytes) {
    if (bytes.size() > left_) Open(bytes.size());
    char* copy = next_;
    std::memcpy(copy, bytes.data(), bytes.size());
    next_ += bytes.size();
    left_ -= bytes.size();
    return {copy, bytes.size()};
  }

 private:
  static constexpr size_t kChunkBytes = 64 << 10;

  void Open(size_t bytes_min) {
    left_ = bytes_min > kChunkBytes ? bytes_min : kChunkBytes;
    chunks_.emplace_back(new char[left_]);
    next_ = chunks_.back().get();
  }

  std::vector<std::unique_ptr<char[]>> chunks_;
  char* next_ = nullptr;
  size_t left_ = 0;
};

}  // namespace forebay::storage
