#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.h"

namespace forebay {

/// Bytes in "64mb", "1 GiB", "512 bytes" or "1024": a number and a unit as Flink's and Fluss's
/// MemorySize have them, each 1024 times the one before. kInvalidArgument.
Result<int64_t> ParseByteSize(std::string_view text);

}  // namespace forebay
