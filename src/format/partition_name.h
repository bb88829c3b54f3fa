#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/batch.h"

namespace forebay::format {

/// Appends a cell as a partition's value (org.apache.fluss.utils.PartitionNameConverters): DATE as
/// "2024-02-29", TIMESTAMP as "2024-02-29-12-34-56_123", bytes as hex digits, FLOAT and DOUBLE with
/// '_' for the point. kInvalidArgument for NULL.
Status AppendPartitionValue(std::string& out, const model::Column& column, int row);

/// Appends the cell that such a text stands for. kInvalidArgument when it stands for none of the
/// column's type.
Status ParsePartitionValue(std::string_view text, model::ColumnBuilder& column);

/// Which rows of a batch belong to which partition.
struct PartitionedRows {
  std::vector<std::vector<std::string>> values;  ///< of each partition that occurs
  std::vector<int> partition_of_row;             ///< index in `values`
};
/// By the columns `keys`, the partition keys in order.
Result<PartitionedRows> PartitionRows(const model::Batch& batch, const std::vector<int>& keys);

}  // namespace forebay::format
