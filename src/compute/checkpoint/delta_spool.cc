#include "compute/checkpoint/delta_spool.h"

#include <utility>

namespace forebay::compute {

void DeltaSpool::TakePart(std::string part, uint64_t count) {
  {
    std::unique_lock lock(mutex_);
    room_.wait(lock, [this] { return closed_ || queued_bytes_ < kQueuedBytesMax; });
    if (closed_) return;
    queued_bytes_ += part.size();
    queue_.push_back({std::move(part), count});
  }
  wake_();
}

bool DeltaSpool::IsFull() const {
  std::lock_guard lock(mutex_);
  return queued_bytes_ >= kSlicesWaitBytes;
}

size_t DeltaSpool::queued_bytes() const {
  std::lock_guard lock(mutex_);
  return queued_bytes_;
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
    RETURN_IF_ERROR(file_->Append(part.entries, part.count));
    {
      std::lock_guard lock(mutex_);
      queued_bytes_ -= part.entries.size();
    }
    room_.notify_all();
  }
}

std::unique_ptr<CheckpointFileWriter> DeltaSpool::TakeFile() {
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
