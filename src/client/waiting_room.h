#pragma once

#include <mutex>
#include <set>
#include <string>
#include <utility>

#include "base/clock.h"
#include "base/result.h"

namespace forebay::client {

/// Lets threads wait for another server, but only a few when it is slow: whatever it does, the
/// others go on with what is local. Thread-safe.
class WaitingRoom {
 public:
  /// As soon as somebody has waited for longer than `slow_ms`.
  static constexpr size_t kSlowWaitersMax = 2;

  explicit WaitingRoom(int64_t slow_ms) : slow_ms_(slow_ms) {}

  /// A place in the room, until it goes.
  class Seat {
   public:
    Seat(WaitingRoom& room, int64_t since_ms) : room_(&room), since_ms_(since_ms) {}
    Seat(Seat&& other) noexcept
        : room_(std::exchange(other.room_, nullptr)), since_ms_(other.since_ms_) {}
    Seat& operator=(Seat&&) = delete;
    ~Seat() {
      if (room_ != nullptr) room_->Leave(since_ms_);
    }

   private:
    WaitingRoom* room_;
    int64_t since_ms_;
  };

  /// kUnavailable, naming whom the others wait for.
  Result<Seat> Enter(const std::string& whom) {
    int64_t now = MonotonicMs();
    std::lock_guard lock(mutex_);
    bool slow = !since_.empty() && now - *since_.begin() > slow_ms_;
    if (slow && since_.size() >= kSlowWaitersMax) {
      return Unavailable("{} has not answered {} others for {} ms", whom, since_.size(),
                         now - *since_.begin());
    }
    since_.insert(now);
    return Seat(*this, now);
  }

 private:
  void Leave(int64_t since_ms) {
    std::lock_guard lock(mutex_);
    since_.erase(since_.find(since_ms));
  }

  const int64_t slow_ms_;
  std::mutex mutex_;
  std::multiset<int64_t> since_;  ///< when each of those who wait came; guarded by mutex_
};

}  // namespace forebay::client
