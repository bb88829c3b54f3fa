#pragma once

#include <string>

#include "base/result.h"
#include "model/table.h"

namespace forebay::compute {

/// Where the reading of a bucket stands. As text: "log 17 end 40", "snapshot 0 end -1", "lake
/// <rows> then 17 end -1 of <snapshot>".
struct SplitPosition {
  enum class Phase { kLake, kSnapshot, kLog };

  Phase phase = Phase::kLog;
  model::LogOffset offset = 0;  ///< kLog: the next one; kLake: where the log goes on
  model::LogOffset end = -1;    ///< the log is read up to here; -1: for ever
  int64_t lake_rows = 0;        ///< kLake: rows read so far
  std::string lake_snapshot;    ///< kLake

  bool IsAtEnd() const { return phase == Phase::kLog && end >= 0 && offset >= end; }
  std::string ToString() const;
  static Result<SplitPosition> Parse(std::string_view text);
};

}  // namespace forebay::compute
