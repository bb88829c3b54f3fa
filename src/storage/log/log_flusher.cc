#include "storage/log/log_flusher.h"

namespace forebay::storage {

LogFlusher::LogFlusher(int num_threads) {
  for (int i = 0; i < num_threads; ++i) threads_.emplace_back([this] { Run(); });
}

void LogFlusher::Schedule(std::shared_ptr<Flushable> work) {
  {
    std::lock_guard lock(mutex_);
    queue_.push_back(std::move(work));
  }
  changed_.notify_one();
}

void LogFlusher::Stop() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

void LogFlusher::Run() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
    if (queue_.empty()) return;
    std::shared_ptr<Flushable> work = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    bool again = work->FlushOnce();
    lock.lock();
    if (again) queue_.push_back(std::move(work));
    lock.unlock();
    work.reset();  // may be the last reference: not under the lock
    lock.lock();
  }
}

}  // namespace forebay::storage
