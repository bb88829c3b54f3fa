#pragma once

#include <optional>
#include <vector>

#include "client/connection.h"

namespace forebay::lake {

/// Tells storage how far the lake has a table's rows, or those of a partition, by bucket. A
/// partition that is gone meanwhile needs to know nothing.
Status TellLakeOffsets(client::Admin& admin, const model::TablePath& table,
                       std::optional<model::PartitionId> partition,
                       const std::vector<model::LogOffset>& offsets);

}  // namespace forebay::lake
