#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"

namespace forebay::format {

/// Why a text is no row: which row (1-based), which column (empty: the row as a whole), and the reason.
struct RowError {
  int64_t row = 0;
  std::string column;
  std::string reason;

  /// kInvalidArgument, "row 3, column 'price': 'abc' is not a DECIMAL(10, 2)".
  Error ToError() const {
    if (column.empty()) return InvalidArgument("row {}: {}", row, reason);
    return InvalidArgument("row {}, column '{}': {}", row, column, reason);
  }
};

}  // namespace forebay::format
