#include "model/value_text.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>
#include <cstring>

#include "model/bitmap.h"
#include "model/calendar.h"

namespace forebay::model {

namespace {

char* PutDigits(char* at, uint64_t value, int width) {
  for (int i = width - 1; i >= 0; --i, value /= 10) at[i] = static_cast<char>('0' + value % 10);
  return at + width;
}

char* PutTwoDigits(char* at, uint32_t value) {
  at[0] = static_cast<char>('0' + value / 10);
  at[1] = static_cast<char>('0' + value % 10);
  return at + 2;
}

void AppendDigits(std::string& out, uint64_t value, int width) {
  char digits[20];
  out.append(digits, PutDigits(digits, value, width));
}

int64_t UnitsPerSecond(int precision) {
  if (precision <= 3) return 1000;
  return precision <= 6 ? 1000000 : 1000000000;
}

constexpr size_t kClockBytes = 8;

char* PutClock(char* at, int64_t seconds_of_day) {
  auto seconds = static_cast<uint32_t>(seconds_of_day);
  at = PutTwoDigits(at, seconds / 3600);
  *at++ = ':';
  at = PutTwoDigits(at, seconds / 60 % 60);
  *at++ = ':';
  return PutTwoDigits(at, seconds % 60);
}

void AppendClock(std::string& out, int64_t seconds_of_day) {
  char text[kClockBytes];
  out.append(text, PutClock(text, seconds_of_day));
}

/// A sign, a year of any int64_t, month and day.
constexpr size_t kDateBytesMax = 27;

char* FormatDate(char* at, int64_t days) {
  CivilDate date = CivilOfDays(days);
  // As Java writes years of more than four digits.
  if (date.year < 0 || date.year > 9999) *at++ = date.year < 0 ? '-' : '+';
  auto year = static_cast<uint64_t>(std::abs(date.year));
  at = year < 10000 ? PutDigits(at, year, 4) : std::to_chars(at, at + 20, year).ptr;
  *at++ = '-';
  at = PutTwoDigits(at, static_cast<uint32_t>(date.month));
  *at++ = '-';
  return PutTwoDigits(at, static_cast<uint32_t>(date.day));
}

/// kDateBytesMax bytes have room at `at`. Cells in turn have the same day as a rule, so the last
/// text is kept.
char* PutDate(char* at, int64_t days) {
  thread_local int64_t last_days = 0;
  thread_local std::array<char, kDateBytesMax> last_text;
  thread_local ptrdiff_t last_bytes = 0;
  if (last_bytes == 0 || last_days != days) {
    last_days = days;
    last_bytes = FormatDate(last_text.data(), days) - last_text.data();
  }
  std::memcpy(at, last_text.data(), kDateBytesMax);
  return at + last_bytes;
}

/// Java's layout of shortest digits `digits` (no point) times 10^(exponent), the first digit before
/// the point.
void AppendJavaNumber(std::string& out, std::string_view digits, int exponent) {
  auto count = static_cast<int>(digits.size());
  if (exponent < -3 || exponent >= 7) {
    out += digits[0];
    out += '.';
    out += count > 1 ? digits.substr(1) : "0";
    out += 'E';
    return AppendInt(out, exponent);
  }
  if (exponent < 0) {
    out += "0.";
    out.append(static_cast<size_t>(-exponent - 1), '0');
    out += digits;
  } else if (count <= exponent + 1) {
    out += digits;
    out.append(static_cast<size_t>(exponent + 1 - count), '0');
    out += ".0";
  } else {
    out += digits.substr(0, static_cast<size_t>(exponent) + 1);
    out += '.';
    out += digits.substr(static_cast<size_t>(exponent) + 1);
  }
}

template <typename T>
void AppendFloating(std::string& out, T value) {
  if (std::isnan(value)) {
    out += "NaN";
    return;
  }
  if (std::signbit(value)) out += '-';
  value = std::fabs(value);
  if (std::isinf(value)) {
    out += "Infinity";
    return;
  }
  if (value == 0) {
    out += "0.0";
    return;
  }
  char text[40];
  const char* end =
      std::to_chars(text, text + sizeof(text), value, std::chars_format::scientific).ptr;
  if (text[1] == 'e') {
    // Java takes two digits where they are nearer than one: 4.9E-324 rather than 5E-324.
    char two[40];
    const char* two_end =
        std::to_chars(two, two + sizeof(two), value, std::chars_format::scientific, 1).ptr;
    T back = 0;
    if (std::from_chars(two, two_end, back).ec == std::errc() && back == value && two[2] != '0') {
      std::copy(two, const_cast<char*>(two_end), text);
      end = text + (two_end - two);
    }
  }
  std::string_view view(text, static_cast<size_t>(end - text));
  size_t e = view.find('e');
  int exponent = 0;
  const char* exponent_begin = text + e + (text[e + 1] == '+' ? 2 : 1);
  std::from_chars(exponent_begin, end, exponent);
  std::string digits(1, view[0]);
  if (e > 2) digits += view.substr(2, e - 2);
  while (digits.size() > 1 && digits.back() == '0') digits.pop_back();
  AppendJavaNumber(out, digits, exponent);
}

void AppendHex(std::string& out, std::string_view bytes) {
  for (char c : bytes) {
    out += "0123456789abcdef"[static_cast<uint8_t>(c) >> 4];
    out += "0123456789abcdef"[c & 15];
  }
}

void AppendDayTimeInterval(std::string& out, int64_t millis) {
  out += millis < 0 ? '-' : '+';
  uint64_t value = millis < 0 ? 0 - static_cast<uint64_t>(millis) : static_cast<uint64_t>(millis);
  AppendInt(out, static_cast<int64_t>(value / kMillisPerDay));
  out += ' ';
  AppendClock(out, static_cast<int64_t>(value / 1000 % 86400));
  out += '.';
  AppendDigits(out, value % 1000, 3);
}

void AppendYearMonthInterval(std::string& out, int64_t months) {
  out += months < 0 ? '-' : '+';
  months = std::abs(months);
  AppendInt(out, months / 12);
  out += '-';
  AppendDigits(out, static_cast<uint64_t>(months % 12), 2);
}

void AppendEntries(std::string& out, const Column& column, int row, const TextOptions& options) {
  bool is_map = column.physical() == PhysicalType::kMap;
  out += is_map ? '{' : '[';
  for (int i = column.offsets()[row]; i < column.offsets()[row + 1]; ++i) {
    if (i > column.offsets()[row]) out += ", ";
    AppendText(out, column.children()[0], i, options);
    if (!is_map) continue;
    out += '=';
    AppendText(out, column.children()[1], i, options);
  }
  out += is_map ? '}' : ']';
}

void AppendInt32Cell(std::string& out, const Column& column, int row) {
  int32_t value = column.Get<int32_t>(row);
  switch (column.type().root()) {
    case TypeRoot::kDate: return AppendDate(out, value);
    case TypeRoot::kTime: return AppendTime(out, value, column.type().precision());
    case TypeRoot::kIntervalYearMonth: return AppendYearMonthInterval(out, value);
    default: return AppendInt(out, value);
  }
}

void AppendInt64Cell(std::string& out, const Column& column, int row, const TextOptions& options) {
  int64_t value = column.Get<int64_t>(row);
  const DataType& type = column.type();
  switch (type.root()) {
    case TypeRoot::kDecimal: return AppendDecimal(out, value, type.scale());
    case TypeRoot::kTimestamp: return AppendTimestamp(out, value, type.precision());
    case TypeRoot::kTimestampLtz: {
      int64_t shift = options.zone_offset_seconds * UnitsPerSecond(type.precision());
      // Unsigned: a foreign value may lie at the edge of int64.
      auto local =
          static_cast<int64_t>(static_cast<uint64_t>(value) + static_cast<uint64_t>(shift));
      return AppendTimestamp(out, local, type.precision());
    }
    case TypeRoot::kIntervalDayTime: return AppendDayTimeInterval(out, value);
    default: return AppendInt(out, value);
  }
}

}  // namespace

void AppendInt(std::string& out, int64_t value) {
  fmt::format_int text(value);
  out.append(text.data(), text.size());
}

void AppendDecimal(std::string& out, Int128 unscaled, int scale) {
  bool negative = unscaled < 0;
  auto value = static_cast<unsigned __int128>(unscaled);
  if (negative) value = 0 - value;
  char digits[48];
  char* end = digits + sizeof(digits);
  char* at = end;
  int written = 0;
  while (value != 0 || written <= scale) {
    if (written == scale && scale > 0) *--at = '.';
    *--at = static_cast<char>('0' + static_cast<int>(value % 10));
    value /= 10;
    ++written;
  }
  if (negative) *--at = '-';
  out.append(at, static_cast<size_t>(end - at));
}

void AppendDouble(std::string& out, double value) { AppendFloating(out, value); }
void AppendFloat(std::string& out, float value) { AppendFloating(out, value); }

void AppendDate(std::string& out, int64_t days) {
  char text[kDateBytesMax];
  out.append(text, PutDate(text, days));
}

void AppendTime(std::string& out, int32_t millis, int precision) {
  int64_t of_day = FloorMod(millis, kMillisPerDay);
  AppendClock(out, of_day / 1000);
  if (precision <= 0) return;
  out += '.';
  int64_t fraction = of_day % 1000;
  do {
    out += static_cast<char>('0' + fraction / 100);
    fraction = fraction % 100 * 10;
  } while (fraction != 0 && --precision > 0);
}

void AppendTimestamp(std::string& out, int64_t value, int precision, char separator) {
  constexpr size_t kFractionBytesMax = 10;
  char text[kDateBytesMax + 1 + kClockBytes + kFractionBytesMax];
  int64_t units = UnitsPerSecond(precision);
  int64_t seconds = FloorDiv(value, units);
  char* at = PutDate(text, FloorDiv(seconds, 86400));
  *at++ = separator;
  at = PutClock(at, FloorMod(seconds, 86400));
  if (precision > 0) {
    auto fraction = static_cast<uint64_t>(FloorMod(value, units));
    int digits = units == 1000 ? 3 : (units == 1000000 ? 6 : 9);
    for (; digits > precision; --digits) fraction /= 10;
    *at++ = '.';
    at = PutDigits(at, fraction, digits);
  }
  out.append(text, at);
}

void AppendText(std::string& out, const Column& column, int row, const TextOptions& options) {
  if (column.IsNull(row)) {
    out += "NULL";
    return;
  }
  switch (column.physical()) {
    case PhysicalType::kNull: break;
    case PhysicalType::kBool: out += column.Get<uint8_t>(row) != 0 ? "TRUE" : "FALSE"; break;
    case PhysicalType::kInt8: return AppendInt(out, column.Get<int8_t>(row));
    case PhysicalType::kInt16: return AppendInt(out, column.Get<int16_t>(row));
    case PhysicalType::kInt32: return AppendInt32Cell(out, column, row);
    case PhysicalType::kInt64: return AppendInt64Cell(out, column, row, options);
    case PhysicalType::kInt128:
      return AppendDecimal(out, column.Get<Int128>(row), column.type().scale());
    case PhysicalType::kFloat: return AppendFloat(out, column.Get<float>(row));
    case PhysicalType::kDouble: return AppendDouble(out, column.Get<double>(row));
    case PhysicalType::kString:
      if (options.bytes_as_hex && column.type().IsBytes()) {
        return AppendHex(out, column.GetString(row));
      }
      if (IsBitmap(column.type())) {
        auto bitmap = Bitmap::Parse(column.GetString(row));
        if (bitmap.ok()) out += bitmap->ToText();
        return;
      }
      out += column.GetString(row);
      break;
    case PhysicalType::kList:
    case PhysicalType::kMap: return AppendEntries(out, column, row, options);
    case PhysicalType::kStruct:
      out += '(';
      for (size_t i = 0; i < column.children().size(); ++i) {
        if (i > 0) out += ", ";
        AppendText(out, column.children()[i], row, options);
      }
      out += ')';
      break;
  }
}

}  // namespace forebay::model
