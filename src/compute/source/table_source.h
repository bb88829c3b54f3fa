#pragma once

#include "compute/runtime/environment.h"
#include "compute/source/source.h"

namespace forebay::compute {

/// Reads one of Forebay's own tables; its buckets are the splits. A log table is read from
/// `scan.startup.mode` (`full` and `earliest`: the lake's part, if there is one, then the log;
/// `latest`; `timestamp` with `scan.startup.timestamp`). A table with a primary key begins with a
/// snapshot of its rows and goes on with the changelog from there.
///
/// The source is bounded with `scan.bounded.mode` = `latest-offset` and in batch jobs: it ends
/// where the log ended when the job started.
Result<std::unique_ptr<Source>> MakeTableSource(const sql::TableScanNode& node,
                                                const JobContext& context);

}  // namespace forebay::compute
