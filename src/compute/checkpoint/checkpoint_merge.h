#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "compute/checkpoint/checkpoint_file.h"

namespace forebay::compute {

/// How the names of files begin that live as long as a merge.
inline constexpr std::string_view kMergePiecePrefix = "piece-";

/// Merges checkpoint files of one job, the oldest first, into a sorted one of `kind` (kRun or
/// kBase) at `path`: of each key the newest entry; a kBase leaves removed ones out. Synced; gives
/// its size. All inputs are read in pieces; those of large deltas are sorted into files of their
/// own beside `path`, which are gone in the end. kCorruption names a damaged input.
Result<uint64_t> MergeCheckpointFiles(io::FileSystem& fs, const std::vector<std::string>& inputs,
                                      const std::string& path, CheckpointFileKind kind,
                                      int64_t checkpoint_id);

}  // namespace forebay::compute
