#pragma once

#include <cstdint>

#include "compute/runtime/environment.h"

namespace forebay::compute {

/// The system clock, in milliseconds.
int64_t SystemNowMs();
/// What a job asks for its processing time: the environment's clock, else the system's.
int64_t (*ProcessingTimeOf(const JobContext& context))();

}  // namespace forebay::compute
