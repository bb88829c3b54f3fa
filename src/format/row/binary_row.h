#pragma once

#include <span>
#include <string>
#include <string_view>

#include "format/row/row_format.h"

namespace forebay::format {

/// Fluss's AlignedRow, which is Flink's and Paimon's BinaryRow: the bounds of log batch statistics
/// and Paimon's bucket keys. Little-endian, all offsets count from the row's first byte.
///
///   byte  0  uint8  row kind                0: +I
///         1  bits   NULLs                   bit i: column i; with byte 0 rounded up to 8 bytes
///            8 bytes a column               see below
///            variable part                  pieces of whole 8 bytes, zero-padded
///
/// A cell of 8 bytes: integers, floating numbers and BOOLEAN in its first bytes; DATE and TIME
/// (ms) as INT; DECIMAL(p <= 18) and TIMESTAMP(p <= 3) as BIGINT; strings up to 7 bytes as they
/// are with 0x80 | length in byte 7. Everything else is in the variable part, and the cell has
/// uint32 size and uint32 offset: strings; DECIMAL(p > 18) as big-endian two's complement in 16
/// bytes; ARRAY, MAP and ROW; TIMESTAMP(p > 3) as ms, its cell's size is the nanoseconds in the ms.
///
/// An ARRAY: int32 number of elements, a bit an element that is set when it is NULL, in whole 4
/// bytes, elements of 1, 2, 4 or 8 bytes (as above, offsets from the array's first byte), padding
/// to 8 bytes, the variable part. A MAP: int32 bytes of the key array, the key array, the value
/// array. A ROW in an ARRAY or MAP is in the format of the outermost row.

Status AppendAlignedRow(std::span<const model::Column> columns, int row, std::string& out);
Status ReadAlignedRow(std::string_view bytes, std::span<const model::DataType> types,
                      const RowTarget& target);

/// The ARRAY, MAP or ROW of `column` at `row`, which is not NULL, as it is inside a row of
/// `format`.
Status AppendNested(RowFormat format, const model::Column& column, int row, std::string& out);
/// Reads what AppendNested wrote and appends it to a builder of that type.
Status ReadNested(RowFormat format, std::string_view bytes, model::ColumnBuilder& builder);

}  // namespace forebay::format
