#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/column.h"

namespace forebay::format {

/// Many compacted rows of one schema (compacted_row.h) as columns, which costs less than one row
/// after the other. Cells of long strings point into the rows, which must outlive the columns.
/// kCorruption for bytes that are no such rows.
Result<std::vector<model::Column>> ReadCompactedColumns(std::span<const std::string_view> rows,
                                                        std::span<const model::DataType> types);

}  // namespace forebay::format
