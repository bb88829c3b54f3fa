#pragma once

#include <atomic>
#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

namespace forebay::compute {

/// A bounded queue between exactly one producing and one consuming thread (Lamport's ring). Neither
/// side ever waits: a full ring refuses, an empty one gives nothing. Each side caches the other's
/// position, so that the shared cache lines are touched only when the ring looks full or empty.
template <typename T>
class SpscRing {
 public:
  /// `capacity` is a power of two.
  explicit SpscRing(size_t capacity) : slots_(capacity), mask_(capacity - 1) {}
  SpscRing(const SpscRing&) = delete;
  SpscRing& operator=(const SpscRing&) = delete;

  /// Producer: takes `item` and returns true, or leaves it alone and returns false when the ring is
  /// full.
  bool TryPush(T& item) {
    size_t tail = tail_.load(std::memory_order_relaxed);
    if (tail - cached_head_ > mask_) {
      cached_head_ = head_.load(std::memory_order_acquire);
      if (tail - cached_head_ > mask_) return false;
    }
    slots_[tail & mask_] = std::move(item);
    tail_.store(tail + 1, std::memory_order_release);
    return true;
  }

  /// Consumer: the oldest item, or nothing when the ring is empty.
  std::optional<T> TryPop() {
    size_t head = head_.load(std::memory_order_relaxed);
    if (head == cached_tail_) {
      cached_tail_ = tail_.load(std::memory_order_acquire);
      if (head == cached_tail_) return std::nullopt;
    }
    std::optional<T> item(std::move(slots_[head & mask_]));
    slots_[head & mask_] = T();  // frees what the item held now, not a lap later
    head_.store(head + 1, std::memory_order_release);
    return item;
  }

  /// Either side; exact only for the consumer.
  bool IsEmpty() const {
    return head_.load(std::memory_order_acquire) == tail_.load(std::memory_order_acquire);
  }

 private:
  static constexpr size_t kCacheLine = 64;

  std::vector<T> slots_;
  const size_t mask_;
  alignas(kCacheLine) std::atomic<size_t> head_{0};  ///< next to pop
  size_t cached_tail_ = 0;                           ///< consumer's
  alignas(kCacheLine) std::atomic<size_t> tail_{0};  ///< next to fill
  size_t cached_head_ = 0;                           ///< producer's
};

}  // namespace forebay::compute
