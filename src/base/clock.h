#pragma once

#include <cstdint>

namespace forebay {

/// Tells the time of day; tests put a clock of their own in its place. Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  /// Milliseconds since 1970-01-01 UTC.
  virtual int64_t NowMs() const = 0;
  /// The machine's clock; lives as long as the process.
  static const Clock& System();
};

/// Nanoseconds since some fixed moment, never going back: for durations and timeouts.
int64_t MonotonicNs();
inline int64_t MonotonicMs() { return MonotonicNs() / 1'000'000; }

}  // namespace forebay
