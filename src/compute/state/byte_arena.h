#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "compute/state/large_memory.h"

namespace forebay::compute {

/// Allocates byte blocks of many sizes for keyed state: freed blocks are kept in lists by size
/// class and given out again, so state that is updated for days does not grow. Blocks never move
/// and are 8-byte aligned. All memory goes with the arena. Thread-compatible.
class ByteArena {
 public:
  ByteArena() = default;
  /// `first_chunk` is what it takes at first; later chunks grow up to a huge page.
  explicit ByteArena(size_t first_chunk) : first_chunk_(first_chunk) {}
  ByteArena(const ByteArena&) = delete;
  ByteArena& operator=(const ByteArena&) = delete;

  char* Allocate(size_t size) {
    int size_class = ClassOf(size);
    bytes_in_use_ += static_cast<int64_t>(ClassBytes(size_class));
    if (size_class < static_cast<int>(free_.size()) && free_[size_class] != nullptr) {
      FreeBlock* block = free_[size_class];
      free_[size_class] = block->next;
      return reinterpret_cast<char*>(block);
    }
    return Carve(ClassBytes(size_class));
  }

  /// `size` is what Allocate was asked for.
  void Free(char* block, size_t size) {
    int size_class = ClassOf(size);
    bytes_in_use_ -= static_cast<int64_t>(ClassBytes(size_class));
    if (size_class >= static_cast<int>(free_.size())) free_.resize(size_class + 1);
    auto* freed = reinterpret_cast<FreeBlock*>(block);
    freed->next = free_[size_class];
    free_[size_class] = freed;
  }

  /// The bytes a block for `size` really has: what may be used without another Allocate.
  static size_t UsableBytes(size_t size) { return ClassBytes(ClassOf(size)); }

  int64_t bytes_in_use() const { return bytes_in_use_; }
  int64_t bytes_reserved() const { return bytes_reserved_; }

 private:
  struct FreeBlock {
    FreeBlock* next;
  };
  static constexpr size_t kStep = 16;
  static constexpr int kLinearClasses = 16;  // 16, 32, ... 256 bytes
  static constexpr size_t kChunkBytesMin = 16 * 1024;
  static constexpr size_t kDoublings = 7;  // up to 2 MiB, a huge page

  /// Above 256 bytes, four classes for every doubling: at most a fifth of a block is wasted.
  static int ClassOf(size_t size) {
    if (size <= kStep * kLinearClasses) {
      return size == 0 ? 0 : static_cast<int>((size + kStep - 1) / kStep) - 1;
    }
    int log = 63 - __builtin_clzll(size - 1);
    int quarter = static_cast<int>((size - 1) >> (log - 2)) & 3;
    return kLinearClasses + (log - 8) * 4 + quarter;
  }
  static size_t ClassBytes(int size_class) {
    if (size_class < kLinearClasses) return kStep * (static_cast<size_t>(size_class) + 1);
    int log = 8 + (size_class - kLinearClasses) / 4;
    size_t quarter = static_cast<size_t>((size_class - kLinearClasses) % 4);
    return (size_t{1} << log) + ((quarter + 1) << (log - 2));
  }

  char* Carve(size_t size) {
    if (size > available_) {
      size_t chunk = first_chunk_ << (chunks_.size() < kDoublings ? chunks_.size() : kDoublings);
      if (chunk < size) chunk = size;
      chunks_.push_back(MakeLargeChars(chunk));
      next_ = chunks_.back().get();
      available_ = chunk;
      bytes_reserved_ += static_cast<int64_t>(chunk);
    }
    char* block = next_;
    next_ += size;
    available_ -= size;
    return block;
  }

  std::vector<LargeChars> chunks_;
  std::vector<FreeBlock*> free_;
  size_t first_chunk_ = kChunkBytesMin;
  char* next_ = nullptr;
  size_t available_ = 0;
  int64_t bytes_in_use_ = 0;
  int64_t bytes_reserved_ = 0;
};

}  // namespace forebay::compute
