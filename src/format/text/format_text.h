#pragma once

#include <string>
#include <string_view>

#include "model/column.h"

namespace forebay::format {

/// Appends a cell that is neither NULL nor nested as the text that Flink's json and csv formats put
/// into strings: "true", numbers as Java writes them, dates and times in SQL's form, timestamps
/// without trailing zeros and, for TIMESTAMP_LTZ, with 'Z'; byte strings in base64.
void AppendFormatText(std::string& out, const model::Column& column, int row);

/// Appends a decimal number, given without an exponent, as Java's BigDecimal prints it once its
/// trailing zeros are gone: "1.5", "1E+2", "1E-7".
void AppendJavaDecimal(std::string& out, std::string_view number);

}  // namespace forebay::format
