#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "base/result.h"

namespace forebay {

/// A time zone of the system's database, or a fixed offset ("GMT+08:00", "+8"). Remembers the
/// period it was last asked about, so it belongs to one thread.
class TimeZone {
 public:
  static Result<std::shared_ptr<TimeZone>> Find(std::string_view name);
  virtual ~TimeZone() = default;

  /// Seconds to add to UTC at that moment (seconds since the epoch, UTC).
  int64_t OffsetAt(int64_t utc_seconds);
  /// Seconds to take off local time. A time that does not exist is moved on by the gap's length; of
  /// two, the earlier moment is taken: Java's rules.
  int64_t OffsetOfLocal(int64_t local_seconds);

 protected:
  struct Period {
    int64_t begin = 0, end = 0;  ///< UTC seconds
    int64_t offset = 0;
  };
  virtual Period PeriodAt(int64_t utc_seconds) const = 0;

 private:
  Period last_;
};

}  // namespace forebay
