#include "format/compacted_cell.h"

namespace forebay::format {

using model::Column;
using model::ColumnBuilder;
using model::DataType;
using model::Int128;
using model::PhysicalType;
using model::TypeRoot;

namespace {

constexpr int64_t kNanosPerMilli = 1000000;

void AppendVarint(std::string& out, uint64_t value) {
  char bytes[10];
  size_t size = 0;
  for (; value >= 0x80; value >>= 7) bytes[size++] = static_cast<char>(value | 0x80);
  bytes[size++] = static_cast<char>(value);
  out.append(bytes, size);
}

template <typename T>
void AppendRaw(std::string& out, T value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof(T));
}

void AppendBytes(std::string& out, std::string_view bytes) {
  AppendVarint(out, bytes.size());
  out.append(bytes);
}

/// As Java's BigInteger.toByteArray.
void AppendWideDecimal(std::string& out, Int128 value) {
  char bytes[16];
  for (int i = 0; i < 16; ++i) bytes[15 - i] = static_cast<char>(value >> (8 * i));
  int begin = 0;
  char fill = value < 0 ? '\xff' : '\0';
  while (begin < 15 && bytes[begin] == fill && ((bytes[begin + 1] ^ fill) & 0x80) == 0) ++begin;
  AppendBytes(out, std::string_view(bytes + begin, static_cast<size_t>(16 - begin)));
}

/// Cells of one TIMESTAMP precision a millisecond.
int64_t UnitsPerMilli(const DataType& type) {
  switch (type.time_unit()) {
    case model::TimeUnit::kMilli: return 1;
    case model::TimeUnit::kMicro: return 1000;
    case model::TimeUnit::kNano: return kNanosPerMilli;
  }
  return 1;
}

void AppendTimestamp(std::string& out, const DataType& type, int64_t value) {
  int64_t units = UnitsPerMilli(type);
  int64_t ms = value / units, rest = value % units;
  if (rest < 0) {
    --ms;
    rest += units;
  }
  AppendVarint(out, static_cast<uint64_t>(ms));
  if (units > 1) AppendVarint(out, static_cast<uint64_t>(rest * (kNanosPerMilli / units)));
}

}  // namespace

Status CheckCompactedType(const DataType& type) {
  if (model::PhysicalSize(type.physical()) > 0) return Status::Ok();
  return NotSupported("{} cannot be stored in a row of a primary-key table yet", type.ToString());
}

void AppendCompactedCell(const Column& column, int row, std::string& out) {
  switch (column.physical()) {
    case PhysicalType::kBool:
    case PhysicalType::kInt8: return out.push_back(column.Get<char>(row));
    case PhysicalType::kInt16: return AppendRaw(out, column.Get<int16_t>(row));
    case PhysicalType::kFloat: return AppendRaw(out, column.Get<float>(row));
    case PhysicalType::kDouble: return AppendRaw(out, column.Get<double>(row));
    case PhysicalType::kString: return AppendBytes(out, column.GetString(row));
    case PhysicalType::kInt32:
      return AppendVarint(out, static_cast<uint32_t>(column.Get<int32_t>(row)));
    case PhysicalType::kInt128: return AppendWideDecimal(out, column.Get<Int128>(row));
    case PhysicalType::kInt64:
      if (column.type().IsTimestamp()) {
        return AppendTimestamp(out, column.type(), column.Get<int64_t>(row));
      }
      return AppendVarint(out, static_cast<uint64_t>(column.Get<int64_t>(row)));
    default: CHECK(false && "not a flat type");
  }
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
  if (bytes.empty() || bytes.size() > 16) return Corruption("a DECIMAL of {} bytes", bytes.size());
  unsigned __int128 value = (bytes[0] & 0x80) != 0 ? ~static_cast<unsigned __int128>(0) : 0;
  for (char byte : bytes) value = value << 8 | static_cast<uint8_t>(byte);
  builder.Append<Int128>(static_cast<Int128>(value));
  return Status::Ok();
}

Status ReadInt64(ByteReader& reader, ColumnBuilder& builder) {
  ASSIGN_OR_RETURN(uint64_t value, reader.ReadVarint());
  int64_t units = builder.type().IsTimestamp() ? UnitsPerMilli(builder.type()) : 1;
  if (units > 1) {
    ASSIGN_OR_RETURN(uint64_t nanos, reader.ReadVarint());
    if (nanos >= kNanosPerMilli) return Corruption("{} nanoseconds in a millisecond", nanos);
    value = value * static_cast<uint64_t>(units) +
            nanos * static_cast<uint64_t>(units) / kNanosPerMilli;
  }
  builder.Append<int64_t>(static_cast<int64_t>(value));
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
    default: return CheckCompactedType(builder.type());
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
    case PhysicalType::kString:
    case PhysicalType::kInt128: return internal::ToStatus(reader.ReadString());
    case PhysicalType::kInt32: return internal::ToStatus(reader.ReadVarint());
    case PhysicalType::kInt64:
      RETURN_IF_ERROR(reader.ReadVarint());
      if (!type.IsTimestamp() || UnitsPerMilli(type) == 1) return Status::Ok();
      return internal::ToStatus(reader.ReadVarint());
    default: return CheckCompactedType(type);
  }
  return internal::ToStatus(reader.ReadBytes(width));
}

}  // namespace forebay::format
