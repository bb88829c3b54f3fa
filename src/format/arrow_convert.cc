#include "format/arrow_convert.h"

#include <arrow/array.h>
#include <arrow/buffer.h>
#include <arrow/compute/api.h>
#include <arrow/compute/initialize.h>
#include <arrow/io/memory.h>
#include <arrow/ipc/dictionary.h>
#include <arrow/ipc/options.h>
#include <arrow/ipc/reader.h>
#include <arrow/ipc/writer.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include "format/batch/record_batch_message.h"

namespace forebay::format {

using model::DataType;
using model::TypeRoot;

namespace {

std::shared_ptr<arrow::DataType> TimeType(int precision) {
  if (precision == 0) return arrow::time32(arrow::TimeUnit::SECOND);
  if (precision <= 3) return arrow::time32(arrow::TimeUnit::MILLI);
  return arrow::time64(precision <= 6 ? arrow::TimeUnit::MICRO : arrow::TimeUnit::NANO);
}

std::shared_ptr<arrow::DataType> TimestampType(int precision) {
  if (precision == 0) return arrow::timestamp(arrow::TimeUnit::SECOND);
  if (precision <= 3) return arrow::timestamp(arrow::TimeUnit::MILLI);
  return arrow::timestamp(precision <= 6 ? arrow::TimeUnit::MICRO : arrow::TimeUnit::NANO);
}

std::shared_ptr<arrow::DataType> NestedType(const DataType& type) {
  auto child = [&](size_t i) { return ArrowTypeOf(type.children()[i]); };
  if (type.Is(TypeRoot::kArray)) {
    return arrow::list(arrow::field("element", child(0), type.children()[0].nullable()));
  }
  if (type.Is(TypeRoot::kMap)) {
    return arrow::map(child(0), arrow::field("value", child(1), type.children()[1].nullable()));
  }
  if (type.Is(TypeRoot::kMultiset)) {
    return arrow::map(child(0), arrow::field("value", arrow::int32(), false));
  }
  arrow::FieldVector fields;
  for (const model::RowField& field : type.fields()) {
    fields.push_back(arrow::field(field.name, ArrowTypeOf(field.type), field.type.nullable()));
  }
  return arrow::struct_(fields);
}

Status FromArrowStatus(const arrow::Status& status, std::string_view what) {
  return InvalidArgument("cannot {}: {}", what, status.message());
}

/// Keeps an arrow::Buffer alive behind a model::Owner.
model::Owner OwnerOf(std::shared_ptr<arrow::Buffer> buffer) { return buffer; }

Result<std::shared_ptr<arrow::Array>> CastTo(const std::shared_ptr<arrow::Array>& array,
                                             const DataType& type) {
  std::shared_ptr<arrow::DataType> wanted = ArrowTypeOf(type);
  if (array->type()->Equals(wanted)) return array;
  static const arrow::Status kInitialized = arrow::compute::Initialize();
  if (!kInitialized.ok()) return FromArrowStatus(kInitialized, "start Arrow's kernels");
  auto cast = arrow::compute::Cast(*array, wanted);
  if (!cast.ok()) {
    return FromArrowStatus(
        cast.status(), fmt::format("read {} as {}", array->type()->ToString(), type.ToString()));
  }
  return *cast;
}

}  // namespace

std::shared_ptr<arrow::DataType> ArrowTypeOf(const DataType& type) {
  switch (type.root()) {
    case TypeRoot::kBoolean: return arrow::boolean();
    case TypeRoot::kTinyint: return arrow::int8();
    case TypeRoot::kSmallint: return arrow::int16();
    case TypeRoot::kInteger:
    case TypeRoot::kIntervalYearMonth: return arrow::int32();
    case TypeRoot::kBigint:
    case TypeRoot::kIntervalDayTime: return arrow::int64();
    case TypeRoot::kFloat: return arrow::float32();
    case TypeRoot::kDouble: return arrow::float64();
    case TypeRoot::kDecimal: return arrow::decimal128(type.precision(), type.scale());
    case TypeRoot::kChar:
    case TypeRoot::kVarchar: return arrow::utf8();
    case TypeRoot::kBinary: return arrow::fixed_size_binary(type.length());
    case TypeRoot::kVarbinary:
    case TypeRoot::kVariant:
    case TypeRoot::kRaw: return arrow::binary();
    case TypeRoot::kDate: return arrow::date32();
    case TypeRoot::kTime: return TimeType(type.precision());
    case TypeRoot::kTimestamp:
    case TypeRoot::kTimestampLtz: return TimestampType(type.precision());
    case TypeRoot::kNull:
    case TypeRoot::kDescriptor: return arrow::null();
    default: return NestedType(type);
  }
}

std::shared_ptr<arrow::Schema> ArrowSchemaOf(const model::Schema& schema) {
  arrow::FieldVector fields;
  for (const model::ColumnSpec& column : schema.columns) {
    fields.push_back(arrow::field(column.name, ArrowTypeOf(column.type), column.type.nullable()));
  }
  return arrow::schema(std::move(fields));
}

Result<std::shared_ptr<arrow::RecordBatch>> ToArrow(const model::Batch& batch,
                                                    const model::Schema& schema) {
  if (batch.columns.size() != schema.columns.size()) {
    return InvalidArgument("a batch of {} columns for a schema of {}", batch.columns.size(),
                           schema.columns.size());
  }
  std::string message;
  RETURN_IF_ERROR(AppendRecordBatchMessage(batch, Compression::kNone, message));
  arrow::io::BufferReader reader(arrow::Buffer::FromString(std::move(message)));
  arrow::ipc::DictionaryMemo memo;
  auto read = arrow::ipc::ReadRecordBatch(ArrowSchemaOf(schema), &memo,
                                          arrow::ipc::IpcReadOptions::Defaults(), &reader);
  if (!read.ok()) return FromArrowStatus(read.status(), "make an Arrow batch");
  return *read;
}

Result<model::Batch> FromArrow(const arrow::RecordBatch& batch,
                               const std::vector<DataType>& types) {
  if (static_cast<size_t>(batch.num_columns()) != types.size()) {
    return InvalidArgument("an Arrow batch of {} columns for {} types", batch.num_columns(),
                           types.size());
  }
  arrow::ArrayVector arrays;
  arrow::FieldVector fields;
  for (size_t i = 0; i < types.size(); ++i) {
    ASSIGN_OR_RETURN(std::shared_ptr<arrow::Array> array,
                     CastTo(batch.column(static_cast<int>(i)), types[i]));
    fields.push_back(arrow::field("", array->type()));
    arrays.push_back(std::move(array));
  }
  auto same = arrow::RecordBatch::Make(arrow::schema(fields), batch.num_rows(), arrays);
  auto bytes = arrow::ipc::SerializeRecordBatch(*same, arrow::ipc::IpcWriteOptions::Defaults());
  if (!bytes.ok()) return FromArrowStatus(bytes.status(), "read an Arrow batch");
  std::string_view message(reinterpret_cast<const char*>((*bytes)->data()),
                           static_cast<size_t>((*bytes)->size()));
  ASSIGN_OR_RETURN(std::vector<model::Column> columns,
                   DecodeRecordBatchMessage(message, static_cast<int>(batch.num_rows()), types,
                                            nullptr, OwnerOf(*bytes)));
  return model::Batch(static_cast<int>(batch.num_rows()), std::move(columns));
}

}  // namespace forebay::format
