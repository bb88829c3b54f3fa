#include "compute/state/row_codec.h"

#include <bit>
#include <cmath>
#include <limits>

namespace forebay::compute {

using model::Column;
using model::ColumnBuilder;
using model::DataType;
using model::PhysicalType;
using model::StringRef;

namespace {

constexpr int kSlotBytes = 8;  // offset and size of a variable cell

bool IsVariable(PhysicalType type) {
  return type == PhysicalType::kString || model::IsNested(type);
}

int RoundUp8(int bytes) { return (bytes + 7) & ~7; }

/// -0.0 and 0.0 are one key unless it is a group's, and so are all NaNs.
template <typename T>
T NormalKey(T value, bool group) {
  if constexpr (std::is_floating_point_v<T>) {
    if (value == 0 && !group) return 0;
    if (std::isnan(value)) return std::numeric_limits<T>::quiet_NaN();
  }
  return value;
}

}  // namespace

RowCodec::RowCodec(std::vector<DataType> types, Purpose purpose)
    : types_(std::move(types)), purpose_(purpose) {
  int offset = (static_cast<int>(types_.size()) + 7) / 8;
  for (size_t i = 0; i < types_.size(); ++i) {
    PhysicalType physical = types_[i].physical();
    field_offsets_.push_back(offset);
    offset += IsVariable(physical) ? kSlotBytes : model::PhysicalSize(physical);
    if (IsVariable(physical)) variable_columns_.push_back(static_cast<int>(i));
  }
  fixed_bytes_ = std::max(RoundUp8(offset), 8);
}

void RowCodec::Encode(const model::Batch& batch, EncodedRows& rows) const {
  std::vector<int> columns(types_.size());
  for (size_t i = 0; i < columns.size(); ++i) columns[i] = static_cast<int>(i);
  Encode(batch, columns, rows);
}

void RowCodec::Encode(const model::Batch& batch, std::span<const int> columns,
                      EncodedRows& rows) const {
  int count = batch.num_rows;
  std::vector<uint32_t> sizes(IsFixed() ? 0 : count, fixed_bytes_);
  std::vector<std::vector<std::string>> nested(types_.size());
  for (int index : variable_columns_) {
    const Column& column = batch.columns[columns[index]];
    bool nulls = column.MayHaveNulls();
    if (column.physical() == PhysicalType::kString) {
      const auto* cells = column.values<StringRef>();
      for (int row = 0; row < count; ++row) {
        if (!nulls || !column.IsNull(row)) sizes[row] += cells[row].size();
      }
      continue;
    }
    nested[index].resize(count);
    for (int row = 0; row < count; ++row) {
      if (nulls && column.IsNull(row)) continue;
      ByteWriter writer;
      WriteCell(column, row, writer);
      nested[index][row] = writer.Take();
      sizes[row] += static_cast<uint32_t>(nested[index][row].size());
    }
  }
  rows.offsets.resize(count + 1);
  uint32_t total = 0;
  for (int row = 0; row < count; ++row) {
    rows.offsets[row] = total;
    total += IsFixed() ? fixed_bytes_ : (sizes[row] + 7) & ~7u;
  }
  rows.offsets[count] = total;
  rows.bytes.assign(total, 0);
  std::vector<uint32_t> ends(IsFixed() ? 0 : count, fixed_bytes_);
  for (size_t i = 0; i < columns.size(); ++i) {
    const Column& column = batch.columns[columns[i]];
    int index = static_cast<int>(i);
    if (column.MayHaveNulls()) WriteNulls(column, index, rows);
    if (!IsVariable(types_[i].physical())) {
      WriteFixed(column, index, rows);
    } else if (types_[i].physical() == PhysicalType::kString) {
      WriteStrings(column, index, rows, ends);
    } else {
      WriteNested(column, index, rows, nested[i], ends);
    }
  }
}

void RowCodec::WriteNulls(const Column& column, int index, EncodedRows& rows) const {
  for (int row = 0; row < rows.num_rows(); ++row) {
    char* mask = rows.bytes.data() + rows.offsets[row] + (index >> 3);
    *mask = static_cast<char>(*mask | (column.IsNull(row) << (index & 7)));
  }
}

void RowCodec::WriteFixed(const Column& column, int index, EncodedRows& rows) const {
  PhysicalType physical = types_[index].physical();
  if (physical == PhysicalType::kNull) return;
  model::DispatchPhysical(physical, [&]<typename T>(T*) {
    const T* values = column.values<T>();
    char* base = rows.bytes.data() + field_offsets_[index];
    bool nulls = column.MayHaveNulls();
    bool key = purpose_ != Purpose::kRow;
    bool group = purpose_ == Purpose::kGroup;
    for (int row = 0; row < rows.num_rows(); ++row) {
      if (nulls && column.IsNull(row)) continue;
      T value = values[row];
      if (key) value = NormalKey(value, group);
      std::memcpy(base + rows.offsets[row], &value, sizeof(T));
    }
  });
}

void RowCodec::WriteStrings(const Column& column, int index, EncodedRows& rows,
                            std::vector<uint32_t>& ends) const {
  const auto* cells = column.values<StringRef>();
  bool nulls = column.MayHaveNulls();
  int count = rows.num_rows();
  for (int row = 0; row < count; ++row) {
    if (nulls && column.IsNull(row)) continue;
    const StringRef& cell = cells[row];
    char* begin = rows.bytes.data() + rows.offsets[row];
    StoreLe<uint32_t>(begin + field_offsets_[index], ends[row]);
    StoreLe<uint32_t>(begin + field_offsets_[index] + 4, cell.size());
    std::memcpy(begin + ends[row], cell.data(), cell.size());
    ends[row] += cell.size();
  }
}

void RowCodec::WriteNested(const Column& column, int index, EncodedRows& rows,
                           const std::vector<std::string>& cells,
                           std::vector<uint32_t>& ends) const {
  for (int row = 0; row < rows.num_rows(); ++row) {
    if (column.IsNull(row)) continue;
    char* begin = rows.bytes.data() + rows.offsets[row];
    auto size = static_cast<uint32_t>(cells[row].size());
    StoreLe<uint32_t>(begin + field_offsets_[index], ends[row]);
    StoreLe<uint32_t>(begin + field_offsets_[index] + 4, size);
    std::memcpy(begin + ends[row], cells[row].data(), size);
    ends[row] += size;
  }
}

void RowCodec::DecodeColumn(int column, std::span<const char* const> rows,
                            ColumnBuilder& builder) const {
  PhysicalType physical = types_[column].physical();
  int offset = field_offsets_[column];
  auto is_null = [&](const char* row) { return row == nullptr || IsNull(row, column); };
  if (!IsVariable(physical) && physical != PhysicalType::kNull) {
    int first = builder.num_rows();
    builder.Resize(first + static_cast<int>(rows.size()));
    model::DispatchPhysical(physical, [&]<typename T>(T*) {
      T* values = builder.mutable_values<T>() + first;
      for (size_t i = 0; i < rows.size(); ++i) {
        if (is_null(rows[i])) {
          builder.SetNull(first + static_cast<int>(i));
        } else {
          std::memcpy(values + i, rows[i] + offset, sizeof(T));
        }
      }
    });
    return;
  }
  for (const char* row : rows) {
    if (is_null(row)) {
      builder.AppendNull();
      continue;
    }
    std::string_view cell(row + LoadLe<uint32_t>(row + offset), LoadLe<uint32_t>(row + offset + 4));
    if (physical == PhysicalType::kString) {
      builder.AppendString(cell);
    } else {
      ByteReader reader(cell);
      CHECK_OK(ReadCell(reader, builder));  // Check() saw every row that came from a checkpoint
    }
  }
}

std::vector<Column> RowCodec::Decode(std::span<const char* const> rows) const {
  std::vector<Column> columns;
  for (size_t i = 0; i < types_.size(); ++i) {
    ColumnBuilder builder(types_[i], static_cast<int>(rows.size()));
    DecodeColumn(static_cast<int>(i), rows, builder);
    columns.push_back(builder.Finish());
  }
  return columns;
}

Status RowCodec::Check(std::string_view row) const {
  if (row.size() < static_cast<size_t>(fixed_bytes_) ||
      (IsFixed() && row.size() != static_cast<size_t>(fixed_bytes_))) {
    return Corruption("a stored row has {} bytes, at least {} expected", row.size(), fixed_bytes_);
  }
  for (int column : variable_columns_) {
    if (IsNull(row.data(), column)) continue;
    uint64_t begin = LoadLe<uint32_t>(row.data() + field_offsets_[column]);
    uint64_t size = LoadLe<uint32_t>(row.data() + field_offsets_[column] + 4);
    if (begin + size > row.size()) {
      return Corruption("a stored row's column {} ends at byte {} of {}", column, begin + size,
                        row.size());
    }
    if (types_[column].physical() == PhysicalType::kString) continue;
    ByteReader reader(row.substr(begin, size));
    ColumnBuilder builder(types_[column]);
    RETURN_IF_ERROR(ReadCell(reader, builder));
  }
  return Status::Ok();
}

namespace {

void WriteElement(const Column& column, int row, ByteWriter& writer) {
  writer.Write<uint8_t>(column.IsNull(row) ? 1 : 0);
  if (!column.IsNull(row)) WriteCell(column, row, writer);
}

Status ReadElement(ByteReader& reader, ColumnBuilder& builder) {
  ASSIGN_OR_RETURN(uint8_t is_null, reader.Read<uint8_t>());
  if (is_null == 0) return ReadCell(reader, builder);
  builder.AppendNull();
  return Status::Ok();
}

int ChildCount(const DataType& type) {
  if (type.physical() == PhysicalType::kMap) return 2;
  return type.physical() == PhysicalType::kList ? 1 : static_cast<int>(type.children().size());
}

}  // namespace

void WriteCell(const Column& column, int row, ByteWriter& writer) {
  switch (column.physical()) {
    case PhysicalType::kNull: break;
    case PhysicalType::kString: writer.WriteString(column.GetString(row)); break;
    case PhysicalType::kList:
    case PhysicalType::kMap: {
      int begin = column.offsets()[row];
      int end = column.offsets()[row + 1];
      writer.WriteVarint(static_cast<uint64_t>(end - begin));
      for (int i = begin; i < end; ++i) {
        for (const Column& child : column.children()) WriteElement(child, i, writer);
      }
      break;
    }
    case PhysicalType::kStruct:
      for (const Column& child : column.children()) WriteElement(child, row, writer);
      break;
    default:
      model::DispatchPhysical(column.physical(),
                              [&]<typename T>(T*) { writer.Write<T>(column.Get<T>(row)); });
  }
}

Status ReadCell(ByteReader& reader, ColumnBuilder& builder) {
  PhysicalType physical = builder.type().physical();
  if (physical == PhysicalType::kNull) {
    builder.AppendNull();
    return Status::Ok();
  }
  if (physical == PhysicalType::kString) {
    ASSIGN_OR_RETURN(std::string_view text, reader.ReadString());
    builder.AppendString(text);
    return Status::Ok();
  }
  if (IsVariable(physical)) {
    uint64_t count = 1;
    if (physical != PhysicalType::kStruct) {
      ASSIGN_OR_RETURN(count, reader.ReadVarint());
      if (count > reader.remaining()) return Corruption("a stored cell claims {} elements", count);
    }
    for (uint64_t i = 0; i < count; ++i) {
      for (int c = 0; c < ChildCount(builder.type()); ++c) {
        RETURN_IF_ERROR(ReadElement(reader, builder.child(c)));
      }
    }
    builder.FinishEntry();
    return Status::Ok();
  }
  return model::DispatchPhysical(physical, [&]<typename T>(T*) -> Status {
    ASSIGN_OR_RETURN(T value, reader.Read<T>());
    builder.Append<T>(value);
    return Status::Ok();
  });
}

}  // namespace forebay::compute
