#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "model/column.h"

namespace forebay::format {

/// Appends `text` as a cell of the builder's type, as Flink's json (strings and numbers) and csv
/// formats do: numbers exactly, with spaces around allowed; dates and times in SQL's form,
/// timestamps in SQL's or ISO's; byte strings in base64. Text that does not fit the type is
/// kInvalidArgument, and then nothing was appended.
Status AppendTextCell(model::ColumnBuilder& builder, std::string_view text);

/// "'abc' is not an INT": the reason given for text that does not fit a type; long text is cut.
Error NotOfType(std::string_view text, const model::DataType& type);

/// Standard base64 with padding (RFC 4648).
void AppendBase64(std::string& out, std::string_view bytes);
/// False when `text` is not standard base64.
bool DecodeBase64(std::string_view text, std::string& out);

}  // namespace forebay::format
