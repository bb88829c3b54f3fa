#include "compute/expression/cell_text.h"

#include <cstdlib>

#include "base/byte_scan.h"
#include "compute/expression/civil_time.h"
#include "model/bitmap.h"

namespace forebay::compute {

namespace {

using model::Column;
using model::DataType;
using model::Int128;
using model::TypeRoot;

void AppendYearMonth(std::string& out, int64_t months) {
  out += months < 0 ? '-' : '+';
  months = std::abs(months);
  model::AppendInt(out, months / 12);
  out += '-';
  if (months % 12 < 10) out += '0';
  model::AppendInt(out, months % 12);
}

void AppendDayTime(std::string& out, int64_t ms) {
  out += ms < 0 ? '-' : '+';
  uint64_t rest = ms < 0 ? -static_cast<uint64_t>(ms) : static_cast<uint64_t>(ms);
  model::AppendInt(out, static_cast<int64_t>(rest / kMsPerDay));
  out += ' ';
  model::AppendTime(out, static_cast<int32_t>(rest % kMsPerDay), 0);
  std::string fraction = std::to_string(1000 + rest % 1000);
  fraction[0] = '.';
  out += fraction;
}

int64_t IntegerCell(const Column& column, int row) {
  switch (column.physical()) {
    case model::PhysicalType::kInt8: return column.Get<int8_t>(row);
    case model::PhysicalType::kInt16: return column.Get<int16_t>(row);
    case model::PhysicalType::kInt32: return column.Get<int32_t>(row);
    default: return column.Get<int64_t>(row);
  }
}

void AppendElement(std::string& out, const Column& column, int row, TimeZone* zone) {
  if (column.IsNull(row)) {
    out += "NULL";
  } else {
    AppendCell(out, column, row, zone);
  }
}

void AppendNested(std::string& out, const Column& column, int row, TimeZone* zone) {
  const std::vector<Column>& children = column.children();
  if (column.physical() == model::PhysicalType::kStruct) {
    out += '(';
    for (size_t i = 0; i < children.size(); ++i) {
      if (i > 0) out += ", ";
      AppendElement(out, children[i], row, zone);
    }
    out += ')';
    return;
  }
  bool is_map = column.physical() == model::PhysicalType::kMap;
  out += is_map ? '{' : '[';
  for (int i = column.offsets()[row]; i < column.offsets()[row + 1]; ++i) {
    if (i > column.offsets()[row]) out += ", ";
    AppendElement(out, children[0], i, zone);
    if (!is_map) continue;
    out += '=';
    AppendElement(out, children[1], i, zone);
  }
  out += is_map ? '}' : ']';
}

}  // namespace

void AppendCell(std::string& out, const Column& column, int row, TimeZone* zone) {
  const DataType& type = column.type();
  switch (type.root()) {
    case TypeRoot::kBoolean: out += column.Get<uint8_t>(row) != 0 ? "TRUE" : "FALSE"; return;
    case TypeRoot::kFloat: return AppendFloat(out, column.Get<float>(row));
    case TypeRoot::kDouble: return AppendDouble(out, column.Get<double>(row));
    case TypeRoot::kDecimal: {
      bool wide = type.physical() == model::PhysicalType::kInt128;
      Int128 value = wide ? column.Get<Int128>(row) : Int128{column.Get<int64_t>(row)};
      return AppendDecimal(out, value, type.scale());
    }
    case TypeRoot::kChar:
    case TypeRoot::kVarchar:
    case TypeRoot::kBinary:
    case TypeRoot::kVarbinary: out += column.GetString(row); return;
    case TypeRoot::kDate: return AppendCastDate(out, column.Get<int32_t>(row));
    case TypeRoot::kTime: return model::AppendTime(out, column.Get<int32_t>(row), type.precision());
    case TypeRoot::kTimestampLtz:
    case TypeRoot::kTimestamp: {
      int64_t cell = column.Get<int64_t>(row), units = UnitsPerSecond(type);
      if (type.Is(TypeRoot::kTimestampLtz) && zone != nullptr) {
        cell += zone->OffsetAt(FloorDiv(cell, units)) * units;
      }
      return AppendTimestamp(out, cell, units, type.precision());
    }
    case TypeRoot::kIntervalYearMonth: return AppendYearMonth(out, column.Get<int32_t>(row));
    case TypeRoot::kIntervalDayTime: return AppendDayTime(out, column.Get<int64_t>(row));
    case TypeRoot::kRaw: {
      auto bitmap = model::Bitmap::Parse(column.GetString(row));
      if (bitmap.ok()) out += bitmap->ToText();
      return;
    }
    default: break;
  }
  if (type.IsInteger()) return model::AppendInt(out, IntegerCell(column, row));
  if (model::PhysicalSize(type.physical()) == 0) AppendNested(out, column, row, zone);
}

std::string_view TrimBlanks(std::string_view text) {
  while (!text.empty() && static_cast<unsigned char>(text.front()) <= ' ') text.remove_prefix(1);
  while (!text.empty() && static_cast<unsigned char>(text.back()) <= ' ') text.remove_suffix(1);
  return text;
}

size_t CountCharacters(std::string_view text) {
  // Every byte but those that go on with a character, 0x80 to 0xbf.
  return CountBytes(text, [](__m256i bytes) {
    return _mm256_cmpgt_epi8(bytes, _mm256_set1_epi8(static_cast<char>(0xbf)));
  });
}

size_t PrefixBytes(std::string_view text, size_t count) {
  size_t i = 0;
  while (i < text.size()) {
    if ((static_cast<unsigned char>(text[i]) & 0xc0) != 0x80 && count-- == 0) return i;
    ++i;
  }
  return i;
}

}  // namespace forebay::compute
