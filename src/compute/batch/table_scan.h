#pragma once

#include "compute/batch/batch_letters.h"
#include "compute/batch/batch_scan.h"
#include "compute/runtime/environment.h"

namespace forebay::compute {

/// Opens scans of batch queries: Forebay's tables as they are when the scan is opened (what is in
/// the lake and the log after it; of primary-key tables the present rows), and every other
/// connector whose source is bounded in batch jobs. `letters` take records that cannot be read;
/// null: they end the query. `context`, its environment and `letters` must outlive the scans and
/// their readers.
OpenScan MakeOpenScan(const JobContext& context, BatchLetters* letters);

}  // namespace forebay::compute
