#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>

namespace forebay::compute {

/// Lets one thread sleep until others have work for it. A wake-up that comes while the thread is
/// awake is remembered, so none is lost between "nothing to do" and "sleep". Wake costs one atomic
/// exchange when the thread is awake. Thread-safe.
class Waker {
 public:
  void Wake() {
    if (signalled_.exchange(true, std::memory_order_acq_rel)) return;
    std::lock_guard lock(mutex_);
    condition_.notify_one();
  }

  /// The sleeping thread: returns at once if woken since the last Sleep, else when woken or after
  /// `timeout_ms`.
  void Sleep(int64_t timeout_ms) {
    if (!signalled_.load(std::memory_order_acquire)) {
      std::unique_lock lock(mutex_);
      condition_.wait_for(lock, std::chrono::milliseconds(timeout_ms),
                          [this] { return signalled_.load(std::memory_order_acquire); });
    }
    // An exchange, not a store: it sees what was published before any Wake that found the flag set.
    signalled_.exchange(false, std::memory_order_acq_rel);
  }

 private:
  std::atomic<bool> signalled_{false};
  std::mutex mutex_;
  std::condition_variable condition_;
};

}  // namespace forebay::compute
