#include "format/row/indexed_row.h"

#include "base/bytes.h"
#include "format/row/binary_row.h"
#include "format/row/cell_bytes.h"

namespace forebay::format {

using model::Column;
using model::ColumnBuilder;
using model::DataType;
using model::Int128;
using model::PhysicalType;
using model::TypeRoot;

namespace {

constexpr size_t kLengthBytes = 4;

bool HasVariableLength(const DataType& type) {
  switch (type.physical()) {
    case PhysicalType::kString: return !type.Is(TypeRoot::kChar) && !type.Is(TypeRoot::kBinary);
    case PhysicalType::kInt128:
    case PhysicalType::kList:
    case PhysicalType::kMap:
    case PhysicalType::kStruct: return true;
    default: return false;
  }
}

size_t CountVariable(std::span<const DataType> types) {
  size_t count = 0;
  for (const DataType& type : types) count += HasVariableLength(type) ? 1 : 0;
  return count;
}

/// Of a type of fixed length.
size_t FixedBytes(const DataType& type) {
  if (type.physical() == PhysicalType::kString) return static_cast<size_t>(type.length());
  if (type.IsTimestamp() && type.time_unit() != model::TimeUnit::kMilli) return 12;
  return static_cast<size_t>(model::PhysicalSize(type.physical()));
}

Status AppendFixedString(const Column& column, int row, std::string& out) {
  std::string_view text = column.GetString(row);
  size_t width = FixedBytes(column.type());
  if (text.size() > width) {
    return InvalidArgument("{} has {} bytes in an indexed row, the value has {}",
                           column.type().ToString(), width, text.size());
  }
  out.append(text).append(width - text.size(), '\0');
  return Status::Ok();
}

void AppendTimestamp(const DataType& type, int64_t value, std::string& out) {
  MilliTime time = SplitTimestamp(type, value);
  AppendRaw(out, time.ms);
  if (type.time_unit() != model::TimeUnit::kMilli) {
    AppendRaw(out, static_cast<int32_t>(time.nanos));
  }
}

Status AppendCell(const Column& column, int row, std::string& out) {
  switch (column.physical()) {
    case PhysicalType::kBool:
    case PhysicalType::kInt8: AppendRaw(out, column.Get<char>(row)); break;
    case PhysicalType::kInt16: AppendRaw(out, column.Get<int16_t>(row)); break;
    case PhysicalType::kInt32: AppendRaw(out, column.Get<int32_t>(row)); break;
    case PhysicalType::kFloat: AppendRaw(out, column.Get<float>(row)); break;
    case PhysicalType::kDouble: AppendRaw(out, column.Get<double>(row)); break;
    case PhysicalType::kInt128: out.append(BigEndian(column.Get<Int128>(row)).view()); break;
    case PhysicalType::kInt64:
      if (column.type().IsTimestamp()) {
        AppendTimestamp(column.type(), column.Get<int64_t>(row), out);
      } else {
        AppendRaw(out, column.Get<int64_t>(row));
      }
      break;
    case PhysicalType::kString:
      if (!HasVariableLength(column.type())) return AppendFixedString(column, row, out);
      out.append(column.GetString(row));
      break;
    default: return AppendNested(RowFormat::kIndexed, column, row, out);
  }
  return Status::Ok();
}

template <typename T>
Status Copy(std::string_view bytes, ColumnBuilder& builder) {
  builder.Append<T>(LoadLe<T>(bytes.data()));
  return Status::Ok();
}

Status ReadInt64(std::string_view bytes, ColumnBuilder& builder) {
  const DataType& type = builder.type();
  if (!type.IsTimestamp() || type.time_unit() == model::TimeUnit::kMilli) {
    return Copy<int64_t>(bytes, builder);
  }
  MilliTime time{LoadLe<int64_t>(bytes.data()), LoadLe<int32_t>(bytes.data() + 8)};
  ASSIGN_OR_RETURN(int64_t value, JoinTimestamp(type, time));
  builder.Append<int64_t>(value);
  return Status::Ok();
}

/// `bytes` has the length that the type, or the row, says.
Status ReadCell(std::string_view bytes, ColumnBuilder& builder) {
  switch (builder.type().physical()) {
    case PhysicalType::kBool: builder.Append<uint8_t>(bytes[0] != 0); return Status::Ok();
    case PhysicalType::kInt8: return Copy<int8_t>(bytes, builder);
    case PhysicalType::kInt16: return Copy<int16_t>(bytes, builder);
    case PhysicalType::kInt32: return Copy<int32_t>(bytes, builder);
    case PhysicalType::kFloat: return Copy<float>(bytes, builder);
    case PhysicalType::kDouble: return Copy<double>(bytes, builder);
    case PhysicalType::kInt64: return ReadInt64(bytes, builder);
    case PhysicalType::kInt128: {
      ASSIGN_OR_RETURN(Int128 value, ReadBigEndian(bytes));
      builder.Append<Int128>(value);
      return Status::Ok();
    }
    case PhysicalType::kString:
      if (!HasVariableLength(builder.type())) {
        bytes = bytes.substr(0, bytes.find_last_not_of('\0') + 1);
      }
      builder.AppendString(bytes);
      return Status::Ok();
    default: return ReadNested(RowFormat::kIndexed, bytes, builder);
  }
}

}  // namespace

Status AppendIndexedRow(std::span<const Column> columns, int row, std::string& out) {
  size_t nulls = out.size();
  size_t next_length = nulls + (columns.size() + 7) / 8;
  size_t variable = 0;
  for (const Column& column : columns) variable += HasVariableLength(column.type()) ? 1 : 0;
  out.append((columns.size() + 7) / 8 + variable * kLengthBytes, '\0');
  for (size_t i = 0; i < columns.size(); ++i) {
    if (columns[i].IsNull(row)) {
      out[nulls + i / 8] = static_cast<char>(out[nulls + i / 8] | 1 << (i % 8));
      continue;
    }
    size_t start = out.size();
    RETURN_IF_ERROR(AppendCell(columns[i], row, out));
    if (!HasVariableLength(columns[i].type())) continue;
    StoreLe(out.data() + next_length, static_cast<int32_t>(out.size() - start));
    next_length += kLengthBytes;
  }
  return Status::Ok();
}

Status ReadIndexedRow(std::string_view bytes, std::span<const DataType> types,
                      const RowTarget& target) {
  ByteReader reader(bytes);
  ASSIGN_OR_RETURN(std::string_view nulls, reader.ReadBytes((types.size() + 7) / 8));
  ASSIGN_OR_RETURN(std::string_view lengths, reader.ReadBytes(CountVariable(types) * kLengthBytes));
  ByteReader length_reader(lengths);
  for (size_t i = 0; i < types.size(); ++i) {
    if ((nulls[i / 8] >> (i % 8) & 1) != 0) {
      target[i].AppendNull();
      continue;
    }
    size_t size = 0;
    if (HasVariableLength(types[i])) {
      ASSIGN_OR_RETURN(size, length_reader.Read<uint32_t>());
    } else {
      size = FixedBytes(types[i]);
    }
    ASSIGN_OR_RETURN(std::string_view cell, reader.ReadBytes(size));
    RETURN_IF_ERROR(ReadCell(cell, target[i]));
  }
  if (!reader.AtEnd()) return Corruption("{} bytes after a row", reader.remaining());
  return Status::Ok();
}

}  // namespace forebay::format
