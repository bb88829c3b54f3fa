#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace forebay::storage {

/// Something that has work for the flusher. A scheduled one stands in the queue once, and one
/// thread at a time runs it.
class Flushable {
 public:
  virtual ~Flushable() = default;
  /// Does a piece of work; true: schedule me again.
  virtual bool FlushOnce() = 0;
};

/// The threads that write and sync logs. All appends that arrive at a bucket while a sync of it
/// runs share the next one: that is the group commit. Thread-safe.
class LogFlusher {
 public:
  explicit LogFlusher(int num_threads);
  ~LogFlusher() { Stop(); }

  /// The caller sees to it that `work` is not in the queue and not being run.
  void Schedule(std::shared_ptr<Flushable> work);
  /// Runs what is queued, then ends the threads.
  void Stop();

 private:
  void Run();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::shared_ptr<Flushable>> queue_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

/// Bounds the bytes that are written but not yet acknowledged, over all buckets. Thread-safe.
class InFlightBudget {
 public:
  explicit InFlightBudget(int64_t bytes_max) : bytes_max_(bytes_max) {}
  /// One write is always let through, however large it is.
  bool TryTake(int64_t bytes) {
    int64_t before = bytes_.fetch_add(bytes);
    if (before == 0 || before + bytes <= bytes_max_) return true;
    bytes_ -= bytes;
    return false;
  }
  void Give(int64_t bytes) { bytes_ -= bytes; }
  int64_t bytes() const { return bytes_; }
  int64_t bytes_max() const { return bytes_max_; }

 private:
  const int64_t bytes_max_;
  std::atomic<int64_t> bytes_ = 0;
};

}  // namespace forebay::storage
