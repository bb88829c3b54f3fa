#include "compute/expression/civil_time.h"

#include <algorithm>
#include <array>
#include <limits>

namespace forebay::compute {

namespace {

/// The calendar repeats after 400 years. Years are counted from March, which puts the leap day
/// last.
constexpr int64_t kDaysPerEra = 146'097;
/// From 0000-03-01 to 1970-01-01.
constexpr int64_t kEpochShift = 719'468;

}  // namespace

int64_t DaysFromCivil(int64_t year, int month, int day) {
  if (month <= 2) --year;
  int64_t era = FloorDiv(year, 400);
  int64_t year_of_era = year - era * 400;
  int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * kDaysPerEra + day_of_era - kEpochShift;
}

CivilDate CivilFromDays(int64_t days) {
  days += kEpochShift;
  int64_t era = FloorDiv(days, kDaysPerEra);
  int64_t day_of_era = days - era * kDaysPerEra;
  int64_t year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  int64_t shifted_month = (5 * day_of_year + 2) / 153;
  CivilDate date;
  date.day = static_cast<int>(day_of_year - (153 * shifted_month + 2) / 5 + 1);
  date.month = static_cast<int>(shifted_month < 10 ? shifted_month + 3 : shifted_month - 9);
  date.year = year_of_era + era * 400 + (date.month <= 2 ? 1 : 0);
  return date;
}

int DaysInMonth(int64_t year, int month) {
  constexpr std::array kDays = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  return month == 2 && leap ? 29 : kDays[static_cast<size_t>(month - 1)];
}

int64_t AddMonths(int64_t days, int64_t months) {
  CivilDate date = CivilFromDays(days);
  int64_t month = date.month - 1 + months;
  int64_t year = date.year + FloorDiv(month, 12);
  int new_month = static_cast<int>(FloorMod(month, 12)) + 1;
  return DaysFromCivil(year, new_month, std::min(date.day, DaysInMonth(year, new_month)));
}

// 1970-01-01 was a Thursday.
int IsoDayOfWeek(int64_t days) { return static_cast<int>(FloorMod(days + 3, 7)) + 1; }

IsoWeek IsoWeekOf(int64_t days) {
  // A week belongs to the year of its Thursday.
  int64_t thursday = days + 4 - IsoDayOfWeek(days);
  int64_t year = CivilFromDays(thursday).year;
  return {year, static_cast<int>((thursday - DaysFromCivil(year, 1, 1)) / 7) + 1};
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

void AppendDate(std::string& out, int64_t days) {
  CivilDate date = CivilFromDays(days);
  if (date.year < 0) {
    out += '-';
    date.year = -date.year;
  }
  AppendPadded(out, date.year, 4);
  out += '-';
  AppendPadded(out, date.month, 2);
  out += '-';
  AppendPadded(out, date.day, 2);
}

/// Zeroes at the end are left out, but one digit stays.
void AppendTime(std::string& out, int32_t ms, int precision) {
  int64_t of_day = FloorMod(ms, kMsPerDay);
  AppendClock(out, of_day / 1000);
  if (precision <= 0) return;
  out += '.';
  int rest = static_cast<int>(of_day % 1000);
  for (int i = 0; i < precision; ++i) {
    out += static_cast<char>('0' + rest / 100);
    rest = rest % 100 * 10;
    if (rest == 0) break;
  }
}

void AppendTimestamp(std::string& out, int64_t cell, int64_t units_per_second, int precision) {
  DayTime time = SplitCell(cell, units_per_second);
  AppendDate(out, time.days);
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

std::string_view Trim(std::string_view text) {
  while (!text.empty() && static_cast<unsigned char>(text.front()) <= ' ') text.remove_prefix(1);
  while (!text.empty() && static_cast<unsigned char>(text.back()) <= ' ') text.remove_suffix(1);
  return text;
}

/// Digits only, at most nine.
bool ParseDigits(std::string_view text, int& value) {
  text = Trim(text);
  if (text.empty() || text.size() > 9) return false;
  value = 0;
  for (char c : text) {
    if (c < '0' || c > '9') return false;
    value = value * 10 + (c - '0');
  }
  return true;
}

/// The text before `separator`, which is taken off `text` with it; all of it when there is none.
std::string_view TakeUntil(std::string_view& text, char separator, bool& found) {
  size_t at = text.find(separator);
  found = at != std::string_view::npos;
  std::string_view head = text.substr(0, at);
  text = found ? text.substr(at + 1) : std::string_view();
  return head;
}

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

/// Milliseconds of a fraction's digits; the fourth digit rounds.
int ParseMillis(std::string_view digits) {
  int ms = 0, multiplier = 100;
  for (size_t i = 0; i < digits.size() && multiplier > 0; ++i, multiplier /= 10) {
    bool digit = digits[i] >= '0' && digits[i] <= '9';
    ms += digit ? multiplier * (digits[i] - '0') : 0;
    if (multiplier == 1 && i + 1 < digits.size() && digits[i + 1] >= '5') ++ms;
  }
  return ms;
}

}  // namespace

std::optional<int32_t> ParseDate(std::string_view text) {
  size_t space = text.find(' ');
  if (space != std::string_view::npos && space > 0) text = text.substr(0, space);
  int year = 0, month = 1, day = 1;
  bool more = false;
  if (!ParseDigits(TakeUntil(text, '-', more), year)) return std::nullopt;
  if (more && !ParseDigits(TakeUntil(text, '-', more), month)) return std::nullopt;
  if (more && !ParseDigits(text, day)) return std::nullopt;
  if (year > 9999 || month < 1 || month > 12 || day < 1 || day > 31) return std::nullopt;
  return static_cast<int32_t>(DaysFromCivil(year, month, day));
}

std::optional<int32_t> ParseTime(std::string_view text) {
  int hour = 0, minute = 0, second = 0, ms = 0;
  bool more = false;
  if (!ParseDigits(TakeUntil(text, ':', more), hour)) return std::nullopt;
  if (more && !ParseDigits(TakeUntil(text, ':', more), minute)) return std::nullopt;
  if (more) {
    if (!ParseDigits(TakeUntil(text, '.', more), second)) return std::nullopt;
    if (more) ms = ParseMillis(text);
  }
  if (hour > 23 || minute > 59 || second > 59) return std::nullopt;
  return ((hour * 60 + minute) * 60 + second) * 1000 + ms;
}

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
  return DayTime{DaysFromCivil(year, month, day), seconds * 1'000'000'000 + nanos};
}

}  // namespace forebay::compute
