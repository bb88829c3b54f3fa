#pragma once

#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "model/column.h"

namespace forebay::format {

/// One cell of Fluss's compacted row format:
///   BOOLEAN, TINYINT 1 byte; SMALLINT 2; FLOAT, DOUBLE raw; INT, DATE, TIME (ms) and BIGINT LEB128
///   of the two's complement (a negative one has 5 or 10 bytes); strings LEB128 length and bytes;
///   DECIMAL(p <= 18) as BIGINT, wider ones length and the shortest big-endian two's complement;
///   TIMESTAMP(p <= 3) ms as BIGINT, finer ones ms and then nanoseconds of the ms.
/// ARRAY, MAP and ROW length and bytes as in binary_row.h.

/// Appends a cell that is not NULL; its type has passed CheckRowTypes.
Status AppendCompactedCell(const model::Column& column, int row, std::string& out);

/// Reads a cell of the builder's type and appends it. kCorruption for bytes that are no such cell.
Status ReadCompactedCell(ByteReader& reader, model::ColumnBuilder& builder);

/// Steps over a cell.
Status SkipCompactedCell(ByteReader& reader, const model::DataType& type);

}  // namespace forebay::format
