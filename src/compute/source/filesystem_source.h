#pragma once

#include "compute/runtime/environment.h"
#include "compute/source/source.h"

namespace forebay::compute {

/// Flink's filesystem connector, bounded: `path` is a file or a directory (read with its
/// subdirectories, names that begin with
/// '.' or '_' left out), `format` is csv, json or parquet with Flink's options
/// `csv.field-delimiter`, `csv.quote-character`, `csv.null-literal`, `csv.array-element-delimiter`.
/// A split is a file; its position is the number of rows read, so that a restored job skips them.
Result<std::unique_ptr<Source>> MakeFilesystemSource(const sql::TableScanNode& node,
                                                     const JobContext& context);

}  // namespace forebay::compute
