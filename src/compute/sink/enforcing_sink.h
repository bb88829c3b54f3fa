#pragma once

#include <memory>

#include "compute/sink/length_enforcer.h"
#include "compute/sink/not_null_enforcer.h"
#include "compute/sink/sink.h"

namespace forebay::compute {

/// The sink behind its table's constraints (StreamExecConstraintEnforcer); the sink itself when
/// there are none.
std::unique_ptr<Sink> WithEnforcers(std::unique_ptr<Sink> sink, NotNullEnforcer nulls,
                                    LengthEnforcer lengths);

}  // namespace forebay::compute
