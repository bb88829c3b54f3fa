#include "compute/checkpoint/delta_spool.h"

#include <utility>

namespace forebay::compute {

bool DeltaSpool::TakePart(ByteWriter& part, uint64_t count, bool may_wait) {
  std::unique_lock lock(mutex_, std::defer_lock);
  if (may_wait) {
    lock.lock();
    room_.wait(lock, [this] { return closed_ || queued_bytes_ < kQueuedBytesMax; });
  } else if (!lock.try_lock() || (!closed_ && queued_bytes_ >= kQueuedBytesMax)) {
    return false;
  }
  if (closed_) {
    part.Clear();
    return true;
  }
  queued_bytes_ += part.size();
  queue_.push_back({std::exchange(part, ByteWriter()), count});
  if (!free_.empty()) {
    part = std::move(free_.back());
    free_.pop_back();
  }
  return true;
}

void DeltaSpool::Begin(OpenFunction open) {
  open_ = std::move(open);
  file_ = nullptr;
}

bool DeltaSpool::HasQueued() const {
  std::lock_guard lock(mutex_);
  return !queue_.empty();
}

Status DeltaSpool::WriteQueued() {
  while (true) {
    Part part;
    {
      std::lock_guard lock(mutex_);
      if (queue_.empty()) return Status::Ok();
      part = std::move(queue_.front());
      queue_.pop_front();
    }
    if (file_ == nullptr) {
      ASSIGN_OR_RETURN(file_, open_());
    }
    RETURN_IF_ERROR(file_->Append(part.entries.view(), part.count));
    {
      std::lock_guard lock(mutex_);
      queued_bytes_ -= part.entries.size();
      part.entries.Clear();
      if (free_.size() < kFreeMax) free_.push_back(std::move(part.entries));
    }
    room_.notify_all();
  }
}

std::unique_ptr<CheckpointFileWriter> DeltaSpool::TakeFile() {
  std::vector<ByteWriter> unused;
  {
    std::lock_guard lock(mutex_);
    unused.swap(free_);
  }
  return std::exchange(file_, nullptr);
}

void DeltaSpool::Close() {
  {
    std::lock_guard lock(mutex_);
    closed_ = true;
    queue_.clear();
    queued_bytes_ = 0;
  }
  room_.notify_all();
}

}  // namespace forebay::compute
