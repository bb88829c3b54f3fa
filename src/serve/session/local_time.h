#pragma once

#include <memory>
#include <string>

#include "base/time_zone.h"
#include "model/batch.h"

namespace forebay::serve {

/// Shows TIMESTAMP_LTZ, which is a moment, as the local time of a session's zone.
/// Thread-compatible.
class LocalTime {
 public:
  /// `zone`: 'UTC', 'Europe/Berlin', 'GMT+08:00'; an error when there is none of that name.
  static Result<LocalTime> In(const std::string& zone);

  /// `rows` with the cells of TIMESTAMP_LTZ columns moved, in nested columns too.
  model::Batch Apply(model::Batch rows) const;

 private:
  std::shared_ptr<TimeZone> zone_;  ///< null: UTC, nothing to move
};

}  // namespace forebay::serve
