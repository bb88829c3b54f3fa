#include "format/row/binary_row.h"

#include <cmath>
#include <limits>

#include "base/bytes.h"
#include "format/row/cell_bytes.h"

namespace forebay::format {

using model::Column;
using model::ColumnBuilder;
using model::DataType;
using model::Int128;
using model::PhysicalType;

namespace {

constexpr size_t kWord = 8;
constexpr size_t kInlineBytesMax = 7;
constexpr size_t kWideDecimalBytes = 16;
constexpr size_t kRowKindBits = 8;
constexpr size_t kArraySizeBytes = 4;

size_t RowNullBytes(size_t fields) { return (fields + kRowKindBits + 63) / 64 * kWord; }
size_t ArrayHeaderBytes(size_t elements) { return kArraySizeBytes + (elements + 31) / 32 * 4; }

/// Bytes of an element in the fixed part of an array.
size_t ElementBytes(const DataType& type) {
  switch (type.physical()) {
    case PhysicalType::kBool:
    case PhysicalType::kInt8: return 1;
    case PhysicalType::kInt16: return 2;
    case PhysicalType::kInt32:
    case PhysicalType::kFloat: return 4;
    default: return kWord;
  }
}

/// Writes the cells of one row or array that begins at `base`. Thread-compatible.
class CellWriter {
 public:
  CellWriter(RowFormat nested_format, std::string& out, size_t base)
      : nested_format_(nested_format), out_(out), base_(base) {}

  /// `slot` is where the cell's fixed part lies in the whole buffer.
  Status Write(const Column& column, int row, size_t slot);

 private:
  template <typename T>
  Status Store(size_t slot, T value) {
    StoreLe(out_.data() + slot, value);
    return Status::Ok();
  }
  /// Ends the piece of the variable part that begins at `start`.
  Status StorePiece(size_t slot, size_t start);
  Status WriteString(std::string_view text, size_t slot);
  Status WriteTimestamp(const DataType& type, int64_t value, size_t slot);

  RowFormat nested_format_;
  std::string& out_;
  size_t base_;
};

Status CellWriter::StorePiece(size_t slot, size_t start) {
  size_t size = out_.size() - start;
  if (out_.size() - base_ > static_cast<size_t>(std::numeric_limits<int32_t>::max())) {
    return OutOfRange("a row may have 2 GiB, not {} bytes", out_.size() - base_);
  }
  out_.append((kWord - size % kWord) % kWord, '\0');
  return Store<uint64_t>(slot, uint64_t{start - base_} << 32 | size);
}

Status CellWriter::WriteString(std::string_view text, size_t slot) {
  if (text.size() <= kInlineBytesMax) {
    out_.replace(slot, text.size(), text);
    out_[slot + kInlineBytesMax] = static_cast<char>(0x80 | text.size());
    return Status::Ok();
  }
  size_t start = out_.size();
  out_.append(text);
  return StorePiece(slot, start);
}

Status CellWriter::WriteTimestamp(const DataType& type, int64_t value, size_t slot) {
  MilliTime time = SplitTimestamp(type, value);
  if (type.time_unit() == model::TimeUnit::kMilli) return Store(slot, time.ms);
  uint64_t offset = out_.size() - base_;
  AppendRaw(out_, time.ms);
  return Store<uint64_t>(slot, offset << 32 | static_cast<uint32_t>(time.nanos));
}

Status CellWriter::Write(const Column& column, int row, size_t slot) {
  switch (column.physical()) {
    case PhysicalType::kBool:
    case PhysicalType::kInt8: return Store(slot, column.Get<char>(row));
    case PhysicalType::kInt16: return Store(slot, column.Get<int16_t>(row));
    case PhysicalType::kInt32: return Store(slot, column.Get<int32_t>(row));
    case PhysicalType::kFloat: return Store(slot, column.Get<float>(row));
    case PhysicalType::kDouble: return Store(slot, column.Get<double>(row));
    case PhysicalType::kString: return WriteString(column.GetString(row), slot);
    case PhysicalType::kInt64:
      if (column.type().IsTimestamp()) {
        return WriteTimestamp(column.type(), column.Get<int64_t>(row), slot);
      }
      return Store(slot, column.Get<int64_t>(row));
    case PhysicalType::kInt128: {
      size_t start = out_.size();
      out_.append(BigEndian(column.Get<Int128>(row)).view());
      size_t size = out_.size() - start;
      out_.resize(start + kWideDecimalBytes);
      return Store<uint64_t>(slot, uint64_t{start - base_} << 32 | size);
    }
    default: {
      size_t start = out_.size();
      RETURN_IF_ERROR(AppendNested(nested_format_, column, row, out_));
      return StorePiece(slot, start);
    }
  }
}

void SetBit(std::string& out, size_t base, size_t bit) {
  out[base + bit / 8] = static_cast<char>(out[base + bit / 8] | 1 << (bit % 8));
}

/// As Java, which knows but one NaN once it is in an array.
void OneNaN(const DataType& type, char* cell) {
  if (type.physical() == PhysicalType::kFloat && std::isnan(LoadLe<float>(cell))) {
    StoreLe<uint32_t>(cell, 0x7fc00000);
  } else if (type.physical() == PhysicalType::kDouble && std::isnan(LoadLe<double>(cell))) {
    StoreLe<uint64_t>(cell, 0x7ff8000000000000);
  }
}

/// The elements [begin, end) of `column`.
Status AppendArray(RowFormat format, const Column& column, int begin, int end, std::string& out) {
  auto count = static_cast<size_t>(end - begin);
  size_t base = out.size(), header = ArrayHeaderBytes(count);
  size_t width = ElementBytes(column.type());
  out.append((header + count * width + kWord - 1) / kWord * kWord, '\0');
  StoreLe(out.data() + base, static_cast<int32_t>(count));
  CellWriter writer(format, out, base);
  for (size_t i = 0; i < count; ++i) {
    int row = begin + static_cast<int>(i);
    if (column.IsNull(row)) {
      SetBit(out, base + kArraySizeBytes, i);
      continue;
    }
    size_t slot = base + header + i * width;
    RETURN_IF_ERROR(writer.Write(column, row, slot));
    OneNaN(column.type(), out.data() + slot);
  }
  return Status::Ok();
}

Status AppendMap(RowFormat format, const Column& map, int row, std::string& out) {
  int begin = map.offsets()[row], end = map.offsets()[row + 1];
  size_t start = out.size();
  out.append(4, '\0');
  RETURN_IF_ERROR(AppendArray(format, map.children()[0], begin, end, out));
  StoreLe(out.data() + start, static_cast<int32_t>(out.size() - start - 4));
  return AppendArray(format, map.children()[1], begin, end, out);
}

/// Reads the cells of one row or array, whose bytes may be anything. Thread-compatible.
class CellReader {
 public:
  CellReader(RowFormat nested_format, std::string_view bytes)
      : nested_format_(nested_format), bytes_(bytes) {}

  /// `slot`: the cell's fixed part, which lies within the bytes.
  Status Read(size_t slot, ColumnBuilder& builder);

 private:
  template <typename T>
  Status Copy(size_t slot, ColumnBuilder& builder) {
    builder.Append<T>(LoadLe<T>(bytes_.data() + slot));
    return Status::Ok();
  }
  Result<std::string_view> Piece(uint64_t offset, uint64_t size);
  Result<std::string_view> String(size_t slot);
  Status ReadTimestamp(size_t slot, ColumnBuilder& builder);

  RowFormat nested_format_;
  std::string_view bytes_;
  /// Of the pieces read. Those of a sound row do not overlap; without this limit a small input
  /// could name one piece many times, and in nested arrays exponentially many.
  uint64_t piece_bytes_ = 0;
};

Result<std::string_view> CellReader::Piece(uint64_t offset, uint64_t size) {
  piece_bytes_ += size;
  if (offset > bytes_.size() || size > bytes_.size() - offset || piece_bytes_ > bytes_.size()) {
    return Corruption("a value at {}+{} in a row of {} bytes", offset, size, bytes_.size());
  }
  return bytes_.substr(offset, size);
}

Result<std::string_view> CellReader::String(size_t slot) {
  auto cell = LoadLe<uint64_t>(bytes_.data() + slot);
  if (cell >> 63 == 0) return Piece(cell >> 32, cell & UINT32_MAX);
  size_t size = cell >> 56 & 0x7f;
  if (size > kInlineBytesMax) return Corruption("a short value of {} bytes", size);
  return bytes_.substr(slot, size);
}

Status CellReader::ReadTimestamp(size_t slot, ColumnBuilder& builder) {
  if (builder.type().time_unit() == model::TimeUnit::kMilli) return Copy<int64_t>(slot, builder);
  auto cell = LoadLe<uint64_t>(bytes_.data() + slot);
  ASSIGN_OR_RETURN(std::string_view piece, Piece(cell >> 32, kWord));
  MilliTime time{LoadLe<int64_t>(piece.data()), static_cast<int64_t>(cell & UINT32_MAX)};
  ASSIGN_OR_RETURN(int64_t value, JoinTimestamp(builder.type(), time));
  builder.Append<int64_t>(value);
  return Status::Ok();
}

Status CellReader::Read(size_t slot, ColumnBuilder& builder) {
  switch (builder.type().physical()) {
    case PhysicalType::kBool: builder.Append<uint8_t>(bytes_[slot] != 0); return Status::Ok();
    case PhysicalType::kInt8: return Copy<int8_t>(slot, builder);
    case PhysicalType::kInt16: return Copy<int16_t>(slot, builder);
    case PhysicalType::kInt32: return Copy<int32_t>(slot, builder);
    case PhysicalType::kFloat: return Copy<float>(slot, builder);
    case PhysicalType::kDouble: return Copy<double>(slot, builder);
    case PhysicalType::kInt64:
      if (builder.type().IsTimestamp()) return ReadTimestamp(slot, builder);
      return Copy<int64_t>(slot, builder);
    case PhysicalType::kString: {
      ASSIGN_OR_RETURN(std::string_view text, String(slot));
      builder.AppendString(text);
      return Status::Ok();
    }
    case PhysicalType::kInt128: {
      auto cell = LoadLe<uint64_t>(bytes_.data() + slot);
      ASSIGN_OR_RETURN(std::string_view piece, Piece(cell >> 32, cell & UINT32_MAX));
      ASSIGN_OR_RETURN(Int128 value, ReadBigEndian(piece));
      builder.Append<Int128>(value);
      return Status::Ok();
    }
    default: {
      auto cell = LoadLe<uint64_t>(bytes_.data() + slot);
      ASSIGN_OR_RETURN(std::string_view piece, Piece(cell >> 32, cell & UINT32_MAX));
      return ReadNested(nested_format_, piece, builder);
    }
  }
}

bool Bit(std::string_view bytes, size_t bit) { return (bytes[bit / 8] >> (bit % 8) & 1) != 0; }

Result<int32_t> ArraySize(std::string_view bytes) {
  if (bytes.size() < kArraySizeBytes) return Corruption("an array in {} bytes", bytes.size());
  auto count = LoadLe<int32_t>(bytes.data());
  if (count < 0) return Corruption("an array of {} elements", count);
  return count;
}

/// Appends the elements of an array to the builder of its elements.
Status ReadArray(RowFormat format, std::string_view bytes, ColumnBuilder& builder) {
  ASSIGN_OR_RETURN(int32_t size, ArraySize(bytes));
  auto count = static_cast<size_t>(size);
  size_t header = ArrayHeaderBytes(count), width = ElementBytes(builder.type());
  if (bytes.size() < header + count * width) {
    return Corruption("an array of {} elements in {} bytes", count, bytes.size());
  }
  CellReader reader(format, bytes);
  for (size_t i = 0; i < count; ++i) {
    if (Bit(bytes.substr(kArraySizeBytes), i)) {
      builder.AppendNull();
    } else {
      RETURN_IF_ERROR(reader.Read(header + i * width, builder));
    }
  }
  return Status::Ok();
}

Status ReadMap(RowFormat format, std::string_view bytes, ColumnBuilder& builder) {
  if (bytes.size() < 4) return Corruption("a map in {} bytes", bytes.size());
  size_t key_bytes = LoadLe<uint32_t>(bytes.data());
  bytes.remove_prefix(4);
  if (key_bytes > bytes.size()) {
    return Corruption("{} bytes of map keys in {} bytes", key_bytes, bytes.size());
  }
  std::string_view keys = bytes.substr(0, key_bytes), values = bytes.substr(key_bytes);
  ASSIGN_OR_RETURN(int32_t key_count, ArraySize(keys));
  ASSIGN_OR_RETURN(int32_t value_count, ArraySize(values));
  if (key_count != value_count) {
    return Corruption("a map of {} keys and {} values", key_count, value_count);
  }
  RETURN_IF_ERROR(ReadArray(format, keys, builder.child(0)));
  return ReadArray(format, values, builder.child(1));
}

}  // namespace

Status AppendAlignedRow(std::span<const Column> columns, int row, std::string& out) {
  size_t base = out.size(), nulls = RowNullBytes(columns.size());
  out.append(nulls + columns.size() * kWord, '\0');
  CellWriter writer(RowFormat::kAligned, out, base);
  for (size_t i = 0; i < columns.size(); ++i) {
    if (columns[i].IsNull(row)) {
      SetBit(out, base, i + kRowKindBits);
    } else {
      RETURN_IF_ERROR(writer.Write(columns[i], row, base + nulls + i * kWord));
    }
  }
  return Status::Ok();
}

Status ReadAlignedRow(std::string_view bytes, std::span<const DataType> types,
                      const RowTarget& target) {
  size_t nulls = RowNullBytes(types.size());
  if (bytes.size() < nulls + types.size() * kWord) {
    return Corruption("a row of {} columns in {} bytes", types.size(), bytes.size());
  }
  CellReader reader(RowFormat::kAligned, bytes);
  for (size_t i = 0; i < types.size(); ++i) {
    if (Bit(bytes, i + kRowKindBits)) {
      target[i].AppendNull();
    } else {
      RETURN_IF_ERROR(reader.Read(nulls + i * kWord, target[i]));
    }
  }
  return Status::Ok();
}

Status AppendNested(RowFormat format, const Column& column, int row, std::string& out) {
  switch (column.physical()) {
    case PhysicalType::kList:
      return AppendArray(format, column.children()[0], column.offsets()[row],
                         column.offsets()[row + 1], out);
    case PhysicalType::kMap: return AppendMap(format, column, row, out);
    case PhysicalType::kStruct: return AppendRow(format, column.children(), row, out);
    default: return NotSupported("{} cannot be stored in a row", column.type().ToString());
  }
}

Status ReadNested(RowFormat format, std::string_view bytes, ColumnBuilder& builder) {
  const DataType& type = builder.type();
  switch (type.physical()) {
    case PhysicalType::kList: RETURN_IF_ERROR(ReadArray(format, bytes, builder.child(0))); break;
    case PhysicalType::kMap: RETURN_IF_ERROR(ReadMap(format, bytes, builder)); break;
    case PhysicalType::kStruct:
      RETURN_IF_ERROR(ReadRow(format, bytes, type.children(), RowTarget(builder)));
      break;
    default: return NotSupported("{} cannot be stored in a row", type.ToString());
  }
  builder.FinishEntry();
  return Status::Ok();
}

}  // namespace forebay::format
