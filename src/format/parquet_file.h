#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/batch.h"
#include "model/table.h"
#include "model/value.h"

namespace arrow::io {
class OutputStream;
class RandomAccessFile;
}  // namespace arrow::io

namespace forebay::format {

struct ParquetWriteOptions {
  /// Rows are gathered into row groups of this many.
  int64_t row_group_rows = 128 * 1024;
  int zstd_level = 3;
  /// "SNAPPY", "GZIP", "ZSTD", "LZ4_RAW", "BROTLI" or "UNCOMPRESSED", in any case; empty: ZSTD.
  std::string compression = {};
  /// Iceberg field ids of the columns by index; empty: none. Nested fields get the ids after the
  /// largest.
  std::vector<int> field_ids = {};
};

/// Writes batches of one schema into one Parquet file: zstd, column statistics. Thread-compatible.
class ParquetFileWriter {
 public:
  /// The file is complete only after Close(); the stream is not closed.
  static Result<std::unique_ptr<ParquetFileWriter>> Open(
      std::shared_ptr<arrow::io::OutputStream> stream, const model::Schema& schema,
      ParquetWriteOptions options = {});
  /// The same into a file that must not exist yet or is overwritten.
  static Result<std::unique_ptr<ParquetFileWriter>> Open(const std::string& path,
                                                         const model::Schema& schema,
                                                         ParquetWriteOptions options = {});
  ~ParquetFileWriter();

  Status Write(const model::Batch& batch);
  Status Close();
  int64_t num_rows() const { return num_rows_; }

 private:
  struct State;
  explicit ParquetFileWriter(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
  int64_t num_rows_ = 0;
};

/// What the footer of a Parquet file says of one leaf column, over all row groups.
struct ParquetColumnStatistics {
  int64_t compressed_bytes = 0;
  int64_t value_count = 0;  ///< NULLs included
  std::optional<int64_t> null_count;
  /// Plain-encoded as in Parquet; nullopt when unknown.
  std::optional<std::string> min;
  std::optional<std::string> max;
};

/// Reads one Parquet file as batches. Thread-compatible.
class ParquetFileReader {
 public:
  static Result<std::unique_ptr<ParquetFileReader>> Open(
      std::shared_ptr<arrow::io::RandomAccessFile> file);
  static Result<std::unique_ptr<ParquetFileReader>> Open(const std::string& path);
  ~ParquetFileReader();

  int64_t num_rows() const;
  /// Names of the top-level columns.
  std::vector<std::string> column_names() const;
  /// Statistics of the leaf columns, in file order.
  std::vector<ParquetColumnStatistics> Statistics() const;
  /// Chooses the columns to read, by name (or by field id when all of `field_ids` are given), and
  /// their types. A column the file does not have is NULL. Call once, before Next.
  Status Select(const std::vector<model::ColumnSpec>& columns, bool by_field_id = false);
  /// The next rows, at most Batch::kMaxRows; an empty batch at the end.
  Result<model::Batch> Next();

 private:
  struct State;
  explicit ParquetFileReader(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace forebay::format
