#include "format/parquet_file.h"

#include <arrow/array.h>
#include <arrow/io/file.h>
#include <arrow/record_batch.h>
#include <arrow/table.h>
#include <arrow/type.h>
#include <arrow/util/key_value_metadata.h>
#include <parquet/arrow/reader.h>
#include <parquet/arrow/writer.h>
#include <parquet/file_reader.h>
#include <parquet/statistics.h>

#include <algorithm>

#include "base/ascii_case.h"
#include "format/arrow_convert.h"

namespace forebay::format {

using model::Batch;
using model::Column;
using model::ColumnSpec;

namespace {

constexpr const char* kFieldIdKey = "PARQUET:field_id";

Error ParquetError(ErrorKind kind, std::string_view action, const arrow::Status& status) {
  return MakeError(kind, "cannot {} a Parquet file: {}", action, status.message());
}

/// The library throws where it reads foreign bytes; nothing of it leaves this file.
template <typename F>
auto Guarded(std::string_view action, F&& body) -> decltype(body()) {
  try {
    return body();
  } catch (const std::exception& error) {
    return Corruption("cannot {} a Parquet file: {}", action, error.what());
  }
}

/// Gives fields nested in a column their ids as Iceberg does: first all fields of a level, then
/// what is in each of them.
using NextId = int;

std::shared_ptr<arrow::Field> FileField(const model::DataType& type, const arrow::Field& field,
                                        int id, NextId& next);

/// The type in files: as in record batches, but a TIMESTAMP_LTZ says that it is UTC, and nested
/// fields have ids.
std::shared_ptr<arrow::DataType> FileType(const model::DataType& type,
                                          const std::shared_ptr<arrow::DataType>& plain,
                                          bool with_ids, NextId& next) {
  if (type.Is(model::TypeRoot::kTimestampLtz)) {
    return arrow::timestamp(static_cast<const arrow::TimestampType&>(*plain).unit(), "UTC");
  }
  if (type.children().empty()) return plain;
  arrow::FieldVector fields;
  if (plain->id() == arrow::Type::MAP) {
    const auto& map = static_cast<const arrow::MapType&>(*plain);
    fields = {map.key_field(), map.item_field()};
  } else {
    fields = plain->fields();
  }
  int first = with_ids ? next : -1;
  if (with_ids) next += static_cast<int>(fields.size());
  for (size_t i = 0; i < fields.size() && i < type.children().size(); ++i) {
    int id = with_ids ? first + static_cast<int>(i) : -1;
    fields[i] = FileField(type.children()[i], *fields[i], id, next);
  }
  if (plain->id() == arrow::Type::MAP) {
    return std::make_shared<arrow::MapType>(fields[0], fields[1]);
  }
  if (plain->id() == arrow::Type::LIST) return arrow::list(fields[0]);
  return arrow::struct_(fields);
}

std::shared_ptr<arrow::Field> FileField(const model::DataType& type, const arrow::Field& field,
                                        int id, NextId& next) {
  auto result = field.WithType(FileType(type, field.type(), id >= 0, next));
  if (id < 0) return result;
  return result->WithMetadata(arrow::key_value_metadata({kFieldIdKey}, {std::to_string(id)}));
}

std::shared_ptr<arrow::Schema> FileSchema(const model::Schema& schema,
                                          const std::vector<int>& ids) {
  arrow::FieldVector fields = ArrowSchemaOf(schema)->fields();
  NextId next = ids.empty() ? 0 : *std::max_element(ids.begin(), ids.end()) + 1;
  for (size_t i = 0; i < fields.size(); ++i) {
    fields[i] = FileField(schema.columns[i].type, *fields[i], i < ids.size() ? ids[i] : -1, next);
  }
  return arrow::schema(std::move(fields));
}

}  // namespace

struct ParquetFileWriter::State {
  model::Schema schema;
  std::shared_ptr<arrow::io::OutputStream> stream;
  std::shared_ptr<arrow::Schema> arrow_schema;
  std::unique_ptr<parquet::arrow::FileWriter> writer;
  bool owns_stream = false;
};

ParquetFileWriter::ParquetFileWriter(std::unique_ptr<State> state) : state_(std::move(state)) {}
ParquetFileWriter::~ParquetFileWriter() = default;

namespace {

/// Parquet's names of the codecs, in any case.
Result<parquet::Compression::type> CompressionOf(const std::string& name) {
  constexpr std::pair<std::string_view, parquet::Compression::type> kCodecs[] = {
      {"", parquet::Compression::ZSTD},
      {"ZSTD", parquet::Compression::ZSTD},
      {"SNAPPY", parquet::Compression::SNAPPY},
      {"GZIP", parquet::Compression::GZIP},
      {"BROTLI", parquet::Compression::BROTLI},
      {"LZ4_RAW", parquet::Compression::LZ4},
      {"LZ4", parquet::Compression::LZ4_HADOOP},
      {"UNCOMPRESSED", parquet::Compression::UNCOMPRESSED}};
  std::string upper = UpperAscii(name);
  for (const auto& [codec, type] : kCodecs) {
    if (codec == upper) return type;
  }
  return InvalidArgument("'{}' is no compression of Parquet", name);
}

}  // namespace

Result<std::unique_ptr<ParquetFileWriter>> ParquetFileWriter::Open(
    std::shared_ptr<arrow::io::OutputStream> stream, const model::Schema& schema,
    ParquetWriteOptions options) {
  using Opened = Result<std::unique_ptr<ParquetFileWriter>>;
  return Guarded("write", [&]() -> Opened {
    auto state = std::make_unique<State>();
    state->schema = schema;
    state->stream = std::move(stream);
    state->arrow_schema = FileSchema(schema, options.field_ids);
    ASSIGN_OR_RETURN(parquet::Compression::type compression, CompressionOf(options.compression));
    parquet::WriterProperties::Builder builder;
    builder.compression(compression)
        ->max_row_group_length(options.row_group_rows)
        ->created_by("forebay");
    if (compression == parquet::Compression::ZSTD) builder.compression_level(options.zstd_level);
    auto properties = builder.build();
    auto writer = parquet::arrow::FileWriter::Open(
        *state->arrow_schema, arrow::default_memory_pool(), state->stream, std::move(properties));
    if (!writer.ok()) return ParquetError(ErrorKind::kNotSupported, "write", writer.status());
    state->writer = std::move(writer).ValueUnsafe();
    return std::unique_ptr<ParquetFileWriter>(new ParquetFileWriter(std::move(state)));
  });
}

Result<std::unique_ptr<ParquetFileWriter>> ParquetFileWriter::Open(const std::string& path,
                                                                   const model::Schema& schema,
                                                                   ParquetWriteOptions options) {
  auto stream = arrow::io::FileOutputStream::Open(path);
  if (!stream.ok()) return ParquetError(ErrorKind::kIoError, "create", stream.status());
  ASSIGN_OR_RETURN(auto writer, Open(*stream, schema, std::move(options)));
  writer->state_->owns_stream = true;
  return writer;
}

Status ParquetFileWriter::Write(const Batch& batch) {
  return Guarded("write", [&]() -> Status {
    ASSIGN_OR_RETURN(auto rows, ToArrow(batch, state_->schema));
    arrow::ArrayVector columns = rows->columns();
    for (size_t i = 0; i < columns.size(); ++i) {
      auto viewed = columns[i]->View(state_->arrow_schema->field(static_cast<int>(i))->type());
      if (!viewed.ok()) return ParquetError(ErrorKind::kInternal, "write", viewed.status());
      columns[i] = *viewed;
    }
    auto named = arrow::RecordBatch::Make(state_->arrow_schema, rows->num_rows(), columns);
    arrow::Status written = state_->writer->WriteRecordBatch(*named);
    if (!written.ok()) return ParquetError(ErrorKind::kIoError, "write", written);
    num_rows_ += batch.num_rows;
    return Status::Ok();
  });
}

Status ParquetFileWriter::Close() {
  return Guarded("write", [&]() -> Status {
    arrow::Status closed = state_->writer->Close();
    if (closed.ok() && state_->owns_stream) closed = state_->stream->Close();
    if (!closed.ok()) return ParquetError(ErrorKind::kIoError, "finish", closed);
    return Status::Ok();
  });
}

struct ParquetFileReader::State {
  std::unique_ptr<parquet::arrow::FileReader> file;
  std::shared_ptr<arrow::Schema> schema;
  std::vector<ColumnSpec> wanted;
  /// For every wanted column its place in the batches read, or -1.
  std::vector<int> places;
  std::shared_ptr<arrow::RecordBatchReader> batches;
  int64_t rows_left = 0;
};

ParquetFileReader::ParquetFileReader(std::unique_ptr<State> state) : state_(std::move(state)) {}
ParquetFileReader::~ParquetFileReader() = default;

Result<std::unique_ptr<ParquetFileReader>> ParquetFileReader::Open(
    std::shared_ptr<arrow::io::RandomAccessFile> file) {
  using Opened = Result<std::unique_ptr<ParquetFileReader>>;
  return Guarded("open", [&]() -> Opened {
    auto state = std::make_unique<State>();
    auto reader = parquet::arrow::OpenFile(std::move(file), arrow::default_memory_pool());
    if (!reader.ok()) return ParquetError(ErrorKind::kCorruption, "open", reader.status());
    state->file = std::move(reader).ValueUnsafe();
    state->file->set_batch_size(Batch::kMaxRows);
    arrow::Status status = state->file->GetSchema(&state->schema);
    if (!status.ok()) return ParquetError(ErrorKind::kNotSupported, "open", status);
    return std::unique_ptr<ParquetFileReader>(new ParquetFileReader(std::move(state)));
  });
}

Result<std::unique_ptr<ParquetFileReader>> ParquetFileReader::Open(const std::string& path) {
  auto file = arrow::io::ReadableFile::Open(path);
  if (!file.ok()) return ParquetError(ErrorKind::kIoError, "open", file.status());
  return Open(std::shared_ptr<arrow::io::RandomAccessFile>(*file));
}

int64_t ParquetFileReader::num_rows() const {
  return state_->file->parquet_reader()->metadata()->num_rows();
}

std::vector<std::string> ParquetFileReader::column_names() const {
  return state_->schema->field_names();
}

namespace {

void AddStatistics(const parquet::ColumnChunkMetaData& chunk, bool first,
                   ParquetColumnStatistics& total) {
  total.compressed_bytes += chunk.total_compressed_size();
  total.value_count += chunk.num_values();
  std::shared_ptr<parquet::Statistics> part = chunk.is_stats_set() ? chunk.statistics() : nullptr;
  if (part == nullptr || !part->HasNullCount()) {
    total.null_count.reset();
  } else if (first || total.null_count) {
    total.null_count = (first ? 0 : *total.null_count) + part->null_count();
  }
}

/// Min and max over all row groups by the column's own order.
void MergeMinMax(parquet::FileMetaData& file, int column, ParquetColumnStatistics& total) {
  std::shared_ptr<parquet::Statistics> merged;
  for (int group = 0; group < file.num_row_groups(); ++group) {
    auto chunk = file.RowGroup(group)->ColumnChunk(column);
    auto part = chunk->is_stats_set() ? chunk->statistics() : nullptr;
    if (part == nullptr) return;
    if (!part->HasMinMax()) {
      if (part->HasNullCount() && part->null_count() == chunk->num_values()) continue;
      return;
    }
    std::string low = part->EncodeMin(), high = part->EncodeMax();
    // Only one row group needs no comparison of encoded values; with more, equal encodings are the
    // only ones we may join without the typed comparator.
    if (merged != nullptr && (low != *total.min || high != *total.max)) {
      total.min.reset();
      total.max.reset();
      return;
    }
    total.min = std::move(low);
    total.max = std::move(high);
    merged = std::move(part);
  }
}

}  // namespace

std::vector<ParquetColumnStatistics> ParquetFileReader::Statistics() const {
  auto metadata = state_->file->parquet_reader()->metadata();
  std::vector<ParquetColumnStatistics> all(static_cast<size_t>(metadata->num_columns()));
  for (int column = 0; column < metadata->num_columns(); ++column) {
    ParquetColumnStatistics& total = all[static_cast<size_t>(column)];
    for (int group = 0; group < metadata->num_row_groups(); ++group) {
      AddStatistics(*metadata->RowGroup(group)->ColumnChunk(column), group == 0, total);
    }
    MergeMinMax(*metadata, column, total);
  }
  return all;
}

namespace {

int FieldIndex(const arrow::Schema& schema, const ColumnSpec& column, bool by_field_id) {
  if (!by_field_id) return schema.GetFieldIndex(column.name);
  std::string id = std::to_string(column.id);
  for (int i = 0; i < schema.num_fields(); ++i) {
    const auto& metadata = schema.field(i)->metadata();
    if (metadata == nullptr) continue;
    int key = metadata->FindKey(kFieldIdKey);
    if (key >= 0 && metadata->value(key) == id) return i;
  }
  return -1;
}

int LeafCount(const arrow::DataType& type) {
  if (type.num_fields() == 0) return 1;
  int leaves = 0;
  for (const auto& field : type.fields()) leaves += LeafCount(*field->type());
  return leaves;
}

/// The leaf columns below the top-level columns `chosen`, which ascend.
std::vector<int> LeavesOf(const arrow::Schema& schema, const std::vector<int>& chosen) {
  std::vector<int> leaves;
  int next = 0;
  for (int i = 0; i < schema.num_fields(); ++i) {
    int count = LeafCount(*schema.field(i)->type());
    if (std::find(chosen.begin(), chosen.end(), i) != chosen.end()) {
      for (int leaf = 0; leaf < count; ++leaf) leaves.push_back(next + leaf);
    }
    next += count;
  }
  return leaves;
}

}  // namespace

Status ParquetFileReader::Select(const std::vector<ColumnSpec>& columns, bool by_field_id) {
  return Guarded("read", [&]() -> Status {
    std::vector<int> indexes, chosen;
    for (const ColumnSpec& column : columns) {
      indexes.push_back(FieldIndex(*state_->schema, column, by_field_id));
      if (indexes.back() >= 0) chosen.push_back(indexes.back());
    }
    std::sort(chosen.begin(), chosen.end());
    chosen.erase(std::unique(chosen.begin(), chosen.end()), chosen.end());
    for (int index : indexes) {
      auto found = std::lower_bound(chosen.begin(), chosen.end(), index);
      state_->places.push_back(index < 0 ? -1 : static_cast<int>(found - chosen.begin()));
    }
    state_->wanted = columns;
    state_->rows_left = num_rows();
    if (chosen.empty()) return Status::Ok();
    std::vector<int> groups(static_cast<size_t>(state_->file->num_row_groups()));
    for (size_t i = 0; i < groups.size(); ++i) groups[i] = static_cast<int>(i);
    auto reader = state_->file->GetRecordBatchReader(groups, LeavesOf(*state_->schema, chosen));
    if (!reader.ok()) return ParquetError(ErrorKind::kCorruption, "read", reader.status());
    state_->batches = std::move(reader).ValueUnsafe();
    return Status::Ok();
  });
}

Result<Batch> ParquetFileReader::Next() {
  return Guarded("read", [&]() -> Result<Batch> {
    std::shared_ptr<arrow::RecordBatch> rows;
    int64_t count = std::min<int64_t>(state_->rows_left, Batch::kMaxRows);
    if (state_->batches != nullptr) {
      arrow::Status status = state_->batches->ReadNext(&rows);
      if (!status.ok()) return ParquetError(ErrorKind::kCorruption, "read", status);
      count = rows == nullptr ? 0 : rows->num_rows();
    }
    state_->rows_left -= count;
    auto num_rows = static_cast<int>(count);
    Batch batch(num_rows, {});
    for (size_t i = 0; i < state_->wanted.size(); ++i) {
      const model::DataType& type = state_->wanted[i].type;
      if (state_->places[i] < 0 || num_rows == 0) {
        batch.columns.push_back(Column::AllNull(type, num_rows));
        continue;
      }
      std::shared_ptr<arrow::Array> array = rows->column(state_->places[i]);
      auto one = arrow::RecordBatch::Make(arrow::schema({arrow::field("", array->type())}), count,
                                          arrow::ArrayVector{array});
      auto read = FromArrow(*one, {type});
      if (!read.ok()) return read.status().WithContext("column " + state_->wanted[i].name);
      batch.columns.push_back(read->columns[0]);
    }
    return batch;
  });
}

}  // namespace forebay::format
