#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstdlib>

#include "model/calendar.h"
#include "sql/analyzer/expression_analyzer.h"

namespace forebay::sql {
namespace {

using model::DataType;
using model::Int128;
using model::Value;

Error BadLiteral(const char* kind, const std::string& text) {
  Error error = InvalidArgument("SQL-1009 invalid {} literal: '{}'", kind, text);
  return error;
}

ExpressionPtr DecimalLiteral(const std::string& digits, int precision, int scale) {
  Int128 unscaled = 0;
  for (char c : digits) {
    if (c != '.') unscaled = unscaled * 10 + (c - '0');
  }
  return Expression::Literal(DataType::Decimal(precision, scale).NotNull(), Value(unscaled));
}

// Calcite takes numeric literals whose digits, without the point, are a number of 64 bits.
Error OutOfRangeLiteral(const std::string& text) {
  Error error = InvalidArgument("SQL-1009 numeric literal out of range: {}", text);
  error.hint = "CAST a text: CAST('" + text + "' AS DECIMAL(38, 0))";
  return error;
}

bool FitsLong(const std::string& digits) {
  int64_t value = 0;
  for (char c : digits) {
    if (c == '.') continue;
    if (__builtin_mul_overflow(value, 10, &value) || __builtin_add_overflow(value, c - '0', &value))
      return false;
  }
  return true;
}

Result<ExpressionPtr> IntegerLiteral(const std::string& text) {
  int64_t value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc() && end == text.data() + text.size()) {
    bool fits = value <= 2147483647;
    DataType type = fits ? DataType::Int() : DataType::Bigint();
    return Expression::Literal(type.NotNull(), Value(value));
  }
  return OutOfRangeLiteral(text);
}

Result<ExpressionPtr> PointLiteral(const std::string& text) {
  size_t point = text.find('.');
  if (point + 1 == text.size()) return IntegerLiteral(text.substr(0, point));
  int precision = static_cast<int>(text.size()) - 1;
  int scale = precision - static_cast<int>(point);
  if (precision < 1) return BadLiteral("numeric", text);
  if (!FitsLong(text)) return OutOfRangeLiteral(text);
  return DecimalLiteral(text, precision, scale);
}

bool ParseDate(const std::string& text, int64_t& days, int& used) {
  int year = 0;
  int month = 0;
  int day = 0;
  if (std::sscanf(text.c_str(), "%4d-%2d-%2d%n", &year, &month, &day, &used) != 3) return false;
  if (month < 1 || month > 12 || day < 1 || day > model::DaysInMonth(year, month)) return false;
  days = model::DaysOfCivil(year, month, day);
  return true;
}

// Seconds of the day, and the fraction in nanoseconds with how many digits were written.
struct TimeOfDay {
  int64_t seconds = 0;
  int64_t nanos = 0;
  int digits = 0;
};

bool ParseTime(const std::string& text, TimeOfDay& time) {
  int hour = 0;
  int minute = 0;
  int second = 0;
  int used = 0;
  if (std::sscanf(text.c_str(), "%2d:%2d:%2d%n", &hour, &minute, &second, &used) != 3) return false;
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59) return false;
  time.seconds = hour * 3600 + minute * 60 + second;
  std::string rest = text.substr(used);
  if (rest.empty()) return true;
  if (rest[0] != '.' || rest.size() > 10 || rest.size() < 2) return false;
  for (size_t i = 1; i <= 9; ++i) {
    char c = i < rest.size() ? rest[i] : '0';
    if (c < '0' || c > '9') return false;
    time.nanos = time.nanos * 10 + (c - '0');
  }
  time.digits = static_cast<int>(rest.size()) - 1;
  return true;
}

Result<ExpressionPtr> DateLiteral(const std::string& text) {
  int64_t days = 0;
  int used = 0;
  if (!ParseDate(text, days, used) || used != static_cast<int>(text.size())) {
    return BadLiteral("DATE", text);
  }
  return Expression::Literal(DataType::Date().NotNull(), Value(days));
}

Result<ExpressionPtr> TimeLiteral(const std::string& text) {
  TimeOfDay time;
  if (!ParseTime(text, time)) return BadLiteral("TIME", text);
  int64_t millis = time.seconds * 1000 + time.nanos / 1000000;
  // TIME cells are milliseconds, so finer digits are lost.
  DataType type = DataType::Time(std::min(time.digits, 3));
  return Expression::Literal(type.NotNull(), Value(millis));
}

Result<ExpressionPtr> TimestampLiteral(const std::string& text) {
  int64_t days = 0;
  int used = 0;
  TimeOfDay time;
  if (!ParseDate(text, days, used)) return BadLiteral("TIMESTAMP", text);
  // A date alone is its midnight.
  bool date_only = used == static_cast<int>(text.size());
  bool has_time = !date_only && text[used] == ' ' && ParseTime(text.substr(used + 1), time);
  if (!date_only && !has_time) return BadLiteral("TIMESTAMP", text);
  DataType type = DataType::Timestamp(time.digits);
  int64_t seconds = days * 86400 + time.seconds;
  int64_t cell = 0;
  switch (type.time_unit()) {
    case model::TimeUnit::kMilli: cell = seconds * 1000 + time.nanos / 1000000; break;
    case model::TimeUnit::kMicro: cell = seconds * 1000000 + time.nanos / 1000; break;
    case model::TimeUnit::kNano: cell = seconds * 1000000000 + time.nanos; break;
  }
  return Expression::Literal(type.NotNull(), Value(cell));
}

int CodePoints(const std::string& text) {
  int count = 0;
  for (char c : text) count += (static_cast<unsigned char>(c) & 0xC0) != 0x80 ? 1 : 0;
  return count;
}

}  // namespace

Result<ExpressionPtr> AnalyzeLiteral(const ExpressionAst& ast) {
  const std::string& text = ast.text;
  switch (ast.kind) {
    case ExpressionAstKind::kNull:
      return Expression::Literal(text == "UNKNOWN" ? DataType::Boolean() : DataType::Null(),
                                 Value());
    case ExpressionAstKind::kBoolean: return BooleanLiteral(text == "TRUE");
    case ExpressionAstKind::kInteger: return IntegerLiteral(text);
    case ExpressionAstKind::kDecimal: return PointLiteral(text);
    case ExpressionAstKind::kDouble:
      return Expression::Literal(DataType::Double().NotNull(),
                                 Value(std::strtod(text.c_str(), nullptr)));
    case ExpressionAstKind::kString:
      return Expression::Literal(DataType::Char(CodePoints(text)).NotNull(), Value(text));
    case ExpressionAstKind::kBytes:
      return Expression::Literal(DataType::Binary(static_cast<int>(text.size())).NotNull(),
                                 Value(text));
    case ExpressionAstKind::kDate: return DateLiteral(text);
    case ExpressionAstKind::kTime: return TimeLiteral(text);
    case ExpressionAstKind::kTimestamp: return TimestampLiteral(text);
    case ExpressionAstKind::kInterval:
      return Expression::Literal(ast.interval_is_months ? DataType::IntervalYearMonth().NotNull()
                                                        : DataType::IntervalDayTime().NotNull(),
                                 Value(ast.interval_value));
    default: return Internal("not a literal");
  }
}

}  // namespace forebay::sql
