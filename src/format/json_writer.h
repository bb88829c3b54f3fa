#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "model/batch.h"

namespace forebay::format {

/// Appends `text` as a JSON string. Bytes that are not UTF-8 become U+FFFD.
void AppendJsonString(std::string& out, std::string_view text);

/// Appends the cell as a JSON value for people and programs that read query results: integers and
/// floating-point numbers are numbers, booleans true and false; NaN, infinities, DECIMAL, dates,
/// times, timestamps, intervals and BYTES (hex) are strings as Flink's CAST(x AS STRING) gives
/// them; ARRAY is an array, ROW an object in field order, MAP an object, or an array of [key,
/// value] pairs when its keys are no strings.
void AppendJsonValue(std::string& out, const model::Column& column, int row);

/// Appends the row as Flink's json format writes it: an object in column order, NULLs included,
/// DECIMAL as number, timestamps in SQL's form (TIMESTAMP_LTZ with 'Z'), byte strings in base64. No
/// line end. `names` are the columns' names.
void AppendJsonRow(std::string& out, const std::vector<std::string>& names,
                   const model::Batch& batch, int row);

}  // namespace forebay::format
