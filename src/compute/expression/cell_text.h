#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "compute/expression/time_zone.h"
#include "model/column.h"

namespace forebay::compute {

/// Java's Double.toString and Float.toString: "1.0", "1.0E8", "NaN", "-Infinity".
void AppendDouble(std::string& out, double value);
void AppendFloat(std::string& out, float value);
/// Java's BigDecimal.toPlainString.
void AppendDecimal(std::string& out, model::Int128 unscaled, int scale);

/// The cell as CAST(... AS STRING) shows it; `zone` is that of TIMESTAMP_LTZ cells and may be null
/// when there are none.
void AppendCell(std::string& out, const model::Column& column, int row, TimeZone* zone);

/// Text without blanks and control characters at its ends.
std::string_view TrimBlanks(std::string_view text);
/// Java's Double.parseDouble, also of blanks around, "NaN", "Infinity" and a d or f at the end.
std::optional<double> ParseDouble(std::string_view text);
/// An integer with a sign; a fraction is checked and dropped. Nothing when it does not fit 64 bits.
std::optional<int64_t> ParseInteger(std::string_view text);

/// Bytes of the first `count` characters.
size_t PrefixBytes(std::string_view text, size_t count);
/// Characters (code points) of UTF-8 text.
size_t CountCharacters(std::string_view text);

}  // namespace forebay::compute
