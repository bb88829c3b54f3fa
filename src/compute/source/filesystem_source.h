#pragma once

#include "compute/runtime/environment.h"
#include "compute/source/source.h"

namespace forebay::compute {

/// Flink's filesystem connector: `path` is a file or a directory (read with its subdirectories,
/// names that begin with '.' or '_' left out), `format` one of format_options.h. A split is a file;
/// its position is the number of rows read, so that a restored job skips them. With
/// 'source.monitor-interval' it is unbounded: each shard watches for its share of new files.
Result<std::unique_ptr<Source>> MakeFilesystemSource(const sql::TableScanNode& node,
                                                     const JobContext& context);

}  // namespace forebay::compute
