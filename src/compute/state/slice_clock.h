#pragma once

#include <cstddef>
#include <cstdint>

#include "base/clock.h"

namespace forebay::compute {

/// Tells when a slice of a snapshot has taken its time; it asks the system for the time once for
/// many entries.
class SliceClock {
 public:
  /// A deadline of MonotonicNs(); INT64_MAX: none.
  explicit SliceClock(int64_t deadline_ns) : deadline_ns_(deadline_ns) {}

  /// Once after every entry.
  bool IsPast() {
    if (++entries_ % kEntriesPerLook != 0 || deadline_ns_ == INT64_MAX) return false;
    return MonotonicNs() >= deadline_ns_;
  }

 private:
  /// Few, since each may have to be read from disk.
  static constexpr size_t kEntriesPerLook = 4;
  const int64_t deadline_ns_;
  size_t entries_ = 0;
};

}  // namespace forebay::compute
