#pragma once

#include <span>
#include <string>
#include <vector>

#include "compute/source/format_options.h"
#include "format/avro/avro_file.h"
#include "format/text/csv_writer.h"
#include "io/block_writer.h"
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

/// Rows as text of the formats that have one. Thread-compatible.
class TextEncoder {
 public:
  explicit TextEncoder(const FileEncoding& encoding) : encoding_(encoding), csv_(encoding.csv) {}

  /// Rows `rows` of the batch, which has the files' columns; valid until the next call.
  Result<std::string_view> Encode(const model::Batch& batch, std::span<const uint32_t> rows);

 private:
  Status AddRow(const model::Batch& batch, int row);

  const FileEncoding& encoding_;
  format::CsvRowWriter csv_;
  std::string text_;
};

/// Makes one file: text goes into it in blocks, rows of other formats are kept until it ends.
/// Thread-compatible.
class FileEncoder {
 public:
  FileEncoder(const FileEncoding& encoding, io::FileSystem& fs, std::string path)
      : encoding_(encoding), fs_(fs), path_(path), text_(fs, std::move(path)) {}

  /// Rows `rows` of the batch, which has the files' columns. `encoder` may be that of other files.
  Status Add(const model::Batch& batch, std::span<const uint32_t> rows, TextEncoder& encoder);
  /// Of all rows so far.
  int64_t bytes() const { return bytes_; }
  /// What of them is in memory.
  int64_t buffered_bytes() const {
    return IsText() ? static_cast<int64_t>(text_.buffered_bytes()) : bytes_;
  }
  /// The file is there, and open.
  bool is_open() const { return text_.is_open(); }
  /// Writes what is in memory, and syncs the file.
  Status Finish();

 private:
  bool IsText() const {
    return encoding_.format != FileFormat::kParquet && encoding_.format != FileFormat::kAvro;
  }
  Status WriteBatches();

  const FileEncoding& encoding_;
  io::FileSystem& fs_;
  const std::string path_;
  io::BlockWriter text_;
  std::vector<model::Batch> batches_;  ///< of the formats that are written as a whole
  int64_t bytes_ = 0;
};

}  // namespace forebay::compute
