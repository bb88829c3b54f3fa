#pragma once

#include "compute/runtime/environment.h"
#include "compute/source/source.h"

namespace forebay::compute {

/// The source of a TableScan or Values node, by its connector: forebay (its own tables),
/// filesystem, datagen. kNotSupported for others. `context` and `node` must outlive the source and
/// its readers.
Result<std::unique_ptr<Source>> MakeSource(const sql::PlanNode& node, const JobContext& context);

}  // namespace forebay::compute
