#include "compute/runtime/processing_time.h"

#include "base/clock.h"

namespace forebay::compute {

int64_t SystemNowMs() { return Clock::System().NowMs(); }

int64_t (*ProcessingTimeOf(const JobContext& context))() {
  auto* now_ms = context.environment->now_ms;
  return now_ms != nullptr ? now_ms : &SystemNowMs;
}

}  // namespace forebay::compute
