#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "model/column.h"

namespace forebay::compute {

/// The digits of %a, as Java's Double.toHexString shows a finite number that is not negative;
/// `precision` hexadecimal digits behind the point, -1 for all there are.
std::string HexDigits(double value, int precision);

/// What hashCode() of a cell's value is in Flink, for %h; nothing for nested types.
std::optional<int32_t> JavaHashOf(const model::Column& column, int row);

}  // namespace forebay::compute
