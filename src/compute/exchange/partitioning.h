#pragma once

#include <cstdint>

namespace forebay::compute {

/// How rows travel from the instances of one vertex to those of the next.
enum class Partitioning : uint8_t {
  kForward,  ///< to the instance on the same shard
  kHash,     ///< to the shard that owns the row's key
  kSingle,   ///< to shard 0
};

}  // namespace forebay::compute
