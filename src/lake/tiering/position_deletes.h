#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/result.h"

namespace forebay::lake {

/// Positions of deleted rows by data file (a path, not a URI).
using PositionDeletes = std::map<std::string, std::vector<int64_t>>;

/// Writes a position delete file (Iceberg v2, "Position Delete Files"): file_path and pos, sorted.
/// Returns its bytes.
Result<std::string> EncodePositionDeletes(const PositionDeletes& deletes);

/// Adds the positions of the delete file at `path` to `deletes`.
Status ReadPositionDeletes(const std::string& path, PositionDeletes& deletes);

}  // namespace forebay::lake
