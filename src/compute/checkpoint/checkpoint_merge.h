#pragma once

#include <string>
#include <vector>

#include "compute/checkpoint/checkpoint_file.h"

namespace forebay::compute {

/// Merges checkpoint files of one job, the oldest first, into a sorted one of `kind` (kRun or
/// kBase) at `path`: of each key the newest entry; a kBase leaves removed ones out. Synced; gives
/// its size. Sorted inputs are read in pieces, deltas are held in memory. kCorruption names a
/// damaged input.
Result<uint64_t> MergeCheckpointFiles(io::FileSystem& fs, const std::vector<std::string>& inputs,
                                      const std::string& path, CheckpointFileKind kind,
                                      int64_t checkpoint_id);

}  // namespace forebay::compute
