#pragma once

#include "compute/expression/kernel.h"

namespace forebay::compute {

/// The kernel of a CAST between DATE, TIME, TIMESTAMP and TIMESTAMP_LTZ; between DATE and TIME
/// there is none.
Result<Kernel> CastTemporal(const CallSite& call);

}  // namespace forebay::compute
