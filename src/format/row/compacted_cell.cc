#include "format/row/compacted_cell.h"

#include "format/row/binary_row.h"
#include "format/row/cell_bytes.h"

namespace forebay::format {

using model::Column;
using model::ColumnBuilder;
using model::DataType;
using model::Int128;
using model::PhysicalType;

namespace {

void AppendVarint(std::string& out, uint64_t value) {
  char bytes[10];
  size_t size = 0;
  for (; value >= 0x80; value >>= 7) bytes[size++] = static_cast<char>(value | 0x80);
  bytes[size++] = static_cast<char>(value);
  out.append(bytes, size);
}

void AppendBytes(std::string& out, std::string_view bytes) {
  AppendVarint(out, bytes.size());
  out.append(bytes);
}

void AppendTimestamp(std::string& out, const DataType& type, int64_t value) {
  MilliTime time = SplitTimestamp(type, value);
  AppendVarint(out, static_cast<uint64_t>(time.ms));
  if (UnitsPerMilli(type) > 1) AppendVarint(out, static_cast<uint64_t>(time.nanos));
}

}  // namespace

Status AppendCompactedCell(const Column& column, int row, std::string& out) {
  switch (column.physical()) {
    case PhysicalType::kBool:
    case PhysicalType::kInt8: out.push_back(column.Get<char>(row)); break;
    case PhysicalType::kInt16: AppendRaw(out, column.Get<int16_t>(row)); break;
    case PhysicalType::kFloat: AppendRaw(out, column.Get<float>(row)); break;
    case PhysicalType::kDouble: AppendRaw(out, column.Get<double>(row)); break;
    case PhysicalType::kString: AppendBytes(out, column.GetString(row)); break;
    case PhysicalType::kInt32:
      AppendVarint(out, static_cast<uint32_t>(column.Get<int32_t>(row)));
      break;
    case PhysicalType::kInt128: AppendBytes(out, BigEndian(column.Get<Int128>(row)).view()); break;
    case PhysicalType::kInt64:
      if (column.type().IsTimestamp()) {
        AppendTimestamp(out, column.type(), column.Get<int64_t>(row));
      } else {
        AppendVarint(out, static_cast<uint64_t>(column.Get<int64_t>(row)));
      }
      break;
    default: {
      // The length stands before the value and has as many bytes as it needs.
      std::string nested;
      RETURN_IF_ERROR(AppendNested(RowFormat::kCompacted, column, row, nested));
      AppendBytes(out, nested);
    }
  }
  return Status::Ok();
}

namespace {

template <typename T>
Status ReadRaw(ByteReader& reader, ColumnBuilder& builder) {
  ASSIGN_OR_RETURN(T value, reader.Read<T>());
  builder.Append<T>(value);
  return Status::Ok();
}

Status ReadWideDecimal(ByteReader& reader, ColumnBuilder& builder) {
  ASSIGN_OR_RETURN(std::string_view bytes, reader.ReadString());
  ASSIGN_OR_RETURN(Int128 value, ReadBigEndian(bytes));
  builder.Append<Int128>(value);
  return Status::Ok();
}

Status ReadInt64(ByteReader& reader, ColumnBuilder& builder) {
  ASSIGN_OR_RETURN(uint64_t value, reader.ReadVarint());
  auto cell = static_cast<int64_t>(value);
  if (builder.type().IsTimestamp() && UnitsPerMilli(builder.type()) > 1) {
    ASSIGN_OR_RETURN(uint64_t nanos, reader.ReadVarint());
    MilliTime time{cell, static_cast<int64_t>(nanos)};
    ASSIGN_OR_RETURN(cell, JoinTimestamp(builder.type(), time));
  }
  builder.Append<int64_t>(cell);
  return Status::Ok();
}

}  // namespace

Status ReadCompactedCell(ByteReader& reader, ColumnBuilder& builder) {
  switch (builder.type().physical()) {
    case PhysicalType::kBool: {
      ASSIGN_OR_RETURN(uint8_t value, reader.Read<uint8_t>());
      builder.Append<uint8_t>(value != 0);
      return Status::Ok();
    }
    case PhysicalType::kInt8: return ReadRaw<int8_t>(reader, builder);
    case PhysicalType::kInt16: return ReadRaw<int16_t>(reader, builder);
    case PhysicalType::kFloat: return ReadRaw<float>(reader, builder);
    case PhysicalType::kDouble: return ReadRaw<double>(reader, builder);
    case PhysicalType::kString: {
      ASSIGN_OR_RETURN(std::string_view text, reader.ReadString());
      builder.AppendString(text);
      return Status::Ok();
    }
    case PhysicalType::kInt32: {
      ASSIGN_OR_RETURN(uint64_t value, reader.ReadVarint());
      if (value > UINT32_MAX) return Corruption("{} is no INT", value);
      builder.Append<int32_t>(static_cast<int32_t>(value));
      return Status::Ok();
    }
    case PhysicalType::kInt128: return ReadWideDecimal(reader, builder);
    case PhysicalType::kInt64: return ReadInt64(reader, builder);
    default: {
      ASSIGN_OR_RETURN(std::string_view nested, reader.ReadString());
      return ReadNested(RowFormat::kCompacted, nested, builder);
    }
  }
}

Status SkipCompactedCell(ByteReader& reader, const DataType& type) {
  size_t width = 0;
  switch (type.physical()) {
    case PhysicalType::kBool:
    case PhysicalType::kInt8: width = 1; break;
    case PhysicalType::kInt16: width = 2; break;
    case PhysicalType::kFloat: width = 4; break;
    case PhysicalType::kDouble: width = 8; break;
    case PhysicalType::kInt32: return internal::ToStatus(reader.ReadVarint());
    case PhysicalType::kInt64:
      RETURN_IF_ERROR(reader.ReadVarint());
      if (!type.IsTimestamp() || UnitsPerMilli(type) == 1) return Status::Ok();
      return internal::ToStatus(reader.ReadVarint());
    default: return internal::ToStatus(reader.ReadString());
  }
  return internal::ToStatus(reader.ReadBytes(width));
}

}  // namespace forebay::format
