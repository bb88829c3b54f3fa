#pragma once

#include "compute/runtime/environment.h"
#include "compute/source/source.h"

namespace forebay::compute {

/// The connector `nexmark`: the events of the Nexmark benchmark, of a table with the columns
/// event_type, person, auction and bid. `events` (endless), `rate`, the events a second of event
/// time (10000), and `path`, a file of events to read rather than make.
Result<std::unique_ptr<Source>> MakeNexmarkSource(const sql::TableScanNode& node,
                                                  const JobContext& context);

}  // namespace forebay::compute
