#include "format/row/compacted_columns.h"

#include <immintrin.h>

#include <bit>

#include "base/bytes.h"
#include "format/row/cell_bytes.h"
#include "format/row/compacted_cell.h"

namespace forebay::format {

using model::Column;
using model::ColumnBuilder;
using model::DataType;
using model::PhysicalType;
using model::StringRef;

namespace {

/// What of a row was not read yet.
struct Rest {
  const char* at;
  const char* end;

  size_t size() const { return static_cast<size_t>(end - at); }
};

bool TakeVarint(Rest& rest, uint64_t& value) {
  constexpr ptrdiff_t kUncheckedBytes = 8;
  if (rest.end - rest.at >= kUncheckedBytes) {
    uint64_t bytes = LoadLe<uint64_t>(rest.at);
    uint64_t last = ~bytes & 0x8080808080808080;  // the highest bit of a number's last byte
    if (last != 0) {
      int bits = std::countr_zero(last) + 1;
      rest.at += bits / 8;
      value = _pext_u64(bytes, 0x7f7f7f7f7f7f7f7f >> (64 - bits));
      return true;
    }
  }
  ByteReader reader({rest.at, rest.size()});
  auto read = reader.ReadVarint();
  if (!read.ok()) return false;
  rest.at += reader.position();
  value = *read;
  return true;
}

template <typename T>
bool TakeRaw(Rest& rest, T& cell) {
  if (rest.size() < sizeof(T)) return false;
  cell = LoadLe<T>(rest.at);
  rest.at += sizeof(T);
  return true;
}

bool TakeBool(Rest& rest, uint8_t& cell) {
  if (!TakeRaw(rest, cell)) return false;
  cell = static_cast<uint8_t>(cell != 0);
  return true;
}

bool TakeInt32(Rest& rest, int32_t& cell) {
  uint64_t value;
  if (!TakeVarint(rest, value) || value > UINT32_MAX) return false;
  cell = static_cast<int32_t>(value);
  return true;
}

bool TakeInt64(Rest& rest, int64_t& cell) {
  uint64_t value;
  if (!TakeVarint(rest, value)) return false;
  cell = static_cast<int64_t>(value);
  return true;
}

bool TakeString(Rest& rest, StringRef& cell) {
  uint64_t size;
  if (!TakeVarint(rest, size) || size > rest.size()) return false;
  cell = StringRef(std::string_view(rest.at, size));
  rest.at += size;
  return true;
}

/// Reads the same rows column by column. Thread-compatible.
class ColumnsReader {
 public:
  ColumnsReader(std::span<const std::string_view> rows, size_t num_columns)
      : rows_(rows), null_bytes_((num_columns + 7) / 8) {}

  Status Begin() {
    rests_.reserve(rows_.size());
    for (std::string_view row : rows_) {
      if (row.size() < null_bytes_) return Corruption("a row of {} bytes", row.size());
      rests_.push_back({row.data() + null_bytes_, row.data() + row.size()});
    }
    return {};
  }
  Result<Column> Next(const DataType& type);
  Status End() const {
    for (const Rest& rest : rests_) {
      if (rest.at != rest.end) return Corruption("{} bytes after a row", rest.size());
    }
    return {};
  }

 private:
  bool IsNull(size_t row) const { return (rows_[row][column_ / 8] >> (column_ % 8) & 1) != 0; }
  template <typename T>
  Status ReadFlat(ColumnBuilder& builder, bool (*take)(Rest&, T&));
  Status ReadAny(ColumnBuilder& builder);
  Status Read(const DataType& type, ColumnBuilder& builder);

  const std::span<const std::string_view> rows_;
  const size_t null_bytes_;
  std::vector<Rest> rests_;
  size_t column_ = 0;
};

/// `take` false: the bytes are no such cell.
template <typename T>
inline __attribute__((always_inline)) Status ColumnsReader::ReadFlat(ColumnBuilder& builder,
                                                                     bool (*take)(Rest&, T&)) {
  builder.Resize(static_cast<int>(rows_.size()));
  T* cells = builder.mutable_values<T>();
  for (size_t row = 0; row < rows_.size(); ++row) {
    if (IsNull(row)) {
      builder.SetNull(static_cast<int>(row));
    } else if (!take(rests_[row], cells[row])) {
      return Corruption("row {}: its cell {} is none of type {}", row, column_,
                        builder.type().ToString());
    }
  }
  return {};
}

Status ColumnsReader::ReadAny(ColumnBuilder& builder) {
  for (size_t row = 0; row < rows_.size(); ++row) {
    if (IsNull(row)) {
      builder.AppendNull();
      continue;
    }
    ByteReader reader({rests_[row].at, rests_[row].size()});
    RETURN_IF_ERROR(ReadCompactedCell(reader, builder));
    rests_[row].at += reader.position();
  }
  return {};
}

Status ColumnsReader::Read(const DataType& type, ColumnBuilder& builder) {
  switch (type.physical()) {
    case PhysicalType::kBool: return ReadFlat<uint8_t>(builder, TakeBool);
    case PhysicalType::kInt8: return ReadFlat<int8_t>(builder, TakeRaw<int8_t>);
    case PhysicalType::kInt16: return ReadFlat<int16_t>(builder, TakeRaw<int16_t>);
    case PhysicalType::kFloat: return ReadFlat<float>(builder, TakeRaw<float>);
    case PhysicalType::kDouble: return ReadFlat<double>(builder, TakeRaw<double>);
    case PhysicalType::kInt32: return ReadFlat<int32_t>(builder, TakeInt32);
    case PhysicalType::kString: return ReadFlat<StringRef>(builder, TakeString);
    case PhysicalType::kInt64:
      if (!type.IsTimestamp() || UnitsPerMilli(type) == 1) {
        return ReadFlat<int64_t>(builder, TakeInt64);
      }
      return ReadAny(builder);
    default: return ReadAny(builder);
  }
}

Result<Column> ColumnsReader::Next(const DataType& type) {
  ColumnBuilder builder(type);
  RETURN_IF_ERROR(Read(type, builder));
  ++column_;
  return builder.Finish();
}

}  // namespace

Result<std::vector<Column>> ReadCompactedColumns(std::span<const std::string_view> rows,
                                                 std::span<const DataType> types) {
  ColumnsReader reader(rows, types.size());
  RETURN_IF_ERROR(reader.Begin());
  std::vector<Column> columns;
  columns.reserve(types.size());
  for (const DataType& type : types) {
    ASSIGN_OR_RETURN(Column column, reader.Next(type));
    columns.push_back(std::move(column));
  }
  RETURN_IF_ERROR(reader.End());
  return columns;
}

}  // namespace forebay::format
