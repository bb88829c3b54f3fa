#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "model/batch.h"

namespace forebay::compute {

/// The 64-bit hash of the key columns `keys` of every row: used for shard routing (its top bits:
/// KeyGroupOf) and by keyed state. Equal keys hash equally whatever batch they are in: -0.0 equals
/// 0.0, NaNs are equal, NULL is a value of its own.
void HashRows(const model::Batch& batch, std::span<const int> keys, std::vector<uint64_t>& hashes);

}  // namespace forebay::compute
