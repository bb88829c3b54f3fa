#include "compute/expression/civil_time.h"

#include <algorithm>
#include <array>
#include <limits>

#include "model/value_text.h"

namespace forebay::compute {

int64_t AddMonths(int64_t days, int64_t months) {
  CivilDate date = model::CivilOfDays(days);
  int64_t month = date.month - 1 + months;
  int64_t year = date.year + FloorDiv(month, 12);
  int new_month = static_cast<int>(FloorMod(month, 12)) + 1;
  return model::DaysOfCivil(year, new_month, std::min(date.day, DaysInMonth(year, new_month)));
}

// 1970-01-01 was a Thursday.
int IsoDayOfWeek(int64_t days) { return static_cast<int>(FloorMod(days + 3, 7)) + 1; }

IsoWeek IsoWeekOf(int64_t days) {
  // A week belongs to the year of its Thursday.
  int64_t thursday = days + 4 - IsoDayOfWeek(days);
  int64_t year = model::CivilOfDays(thursday).year;
  return {year, static_cast<int>((thursday - model::DaysOfCivil(year, 1, 1)) / 7) + 1};
}

int64_t UnitsPerSecond(model::TimeUnit unit) {
  switch (unit) {
    case model::TimeUnit::kMilli: return 1000;
    case model::TimeUnit::kMicro: return 1'000'000;
    case model::TimeUnit::kNano: break;
  }
  return 1'000'000'000;
}

DayTime SplitCell(int64_t cell, int64_t units_per_second) {
  int64_t per_day = 86'400 * units_per_second;
  return {FloorDiv(cell, per_day), FloorMod(cell, per_day) * (1'000'000'000 / units_per_second)};
}

int64_t JoinCell(const DayTime& time, int64_t units_per_second) {
  int64_t cell;
  if (__builtin_mul_overflow(time.days, 86'400 * units_per_second, &cell) ||
      __builtin_add_overflow(cell, time.nanos / (1'000'000'000 / units_per_second), &cell)) {
    return time.days < 0 ? std::numeric_limits<int64_t>::min()
                         : std::numeric_limits<int64_t>::max();
  }
  return cell;
}

int64_t TruncateNanos(int64_t nanos, int precision) {
  int64_t step = 1;
  for (int i = precision; i < 9; ++i) step *= 10;
  return nanos / step * step;
}

namespace {

void AppendPadded(std::string& out, int64_t value, int width) {
  char digits[20];
  int count = 0;
  do {
    digits[count++] = static_cast<char>('0' + value % 10);
    value /= 10;
  } while (value > 0);
  out.append(static_cast<size_t>(std::max(0, width - count)), '0');
  while (count > 0) out += digits[--count];
}

void AppendClock(std::string& out, int64_t seconds) {
  AppendPadded(out, seconds / 3600, 2);
  out += ':';
  AppendPadded(out, seconds / 60 % 60, 2);
  out += ':';
  AppendPadded(out, seconds % 60, 2);
}

}  // namespace

void AppendCastDate(std::string& out, int64_t days) {
  constexpr size_t kMonthAndDay = 6;  // "-05-06"
  int64_t year = model::CivilOfDays(days).year;
  if (year >= 0 && year <= 9999) return model::AppendDate(out, days);
  std::string text;
  model::AppendDate(text, days);
  for (int64_t unit : {1000, 100, 10, 1}) out += static_cast<char>('0' + year / unit % 10);
  out += text.substr(text.size() - kMonthAndDay);
}

void AppendTimestamp(std::string& out, int64_t cell, int64_t units_per_second, int precision) {
  DayTime time = SplitCell(cell, units_per_second);
  AppendCastDate(out, time.days);
  out += ' ';
  AppendClock(out, time.nanos / 1'000'000'000);
  int64_t nanos = time.nanos % 1'000'000'000;
  int digits = 9;
  // At least `precision` digits, and all that are not zero.
  while (digits > precision && nanos % 10 == 0) {
    nanos /= 10;
    --digits;
  }
  if (digits == 0) return;
  out += '.';
  AppendPadded(out, nanos, digits);
}

namespace {

/// Reads between `min` and `max` digits.
bool ReadNumber(std::string_view& text, size_t min, size_t max, int& value) {
  size_t count = 0;
  value = 0;
  while (count < max && count < text.size() && text[count] >= '0' && text[count] <= '9') {
    value = value * 10 + (text[count++] - '0');
  }
  text.remove_prefix(count);
  return count >= min;
}

bool ReadChar(std::string_view& text, char expected) {
  if (text.empty() || text[0] != expected) return false;
  text.remove_prefix(1);
  return true;
}

}  // namespace

std::optional<DayTime> ParseTimestamp(std::string_view text) {
  int year, month, day, hour = 0, minute = 0, second = 0;
  int64_t nanos = 0;
  if (!ReadNumber(text, 4, 4, year) || !ReadChar(text, '-') || !ReadNumber(text, 1, 2, month) ||
      !ReadChar(text, '-') || !ReadNumber(text, 1, 2, day)) {
    return std::nullopt;
  }
  if (ReadChar(text, ' ')) {
    if (!ReadNumber(text, 1, 2, hour) || !ReadChar(text, ':') || !ReadNumber(text, 1, 2, minute) ||
        !ReadChar(text, ':') || !ReadNumber(text, 1, 2, second)) {
      return std::nullopt;
    }
    if (ReadChar(text, '.')) {
      int64_t unit = 100'000'000;
      for (; !text.empty() && text[0] >= '0' && text[0] <= '9' && unit > 0; unit /= 10) {
        nanos += unit * (text[0] - '0');
        text.remove_prefix(1);
      }
    }
  }
  if (!text.empty() || month < 1 || month > 12 || day < 1 || day > 31) return std::nullopt;
  if (hour > 23 || minute > 59 || second > 59) return std::nullopt;
  // As java.time's smart resolving: the 31st of a shorter month is its last day.
  day = std::min(day, DaysInMonth(year, month));
  int64_t seconds = (int64_t{hour} * 60 + minute) * 60 + second;
  return DayTime{model::DaysOfCivil(year, month, day), seconds * 1'000'000'000 + nanos};
}

}  // namespace forebay::compute
