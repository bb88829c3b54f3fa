#pragma once

#include <cstdint>

namespace forebay::model {

inline constexpr int64_t kMillisPerDay = 86400000;

/// A day of the proleptic Gregorian calendar.
struct CivilDate {
  int64_t year = 1970;
  int month = 1;  ///< 1 to 12
  int day = 1;    ///< 1 to 31
  friend bool operator==(const CivilDate&, const CivilDate&) = default;
};

constexpr bool IsLeapYear(int64_t year) {
  return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

constexpr int DaysInMonth(int64_t year, int month) {
  constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return month == 2 && IsLeapYear(year) ? 29 : kDays[month - 1];
}

/// a / b and its rest, rounded down, so that times before 1970 keep their time of day.
constexpr int64_t FloorDiv(int64_t a, int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }
constexpr int64_t FloorMod(int64_t a, int64_t b) { return a % b + (a % b < 0 ? b : 0); }

/// Days since 1970-01-01. The year is counted from March, which puts the leap day last; a cycle of
/// 400 years has 146,097 days.
constexpr int64_t DaysOfCivil(int64_t year, int month, int day) {
  year -= month <= 2 ? 1 : 0;
  int64_t cycle = FloorDiv(year, 400);
  int64_t year_of_cycle = year - cycle * 400;
  int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  int64_t day_of_cycle =
      year_of_cycle * 365 + year_of_cycle / 4 - year_of_cycle / 100 + day_of_year;
  return cycle * 146097 + day_of_cycle - 719468;
}
constexpr int64_t DaysOfCivil(const CivilDate& date) {
  return DaysOfCivil(date.year, date.month, date.day);
}

/// The day `days` after 1970-01-01.
constexpr CivilDate CivilOfDays(int64_t days) {
  days += 719468;
  int64_t cycle = FloorDiv(days, 146097);
  int64_t day_of_cycle = days - cycle * 146097;
  int64_t year_of_cycle =
      (day_of_cycle - day_of_cycle / 1460 + day_of_cycle / 36524 - day_of_cycle / 146096) / 365;
  int64_t day_of_year =
      day_of_cycle - (365 * year_of_cycle + year_of_cycle / 4 - year_of_cycle / 100);
  int64_t shifted_month = (5 * day_of_year + 2) / 153;
  CivilDate date;
  date.day = static_cast<int>(day_of_year - (153 * shifted_month + 2) / 5 + 1);
  date.month = static_cast<int>(shifted_month + (shifted_month < 10 ? 3 : -9));
  date.year = year_of_cycle + cycle * 400 + (date.month <= 2 ? 1 : 0);
  return date;
}

}  // namespace forebay::model
