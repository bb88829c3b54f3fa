#include "serve/session/background_fetch.h"

#include <chrono>
#include <utility>

namespace forebay::serve {

BackgroundFetch::BackgroundFetch(std::function<Result<model::Batch>()> fetch)
    : fetch_(std::move(fetch)), thread_([this] { Run(); }) {}

BackgroundFetch::~BackgroundFetch() {
  {
    std::lock_guard lock(mutex_);
    turn_ = Turn::kEnd;
  }
  changed_.notify_all();
  thread_.join();
}

Result<model::Batch> BackgroundFetch::Next(int timeout_ms) {
  std::unique_lock lock(mutex_);
  if (turn_ == Turn::kReader) {
    turn_ = Turn::kFetcher;
    changed_.notify_all();
  }
  auto done = [this] { return turn_ == Turn::kDone; };
  if (timeout_ms < 0) {
    changed_.wait(lock, done);
  } else if (!changed_.wait_for(lock, std::chrono::milliseconds(timeout_ms), done)) {
    return Timeout("no rows yet");
  }
  turn_ = Turn::kReader;
  Result<model::Batch> answer = std::move(*answer_);
  answer_.reset();
  return answer;
}

void BackgroundFetch::WhenReady(std::function<void()> callback) {
  {
    std::lock_guard lock(mutex_);
    if (turn_ == Turn::kFetcher) {
      ready_callback_.swap(callback);
      return;
    }
  }
  callback();
}

void BackgroundFetch::Run() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return turn_ == Turn::kFetcher || turn_ == Turn::kEnd; });
    if (turn_ == Turn::kEnd) return;
    lock.unlock();
    Result<model::Batch> answer = fetch_();
    lock.lock();
    if (turn_ == Turn::kEnd) return;
    answer_.emplace(std::move(answer));
    turn_ = Turn::kDone;
    changed_.notify_all();
    if (auto ready = std::exchange(ready_callback_, nullptr)) {
      lock.unlock();
      ready();
      lock.lock();
    }
  }
}

}  // namespace forebay::serve
