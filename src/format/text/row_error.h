#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"

namespace forebay::format {

/// Why a text is no row: which row (1-based; 0: the CSV header), which column (empty: the row as a
/// whole), and the reason.
struct RowError {
  int64_t row = 0;
  std::string column;
  std::string reason;

  /// kInvalidArgument, "row 3, column 'price': 'abc' is not a DECIMAL(10, 2)".
  Error ToError() const {
    std::string place = row == 0 ? "header" : "row " + std::to_string(row);
    if (column.empty()) return InvalidArgument("{}: {}", place, reason);
    return InvalidArgument("{}, column '{}': {}", place, column, reason);
  }
};

}  // namespace forebay::format
