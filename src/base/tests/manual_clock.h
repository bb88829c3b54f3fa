#pragma once

#include <atomic>

#include "base/clock.h"

namespace forebay {

/// For tests: a clock that stands until the test moves it. Thread-safe.
class ManualClock : public Clock {
 public:
  explicit ManualClock(int64_t start_ms = 1'000'000'000'000) : now_ms(start_ms) {}
  int64_t NowMs() const override { return now_ms; }
  std::atomic<int64_t> now_ms;
};

}  // namespace forebay
