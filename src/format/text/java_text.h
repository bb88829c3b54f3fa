#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "model/column.h"

namespace forebay::format {

/// A flat cell as String.valueOf prints the Java object that Fluss has for it: DATE and TIME as
/// their numbers, TIMESTAMP as java.time.LocalDateTime, TIMESTAMP_LTZ as java.time.Instant.
std::string JavaText(const model::Column& column, int row);

/// String.hashCode of UTF-8 text, which counts in UTF-16 code units.
int32_t JavaHashCode(std::string_view text);

}  // namespace forebay::format
