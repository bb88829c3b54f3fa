#include <algorithm>
#include <bit>
#include <limits>
#include <memory>

#include "base/bytes.h"
#include "format/batch/record_batch_message.h"
#include "format/batch/record_batch_metadata.h"

namespace forebay::format {

using model::Column;
using model::DataType;
using model::Int128;
using model::PhysicalType;
using model::StringRef;
using model::TypeRoot;

namespace {

constexpr size_t kAlignment = 8;

bool IsFixedBinary(const DataType& type) { return type.Is(TypeRoot::kBinary); }

/// Adds the nodes and buffers a column of `type` has.
void CountParts(const DataType& type, size_t& nodes, size_t& buffers) {
  ++nodes;
  switch (type.physical()) {
    case PhysicalType::kNull: return;
    case PhysicalType::kStruct: buffers += 1; break;
    case PhysicalType::kList: buffers += 2; break;
    case PhysicalType::kMap:  // a list of a struct of key and value
      buffers += 3;
      ++nodes;
      break;
    case PhysicalType::kString: buffers += IsFixedBinary(type) ? 2 : 3; return;
    default: buffers += 2; return;
  }
  for (const DataType& child : type.children()) CountParts(child, nodes, buffers);
  if (type.Is(TypeRoot::kMultiset)) CountParts(DataType::Int(), nodes, buffers);
}

int64_t CountNulls(const Column& column) {
  if (column.physical() == PhysicalType::kNull) return column.num_rows();
  if (column.validity() == nullptr) return 0;
  int64_t valid = 0;
  int rows = column.num_rows();
  for (int word = 0; word * 64 < rows; ++word) {
    uint64_t bits = column.validity()[word];
    int used = std::min(64, rows - word * 64);
    if (used < 64) bits &= (uint64_t{1} << used) - 1;
    valid += std::popcount(bits);
  }
  return rows - valid;
}

/// Writes the body of one message, buffer by buffer, and collects its metadata. Thread-compatible.
class BodyWriter {
 public:
  BodyWriter(BodyCompression compression, std::string& out)
      : out_(out), body_start_(out.size()), compression_(compression) {
    metadata_.compression = compression.codec;
  }

  Status Add(const Column& column);
  RecordBatchMetadata& metadata() { return metadata_; }
  size_t body_bytes() const { return out_.size() - body_start_; }

 private:
  /// `size` bytes for the next buffer's contents, all to be written; they are valid until
  /// EndBuffer.
  char* BeginBuffer(size_t size);
  Status EndBuffer();
  Status AddCompressed(std::string_view bytes);
  Status FinishBuffer();
  Status AddRaw(const void* bytes, size_t size);
  Status AddValidity(const Column& column, int64_t null_count);
  Status AddFlat(const Column& column);
  Status AddStrings(const Column& column);
  Status AddFixedBinary(const Column& column);
  Status AddBits(const Column& column);
  Status AddTime(const Column& column);
  Status AddNested(const Column& column);
  /// One number computed for every row.
  template <typename T, typename F>
  Status AddNumbers(int rows, F&& number_of_row) {
    char* at = BeginBuffer(static_cast<size_t>(rows) * sizeof(T));
    for (int row = 0; row < rows; ++row) StoreLe<T>(at + row * sizeof(T), number_of_row(row));
    return EndBuffer();
  }

  std::string& out_;
  size_t body_start_;
  BodyCompression compression_;
  size_t buffer_start_ = 0;
  std::unique_ptr<char[]> scratch_;
  size_t scratch_capacity_ = 0;
  size_t scratch_size_ = 0;
  RecordBatchMetadata metadata_;
};

char* BodyWriter::BeginBuffer(size_t size) {
  buffer_start_ = out_.size();
  if (metadata_.compression == Compression::kNone) {
    out_.resize(buffer_start_ + size);
    return out_.data() + buffer_start_;
  }
  if (size > scratch_capacity_) {
    scratch_.reset(new char[size]);
    scratch_capacity_ = size;
  }
  scratch_size_ = size;
  return scratch_.get();
}

Status BodyWriter::EndBuffer() {
  if (metadata_.compression != Compression::kNone) {
    RETURN_IF_ERROR(AddCompressed({scratch_.get(), scratch_size_}));
  }
  return FinishBuffer();
}

/// An int64 with the original length, -1 when the bytes are stored as they are; nothing of nothing.
Status BodyWriter::AddCompressed(std::string_view bytes) {
  if (bytes.empty()) return Status::Ok();
  out_.resize(buffer_start_ + 8);
  RETURN_IF_ERROR(CompressTo(compression_, bytes, out_));
  int64_t length = std::ssize(bytes);
  if (out_.size() - buffer_start_ - 8 >= bytes.size()) {
    out_.resize(buffer_start_ + 8);
    out_.append(bytes);
    length = -1;
  }
  StoreLe<int64_t>(out_.data() + buffer_start_, length);
  return Status::Ok();
}

Status BodyWriter::FinishBuffer() {
  metadata_.buffers.push_back({static_cast<int64_t>(buffer_start_ - body_start_),
                               static_cast<int64_t>(out_.size() - buffer_start_)});
  size_t padding = (kAlignment - body_bytes() % kAlignment) % kAlignment;
  out_.append(padding, '\0');
  return Status::Ok();
}

Status BodyWriter::AddRaw(const void* bytes, size_t size) {
  buffer_start_ = out_.size();
  std::string_view view(static_cast<const char*>(bytes), size);
  if (metadata_.compression == Compression::kNone) {
    out_.append(view);
  } else {
    RETURN_IF_ERROR(AddCompressed(view));
  }
  return FinishBuffer();
}

Status BodyWriter::AddValidity(const Column& column, int64_t null_count) {
  if (null_count == 0) return AddRaw(nullptr, 0);
  auto rows = static_cast<size_t>(column.num_rows());
  size_t size = (rows + 7) / 8;
  char* at = BeginBuffer(size);
  std::memcpy(at, column.validity(), size);
  if (rows % 8 != 0) at[size - 1] &= static_cast<char>((1 << (rows % 8)) - 1);
  return EndBuffer();
}

Status BodyWriter::AddStrings(const Column& column) {
  int rows = column.num_rows();
  const StringRef* cells = column.values<StringRef>();
  const bool has_nulls = column.MayHaveNulls();
  char* offsets = BeginBuffer((static_cast<size_t>(rows) + 1) * 4);
  int64_t total = 0;
  for (int row = 0; row < rows; ++row) {
    total += has_nulls && column.IsNull(row) ? 0 : cells[row].size();
    StoreLe<int32_t>(offsets + (row + 1) * 4, static_cast<int32_t>(total));
  }
  StoreLe<int32_t>(offsets, 0);
  RETURN_IF_ERROR(EndBuffer());
  if (total > std::numeric_limits<int32_t>::max()) {
    return OutOfRange("the strings of a column may have 2 GiB, not {} bytes", total);
  }
  char* at = BeginBuffer(static_cast<size_t>(total));
  for (int row = 0; row < rows; ++row) {
    if (has_nulls && column.IsNull(row)) continue;
    std::memcpy(at, cells[row].data(), cells[row].size());
    at += cells[row].size();
  }
  return EndBuffer();
}

Status BodyWriter::AddFixedBinary(const Column& column) {
  auto width = static_cast<size_t>(column.type().length());
  char* at = BeginBuffer(width * static_cast<size_t>(column.num_rows()));
  std::memset(at, 0, width * static_cast<size_t>(column.num_rows()));
  for (int row = 0; row < column.num_rows(); ++row, at += width) {
    if (column.IsNull(row)) continue;
    std::string_view bytes = column.GetString(row);
    if (bytes.size() > width) {
      return InvalidArgument("{} bytes do not fit {}", bytes.size(), column.type().ToString());
    }
    std::memcpy(at, bytes.data(), bytes.size());  // shorter ones are padded with zeros
  }
  return EndBuffer();
}

Status BodyWriter::AddBits(const Column& column) {
  size_t size = (static_cast<size_t>(column.num_rows()) + 7) / 8;
  char* at = BeginBuffer(size);
  std::memset(at, 0, size);
  const uint8_t* cells = column.values<uint8_t>();
  for (int row = 0; row < column.num_rows(); ++row) {
    at[row >> 3] |= static_cast<char>((cells[row] & 1) << (row & 7));
  }
  return EndBuffer();
}

Status BodyWriter::AddTime(const Column& column) {
  const int32_t* cells = column.values<int32_t>();
  int rows = column.num_rows();
  int precision = column.type().precision();
  if (precision == 0) return AddNumbers<int32_t>(rows, [&](int i) { return cells[i] / 1000; });
  if (precision <= 3) return AddRaw(cells, static_cast<size_t>(rows) * 4);
  int64_t factor = precision <= 6 ? 1000 : 1000000;
  return AddNumbers<int64_t>(rows, [&](int i) { return cells[i] * factor; });
}

Status BodyWriter::AddFlat(const Column& column) {
  const DataType& type = column.type();
  int rows = column.num_rows();
  if (type.Is(TypeRoot::kTime)) return AddTime(column);
  if (type.IsTimestamp() && type.precision() == 0) {
    const int64_t* cells = column.values<int64_t>();
    return AddNumbers<int64_t>(
        rows, [&](int i) { return cells[i] / 1000 - (cells[i] % 1000 < 0 ? 1 : 0); });
  }
  if (type.Is(TypeRoot::kDecimal) && column.physical() == PhysicalType::kInt64) {
    const int64_t* cells = column.values<int64_t>();
    return AddNumbers<Int128>(rows, [&](int i) { return Int128{cells[i]}; });
  }
  size_t width = static_cast<size_t>(model::PhysicalSize(column.physical()));
  return AddRaw(column.raw_values(), static_cast<size_t>(rows) * width);
}

Status BodyWriter::AddNested(const Column& column) {
  if (column.physical() == PhysicalType::kStruct) {
    for (const Column& child : column.children()) RETURN_IF_ERROR(Add(child));
    return Status::Ok();
  }
  int rows = column.num_rows();
  const int32_t* offsets = column.offsets();
  int32_t begin = offsets == nullptr ? 0 : offsets[0];
  int32_t end = offsets == nullptr ? 0 : offsets[rows];
  RETURN_IF_ERROR(AddNumbers<int32_t>(
      rows + 1, [&](int i) { return offsets == nullptr ? 0 : offsets[i] - begin; }));
  if (column.physical() == PhysicalType::kMap) {
    metadata_.nodes.push_back({end - begin, 0});
    RETURN_IF_ERROR(AddRaw(nullptr, 0));
  }
  for (const Column& child : column.children()) {
    RETURN_IF_ERROR(Add(child.Slice(begin, end - begin)));
  }
  return Status::Ok();
}

Status BodyWriter::Add(const Column& column) {
  int64_t null_count = CountNulls(column);
  metadata_.nodes.push_back({column.num_rows(), null_count});
  if (column.physical() == PhysicalType::kNull) return Status::Ok();
  RETURN_IF_ERROR(AddValidity(column, null_count));
  switch (column.physical()) {
    case PhysicalType::kBool: return AddBits(column);
    case PhysicalType::kString:
      return IsFixedBinary(column.type()) ? AddFixedBinary(column) : AddStrings(column);
    case PhysicalType::kList:
    case PhysicalType::kMap:
    case PhysicalType::kStruct: return AddNested(column);
    default: return AddFlat(column);
  }
}

}  // namespace

Status AppendRecordBatchMessage(const model::Batch& batch, BodyCompression compression,
                                std::string& out) {
  if (compression.codec != Compression::kNone && batch.MemoryBytes() > kInflatedBytesMax) {
    return OutOfRange("a compressed batch may have {} bytes, not {}", kInflatedBytesMax,
                      batch.MemoryBytes());
  }
  size_t nodes = 0, buffers = 0;
  for (const Column& column : batch.columns) CountParts(column.type(), nodes, buffers);
  size_t start = out.size();
  size_t metadata_bytes = RecordBatchMetadataBytes(nodes, buffers);
  // A guess that saves most regrowing; short strings count as 16 bytes already.
  out.reserve(start + metadata_bytes + static_cast<size_t>(batch.MemoryBytes()) + buffers * 8);
  out.resize(start + metadata_bytes);
  BodyWriter writer(compression, out);
  writer.metadata().nodes.reserve(nodes);
  writer.metadata().buffers.reserve(buffers);
  for (const Column& column : batch.columns) {
    DCHECK(column.num_rows() == batch.num_rows);
    RETURN_IF_ERROR(writer.Add(column));
  }
  CHECK(writer.metadata().nodes.size() == nodes && writer.metadata().buffers.size() == buffers);
  writer.metadata().length = batch.num_rows;
  writer.metadata().body_length = static_cast<int64_t>(writer.body_bytes());
  WriteRecordBatchMetadata(writer.metadata(), out.data() + start);
  return Status::Ok();
}

}  // namespace forebay::format
