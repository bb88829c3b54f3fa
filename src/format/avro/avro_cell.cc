#include "format/avro/avro_cell.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "format/text/text_cell.h"

namespace forebay::format {

using model::ColumnBuilder;
using model::DataType;
using model::Int128;
using model::TypeRoot;

namespace {

/// Items of no bytes (nulls, empty records) are not believed in larger numbers, all together.
constexpr int64_t kEmptyItemsMax = 1 << 20;

size_t BytesMin(const AvroSchema& schema) {
  switch (schema.kind) {
    case AvroKind::kNull: return 0;
    case AvroKind::kFloat: return 4;
    case AvroKind::kDouble: return 8;
    case AvroKind::kFixed: return static_cast<size_t>(schema.fixed_size);
    case AvroKind::kRecord: {
      size_t sum = 0;
      for (const auto& field : schema.children) sum += BytesMin(*field);
      return sum;
    }
    default: return 1;
  }
}

Status Skip(AvroBytes& in, const AvroSchema& schema);

Status SkipItems(AvroBytes& in, const AvroSchema& schema) {
  const AvroSchema& item = *schema.children[0];
  bool map = schema.kind == AvroKind::kMap;
  while (true) {
    ASSIGN_OR_RETURN(int64_t count, in.ReadBlockCount(BytesMin(item) + (map ? 1 : 0)));
    if (count == 0) return {};
    for (int64_t i = 0; i < count; ++i) {
      if (map) RETURN_IF_ERROR(in.ReadString().status());
      RETURN_IF_ERROR(Skip(in, item));
    }
  }
}

Result<const AvroSchema*> BranchOf(AvroBytes& in, const AvroSchema& schema) {
  if (schema.kind != AvroKind::kUnion) return &schema;
  ASSIGN_OR_RETURN(int64_t branch, in.ReadLong());
  if (branch < 0 || branch >= std::ssize(schema.children)) {
    return Corruption("branch {} of an Avro union of {}", branch, schema.children.size());
  }
  return schema.children[static_cast<size_t>(branch)].get();
}

Status Skip(AvroBytes& in, const AvroSchema& schema) {
  switch (schema.kind) {
    case AvroKind::kNull: return {};
    case AvroKind::kBoolean: return in.ReadBytes(1).status();
    case AvroKind::kInt:
    case AvroKind::kLong:
    case AvroKind::kEnum: return in.ReadLong().status();
    case AvroKind::kFloat: return in.ReadBytes(4).status();
    case AvroKind::kDouble: return in.ReadBytes(8).status();
    case AvroKind::kBytes:
    case AvroKind::kString: return in.ReadString().status();
    case AvroKind::kFixed: return in.ReadBytes(static_cast<size_t>(schema.fixed_size)).status();
    case AvroKind::kArray:
    case AvroKind::kMap: return SkipItems(in, schema);
    case AvroKind::kUnion: {
      ASSIGN_OR_RETURN(const AvroSchema* branch, BranchOf(in, schema));
      return Skip(in, *branch);
    }
    case AvroKind::kRecord:
      for (const auto& field : schema.children) RETURN_IF_ERROR(Skip(in, *field));
      return {};
  }
  return {};
}

Error DoesNotFit(const DataType& type) {
  return InvalidArgument("a value of the Avro file is no {}", type.Nullable().ToString());
}

Status Append(AvroBytes& in, const AvroSchema& schema, ColumnBuilder& builder);

Status AppendNull(ColumnBuilder& builder) {
  if (!builder.type().nullable()) return InvalidArgument("null in a NOT NULL column");
  builder.AppendNull();
  return {};
}

template <typename T>
Status AppendInteger(ColumnBuilder& builder, int64_t value) {
  if (value < std::numeric_limits<T>::min() || value > std::numeric_limits<T>::max()) {
    return DoesNotFit(builder.type());
  }
  builder.Append<T>(static_cast<T>(value));
  return {};
}

int64_t UnitsPerSecond(model::TimeUnit unit) {
  switch (unit) {
    case model::TimeUnit::kMilli: return 1000;
    case model::TimeUnit::kMicro: return 1'000'000;
    default: return 1'000'000'000;
  }
}

/// Rounded down.
Status AppendTimestamp(ColumnBuilder& builder, int64_t value, const AvroSchema& schema) {
  int64_t from = schema.logical.ends_with("micros")  ? 1'000'000
                 : schema.logical.ends_with("nanos") ? 1'000'000'000
                                                     : 1000;
  int64_t to = UnitsPerSecond(builder.type().time_unit());
  if (to >= from) {
    int64_t scaled = 0;
    if (__builtin_mul_overflow(value, to / from, &scaled)) return DoesNotFit(builder.type());
    builder.Append<int64_t>(scaled);
  } else {
    int64_t divisor = from / to;
    builder.Append<int64_t>(value / divisor - (value % divisor < 0 ? 1 : 0));
  }
  return {};
}

Status AppendWhole(ColumnBuilder& builder, int64_t value, const AvroSchema& schema) {
  switch (builder.type().root()) {
    case TypeRoot::kTinyint: return AppendInteger<int8_t>(builder, value);
    case TypeRoot::kSmallint: return AppendInteger<int16_t>(builder, value);
    case TypeRoot::kInteger:
    case TypeRoot::kDate: return AppendInteger<int32_t>(builder, value);
    case TypeRoot::kTime:
      return AppendInteger<int32_t>(builder,
                                    schema.logical == "time-micros" ? value / 1000 : value);
    case TypeRoot::kBigint: builder.Append<int64_t>(value); return {};
    case TypeRoot::kFloat: builder.Append<float>(static_cast<float>(value)); return {};
    case TypeRoot::kDouble: builder.Append<double>(static_cast<double>(value)); return {};
    case TypeRoot::kTimestamp:
    case TypeRoot::kTimestampLtz: return AppendTimestamp(builder, value, schema);
    case TypeRoot::kChar:
    case TypeRoot::kVarchar:
    case TypeRoot::kDecimal: return AppendTextCell(builder, std::to_string(value));
    default: return DoesNotFit(builder.type());
  }
}

Status AppendFloating(ColumnBuilder& builder, double value) {
  if (builder.type().Is(TypeRoot::kDouble)) {
    builder.Append<double>(value);
  } else if (builder.type().Is(TypeRoot::kFloat)) {
    builder.Append<float>(static_cast<float>(value));
  } else {
    return DoesNotFit(builder.type());
  }
  return {};
}

/// Two's complement, big-endian, of the number without its point.
Status AppendDecimal(ColumnBuilder& builder, std::string_view bytes, const AvroSchema& schema) {
  if (bytes.size() > sizeof(Int128)) return DoesNotFit(builder.type());
  auto value = static_cast<unsigned __int128>(!bytes.empty() && bytes[0] < 0 ? -1 : 0);
  for (char c : bytes) value = value << 8 | static_cast<uint8_t>(c);
  auto number = static_cast<Int128>(value);
  bool negative = number < 0;
  std::string digits;
  for (Int128 rest = number; rest != 0; rest /= 10) {
    auto digit = static_cast<int>(rest % 10);
    digits += static_cast<char>('0' + (digit < 0 ? -digit : digit));
  }
  while (std::ssize(digits) <= schema.scale) digits += '0';
  std::reverse(digits.begin(), digits.end());
  if (schema.scale > 0) digits.insert(digits.size() - static_cast<size_t>(schema.scale), ".");
  if (negative) digits.insert(0, "-");
  if (!AppendTextCell(builder, digits).ok()) return AppendNull(builder);
  return {};
}

Status AppendText(ColumnBuilder& builder, std::string_view text, const AvroSchema& schema) {
  const DataType& type = builder.type();
  bool is_text = schema.kind == AvroKind::kString || schema.kind == AvroKind::kEnum;
  if (type.Is(TypeRoot::kDecimal) && !is_text) return AppendDecimal(builder, text, schema);
  if (is_text ? !type.IsCharacter() : !type.IsBytes()) return DoesNotFit(type);
  builder.AppendString(text);
  return {};
}

Status AppendItems(AvroBytes& in, const AvroSchema& schema, ColumnBuilder& builder) {
  bool map = schema.kind == AvroKind::kMap;
  const DataType& type = builder.type();
  bool fits = map ? (type.Is(TypeRoot::kMap) || type.Is(TypeRoot::kMultiset)) &&
                        type.children()[0].IsCharacter()
                  : type.Is(TypeRoot::kArray);
  if (!fits) return DoesNotFit(type);
  const AvroSchema& item = *schema.children[0];
  while (true) {
    ASSIGN_OR_RETURN(int64_t count, in.ReadBlockCount(BytesMin(item) + (map ? 1 : 0)));
    if (count == 0) break;
    for (int64_t i = 0; i < count; ++i) {
      if (map) {
        ASSIGN_OR_RETURN(std::string_view key, in.ReadString());
        builder.child(0).AppendString(key);
      }
      RETURN_IF_ERROR(Append(in, item, builder.child(map ? 1 : 0)));
    }
  }
  builder.FinishEntry();
  return {};
}

Status AppendRecord(AvroBytes& in, const AvroSchema& schema, ColumnBuilder& builder) {
  if (!builder.type().Is(TypeRoot::kRow)) return DoesNotFit(builder.type());
  const auto& fields = builder.type().fields();
  std::vector<char> seen(fields.size());
  for (size_t i = 0; i < schema.children.size(); ++i) {
    size_t index = 0;
    while (index < fields.size() && fields[index].name != schema.names[i]) ++index;
    if (index == fields.size() || seen[index] != 0) {
      RETURN_IF_ERROR(Skip(in, *schema.children[i]));
      continue;
    }
    seen[index] = 1;
    RETURN_IF_ERROR(Append(in, *schema.children[i], builder.child(static_cast<int>(index))));
  }
  for (size_t i = 0; i < fields.size(); ++i) {
    if (seen[i] == 0) RETURN_IF_ERROR(AppendNull(builder.child(static_cast<int>(i))));
  }
  builder.FinishEntry();
  return {};
}

Status Append(AvroBytes& in, const AvroSchema& written, ColumnBuilder& builder) {
  ASSIGN_OR_RETURN(const AvroSchema* schema, BranchOf(in, written));
  switch (schema->kind) {
    case AvroKind::kNull: return AppendNull(builder);
    case AvroKind::kBoolean: {
      ASSIGN_OR_RETURN(std::string_view byte, in.ReadBytes(1));
      if (!builder.type().Is(TypeRoot::kBoolean)) return DoesNotFit(builder.type());
      builder.Append<uint8_t>(byte[0] != 0 ? 1 : 0);
      return {};
    }
    case AvroKind::kInt:
    case AvroKind::kLong: {
      ASSIGN_OR_RETURN(int64_t value, in.ReadLong());
      return AppendWhole(builder, value, *schema);
    }
    case AvroKind::kFloat:
    case AvroKind::kDouble: {
      bool single = schema->kind == AvroKind::kFloat;
      ASSIGN_OR_RETURN(std::string_view bytes, in.ReadBytes(single ? 4 : 8));
      float small = 0;
      double large = 0;
      if (single) std::memcpy(&small, bytes.data(), 4);
      if (!single) std::memcpy(&large, bytes.data(), 8);
      return AppendFloating(builder, single ? static_cast<double>(small) : large);
    }
    case AvroKind::kEnum: {
      ASSIGN_OR_RETURN(int64_t symbol, in.ReadLong());
      if (symbol < 0 || symbol >= std::ssize(schema->names)) {
        return Corruption("symbol {} of an Avro enum of {}", symbol, schema->names.size());
      }
      return AppendText(builder, schema->names[static_cast<size_t>(symbol)], *schema);
    }
    case AvroKind::kBytes:
    case AvroKind::kString: {
      ASSIGN_OR_RETURN(std::string_view text, in.ReadString());
      return AppendText(builder, text, *schema);
    }
    case AvroKind::kFixed: {
      ASSIGN_OR_RETURN(std::string_view bytes,
                       in.ReadBytes(static_cast<size_t>(schema->fixed_size)));
      return AppendText(builder, bytes, *schema);
    }
    case AvroKind::kArray:
    case AvroKind::kMap: return AppendItems(in, *schema, builder);
    case AvroKind::kRecord: return AppendRecord(in, *schema, builder);
    case AvroKind::kUnion: break;  // BranchOf leaves none: unions are not in unions
  }
  return Corruption("an Avro union within a union");
}

/// The fewest bytes of two's complement.
std::string DecimalBytes(Int128 value) {
  std::string bytes;
  for (int shift = 120; shift >= 0; shift -= 8) {
    bytes += static_cast<char>(static_cast<unsigned __int128>(value) >> shift & 0xff);
  }
  size_t begin = 0;
  char sign = value < 0 ? '\xff' : '\0';
  while (begin + 1 < bytes.size() && bytes[begin] == sign &&
         ((bytes[begin + 1] ^ sign) & 0x80) == 0) {
    ++begin;
  }
  return bytes.substr(begin);
}

int64_t WholeOf(const model::Column& column, int row) {
  switch (column.physical()) {
    case model::PhysicalType::kInt8: return column.Get<int8_t>(row);
    case model::PhysicalType::kInt16: return column.Get<int16_t>(row);
    case model::PhysicalType::kInt32: return column.Get<int32_t>(row);
    default: return column.Get<int64_t>(row);
  }
}

void AppendItems(std::string& out, const model::Column& column, const DataType& type, int row,
                 bool map) {
  const model::Column& items = column.children()[map ? 1 : 0];
  bool counted = type.Is(TypeRoot::kMultiset);  // whose counts have no type of their own
  const DataType& item_type = counted ? items.type() : type.children()[map ? 1 : 0];
  int begin = column.offsets()[row], end = column.offsets()[row + 1];
  if (end > begin) AppendAvroLong(out, end - begin);
  for (int i = begin; i < end; ++i) {
    if (map) AppendAvroString(out, column.children()[0].GetString(i));
    AppendAvroCell(out, items, item_type, i);
  }
  AppendAvroLong(out, 0);
}

}  // namespace

Result<int64_t> AvroBytes::ReadLong() {
  uint64_t bits = 0;
  for (int shift = 0; shift < 70; shift += 7) {
    if (remaining() == 0) return Corruption("Avro bytes end within a number");
    auto byte = static_cast<uint8_t>(bytes_[position_++]);
    if (shift == 63 && byte > 1) break;
    bits |= static_cast<uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) return static_cast<int64_t>(bits >> 1 ^ (~(bits & 1) + 1));
  }
  return Corruption("an Avro number of more than 64 bits");
}

Result<std::string_view> AvroBytes::ReadBytes(size_t count) {
  if (count > remaining()) return Corruption("Avro bytes end: {} of {}", remaining(), count);
  position_ += count;
  return bytes_.substr(position_ - count, count);
}

Result<std::string_view> AvroBytes::ReadString() {
  ASSIGN_OR_RETURN(int64_t size, ReadLong());
  if (size < 0) return Corruption("an Avro string of {} bytes", size);
  return ReadBytes(static_cast<size_t>(size));
}

Status AvroBytes::CheckCount(int64_t count, size_t bytes_min) {
  bool fits = bytes_min == 0 ? count <= kEmptyItemsMax - empty_items_
                             : static_cast<uint64_t>(count) <= remaining() / bytes_min;
  if (count < 0 || !fits) return Corruption("{} Avro items in {} bytes", count, remaining());
  if (bytes_min == 0) empty_items_ += count;
  return {};
}

Result<int64_t> AvroBytes::ReadBlockCount(size_t bytes_min) {
  ASSIGN_OR_RETURN(int64_t count, ReadLong());
  if (count < 0) {
    if (count == std::numeric_limits<int64_t>::min()) return Corruption("an Avro block's count");
    count = -count;
    RETURN_IF_ERROR(ReadLong().status());  // the block's bytes, for those who skip it
  }
  RETURN_IF_ERROR(CheckCount(count, bytes_min));
  return count;
}

Result<std::unique_ptr<AvroRowDecoder>> AvroRowDecoder::Make(
    std::shared_ptr<const AvroSchema> schema, const std::vector<model::ColumnSpec>& columns) {
  auto decoder = std::make_unique<AvroRowDecoder>();
  if (schema->kind == AvroKind::kUnion && schema->children.size() == 2) {
    // So Flink writes its rows: a record or null.
    bool second = schema->children[1]->kind == AvroKind::kRecord;
    decoder->record_branch_ = second ? 1 : 0;
    schema = schema->children[static_cast<size_t>(second)];
  }
  if (schema->kind != AvroKind::kRecord) return NotSupported("Avro files of other than records");
  std::vector<char> seen(columns.size());
  for (const std::string& name : schema->names) {
    auto same = [&](const model::ColumnSpec& column) { return column.name == name; };
    auto found = std::find_if(columns.begin(), columns.end(), same);
    bool taken = found == columns.end() || seen[static_cast<size_t>(found - columns.begin())]++;
    decoder->column_of_field_.push_back(taken ? -1 : static_cast<int>(found - columns.begin()));
  }
  for (size_t i = 0; i < columns.size(); ++i) {
    if (seen[i] == 0) decoder->absent_.push_back(static_cast<int>(i));
  }
  decoder->bytes_min_ = BytesMin(*schema) + (decoder->record_branch_ ? 1 : 0);
  decoder->schema_ = std::move(schema);
  decoder->columns_ = columns;
  return decoder;
}

Status AvroRowDecoder::Append(AvroBytes& in, model::BatchBuilder& builder) const {
  if (record_branch_) {
    ASSIGN_OR_RETURN(int64_t branch, in.ReadLong());
    if (branch != *record_branch_) return InvalidArgument("a row of an Avro file is null");
  }
  for (size_t i = 0; i < schema_->children.size(); ++i) {
    int column = column_of_field_[i];
    Status cell = column < 0 ? Skip(in, *schema_->children[i])
                             : format::Append(in, *schema_->children[i], builder.column(column));
    if (!cell.ok()) return cell.WithContext(fmt::format("field '{}'", schema_->names[i]));
  }
  for (int column : absent_) {
    Status cell = AppendNull(builder.column(column));
    if (!cell.ok()) {
      return InvalidArgument("the file has no column '{}', which is NOT NULL",
                             columns_[static_cast<size_t>(column)].name);
    }
  }
  builder.FinishRow();
  return {};
}

void AppendAvroLong(std::string& out, int64_t value) {
  auto bits = static_cast<uint64_t>(value) << 1 ^ static_cast<uint64_t>(value >> 63);
  for (; bits >= 0x80; bits >>= 7) out += static_cast<char>(bits | 0x80);
  out += static_cast<char>(bits);
}

void AppendAvroString(std::string& out, std::string_view text) {
  AppendAvroLong(out, static_cast<int64_t>(text.size()));
  out += text;
}

void AppendAvroCell(std::string& out, const model::Column& column, const DataType& type, int row) {
  bool null = column.IsNull(row);
  if (type.nullable()) AppendAvroLong(out, null ? 0 : 1);
  if (null) return;
  switch (type.root()) {
    case TypeRoot::kBoolean: out += static_cast<char>(column.Get<uint8_t>(row)); break;
    case TypeRoot::kFloat: {
      float value = column.Get<float>(row);
      out.append(reinterpret_cast<const char*>(&value), sizeof(value));
      break;
    }
    case TypeRoot::kDouble: {
      double value = column.Get<double>(row);
      out.append(reinterpret_cast<const char*>(&value), sizeof(value));
      break;
    }
    case TypeRoot::kChar:
    case TypeRoot::kVarchar:
    case TypeRoot::kBinary:
    case TypeRoot::kVarbinary: AppendAvroString(out, column.GetString(row)); break;
    case TypeRoot::kDecimal:
      AppendAvroString(out, DecimalBytes(type.physical() == model::PhysicalType::kInt64
                                             ? Int128{column.Get<int64_t>(row)}
                                             : column.Get<Int128>(row)));
      break;
    case TypeRoot::kArray: AppendItems(out, column, type, row, false); break;
    case TypeRoot::kMap:
    case TypeRoot::kMultiset: AppendItems(out, column, type, row, true); break;
    case TypeRoot::kRow:
      for (size_t i = 0; i < column.children().size(); ++i) {
        AppendAvroCell(out, column.children()[i], type.children()[i], row);
      }
      break;
    default: AppendAvroLong(out, WholeOf(column, row));
  }
}

}  // namespace forebay::format
