#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>

#include "base/result.h"
#include "model/batch.h"

namespace forebay::serve {

/// Calls a function that may take long on a thread of its own, so that a reader waits for a limited
/// time only. Never more than one call at a time, and none before it is asked for, so that no more
/// than one batch waits. Used by one thread at a time.
class BackgroundFetch {
 public:
  explicit BackgroundFetch(std::function<Result<model::Batch>()> fetch);
  /// Waits for a call that runs.
  ~BackgroundFetch();

  /// The function's next answer; kTimeout when it takes longer than `timeout_ms` (-1: never).
  Result<model::Batch> Next(int timeout_ms);
  /// Calls `callback` once, after a Next that timed out: now, or by the other thread when the
  /// answer is there.
  void WhenReady(std::function<void()> callback);

 private:
  enum class Turn { kReader, kFetcher, kDone, kEnd };

  void Run();

  const std::function<Result<model::Batch>()> fetch_;
  std::mutex mutex_;
  std::condition_variable changed_;
  Turn turn_ = Turn::kReader;  ///< guarded by mutex_, as is answer_
  std::optional<Result<model::Batch>> answer_;
  std::function<void()> ready_callback_;
  std::thread thread_;
};

}  // namespace forebay::serve
