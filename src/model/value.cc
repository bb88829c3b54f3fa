#include "model/value.h"

namespace forebay::model {

namespace {

Value FlatValue(const Column& column, int row) {
  switch (column.physical()) {
    case PhysicalType::kBool: return Value(column.Get<uint8_t>(row) != 0);
    case PhysicalType::kFloat: return Value(static_cast<double>(column.Get<float>(row)));
    case PhysicalType::kDouble: return Value(column.Get<double>(row));
    case PhysicalType::kString: return Value(std::string(column.GetString(row)));
    case PhysicalType::kInt128: return Value(column.Get<Int128>(row));
    case PhysicalType::kInt8: return Value(int64_t{column.Get<int8_t>(row)});
    case PhysicalType::kInt16: return Value(int64_t{column.Get<int16_t>(row)});
    case PhysicalType::kInt32: return Value(int64_t{column.Get<int32_t>(row)});
    default: break;
  }
  int64_t value = column.Get<int64_t>(row);
  if (column.type().Is(TypeRoot::kDecimal)) return Value(Int128{value});
  return Value(value);
}

int64_t AsInt64(const Value& value) {
  if (const Int128* wide = std::get_if<Int128>(&value.data)) return static_cast<int64_t>(*wide);
  return std::get<int64_t>(value.data);
}

}  // namespace

Value ValueAt(const Column& column, int row) {
  if (column.IsNull(row)) return Value();
  Value::List list;
  switch (column.physical()) {
    case PhysicalType::kStruct:
      for (const Column& child : column.children()) list.push_back(ValueAt(child, row));
      return Value(std::move(list));
    case PhysicalType::kList:
    case PhysicalType::kMap:
      for (int i = column.offsets()[row]; i < column.offsets()[row + 1]; ++i) {
        for (const Column& child : column.children()) list.push_back(ValueAt(child, i));
      }
      return Value(std::move(list));
    default: return FlatValue(column, row);
  }
}

namespace {

void AppendNested(ColumnBuilder& builder, const Value::List& list) {
  int width = builder.type().physical() == PhysicalType::kStruct
                  ? static_cast<int>(list.size())
                  : (builder.type().physical() == PhysicalType::kMap ? 2 : 1);
  for (size_t i = 0; i < list.size(); ++i) {
    AppendValue(builder.child(static_cast<int>(i) % width), list[i]);
  }
  builder.FinishEntry();
}

}  // namespace

void AppendValue(ColumnBuilder& builder, const Value& value) {
  if (value.IsNull()) return builder.AppendNull();
  switch (builder.type().physical()) {
    case PhysicalType::kNull: return builder.AppendNull();
    case PhysicalType::kBool: return builder.Append<uint8_t>(std::get<bool>(value.data) ? 1 : 0);
    case PhysicalType::kInt8: return builder.Append(static_cast<int8_t>(AsInt64(value)));
    case PhysicalType::kInt16: return builder.Append(static_cast<int16_t>(AsInt64(value)));
    case PhysicalType::kInt32: return builder.Append(static_cast<int32_t>(AsInt64(value)));
    case PhysicalType::kInt64: return builder.Append(AsInt64(value));
    case PhysicalType::kInt128: return builder.Append(std::get<Int128>(value.data));
    case PhysicalType::kFloat:
      return builder.Append(static_cast<float>(std::get<double>(value.data)));
    case PhysicalType::kDouble: return builder.Append(std::get<double>(value.data));
    case PhysicalType::kString: return builder.AppendString(std::get<std::string>(value.data));
    case PhysicalType::kList:
    case PhysicalType::kMap:
    case PhysicalType::kStruct: return AppendNested(builder, std::get<Value::List>(value.data));
  }
}

}  // namespace forebay::model
