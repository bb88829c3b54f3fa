#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
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

/// What becomes of a map entry whose key is NULL, which JSON has no form for.
enum class MapNullKey { kFail, kDrop, kLiteral };

/// Options of Flink's json formats for writing.
struct JsonWriteOptions {
  bool iso_timestamps = false;      ///< "2024-03-01T12:00:00" rather than "2024-03-01 12:00:00"
  bool plain_decimals = false;      ///< never in scientific notation
  bool ignore_null_fields = false;  ///< fields that are NULL are left out
  MapNullKey map_null_key = MapNullKey::kFail;
  std::string map_null_key_literal = "null";
};

/// Appends the row as Flink's json format writes it: an object in column order, NULLs included,
/// DECIMAL as number, timestamps in SQL's form (TIMESTAMP_LTZ with 'Z'), byte strings in base64. No
/// line end. `names` are the columns' names. kInvalidArgument for a NULL key under kFail, with part
/// of the row appended.
Status AppendJsonRow(std::string& out, const std::vector<std::string>& names,
                     const model::Batch& batch, int row, const JsonWriteOptions& options = {});

}  // namespace forebay::format
