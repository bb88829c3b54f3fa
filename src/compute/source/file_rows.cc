#include "compute/source/file_rows.h"

#include <algorithm>

#include "compute/source/format_options.h"
#include "compute/source/line_file.h"
#include "format/avro/avro_file.h"
#include "format/parquet_file.h"
#include "format/text/csv_rows.h"

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

/// Gives bad records of CSV their file's name.
class NamedBadRecords {
 public:
  NamedBadRecords(std::string path, BadRecords* bad) : path_(std::move(path)), bad_(bad) {}
  Status Take(std::string_view record, const format::RowError& error) const {
    return bad_->Take(
        {std::string(record), error.ToError().message, fmt::format("{} row {}", path_, error.row)});
  }

 private:
  const std::string path_;
  BadRecords* const bad_;
};

std::vector<model::DataType> TypesOf(const std::vector<model::ColumnSpec>& columns) {
  std::vector<model::DataType> types;
  for (const auto& column : columns) types.push_back(column.type);
  return types;
}

class CsvFile : public FileRows {
 public:
  CsvFile(FileChunks chunks, std::vector<model::ColumnSpec> all, std::vector<int> columns,
          const format::CsvOptions& options)
      : chunks_(std::move(chunks)),
        reader_(all, options),
        builder_(TypesOf(all)),
        columns_(std::move(columns)) {}

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
  FileChunks chunks_;
  format::CsvRowReader reader_;
  model::BatchBuilder builder_;
  const std::vector<int> columns_;
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

class AvroFile : public FileRows {
 public:
  AvroFile(FileChunks chunks, const std::vector<model::ColumnSpec>& columns)
      : chunks_(std::move(chunks)), reader_(columns), builder_(TypesOf(columns)) {}

  Result<Batch> Next() override {
    while (!ended_) {
      ASSIGN_OR_RETURN(std::string_view chunk, chunks_.Next());
      ended_ = chunk.empty();
      RETURN_IF_ERROR(ended_ ? reader_.Finish() : reader_.Feed(chunk, builder_));
      if (builder_.num_rows() > 0) return builder_.Finish();
    }
    return Batch();
  }

 private:
  FileChunks chunks_;
  format::AvroFileReader reader_;
  model::BatchBuilder builder_;
  bool ended_ = false;
};

/// Puts in what the path says, and the file's name into errors.
class LaidOutFile : public FileRows {
 public:
  LaidOutFile(const FileLayout& layout, FileFacts facts, std::unique_ptr<FileRows> rows)
      : layout_(layout), facts_(std::move(facts)), rows_(std::move(rows)) {}

  Result<Batch> Next() override {
    auto batch = rows_->Next();
    if (batch.ok() && batch->num_rows > 0) batch = layout_.Assemble(*batch, facts_);
    if (!batch.ok()) return batch.status().WithContext(facts_.path);
    return batch;
  }

 private:
  const FileLayout& layout_;
  const FileFacts facts_;
  std::unique_ptr<FileRows> rows_;
};

/// CSV has its columns by position: all are read, then those that are wanted are taken.
Result<std::unique_ptr<FileRows>> OpenCsv(FileChunks chunks, const std::string& path,
                                          const sql::TableScanNode& scan, const FileLayout& layout,
                                          BadRecords* bad) {
  ASSIGN_OR_RETURN(format::CsvOptions options, CsvOptionsOf(scan.table));
  const auto& descriptor = scan.table.info.descriptor;
  std::vector<model::ColumnSpec> all;
  for (const model::ColumnSpec& column : descriptor.schema.columns) {
    const auto& keys = descriptor.partition_keys;
    if (std::find(keys.begin(), keys.end(), column.name) == keys.end()) all.push_back(column);
  }
  std::vector<int> wanted;
  for (const model::ColumnSpec& column : layout.columns()) {
    auto same = [&](const model::ColumnSpec& each) { return each.name == column.name; };
    wanted.push_back(static_cast<int>(std::find_if(all.begin(), all.end(), same) - all.begin()));
  }
  if (bad != nullptr) {
    options.on_bad_record = [named = NamedBadRecords(path, bad)](std::string_view record,
                                                                 const format::RowError& error) {
      return named.Take(record, error);
    };
  }
  return std::unique_ptr<FileRows>(
      std::make_unique<CsvFile>(std::move(chunks), std::move(all), std::move(wanted), options));
}

Result<std::unique_ptr<FileRows>> OpenByFormat(io::FileSystem& fs, const std::string& path,
                                               const sql::TableScanNode& scan,
                                               const FileLayout& layout, BadRecords* bad) {
  ASSIGN_OR_RETURN(FileFormat file_format, FileFormatOf(scan.table));
  if (file_format == FileFormat::kParquet) {
    ASSIGN_OR_RETURN(auto reader, format::ParquetFileReader::Open(path));
    RETURN_IF_ERROR(reader->Select(layout.columns()));
    return std::unique_ptr<FileRows>(std::make_unique<ParquetFile>(std::move(reader)));
  }
  ASSIGN_OR_RETURN(FileChunks chunks, FileChunks::Open(fs, path));
  if (file_format == FileFormat::kCsv) return OpenCsv(std::move(chunks), path, scan, layout, bad);
  if (file_format == FileFormat::kAvro) {
    return std::unique_ptr<FileRows>(
        std::make_unique<AvroFile>(std::move(chunks), layout.columns()));
  }
  ASSIGN_OR_RETURN(auto decoder, MakeLineDecoder(file_format, scan.table, layout));
  const std::string* format = FindOption(scan.table, "format");
  ASSIGN_OR_RETURN(bool skips, BoolOption(scan.table, *format + ".ignore-parse-errors", false));
  return std::unique_ptr<FileRows>(
      std::make_unique<LineFile>(std::move(chunks), path, std::move(decoder), skips, bad));
}

}  // namespace

Result<std::unique_ptr<FileRows>> OpenFileRows(io::FileSystem& fs, const FileFacts& facts,
                                               const sql::TableScanNode& scan,
                                               const FileLayout& layout, BadRecords* bad) {
  auto rows = OpenByFormat(fs, facts.path, scan, layout, bad);
  if (!rows.ok()) return rows.status().WithContext(facts.path);
  return std::unique_ptr<FileRows>(
      std::make_unique<LaidOutFile>(layout, facts, std::move(rows).value()));
}

}  // namespace forebay::compute
