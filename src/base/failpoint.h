#pragma once

#include <atomic>
#include <string>
#include <string_view>

#include "base/result.h"

namespace forebay {

namespace internal {
extern std::atomic<bool> failpoints_armed;
void HitFailpoint(std::string_view name);
}  // namespace internal

/// Marks a place where a crash test may end the process as kill -9 would: no destructor runs,
/// nothing is flushed. Costs one relaxed load when nothing is armed.
inline void Failpoint(std::string_view name) {
  if (internal::failpoints_armed.load(std::memory_order_relaxed)) [[unlikely]] {
    internal::HitFailpoint(name);
  }
}

/// Arms failpoints: "log.before_fsync=3,meta.after_rename" exits at the third hit of the first or
/// the first hit of the second, whichever comes first. An empty text disarms all. Thread-safe.
Status ArmFailpoints(std::string_view text);
/// Arms what the environment variable FOREBAY_FAILPOINTS says.
Status ArmFailpointsFromEnvironment();

/// The exit status of a process that a failpoint ended.
inline constexpr int kFailpointExitStatus = 137;

}  // namespace forebay
