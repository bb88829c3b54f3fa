#pragma once

#include <span>
#include <string>
#include <string_view>

#include "format/row/row_format.h"

namespace forebay::format {

/// Fluss's indexed row, one of the formats of log batches. Little-endian.
///
///   bits     NULLs, bit i % 8 of byte i / 8 for column i, set when it is NULL
///   int32s   lengths of the cells of variable length that are not NULL, in order; there is room
///            for all columns of such types, what is not used is 0 and at the end
///   cells    those that are not NULL, in order
///
/// Of fixed length: integers, floating numbers, BOOLEAN (1 byte); DATE and TIME (ms) as INT;
/// DECIMAL(p <= 18) and TIMESTAMP(p <= 3) as BIGINT; TIMESTAMP(p > 3) int64 ms and int32
/// nanoseconds of the ms; CHAR(n) and BINARY(n), n bytes, zeros at the end are no part of the
/// value. Of variable length: VARCHAR, VARBINARY, DECIMAL(p > 18) as the shortest big-endian two's
/// complement; ARRAY, MAP and ROW as in binary_row.h.

/// kInvalidArgument for a CHAR or BINARY longer than its type.
Status AppendIndexedRow(std::span<const model::Column> columns, int row, std::string& out);
Status ReadIndexedRow(std::string_view bytes, std::span<const model::DataType> types,
                      const RowTarget& target);

}  // namespace forebay::format
