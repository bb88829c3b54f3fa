#include "format/text/java_text.h"

#include <fmt/format.h>

#include "format/row/cell_bytes.h"
#include "model/calendar.h"
#include "model/value_text.h"

namespace forebay::format {

using model::Column;
using model::Int128;
using model::TypeRoot;

namespace {

/// Four digits at least, and a sign before years that have more.
std::string YearText(int64_t year) {
  if (year > 9999) return fmt::format("+{}", year);
  return year < 0 ? fmt::format("-{:04}", -year) : fmt::format("{:04}", year);
}

/// ".123", ".123456" or ".123456789"; nothing for 0.
std::string FractionText(int64_t nanos) {
  if (nanos == 0) return "";
  if (nanos % 1000000 == 0) return fmt::format(".{:03}", nanos / 1000000);
  if (nanos % 1000 == 0) return fmt::format(".{:06}", nanos / 1000);
  return fmt::format(".{:09}", nanos);
}

std::string TimestampText(const model::DataType& type, int64_t value) {
  MilliTime time = SplitTimestamp(type, value);
  model::CivilDate date = model::CivilOfDays(model::FloorDiv(time.ms, model::kMillisPerDay));
  int64_t ms = model::FloorMod(time.ms, model::kMillisPerDay);
  int64_t seconds = ms / 1000 % 60;
  int64_t nanos = ms % 1000 * kNanosPerMilli + time.nanos;
  bool instant = type.Is(TypeRoot::kTimestampLtz);
  std::string text = fmt::format("{}-{:02}-{:02}T{:02}:{:02}", YearText(date.year), date.month,
                                 date.day, ms / 3600000, ms / 60000 % 60);
  if (instant || seconds != 0 || nanos != 0) {
    text += fmt::format(":{:02}{}", seconds, FractionText(nanos));
  }
  if (instant) text += 'Z';
  return text;
}

/// The next code point of UTF-8 text, U+FFFD for bytes that are none.
uint32_t NextCodePoint(std::string_view text, size_t& at) {
  auto lead = static_cast<uint8_t>(text[at++]);
  if (lead < 0x80) return lead;
  size_t more = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : 1;
  uint32_t code = lead & (0x3fu >> more);
  if (lead < 0xc0 || lead > 0xf4) return 0xfffd;
  for (; more > 0; --more, ++at) {
    if (at == text.size() || (text[at] & 0xc0) != 0x80) return 0xfffd;
    code = code << 6 | (static_cast<uint8_t>(text[at]) & 0x3f);
  }
  return code;
}

}  // namespace

std::string JavaText(const Column& column, int row) {
  const model::DataType& type = column.type();
  std::string text;
  switch (column.physical()) {
    case model::PhysicalType::kBool: return column.Get<uint8_t>(row) != 0 ? "true" : "false";
    case model::PhysicalType::kInt8: return std::to_string(column.Get<int8_t>(row));
    case model::PhysicalType::kInt16: return std::to_string(column.Get<int16_t>(row));
    case model::PhysicalType::kInt32: return std::to_string(column.Get<int32_t>(row));
    case model::PhysicalType::kFloat: model::AppendFloat(text, column.Get<float>(row)); break;
    case model::PhysicalType::kDouble: model::AppendDouble(text, column.Get<double>(row)); break;
    case model::PhysicalType::kString: return std::string(column.GetString(row));
    case model::PhysicalType::kInt128:
      model::AppendDecimal(text, column.Get<Int128>(row), type.scale());
      break;
    case model::PhysicalType::kInt64: {
      auto value = column.Get<int64_t>(row);
      if (type.IsTimestamp()) return TimestampText(type, value);
      if (!type.Is(TypeRoot::kDecimal)) return std::to_string(value);
      model::AppendDecimal(text, value, type.scale());
      break;
    }
    default: break;
  }
  return text;
}

int32_t JavaHashCode(std::string_view text) {
  uint32_t hash = 0;
  for (size_t at = 0; at < text.size();) {
    uint32_t code = NextCodePoint(text, at);
    if (code >= 0x10000) {
      hash = hash * 31 + (0xd800 + ((code - 0x10000) >> 10));
      code = 0xdc00 + (code & 0x3ff);
    }
    hash = hash * 31 + code;
  }
  return static_cast<int32_t>(hash);
}

}  // namespace forebay::format
