#pragma once

#include "model/table.h"
#include "sql/plan/plan.h"

namespace forebay::compute {

/// Whether rows of `partition` may pass the filters that the plan gave to the scan: false only when
/// one of them compares a partition key with other constants (=, IN).
bool MayHoldRows(const sql::TableScanNode& scan, const model::PartitionInfo& partition);

}  // namespace forebay::compute
