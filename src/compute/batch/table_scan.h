#pragma once

#include "compute/batch/batch_scan.h"
#include "compute/runtime/environment.h"

namespace forebay::compute {

/// Opens scans of batch queries: Forebay's tables as they are when the scan is opened (what is in
/// the lake and the log after it; of primary-key tables the present rows), and every other
/// connector whose source is bounded in batch jobs. `context` and its environment must outlive the
/// scans and their readers.
OpenScan MakeOpenScan(const JobContext& context);

}  // namespace forebay::compute
