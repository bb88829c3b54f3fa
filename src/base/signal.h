#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <utility>

namespace forebay {

/// Something to be told that there is news. Thread-safe.
class Wakeable {
 public:
  virtual ~Wakeable() = default;
  /// Must not block.
  virtual void Raise() = 0;
};

/// A flag that many threads raise and one waits for. A raise between two waits is not lost.
/// Thread-safe.
class Signal : public Wakeable {
 public:
  void Raise() override {
    {
      std::lock_guard lock(mutex_);
      raised_ = true;
    }
    changed_.notify_one();
  }
  /// Waits until the flag is up or the time is over, and lowers it. Tells whether it was up.
  bool WaitFor(std::chrono::milliseconds timeout) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, timeout, [this] { return raised_; });
    return std::exchange(raised_, false);
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool raised_ = false;
};

}  // namespace forebay
