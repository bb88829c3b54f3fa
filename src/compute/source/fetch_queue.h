#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>

#include "compute/exchange/waker.h"
#include "compute/source/source.h"
#include "model/batch.h"

namespace forebay::compute {

/// What a fetching thread has read for its shard.
struct FetchedRows {
  int split = 0;
  model::Batch batch;    ///< may be empty: then only the position moved
  std::string position;  ///< of the split once the batch is emitted
  bool split_finished = false;
  /// The split is gone: it is not checkpointed any more.
  bool split_dropped = false;
  /// Splits that the fetching thread found, to be counted on from the last.
  std::vector<SourceSplit> new_splits = {};
};

/// A bounded queue from a reader's fetching thread, which waits when it is full, to the shard,
/// which never waits but is woken. Thread-safe.
class FetchQueue {
 public:
  static constexpr size_t kItemsMax = 16;

  explicit FetchQueue(Waker& waker) : waker_(waker) {}

  /// Fetching thread: false when the queue was closed.
  bool Push(FetchedRows rows) {
    std::unique_lock lock(mutex_);
    condition_.wait(lock, [this] { return closed_ || items_.size() < kItemsMax; });
    if (closed_) return false;
    items_.push_back(std::move(rows));
    lock.unlock();
    waker_.Wake();
    return true;
  }
  /// Fetching thread: nothing will follow, or `status` stopped it.
  void Finish(Status status) {
    {
      std::lock_guard lock(mutex_);
      finished_ = true;
      status_ = std::move(status);
    }
    waker_.Wake();
  }

  std::optional<FetchedRows> Pop() {
    std::lock_guard lock(mutex_);
    if (items_.empty()) return std::nullopt;
    std::optional<FetchedRows> item(std::move(items_.front()));
    items_.pop_front();
    condition_.notify_one();
    return item;
  }
  /// Shard: whether all has been popped; the error that stopped fetching.
  Result<bool> IsAtEnd() {
    std::lock_guard lock(mutex_);
    if (!items_.empty() || !finished_) return false;
    if (!status_.ok()) return status_;
    return true;
  }
  /// Shard: ends a waiting Push.
  void Close() {
    std::lock_guard lock(mutex_);
    closed_ = true;
    condition_.notify_all();
  }

 private:
  Waker& waker_;
  std::mutex mutex_;
  std::condition_variable condition_;
  std::deque<FetchedRows> items_;
  bool finished_ = false;
  bool closed_ = false;
  Status status_;
};

}  // namespace forebay::compute
