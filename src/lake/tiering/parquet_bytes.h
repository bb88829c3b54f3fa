#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "format/parquet_file.h"
#include "lake/iceberg/manifest.h"

namespace forebay::lake {

/// A Parquet file made in memory, so that it can be written to any file system and synced there.
/// Thread-compatible.
class ParquetBytes {
 public:
  static Result<std::unique_ptr<ParquetBytes>> Open(const model::Schema& schema,
                                                    std::vector<int> field_ids);
  ~ParquetBytes();
  Status Write(const model::Batch& batch);
  /// The file. Call once.
  Result<std::string> Finish();
  int64_t num_rows() const;

 private:
  struct State;
  explicit ParquetBytes(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// Fills a data file's counts and bounds from the footer of its bytes; `columns` are its flat
/// columns, whose ids are the field ids. Bounds are kept where Parquet's plain encoding is
/// Iceberg's too.
Status FillStatistics(const std::string& bytes, const std::vector<model::ColumnSpec>& columns,
                      DataFile& file);

}  // namespace forebay::lake
