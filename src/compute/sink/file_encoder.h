#pragma once

#include <span>
#include <string>
#include <vector>

#include "compute/source/format_options.h"
#include "format/avro/avro_file.h"
#include "io/file_system.h"
#include "model/batch.h"
#include "sql/plan/plan.h"

namespace forebay::compute {

/// How a sink of the filesystem connector writes its files.
struct FileEncoding {
  FileFormat format = FileFormat::kCsv;
  model::Schema schema;  ///< of the files: without the partition columns
  std::vector<std::string> names;
  format::CsvOptions csv;
  format::JsonWriteOptions json;
  format::ChangeJson change = format::ChangeJson::kDebezium;
  std::string compression;  ///< of Parquet
  format::AvroCodec avro = format::AvroCodec::kSnappy;
  bool legacy_timestamps = true;  ///< of Avro

  static Result<FileEncoding> Of(const sql::TableRef& table);
  const char* extension() const;
};

/// Makes one file: text in memory as it is to be written, or rows until there is a file to write
/// them to. Thread-compatible.
class FileEncoder {
 public:
  explicit FileEncoder(const FileEncoding& encoding) : encoding_(encoding) {}

  /// Rows `rows` of the batch, which has the files' columns.
  Status Add(const model::Batch& batch, std::span<const uint32_t> rows);
  bool empty() const { return num_rows_ == 0; }
  int64_t bytes() const { return bytes_; }
  /// Writes and syncs the file, and is empty again.
  Status WriteTo(io::FileSystem& fs, const std::string& path);

 private:
  Status AddText(const model::Batch& batch, int row);
  Status WriteRows(io::FileSystem& fs, const std::string& path);

  const FileEncoding& encoding_;
  std::string text_;
  std::vector<model::Batch> batches_;  ///< of the formats that are written as a whole
  int64_t num_rows_ = 0;
  int64_t bytes_ = 0;
};

}  // namespace forebay::compute
