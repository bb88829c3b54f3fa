#pragma once

#include "compute/runtime/environment.h"
#include "compute/source/source.h"

namespace forebay::compute {

/// What to say of a table whose connector cannot be `used` so ("read"); `names` are those that can.
Error UnknownConnector(const sql::TableRef& table, std::string_view used,
                       const std::vector<std::string>& names);

/// The source of a TableScan or Values node, by its connector: forebay (its own tables),
/// filesystem, datagen. kNotSupported for others. `context` and `node` must outlive the source and
/// its readers.
Result<std::unique_ptr<Source>> MakeSource(const sql::PlanNode& node, const JobContext& context);

}  // namespace forebay::compute
