#include "compute/sink/row_text.h"

#include <fmt/format.h>

#include "model/value_text.h"

namespace forebay::compute {
namespace {

using model::Column;
using model::TypeRoot;

/// LocalTime.toString: seconds only if not zero, then 3, 6 or 9 digits of a fraction.
void AppendTime(int64_t nanos_of_day, std::string& out, bool always_seconds) {
  int64_t seconds = nanos_of_day / 1'000'000'000, nanos = nanos_of_day % 1'000'000'000;
  out += fmt::format("{:02}:{:02}", seconds / 3600, seconds / 60 % 60);
  if (seconds % 60 == 0 && nanos == 0 && !always_seconds) return;
  out += fmt::format(":{:02}", seconds % 60);
  if (nanos == 0) return;
  if (nanos % 1'000'000 == 0) {
    out += fmt::format(".{:03}", nanos / 1'000'000);
  } else if (nanos % 1'000 == 0) {
    out += fmt::format(".{:06}", nanos / 1'000);
  } else {
    out += fmt::format(".{:09}", nanos);
  }
}

int64_t FloorDiv(int64_t a, int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }

void AppendTimestamp(int64_t value, const model::DataType& type, std::string& out) {
  int64_t per_second = type.time_unit() == model::TimeUnit::kMilli   ? 1'000
                       : type.time_unit() == model::TimeUnit::kMicro ? 1'000'000
                                                                     : 1'000'000'000;
  int64_t seconds = FloorDiv(value, per_second);
  int64_t nanos = (value - seconds * per_second) * (1'000'000'000 / per_second);
  int64_t days = FloorDiv(seconds, 86400);
  model::AppendDate(out, days);
  out += 'T';
  bool is_instant = type.Is(TypeRoot::kTimestampLtz);
  AppendTime((seconds - days * 86400) * 1'000'000'000 + nanos, out, is_instant);
  if (is_instant) out += 'Z';
}

void AppendCell(const Column& column, int row, std::string& out);

void AppendElements(const Column& column, int begin, int end, std::string& out) {
  out += '[';
  for (int i = begin; i < end; ++i) {
    if (i > begin) out += ", ";
    AppendCell(column, i, out);
  }
  out += ']';
}

void AppendNested(const Column& column, int row, std::string& out) {
  if (column.physical() == model::PhysicalType::kList) {
    AppendElements(column.children()[0], column.offsets()[row], column.offsets()[row + 1], out);
  } else if (column.physical() == model::PhysicalType::kMap) {
    out += '{';
    for (int i = column.offsets()[row]; i < column.offsets()[row + 1]; ++i) {
      if (i > column.offsets()[row]) out += ", ";
      AppendCell(column.children()[0], i, out);
      out += '=';
      AppendCell(column.children()[1], i, out);
    }
    out += '}';
  } else {
    // A nested row has a row kind too.
    out += "+I[";
    for (size_t i = 0; i < column.children().size(); ++i) {
      if (i > 0) out += ", ";
      AppendCell(column.children()[i], row, out);
    }
    out += ']';
  }
}

void AppendInteger(const Column& column, int64_t value, std::string& out) {
  const model::DataType& type = column.type();
  switch (type.root()) {
    case TypeRoot::kDecimal: return model::AppendDecimal(out, value, type.scale());
    case TypeRoot::kDate: return model::AppendDate(out, value);
    case TypeRoot::kTime: return AppendTime(value * 1'000'000, out, false);
    case TypeRoot::kTimestamp:
    case TypeRoot::kTimestampLtz: return AppendTimestamp(value, type, out);
    default: out += std::to_string(value);
  }
}

void AppendString(const Column& column, int row, std::string& out) {
  std::string_view text = column.GetString(row);
  if (!column.type().IsBytes()) {
    out += text;
    return;
  }
  out += '[';
  for (size_t i = 0; i < text.size(); ++i) {
    if (i > 0) out += ", ";
    out += std::to_string(static_cast<int>(static_cast<signed char>(text[i])));
  }
  out += ']';
}

void AppendCell(const Column& column, int row, std::string& out) {
  using model::PhysicalType;
  if (column.IsNull(row)) {
    out += "null";
    return;
  }
  switch (column.physical()) {
    case PhysicalType::kNull: out += "null"; return;
    case PhysicalType::kBool: out += column.Get<uint8_t>(row) != 0 ? "true" : "false"; return;
    case PhysicalType::kInt8: return AppendInteger(column, column.Get<int8_t>(row), out);
    case PhysicalType::kInt16: return AppendInteger(column, column.Get<int16_t>(row), out);
    case PhysicalType::kInt32: return AppendInteger(column, column.Get<int32_t>(row), out);
    case PhysicalType::kInt64: return AppendInteger(column, column.Get<int64_t>(row), out);
    case PhysicalType::kInt128:
      return model::AppendDecimal(out, column.Get<model::Int128>(row), column.type().scale());
    case PhysicalType::kFloat: return model::AppendFloat(out, column.Get<float>(row));
    case PhysicalType::kDouble: return model::AppendDouble(out, column.Get<double>(row));
    case PhysicalType::kString: return AppendString(column, row, out);
    default: return AppendNested(column, row, out);
  }
}

}  // namespace

void AppendRowText(const model::Batch& batch, int row, std::string& out) {
  out += model::ChangeTypeText(batch.change(row));
  out += '[';
  for (size_t i = 0; i < batch.columns.size(); ++i) {
    if (i > 0) out += ", ";
    AppendCell(batch.columns[i], row, out);
  }
  out += ']';
}

}  // namespace forebay::compute
