#pragma once

#include "compute/runtime/environment.h"
#include "compute/source/source.h"

namespace forebay::compute {

/// The rows of a VALUES clause, read by one shard.
Result<std::unique_ptr<Source>> MakeValuesSource(const sql::ValuesNode& node,
                                                 const JobContext& context);

}  // namespace forebay::compute
