#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "format/batch/log_batch.h"
#include "model/data_type.h"

namespace forebay::format {

/// Cuts columns out of log batches of one schema, in Arrow, without decoding them, and checks that
/// batches have the schema's columns at all. Thread-safe.
class LogBatchProjection {
 public:
  explicit LogBatchProjection(const std::vector<model::DataType>& types);

  /// kCorruption unless the batch's body has as many rows, nodes and buffers as its header and the
  /// table's types say. What the buffers hold is not looked at.
  Status Check(std::string_view batch) const;
  /// The batch with only the columns `indexes`, which rise, and without statistics, which are about
  /// other columns; its buffers are copied as they are.
  Result<std::string> Project(std::string_view batch, const std::vector<int>& indexes) const;

 private:
  struct Column {
    size_t first_node;
    size_t nodes;
    size_t first_buffer;
    size_t buffers;
  };
  std::vector<Column> columns_;
  size_t nodes_ = 0;
  size_t buffers_ = 0;
};

}  // namespace forebay::format
