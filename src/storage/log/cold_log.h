#pragma once

#include "storage/log/log_segment.h"

namespace forebay::storage {

/// The part of a bucket's log that lies elsewhere than on this disk: whole batches of the offsets
/// [start, end), none when both are equal. Thread-safe.
class ColdLog {
 public:
  virtual ~ColdLog() = default;
  virtual model::LogOffset start() = 0;
  virtual model::LogOffset end() = 0;
  /// Whole batches from the one that holds `offset` on. kOutOfRange when it is not there.
  virtual Result<LogSlice> Read(model::LogOffset offset, int64_t max_bytes) = 0;
  /// The first offset with a timestamp at or after `timestamp_ms`; end() when there is none.
  virtual Result<model::LogOffset> OffsetAt(int64_t timestamp_ms) = 0;
};

}  // namespace forebay::storage
