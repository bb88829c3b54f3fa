#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "base/result.h"
#include "model/batch.h"
#include "sql/plan/plan.h"

namespace forebay::compute {

/// Gives the rows of a bounded scan. Used by one thread at a time.
class BatchReader {
 public:
  virtual ~BatchReader() = default;
  /// The next rows (any number of them); an empty batch at the end. The memory must stay valid
  /// until the next call but one.
  virtual Result<model::Batch> Next() = 0;
};

/// A scan cut into parts that threads may read at the same time.
using BatchReaders = std::vector<std::unique_ptr<BatchReader>>;

/// Opens a table's scan as it is now: lake and log, log alone, files, ... Rows have the columns of
/// `scan.output`. With `limit` any so many of them are enough.
using OpenScan = std::function<Result<BatchReaders>(const sql::TableScanNode& scan,
                                                    std::optional<int64_t> limit)>;

/// A reader over rows that are in memory.
std::unique_ptr<BatchReader> ReaderOf(std::vector<model::Batch> batches);

}  // namespace forebay::compute
