#include "compute/sink/collect_queue.h"

#include <chrono>
#include <utility>

namespace forebay::compute {

void CollectQueue::Push(model::Batch batch) {
  std::function<void()> ready;
  {
    std::lock_guard lock(mutex_);
    batches_.push_back(std::move(batch));
    ready = std::exchange(ready_callback_, nullptr);
    condition_.notify_one();
  }
  if (ready) ready();
}

bool CollectQueue::WouldFill() {
  std::lock_guard lock(mutex_);
  return batches_.size() + 1 >= kBatchesMax;
}

Result<std::optional<model::Batch>> CollectQueue::Take(std::unique_lock<std::mutex>&) {
  if (batches_.empty()) {
    if (!status_.ok()) return status_;
    return std::optional<model::Batch>();
  }
  std::optional<model::Batch> batch(std::move(batches_.front()));
  batches_.pop_front();
  // Under the lock, so that SetRoomCallback(nullptr) ends all calls.
  if (room_callback_ && batches_.size() <= kBatchesMax / 2) room_callback_();
  return batch;
}

Result<std::optional<model::Batch>> CollectQueue::Pop() {
  std::unique_lock lock(mutex_);
  condition_.wait(lock, [this] { return closed_ || !batches_.empty(); });
  return Take(lock);
}

Result<std::optional<model::Batch>> CollectQueue::Pop(int64_t timeout_ms) {
  std::unique_lock lock(mutex_);
  bool ready = condition_.wait_for(lock, std::chrono::milliseconds(timeout_ms),
                                   [this] { return closed_ || !batches_.empty(); });
  if (!ready) return Timeout("no result within {} ms", timeout_ms);
  return Take(lock);
}

void CollectQueue::Close(Status status) {
  std::function<void()> ready;
  {
    std::lock_guard lock(mutex_);
    if (closed_) return;
    closed_ = true;
    status_ = std::move(status);
    ready = std::exchange(ready_callback_, nullptr);
    condition_.notify_all();
  }
  if (ready) ready();
}

void CollectQueue::WhenReady(std::function<void()> callback) {
  {
    std::lock_guard lock(mutex_);
    if (!closed_ && batches_.empty()) {
      ready_callback_.swap(callback);
      return;
    }
  }
  callback();
}

void CollectQueue::SetRoomCallback(std::function<void()> callback) {
  std::lock_guard lock(mutex_);
  room_callback_ = std::move(callback);
}

}  // namespace forebay::compute
