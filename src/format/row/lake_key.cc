#include "format/row/lake_key.h"

#include <bit>
#include <cstdlib>

#include "base/bytes.h"
#include "format/row/binary_row.h"
#include "format/row/cell_bytes.h"
#include "format/text/java_text.h"

namespace forebay::format {

using model::Column;
using model::ColumnBuilder;
using model::Int128;
using model::PhysicalType;
using model::TypeRoot;

namespace {

constexpr uint32_t kPositive = 0x7fffffff;

Error NoKeyType(const Column& column, std::string_view lake) {
  return NotSupported("{} cannot be a bucket key of {}", column.type().ToString(), lake);
}

Status CheckKeyColumns(std::span<const Column> columns) {
  if (columns.empty()) return InvalidArgument("a key needs at least one column");
  for (const Column& column : columns) {
    if (model::PhysicalSize(column.physical()) == 0) {
      return NotSupported("{} cannot be a key", column.type().ToString());
    }
    for (int row = 0; row < column.num_rows() && column.MayHaveNulls(); ++row) {
      if (column.IsNull(row)) return InvalidArgument("a key column is NULL in row {}", row);
    }
  }
  return Status::Ok();
}

Status AppendIcebergTimestamp(const Column& column, int row, std::string& out) {
  MilliTime time = SplitTimestamp(column.type(), column.Get<int64_t>(row));
  int64_t micros = 0;
  if (__builtin_mul_overflow(time.ms, int64_t{1000}, &micros) ||
      __builtin_add_overflow(micros, time.nanos / 1000, &micros)) {
    return InvalidArgument("the time of {} ms has no microseconds in 64 bits", time.ms);
  }
  AppendRaw(out, micros);
  return Status::Ok();
}

Status AppendIcebergKey(const Column& column, int row, std::string& out) {
  switch (column.type().root()) {
    case TypeRoot::kInteger:
    case TypeRoot::kDate: AppendRaw<int64_t>(out, column.Get<int32_t>(row)); break;
    case TypeRoot::kTime: AppendRaw<int64_t>(out, column.Get<int32_t>(row) * int64_t{1000}); break;
    case TypeRoot::kBigint: AppendRaw(out, column.Get<int64_t>(row)); break;
    case TypeRoot::kFloat: AppendRaw(out, column.Get<float>(row)); break;
    case TypeRoot::kDouble: AppendRaw(out, column.Get<double>(row)); break;
    case TypeRoot::kTimestamp: return AppendIcebergTimestamp(column, row, out);
    case TypeRoot::kChar:
    case TypeRoot::kVarchar:
    case TypeRoot::kBinary:
    case TypeRoot::kVarbinary: out.append(column.GetString(row)); break;
    case TypeRoot::kDecimal: {
      bool wide = column.physical() == PhysicalType::kInt128;
      Int128 value = wide ? column.Get<Int128>(row) : Int128{column.Get<int64_t>(row)};
      out.append(BigEndian(value).view());
      break;
    }
    default: return NoKeyType(column, "Iceberg");
  }
  return Status::Ok();
}

/// Hudi splits keys of several columns at commas and gives two texts a meaning of their own.
Status CheckHudiText(std::string_view text) {
  if (text.find(',') == std::string_view::npos && text != "__null__" && text != "__empty__") {
    return Status::Ok();
  }
  return InvalidArgument("'{}' cannot be in a bucket key of several columns for Hudi", text);
}

Status AppendHudiKey(std::span<const Column> columns, int row, std::string& out) {
  uint32_t hash = 1;
  for (const Column& column : columns) {
    if (column.type().IsBytes() || column.type().IsInterval() ||
        column.type().Is(TypeRoot::kVariant)) {
      return NoKeyType(column, "Hudi");
    }
    std::string text = JavaText(column, row);
    if (columns.size() > 1) RETURN_IF_ERROR(CheckHudiText(text));
    hash = hash * 31 + static_cast<uint32_t>(JavaHashCode(text));
  }
  for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<char>(hash >> shift));
  return Status::Ok();
}

Status AppendKey(KeyEncoding encoding, std::span<const Column> columns, int row, std::string& out) {
  if (encoding == KeyEncoding::kPaimon) return AppendAlignedRow(columns, row, out);
  if (encoding == KeyEncoding::kHudi) return AppendHudiKey(columns, row, out);
  return AppendIcebergKey(columns[0], row, out);
}

/// The standard Murmur3 with 32 bits and seed 0.
uint32_t Murmur3(std::string_view bytes) {
  uint32_t hash = 0;
  size_t whole = bytes.size() / 4 * 4;
  for (size_t i = 0; i < whole; i += 4) {
    hash = murmur::Mix(hash, LoadLe<uint32_t>(bytes.data() + i));
  }
  uint32_t tail = 0;
  for (size_t i = bytes.size(); i > whole; --i) {
    tail = tail << 8 | static_cast<uint8_t>(bytes[i - 1]);
  }
  hash ^= std::rotl(tail * 0xcc9e2d51u, 15) * 0x1b873593u;
  return murmur::Finish(hash ^ static_cast<uint32_t>(bytes.size()));
}

template <typename T>
Result<T> ReadWhole(std::string_view key) {
  if (key.size() != sizeof(T)) return Corruption("a key of {} bytes", key.size());
  return LoadLe<T>(key.data());
}

/// A cell of 32 bits that is an int64 in the key, `unit` to one.
Status AppendNarrow(std::string_view key, int64_t unit, ColumnBuilder& column) {
  ASSIGN_OR_RETURN(auto value, ReadWhole<int64_t>(key));
  if (value % unit != 0 || value / unit != static_cast<int32_t>(value / unit)) {
    return Corruption("{} is no {}", value, column.type().ToString());
  }
  column.Append(static_cast<int32_t>(value / unit));
  return Status::Ok();
}

Status AppendMicros(std::string_view key, ColumnBuilder& column) {
  constexpr int64_t kMicrosPerMilli = 1000;
  ASSIGN_OR_RETURN(auto micros, ReadWhole<int64_t>(key));
  MilliTime time{model::FloorDiv(micros, kMicrosPerMilli),
                 model::FloorMod(micros, kMicrosPerMilli) * 1000};
  ASSIGN_OR_RETURN(int64_t value, JoinTimestamp(column.type(), time));
  column.Append(value);
  return Status::Ok();
}

Status AppendDecimal(std::string_view key, ColumnBuilder& column) {
  ASSIGN_OR_RETURN(Int128 value, ReadBigEndian(key));
  if (column.type().physical() == PhysicalType::kInt128) {
    column.Append(value);
  } else if (value == static_cast<int64_t>(value)) {
    column.Append(static_cast<int64_t>(value));
  } else {
    return Corruption("a key is too large for {}", column.type().ToString());
  }
  return Status::Ok();
}

Status DecodeIcebergKey(std::string_view key, ColumnBuilder& column) {
  switch (column.type().root()) {
    case TypeRoot::kInteger:
    case TypeRoot::kDate: return AppendNarrow(key, 1, column);
    case TypeRoot::kTime: return AppendNarrow(key, 1000, column);
    case TypeRoot::kTimestamp: return AppendMicros(key, column);
    case TypeRoot::kDecimal: return AppendDecimal(key, column);
    case TypeRoot::kBigint: {
      ASSIGN_OR_RETURN(auto value, ReadWhole<int64_t>(key));
      column.Append(value);
      return Status::Ok();
    }
    case TypeRoot::kChar:
    case TypeRoot::kVarchar:
    case TypeRoot::kBinary:
    case TypeRoot::kVarbinary: column.AppendString(key); return Status::Ok();
    default: return NotSupported("reading {} from a key of Iceberg", column.type().ToString());
  }
}

/// Types that both Fluss's IcebergKeyEncoder and Iceberg's bucket transform take.
bool HasIcebergBuckets(const model::DataType& type) {
  constexpr int kMicroPrecision = 6;
  switch (type.root()) {
    case TypeRoot::kInteger:
    case TypeRoot::kBigint:
    case TypeRoot::kDate:
    case TypeRoot::kTime:
    case TypeRoot::kDecimal:
    case TypeRoot::kChar:
    case TypeRoot::kVarchar:
    case TypeRoot::kBinary:
    case TypeRoot::kVarbinary: return true;
    case TypeRoot::kTimestamp: return type.precision() <= kMicroPrecision;
    default: return false;
  }
}

uint32_t LoadBigEndian(std::string_view key) {
  uint32_t value = 0;
  for (char byte : key.substr(0, 4)) value = value << 8 | static_cast<uint8_t>(byte);
  return value;
}

}  // namespace

Result<EncodedKeys> EncodeBucketKeys(KeyEncoding encoding, std::span<const Column> columns) {
  if (encoding == KeyEncoding::kFluss) return EncodeKeys(columns);
  RETURN_IF_ERROR(CheckKeyColumns(columns));
  if (encoding == KeyEncoding::kIceberg && columns.size() != 1) {
    return InvalidArgument("a bucket key of Iceberg has one column, not {}", columns.size());
  }
  EncodedKeys keys;
  for (int row = 0; row < columns[0].num_rows(); ++row) {
    RETURN_IF_ERROR(AppendKey(encoding, columns, row, keys.bytes()));
    keys.EndKey();
  }
  return keys;
}

int BucketOf(KeyEncoding encoding, std::string_view key, int bucket_count) {
  auto count = static_cast<uint32_t>(bucket_count);
  switch (encoding) {
    case KeyEncoding::kFluss: return BucketOf(key, bucket_count);
    case KeyEncoding::kPaimon:
      return std::abs(static_cast<int32_t>(murmur::HashKey(key)) % bucket_count);
    case KeyEncoding::kIceberg: return static_cast<int>((Murmur3(key) & kPositive) % count);
    case KeyEncoding::kHudi: return static_cast<int>((LoadBigEndian(key) & kPositive) % count);
  }
  return 0;
}

Status DecodeBucketKey(KeyEncoding encoding, std::string_view key,
                       std::span<ColumnBuilder*> columns) {
  if (encoding == KeyEncoding::kFluss) return DecodeKey(key, columns);
  if (encoding != KeyEncoding::kIceberg) return NotSupported("reading a key of this lake");
  if (columns.size() != 1) {
    return InvalidArgument("a bucket key of Iceberg has one column, not {}", columns.size());
  }
  return DecodeIcebergKey(key, *columns[0]);
}

KeyEncoding BucketEncodingOf(const model::TableDescriptor& table) {
  // The one lake format that storage takes.
  if (!table.properties.contains("table.datalake.format")) return KeyEncoding::kFluss;
  std::vector<std::string> keys = table.EffectiveBucketKeys();
  if (keys.size() != 1) return KeyEncoding::kFluss;
  int index = table.schema.IndexOf(keys[0]);
  bool possible = index >= 0 && HasIcebergBuckets(table.schema.columns[index].type);
  return possible ? KeyEncoding::kIceberg : KeyEncoding::kFluss;
}

KeyEncoding RowKeyEncodingOf(const model::TableDescriptor& table) {
  bool whole_key = table.EffectiveBucketKeys() == table.PhysicalPrimaryKey();
  return whole_key ? BucketEncodingOf(table) : KeyEncoding::kFluss;
}

}  // namespace forebay::format
