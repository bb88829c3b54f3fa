#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "model/batch.h"
#include "model/table.h"

namespace forebay::format {

/// An Arrow IPC stream with the schema and, when there are rows, one batch of them.
Result<std::string> ToArrowStream(const model::Batch& batch, const model::Schema& schema);

/// The one batch of an Arrow IPC stream, whose columns stand for `types`. The bytes may come from
/// anybody: everything in them is checked. kCorruption, or kInvalidArgument for other columns.
Result<model::Batch> FromArrowStream(std::string_view bytes,
                                     const std::vector<model::DataType>& types);

}  // namespace forebay::format
