#pragma once

#include <cstdint>
#include <vector>

#include "model/batch.h"

namespace forebay::compute {

/// The keys of a batch, each once. Keys that are equal but not the same bytes may stay apart.
struct DistinctKeys {
  explicit DistinctKeys(const model::Batch& keys);

  std::vector<uint32_t> rows;          ///< where each key is first, ascending
  std::vector<uint32_t> place_of_row;  ///< for every row its key's place in `rows`
};

}  // namespace forebay::compute
