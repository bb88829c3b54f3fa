#pragma once

#include "compute/runtime/environment.h"
#include "compute/source/source.h"

namespace forebay::compute {

/// Flink's datagen connector: `rows-per-second`, `number-of-rows`, and for every field `kind`
/// (random, sequence), `min`, `max`, `length`, `var-len`, `start`, `end`, `null-rate`, `max-past`.
/// A row depends only on its number, so that a job gives the same rows again after a restore.
Result<std::unique_ptr<Source>> MakeDatagenSource(const sql::TableScanNode& node,
                                                  const JobContext& context);

}  // namespace forebay::compute
