#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "model/data_type.h"

namespace forebay::compute {

constexpr int64_t kMsPerDay = 86'400'000;
constexpr int64_t kNanosPerDay = kMsPerDay * 1'000'000;

constexpr int64_t FloorDiv(int64_t a, int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }
constexpr int64_t FloorMod(int64_t a, int64_t b) { return a % b + (a % b < 0 ? b : 0); }

/// A day of the proleptic Gregorian calendar.
struct CivilDate {
  int64_t year = 1970;
  int month = 1;
  int day = 1;
};

/// Days since 1970-01-01. A day past its month's end counts on into the next month.
int64_t DaysFromCivil(int64_t year, int month, int day);
CivilDate CivilFromDays(int64_t days);
int DaysInMonth(int64_t year, int month);
/// The day moved by months; the day of the month is cut to the new month's length.
int64_t AddMonths(int64_t days, int64_t months);
/// 1 (Monday) to 7 (Sunday).
int IsoDayOfWeek(int64_t days);
struct IsoWeek {
  int64_t year;
  int week;
};
IsoWeek IsoWeekOf(int64_t days);

/// Cells a second of a TIMESTAMP's unit: 10^3, 10^6 or 10^9.
int64_t UnitsPerSecond(model::TimeUnit unit);
inline int64_t UnitsPerSecond(const model::DataType& type) {
  return UnitsPerSecond(type.time_unit());
}

/// A moment as day and nanosecond of the day.
struct DayTime {
  int64_t days = 0;
  int64_t nanos = 0;
};
DayTime SplitCell(int64_t cell, int64_t units_per_second);
/// Saturates at the cell's range.
int64_t JoinCell(const DayTime& time, int64_t units_per_second);
/// Drops the digits beyond `precision`.
int64_t TruncateNanos(int64_t nanos, int precision);

/// Flink's text forms. A TIMESTAMP shows exactly `precision` digits of its fraction.
void AppendDate(std::string& out, int64_t days);
void AppendTime(std::string& out, int32_t ms, int precision);
void AppendTimestamp(std::string& out, int64_t cell, int64_t units_per_second, int precision);

/// Texts as Flink's casts take them; nothing for others.
std::optional<int32_t> ParseDate(std::string_view text);
std::optional<int32_t> ParseTime(std::string_view text);
std::optional<DayTime> ParseTimestamp(std::string_view text);

}  // namespace forebay::compute
