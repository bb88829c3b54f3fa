#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "model/calendar.h"
#include "model/data_type.h"

namespace forebay::compute {

using model::CivilDate;
using model::DaysInMonth;
using model::FloorDiv;
using model::FloorMod;

constexpr int64_t kMsPerDay = model::kMillisPerDay;
constexpr int64_t kNanosPerDay = kMsPerDay * 1'000'000;

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

/// A date as Flink casts it to text: of the year its last four digits, which below zero are
/// characters before '0'.
void AppendCastDate(std::string& out, int64_t days);
/// Flink's text form: at least `precision` digits of the fraction, and all that are not zero.
void AppendTimestamp(std::string& out, int64_t cell, int64_t units_per_second, int precision);

/// Text as Flink's casts take it; nothing for others. Any year, unlike model::ParseTimestamp.
std::optional<DayTime> ParseTimestamp(std::string_view text);

}  // namespace forebay::compute
