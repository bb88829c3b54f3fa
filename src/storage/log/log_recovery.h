#pragma once

#include <memory>
#include <string>
#include <vector>

#include "storage/log/log_checkpoint.h"
#include "storage/log/log_segment.h"

namespace forebay::storage {

/// What is left of a bucket's log after a start.
struct RecoveredLog {
  std::vector<std::shared_ptr<LogSegment>> segments;  ///< by offset; the last one is written to
  LogCheckpoint state;                                ///< of the recovered end
  uint64_t cut_bytes = 0;                             ///< of a torn tail
  uint64_t read_from = 0;  ///< in the last segment: what lies before was known to be durable
};

/// Opens the log in `directory`: reads what was written since the last checkpoint, cuts a torn tail
/// at the last whole batch, writes the tail anew so that it is durable whatever happened to it
/// before, and notes as gaps what is damaged in the middle and what was acknowledged (EndRecord)
/// but is missing at either end. Only a failing disk makes it fail.
Result<RecoveredLog> RecoverLog(io::FileSystem& fs, const std::string& directory);

}  // namespace forebay::storage
