#pragma once

#include <string_view>

#include "base/result.h"
#include "lake/iceberg/table_metadata.h"

namespace forebay::lake {

/// Applies a commit as Iceberg's REST catalog gets it (CommitTableRequest) to `metadata`: snapshots
/// added and removed, the branch main, properties. A snapshot takes over where the log goes on from
/// its property "fluss-offsets", and one without it (a compaction) from its parent.
/// `metadata_file` is where `metadata` is. kConflict when the table is not what the request
/// requires, kInvalidArgument for a bad request, kNotSupported for changes of other kinds.
Result<TableMetadata> ApplyTableUpdate(const TableMetadata& metadata, std::string_view request,
                                       const std::string& metadata_file, int64_t now_ms);

}  // namespace forebay::lake
