#pragma once

#include <cstdint>

namespace forebay::sql {

/// Where the frame of an OVER window begins or ends; as written, and as planned.
enum class FrameBoundKind : uint8_t {
  kUnboundedPreceding,
  kPreceding,
  kCurrentRow,
  kFollowing,
  kUnboundedFollowing
};

/// `offset` counts rows (ROWS) or is a distance in the unit of the ordering column (RANGE; time
/// columns: milliseconds).
struct FrameBound {
  FrameBoundKind kind = FrameBoundKind::kUnboundedPreceding;
  int64_t offset = 0;
  friend bool operator==(const FrameBound&, const FrameBound&) = default;
};

/// The rows around a row that an OVER window looks at. RANGE frames reach to the last row that is
/// equal in order.
struct OverFrame {
  bool is_rows = false;
  FrameBound start;
  FrameBound end{FrameBoundKind::kCurrentRow, 0};
  friend bool operator==(const OverFrame&, const OverFrame&) = default;
};

}  // namespace forebay::sql
