#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/batch.h"

namespace forebay::format {

/// What a log batch of version 1 or 2 says about some of its columns, so that a reader with a
/// filter can leave it alone. Little-endian.
///
///   byte  0  uint8  version                1
///         1  int16  number of columns n
///         3  int16  n times: index of the column in the schema
///            int32  n times: number of NULLs
///            int32  bytes of the row of the lowest values, an aligned row (binary_row.h) of these
///                   n columns, NULL where a column has none
///            int32  bytes of the row of the highest values, such a row
struct BatchStatistics {
  std::vector<int> columns;
  /// Like `bounds.columns`, in the order of `columns`.
  std::vector<int> null_counts;
  /// Two rows: the lowest and the highest values.
  model::Batch bounds;
};

/// Whether lowest and highest values are kept of this type: all flat types but CHAR, BINARY and
/// VARBINARY.
bool HasBounds(const model::DataType& type);

/// Statistics of the columns `columns` of `batch`, ascending. Floating numbers are ordered as by
/// Java: -0.0 below 0.0, NaN the highest.
Result<BatchStatistics> CollectStatistics(const model::Batch& batch, std::span<const int> columns);

Status AppendStatistics(const BatchStatistics& statistics, std::string& out);

/// `types` are those of the batch's schema. kCorruption for bytes that are no statistics,
/// kNotSupported for another version: in both cases a reader may go on as if there were none.
Result<BatchStatistics> ReadStatistics(std::string_view bytes,
                                       std::span<const model::DataType> types);

}  // namespace forebay::format
