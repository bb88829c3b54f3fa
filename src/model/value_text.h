#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "model/column.h"

namespace forebay::model {

/// How cells are written as text.
struct TextOptions {
  /// Added to TIMESTAMP_LTZ values: the session time zone's offset from UTC.
  int zone_offset_seconds = 0;
  /// BINARY and VARBINARY as lower-case hex digits; else their bytes as they are.
  bool bytes_as_hex = false;
};

/// Appends the cell as Flink's CAST(x AS STRING) gives it. A NULL is appended as "NULL", which is
/// right inside ARRAY, MAP and ROW; whoever wants something else for a whole cell looks at IsNull
/// first.
void AppendText(std::string& out, const Column& column, int row, const TextOptions& options = {});

void AppendInt(std::string& out, int64_t value);
/// `unscaled` / 10^scale with exactly `scale` fraction digits.
void AppendDecimal(std::string& out, Int128 unscaled, int scale);
/// As Java's Double.toString (JDK 19 and later): the shortest digits that give the value back,
/// "1.0E8", "NaN", "-Infinity".
void AppendDouble(std::string& out, double value);
void AppendFloat(std::string& out, float value);
/// "2024-02-29".
void AppendDate(std::string& out, int64_t days);
/// "12:34:56", with precision > 0 then a point and the fraction without trailing zeros, at least
/// one digit.
void AppendTime(std::string& out, int32_t millis, int precision);
/// "2024-02-29 12:34:56.120", exactly `precision` fraction digits; `value` in the unit of that
/// precision. `separator` is put between date and time.
void AppendTimestamp(std::string& out, int64_t value, int precision, char separator = ' ');

// Parsers that follow Flink's CAST from STRING; nullopt means that it fails there.

/// "true", "t", "yes", "y", "1" and their opposites, in any case, spaces around.
std::optional<bool> ParseBoolean(std::string_view text);
/// A decimal integer; a fraction is cut off ("12.7" is 12). nullopt beyond int64.
std::optional<int64_t> ParseInteger(std::string_view text);
/// Rounded half up to `scale`; nullopt when it has more than `precision` digits then.
std::optional<Int128> ParseDecimal(std::string_view text, int precision, int scale);
std::optional<double> ParseDouble(std::string_view text);
std::optional<float> ParseFloat(std::string_view text);
/// Days; "2024-2-9", "2024-02", "2024"; what follows a space is ignored.
std::optional<int32_t> ParseDate(std::string_view text);
/// Milliseconds of the day: "12", "12:34", "12:34:56.789", an offset behind it.
std::optional<int32_t> ParseTime(std::string_view text);
/// In the unit of `precision`: "2024-2-9" or "2024-02-09 1:02:03.123456789"; finer digits are cut
/// off.
std::optional<int64_t> ParseTimestamp(std::string_view text, int precision);
/// The same in ISO form: 'T' between date and time, seconds may be missing; with `needs_zone` a 'Z'
/// or an offset must follow and the result is in UTC, else none may.
std::optional<int64_t> ParseIsoTimestamp(std::string_view text, int precision, bool needs_zone);

}  // namespace forebay::model
