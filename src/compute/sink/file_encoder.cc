#include "compute/sink/file_encoder.h"

#include <algorithm>

#include "format/parquet_file.h"

namespace forebay::compute {

using model::Batch;
using model::TypeRoot;

namespace {

Status CheckRaw(const sql::TableRef& table, const model::Schema& schema) {
  const std::string* charset = FindOption(table, "raw.charset");
  bool plain = charset == nullptr || *charset == "UTF-8";
  bool one = schema.columns.size() == 1;
  if (one && plain && (schema.columns[0].type.IsCharacter() || schema.columns[0].type.IsBytes())) {
    return {};
  }
  return NotSupported(
      "writing the raw format but of one STRING or BYTES column, in UTF-8 (table {})",
      table.path.ToString());
}

}  // namespace

Result<FileEncoding> FileEncoding::Of(const sql::TableRef& table) {
  FileEncoding encoding;
  ASSIGN_OR_RETURN(encoding.format, FileFormatOf(table));
  const auto& keys = table.info.descriptor.partition_keys;
  for (const model::ColumnSpec& column : table.info.descriptor.schema.columns) {
    if (std::find(keys.begin(), keys.end(), column.name) != keys.end()) continue;
    encoding.schema.columns.push_back(column);
    encoding.names.push_back(column.name);
  }
  switch (encoding.format) {
    case FileFormat::kCsv: {
      ASSIGN_OR_RETURN(encoding.csv, CsvOptionsOf(table));
      break;
    }
    case FileFormat::kChangeJson: {
      ASSIGN_OR_RETURN(format::ChangeJsonOptions options, ChangeJsonOptionsOf(table));
      if (options.schema_include) {
        return InvalidArgument(
            "'debezium-json.schema-include' is for reading: changes are written without a schema");
      }
      encoding.change = options.kind;
      ASSIGN_OR_RETURN(encoding.json, JsonWriteOptionsOf(table));
      break;
    }
    case FileFormat::kJson: {
      ASSIGN_OR_RETURN(encoding.json, JsonWriteOptionsOf(table));
      break;
    }
    case FileFormat::kParquet:
      encoding.compression = "SNAPPY";
      if (auto* codec = FindOption(table, "parquet.compression")) encoding.compression = *codec;
      break;
    case FileFormat::kAvro: {
      const std::string* codec = FindOption(table, "avro.codec");
      ASSIGN_OR_RETURN(encoding.avro,
                       format::AvroCodecByName(codec == nullptr ? "snappy" : *codec));
      ASSIGN_OR_RETURN(encoding.legacy_timestamps,
                       BoolOption(table, "avro.timestamp_mapping.legacy", true));
      break;
    }
    case FileFormat::kRaw: RETURN_IF_ERROR(CheckRaw(table, encoding.schema)); break;
  }
  return encoding;
}

const char* FileEncoding::extension() const {
  static constexpr const char* kExtensions[] = {".csv", ".json", ".parquet", ".avro", "", ".json"};
  return kExtensions[static_cast<int>(format)];
}

Result<std::string_view> TextEncoder::Encode(const Batch& batch, std::span<const uint32_t> rows) {
  if (encoding_.format == FileFormat::kCsv) return csv_.Write(batch, rows);
  text_.clear();
  for (uint32_t row : rows) RETURN_IF_ERROR(AddRow(batch, static_cast<int>(row)));
  return std::string_view(text_);
}

Status TextEncoder::AddRow(const Batch& batch, int row) {
  switch (encoding_.format) {
    case FileFormat::kJson:
      RETURN_IF_ERROR(format::AppendJsonRow(text_, encoding_.names, batch, row, encoding_.json));
      break;
    case FileFormat::kChangeJson:
      RETURN_IF_ERROR(format::AppendChangeJson(text_, encoding_.change, encoding_.names, batch, row,
                                               encoding_.json));
      break;
    default:
      if (!batch.columns[0].IsNull(row)) text_ += batch.columns[0].GetString(row);
  }
  text_ += '\n';
  return {};
}

Status FileEncoder::Add(const Batch& batch, std::span<const uint32_t> rows, TextEncoder& encoder) {
  if (!IsText()) {
    batches_.push_back(batch.Gather(rows));
    bytes_ += batches_.back().MemoryBytes();
    return {};
  }
  ASSIGN_OR_RETURN(std::string_view text, encoder.Encode(batch, rows));
  bytes_ += std::ssize(text);
  return text_.Append(text);
}

Status FileEncoder::WriteBatches() {
  if (encoding_.format == FileFormat::kAvro) {
    ASSIGN_OR_RETURN(auto avro,
                     format::AvroFileWriter::Make(encoding_.schema.columns, encoding_.avro,
                                                  encoding_.legacy_timestamps));
    for (const Batch& batch : batches_) RETURN_IF_ERROR(avro->Write(batch));
    ASSIGN_OR_RETURN(std::string bytes, avro->Finish());
    ASSIGN_OR_RETURN(auto created, fs_.Open(path_, io::OpenMode::kTruncate));
    return created->Append(bytes);
  }
  format::ParquetWriteOptions options;
  options.compression = encoding_.compression;
  ASSIGN_OR_RETURN(auto writer, format::ParquetFileWriter::Open(path_, encoding_.schema, options));
  for (const Batch& batch : batches_) RETURN_IF_ERROR(writer->Write(batch));
  return writer->Close();
}

Status FileEncoder::Finish() {
  if (IsText()) return text_.Finish();
  RETURN_IF_ERROR(WriteBatches());
  batches_.clear();
  ASSIGN_OR_RETURN(auto file, fs_.Open(path_, io::OpenMode::kReadWrite));
  return file->Sync();
}

}  // namespace forebay::compute
