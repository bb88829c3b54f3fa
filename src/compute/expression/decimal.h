#pragma once

#include <cstdint>
#include <optional>

#include "model/column.h"

namespace forebay::compute {

using model::Int128;
using UInt128 = unsigned __int128;

/// 10^0 to 10^38.
Int128 PowerOfTen(int exponent);

inline bool FitsPrecision(Int128 value, int precision) {
  Int128 limit = PowerOfTen(precision);
  return value < limit && value > -limit;
}

/// The functions below work on unscaled values, round half away from zero (Java's HALF_UP) and
/// return nothing when the result has more than `precision` digits.

/// From scale `from` to scale `to`.
std::optional<Int128> RescaleDecimal(Int128 value, int from, int to, int precision);
/// a + b, whose sum needs more than 127 bits, with `drop` digits fewer.
std::optional<Int128> AddWideDecimal(Int128 a, Int128 b, int drop, int precision);
/// a * b, which has scale `product_scale`, at scale `scale`.
std::optional<Int128> MultiplyDecimal(Int128 a, Int128 b, int product_scale, int scale,
                                      int precision);
/// a / b * 10^shift; b is not zero.
std::optional<Int128> DivideDecimal(Int128 a, Int128 b, int shift, int precision);
/// value / divisor rounded half up; divisor > 0.
Int128 DivideHalfUp(Int128 value, Int128 divisor);
/// Less, equal or greater (-1, 0, 1) of values with different scales.
int CompareDecimal(Int128 a, int scale_a, Int128 b, int scale_b);
/// The nearest double.
double DecimalToDouble(Int128 value, int scale);
/// Java's BigDecimal.valueOf(value).setScale(scale, HALF_UP): by the shortest text of the value.
/// Nothing for NaN, infinities and overflow.
std::optional<Int128> DecimalFromDouble(double value, int precision, int scale);
/// Digits, point, sign and exponent as Java's BigDecimal takes them; nothing when the text is none
/// or overflows.
std::optional<Int128> DecimalFromText(std::string_view text, int precision, int scale);
/// CAST(text AS DECIMAL): as above, but blanks around the number are allowed, and where Flink reads
/// at most 18 digits itself the last character may be anything (BinaryStringDataUtil.toDecimal).
std::optional<Int128> CastTextToDecimal(std::string_view text, int precision, int scale);

}  // namespace forebay::compute
