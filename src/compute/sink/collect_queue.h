#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>

#include "base/result.h"
#include "model/batch.h"

namespace forebay::compute {

/// The results of a running query on their way to the session. The writing side never waits: a
/// writer that finds the queue full asks the job to hold its sources, so the queue exceeds its
/// bound only by what is already under way. Thread-safe.
class CollectQueue {
 public:
  static constexpr size_t kBatchesMax = 64;

  void Push(model::Batch batch);
  /// Whether the next Push fills the queue.
  bool WouldFill();
  /// The next batch; nullopt at the end of the results; the job's error when it failed. Waits.
  Result<std::optional<model::Batch>> Pop();
  /// As Pop, but kTimeout after `timeout_ms` without a batch.
  Result<std::optional<model::Batch>> Pop(int64_t timeout_ms);
  /// Calls `callback` once: now, or by the thread that brings the next batch or the end. One that
  /// still waits is replaced.
  void WhenReady(std::function<void()> callback);
  /// No batch will follow; `status` is how the job ended.
  void Close(Status status);
  /// Called whenever a Pop leaves the queue half empty or less. It must not call back into the
  /// queue.
  void SetRoomCallback(std::function<void()> callback);

 private:
  Result<std::optional<model::Batch>> Take(std::unique_lock<std::mutex>& lock);

  std::mutex mutex_;
  std::condition_variable condition_;
  std::deque<model::Batch> batches_;
  bool closed_ = false;
  Status status_;
  std::function<void()> room_callback_;
  std::function<void()> ready_callback_;
};

}  // namespace forebay::compute
