#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.h"

namespace forebay {

/// Parses a duration as Flink spells them, "500ms", "5 s", "3 min", "1h", "7 days", in
/// milliseconds; a number without a unit is milliseconds. kInvalidArgument for anything else,
/// negative and overflowing ones included.
Result<int64_t> ParseDurationMs(std::string_view text);

}  // namespace forebay
