#pragma once

#include <map>
#include <vector>

#include "compute/job/job_graph.h"

namespace forebay::compute {

/// The joins that can take the rows of one of their inputs from an arrangement: regular joins on
/// equal keys, whose input is a scan of all rows of a stored table with a primary key (its
/// changelog with full images, without partitions), read by nobody else, and whose rows the join
/// neither pads nor counts. The right input, if both would do.
std::map<const sql::PlanNode*, SharedInput> FindSharedInputs(
    const std::vector<sql::PlanPtr>& roots);

/// Whether a job's settings ask for it. A state that forgets rows after a time is not shared.
Result<bool> SharesState(const JobContext& context);

/// The scan with the column kVersionColumn behind its own.
sql::PlanPtr ScanWithVersions(const sql::TableScanNode& scan);

}  // namespace forebay::compute
