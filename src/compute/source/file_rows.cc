#include "compute/source/file_rows.h"

#include "compute/source/format_options.h"
#include "format/csv_rows.h"
#include "format/json_rows.h"
#include "format/parquet_file.h"

namespace forebay::compute {

using model::Batch;

Result<std::string> FilesystemPath(const sql::TableRef& table) {
  auto it = table.options.find("path");
  if (it == table.options.end() || it->second.empty()) {
    return InvalidArgument("table {} has no 'path'", table.path.ToString());
  }
  std::string_view path = it->second;
  if (path.starts_with("file://")) path.remove_prefix(7);
  if (path.find("://") != std::string_view::npos) {
    return NotSupported("only local files can be read and written, not {}", it->second);
  }
  return std::string(path);
}

namespace {

constexpr size_t kChunkBytes = 1 << 20;

/// Gives a file in chunks; the last one may be short, then empty ones.
class Chunks {
 public:
  static Result<Chunks> Open(io::FileSystem& fs, const std::string& path) {
    Chunks chunks;
    ASSIGN_OR_RETURN(chunks.file_, fs.Open(path, io::OpenMode::kRead));
    return chunks;
  }
  Result<std::string_view> Next() {
    buffer_.resize(kChunkBytes);
    ASSIGN_OR_RETURN(size_t size, file_->ReadAt(offset_, kChunkBytes, buffer_.data()));
    offset_ += size;
    return std::string_view(buffer_.data(), size);
  }

 private:
  std::unique_ptr<io::File> file_;
  uint64_t offset_ = 0;
  std::string buffer_;
};

class CsvFile : public FileRows {
 public:
  CsvFile(Chunks chunks, const sql::TableScanNode& scan, const format::CsvOptions& options)
      : chunks_(std::move(chunks)),
        reader_(scan.table.info.descriptor.schema.columns, options),
        builder_(scan.table.info.descriptor.schema.Types()),
        columns_(scan.columns) {}

  Result<Batch> Next() override {
    while (!ended_) {
      ASSIGN_OR_RETURN(std::string_view chunk, chunks_.Next());
      ended_ = chunk.empty();
      RETURN_IF_ERROR(ended_ ? reader_.Finish(builder_) : reader_.Feed(chunk, builder_));
      if (builder_.num_rows() > 0) return builder_.Finish().Project(columns_);
    }
    return Batch();
  }

 private:
  Chunks chunks_;
  format::CsvRowReader reader_;
  model::BatchBuilder builder_;
  const std::vector<int> columns_;
  bool ended_ = false;
};

/// A JSON object a line: chunks are cut at line ends.
class JsonFile : public FileRows {
 public:
  JsonFile(Chunks chunks, std::vector<model::ColumnSpec> columns)
      : chunks_(std::move(chunks)), reader_(std::move(columns), {.ignore_unknown_fields = true}) {}

  Result<Batch> Next() override {
    while (!ended_) {
      ASSIGN_OR_RETURN(std::string_view chunk, chunks_.Next());
      ended_ = chunk.empty();
      pending_ += chunk;
      size_t end = ended_ ? pending_.size() : pending_.rfind('\n') + 1;
      std::string rest = pending_.substr(end);
      pending_.resize(end);
      bool blank = pending_.find_first_not_of(" \t\r\n") == std::string::npos;
      Result<Batch> batch = blank ? Batch() : reader_.Read(pending_);
      pending_ = std::move(rest);
      if (!batch.ok() || batch->num_rows > 0) return batch;
    }
    return Batch();
  }

 private:
  Chunks chunks_;
  format::JsonRowReader reader_;
  std::string pending_;
  bool ended_ = false;
};

class ParquetFile : public FileRows {
 public:
  explicit ParquetFile(std::unique_ptr<format::ParquetFileReader> reader)
      : reader_(std::move(reader)) {}
  Result<Batch> Next() override { return reader_->Next(); }

 private:
  std::unique_ptr<format::ParquetFileReader> reader_;
};

/// Adds the file's name to errors.
class NamedFile : public FileRows {
 public:
  NamedFile(std::string path, std::unique_ptr<FileRows> rows)
      : path_(std::move(path)), rows_(std::move(rows)) {}
  Result<Batch> Next() override {
    auto batch = rows_->Next();
    if (!batch.ok()) return batch.status().WithContext(path_);
    return batch;
  }

 private:
  const std::string path_;
  std::unique_ptr<FileRows> rows_;
};

Result<std::unique_ptr<FileRows>> OpenByFormat(io::FileSystem& fs, const std::string& path,
                                               const sql::TableScanNode& scan) {
  std::vector<model::ColumnSpec> columns;
  for (int column : scan.columns) {
    columns.push_back(scan.table.info.descriptor.schema.columns[column]);
  }
  ASSIGN_OR_RETURN(FileFormat file_format, FileFormatOf(scan.table));
  if (file_format == FileFormat::kParquet) {
    ASSIGN_OR_RETURN(auto reader, format::ParquetFileReader::Open(path));
    RETURN_IF_ERROR(reader->Select(columns));
    return std::unique_ptr<FileRows>(std::make_unique<ParquetFile>(std::move(reader)));
  }
  ASSIGN_OR_RETURN(Chunks chunks, Chunks::Open(fs, path));
  if (file_format == FileFormat::kJson) {
    return std::unique_ptr<FileRows>(
        std::make_unique<JsonFile>(std::move(chunks), std::move(columns)));
  }
  ASSIGN_OR_RETURN(format::CsvOptions options, CsvOptionsOf(scan.table));
  return std::unique_ptr<FileRows>(std::make_unique<CsvFile>(std::move(chunks), scan, options));
}

}  // namespace

Result<std::unique_ptr<FileRows>> OpenFileRows(io::FileSystem& fs, const std::string& path,
                                               const sql::TableScanNode& scan) {
  auto rows = OpenByFormat(fs, path, scan);
  if (!rows.ok()) return rows.status().WithContext(path);
  return std::unique_ptr<FileRows>(std::make_unique<NamedFile>(path, std::move(rows).value()));
}

}  // namespace forebay::compute
