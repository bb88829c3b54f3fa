#include "format/arrow_stream.h"

#include <arrow/api.h>
#include <arrow/io/memory.h>
#include <arrow/ipc/api.h>

#include "format/arrow_convert.h"

namespace forebay::format {

namespace {

Error ArrowError(const arrow::Status& status, std::string_view what) {
  return Corruption("cannot {}: {}", what, status.message());
}

}  // namespace

Result<std::string> ToArrowStream(const model::Batch& batch, const model::Schema& schema) {
  auto sink = arrow::io::BufferOutputStream::Create();
  if (!sink.ok()) return ArrowError(sink.status(), "write an Arrow stream");
  auto writer = arrow::ipc::MakeStreamWriter(*sink, ArrowSchemaOf(schema));
  if (!writer.ok()) return ArrowError(writer.status(), "write an Arrow stream");
  if (batch.num_rows > 0) {
    ASSIGN_OR_RETURN(std::shared_ptr<arrow::RecordBatch> rows, ToArrow(batch, schema));
    arrow::Status written = (*writer)->WriteRecordBatch(*rows);
    if (!written.ok()) return ArrowError(written, "write an Arrow stream");
  }
  arrow::Status closed = (*writer)->Close();
  if (!closed.ok()) return ArrowError(closed, "write an Arrow stream");
  auto buffer = (*sink)->Finish();
  if (!buffer.ok()) return ArrowError(buffer.status(), "write an Arrow stream");
  return (*buffer)->ToString();
}

Result<model::Batch> FromArrowStream(std::string_view bytes,
                                     const std::vector<model::DataType>& types) {
  // Arrow's buffers must be aligned, which a copy is.
  auto buffer = arrow::Buffer::FromString(std::string(bytes));
  auto reader =
      arrow::ipc::RecordBatchStreamReader::Open(std::make_shared<arrow::io::BufferReader>(buffer));
  if (!reader.ok()) return ArrowError(reader.status(), "read an Arrow stream");
  std::shared_ptr<arrow::RecordBatch> rows;
  arrow::Status read = (*reader)->ReadNext(&rows);
  if (!read.ok()) return ArrowError(read, "read an Arrow stream");
  if (rows == nullptr) return Corruption("an Arrow stream without a batch");
  arrow::Status valid = rows->ValidateFull();
  if (!valid.ok()) return ArrowError(valid, "read an Arrow stream");
  if (static_cast<size_t>(rows->num_columns()) != types.size()) {
    return InvalidArgument("an Arrow stream of {} columns, {} are wanted", rows->num_columns(),
                           types.size());
  }
  return FromArrow(*rows, types);
}

}  // namespace forebay::format
