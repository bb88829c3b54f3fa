#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/time_zone.h"
#include "model/column.h"
#include "model/value_text.h"

namespace forebay::compute {

using model::AppendDecimal;
using model::AppendDouble;
using model::AppendFloat;
using model::ParseDouble;
using model::ParseInteger;

/// The cell as CAST(... AS STRING) shows it; `zone` is that of TIMESTAMP_LTZ cells and may be null
/// when there are none.
void AppendCell(std::string& out, const model::Column& column, int row, TimeZone* zone);

/// Text without blanks and control characters at its ends.
std::string_view TrimBlanks(std::string_view text);
/// Bytes of the first `count` characters.
size_t PrefixBytes(std::string_view text, size_t count);
/// Characters (code points) of UTF-8 text.
size_t CountCharacters(std::string_view text);

}  // namespace forebay::compute
