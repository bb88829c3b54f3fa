#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"

namespace forebay::compute {

/// How many rows of Parquet files meet a condition, by a DuckDB of its own that knows nothing of
/// Forebay.
Result<int64_t> CountParquetRows(const std::vector<std::string>& paths,
                                 const std::string& condition);

}  // namespace forebay::compute
