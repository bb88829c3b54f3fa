#pragma once

#include <string>

#include "model/column.h"

namespace forebay::format {

/// Appends a cell that is neither NULL nor nested as the text that Flink's json and csv formats put
/// into strings: "true", numbers as Java writes them, dates and times in SQL's form, timestamps
/// without trailing zeros and, for TIMESTAMP_LTZ, with 'Z'; byte strings in base64.
void AppendFormatText(std::string& out, const model::Column& column, int row);

}  // namespace forebay::format
