#include "lake/tiering/parquet_bytes.h"

#include <arrow/buffer.h>
#include <arrow/io/memory.h>

namespace forebay::lake {

using model::TypeRoot;

struct ParquetBytes::State {
  std::shared_ptr<arrow::io::BufferOutputStream> stream;
  std::unique_ptr<format::ParquetFileWriter> writer;
};

ParquetBytes::ParquetBytes(std::unique_ptr<State> state) : state_(std::move(state)) {}
ParquetBytes::~ParquetBytes() = default;

Result<std::unique_ptr<ParquetBytes>> ParquetBytes::Open(const model::Schema& schema,
                                                         std::vector<int> field_ids) {
  auto state = std::make_unique<State>();
  auto stream = arrow::io::BufferOutputStream::Create();
  if (!stream.ok())
    return Unavailable("no memory for a Parquet file: {}", stream.status().ToString());
  state->stream = *stream;
  format::ParquetWriteOptions options;
  options.field_ids = std::move(field_ids);
  ASSIGN_OR_RETURN(state->writer,
                   format::ParquetFileWriter::Open(state->stream, schema, std::move(options)));
  return std::unique_ptr<ParquetBytes>(new ParquetBytes(std::move(state)));
}

Status ParquetBytes::Write(const model::Batch& batch) { return state_->writer->Write(batch); }

int64_t ParquetBytes::num_rows() const { return state_->writer->num_rows(); }

Result<std::string> ParquetBytes::Finish() {
  RETURN_IF_ERROR(state_->writer->Close());
  auto buffer = state_->stream->Finish();
  if (!buffer.ok()) return Internal("Parquet: {}", buffer.status().ToString());
  return (*buffer)->ToString();
}

namespace {

constexpr size_t kBoundBytesMax = 16;

/// Whether Parquet's plain encoding of min and max is Iceberg's single-value form.
bool HasPlainBounds(const model::DataType& type) {
  switch (type.root()) {
    case TypeRoot::kInteger:
    case TypeRoot::kBigint:
    case TypeRoot::kFloat:
    case TypeRoot::kDouble:
    case TypeRoot::kDate:
    case TypeRoot::kTime:
    case TypeRoot::kTimestamp:
    case TypeRoot::kTimestampLtz:
    case TypeRoot::kChar:
    case TypeRoot::kVarchar: return true;
    default: return false;
  }
}

/// Cuts a string bound at a character border; an upper bound must not become smaller, so a cut one
/// is dropped.
void SetBounds(const model::DataType& type, int id, const std::string& min, const std::string& max,
               DataFile& file) {
  bool is_string = type.IsCharacter();
  if (!is_string || min.size() <= kBoundBytesMax) {
    file.lower_bounds[id] = min;
  } else {
    size_t end = kBoundBytesMax;
    while (end > 0 && (static_cast<unsigned char>(min[end]) & 0xc0) == 0x80) --end;
    file.lower_bounds[id] = min.substr(0, end);
  }
  if (!is_string || max.size() <= kBoundBytesMax) file.upper_bounds[id] = max;
}

}  // namespace

Status FillStatistics(const std::string& bytes, const std::vector<model::ColumnSpec>& columns,
                      DataFile& file) {
  auto input = std::make_shared<arrow::io::BufferReader>(std::make_shared<arrow::Buffer>(
      reinterpret_cast<const uint8_t*>(bytes.data()), static_cast<int64_t>(bytes.size())));
  ASSIGN_OR_RETURN(auto reader, format::ParquetFileReader::Open(input));
  std::vector<format::ParquetColumnStatistics> statistics = reader->Statistics();
  if (statistics.size() != columns.size()) return Status::Ok();  // nested columns: no statistics
  for (size_t i = 0; i < columns.size(); ++i) {
    int id = columns[i].id;
    file.column_sizes[id] = statistics[i].compressed_bytes;
    file.value_counts[id] = statistics[i].value_count;
    if (statistics[i].null_count) file.null_value_counts[id] = *statistics[i].null_count;
    if (statistics[i].min && statistics[i].max && HasPlainBounds(columns[i].type)) {
      SetBounds(columns[i].type, id, *statistics[i].min, *statistics[i].max, file);
    }
  }
  return Status::Ok();
}

}  // namespace forebay::lake
