#include "base/time_zone.h"
#include "compute/expression/civil_time.h"
#include "compute/expression/row_kernel.h"

namespace forebay::compute {

namespace {

using model::Column;
using model::DataType;
using model::TypeRoot;

/// Reads DATE, TIME and TIMESTAMP cells as local day and nanosecond.
struct TimeReader {
  TypeRoot root;
  int64_t units = 1000;
  std::shared_ptr<TimeZone> zone;

  /// Reads moments in UTC, whatever the session's zone is.
  static TimeReader Utc(const DataType& type) {
    return {type.root(), type.IsTimestamp() ? UnitsPerSecond(type) : 1000, nullptr};
  }
  static Result<TimeReader> Make(const DataType& type, const EvaluationContext& context) {
    TimeReader reader = Utc(type);
    if (type.Is(TypeRoot::kTimestampLtz)) {
      ASSIGN_OR_RETURN(reader.zone, TimeZone::Find(context.time_zone));
    }
    return reader;
  }

  DayTime Read(int64_t cell) const {
    if (root == TypeRoot::kDate) return {cell, 0};
    if (zone) cell += zone->OffsetAt(FloorDiv(cell, units)) * units;
    return SplitCell(cell, units);
  }
  /// As Flink's EXTRACT, CEIL and FLOOR split a moment: divided towards zero, so that before 1970
  /// the day may be the next one and the rest is negative.
  DayTime ReadTowardsZero(int64_t cell) const {
    if (root == TypeRoot::kDate) return {cell, 0};
    if (zone) cell += zone->OffsetAt(FloorDiv(cell, units)) * units;
    int64_t per_day = 86'400 * units;
    return {cell / per_day, cell % per_day * (1'000'000'000 / units)};
  }
  /// With the zone's offset at the moment `like`, whatever it is at `time`.
  int64_t WriteLike(const DayTime& time, int64_t like) const {
    if (!zone) return Write(time);
    return JoinCell(time, units) - zone->OffsetAt(FloorDiv(like, units)) * units;
  }
  int64_t Write(const DayTime& time) const {
    if (root == TypeRoot::kDate) return time.days;
    if (root == TypeRoot::kTime) return time.nanos / 1'000'000;
    int64_t cell = JoinCell(time, units);
    return zone ? cell - zone->OffsetOfLocal(FloorDiv(cell, units)) * units : cell;
  }
};

/// A kernel over the temporal argument `arg`, whose cells are int32 or int64, and another of type
/// U.
template <typename U, typename F>
Kernel TemporalKernel(const CallSite& call, size_t arg, F f) {
  bool narrow = call.args[arg].physical() == model::PhysicalType::kInt32;
  auto g = [f, narrow = call.type.physical() == model::PhysicalType::kInt32](
               RowWriter& out, int64_t cell, U other) {
    int64_t value = f(cell, other);
    narrow ? out.Set(static_cast<int32_t>(value)) : out.Set(value);
  };
  return [type = call.type, arg, narrow, g](const BatchState& state,
                                            Operands args) mutable -> Result<Column> {
    Operand ordered[2] = {args[arg], args[1 - arg]};
    if (!narrow) return MapRows<int64_t, U>(type, state.num_rows, ordered, g);
    auto h = [&](RowWriter& out, int32_t cell, U other) { g(out, cell, other); };
    return MapRows<int32_t, U>(type, state.num_rows, ordered, h);
  };
}

}  // namespace

Result<Kernel> PlusMonths(const CallSite& call, size_t time_arg, int sign) {
  // A TIMESTAMP_LTZ moves on the UTC calendar, as in Flink.
  TimeReader reader = TimeReader::Utc(call.args[time_arg]);
  return TemporalKernel<int32_t>(call, time_arg, [reader, sign](int64_t cell, int32_t months) {
    if (reader.root == TypeRoot::kTime) return cell;
    DayTime time = reader.Read(cell);
    time.days = AddMonths(time.days, int64_t{months} * sign);
    return reader.Write(time);
  });
}

namespace {

enum class Unit {
  kNanosecond,
  kMicrosecond,
  kMillisecond,
  kSecond,
  kMinute,
  kHour,
  kDay,
  kWeek,
  kMonth,
  kQuarter,
  kYear,
  kDecade,
  kCentury,
  kMillennium,
  kDayOfWeek,
  kIsoDayOfWeek,
  kDayOfYear,
  kIsoYear,
  kEpoch,
};

std::optional<Unit> ParseUnit(std::string_view text) {
  constexpr std::pair<std::string_view, Unit> kUnits[] = {
      {"NANOSECOND", Unit::kNanosecond},
      {"MICROSECOND", Unit::kMicrosecond},
      {"MILLISECOND", Unit::kMillisecond},
      {"SECOND", Unit::kSecond},
      {"FRAC_SECOND", Unit::kMicrosecond},
      {"SQL_TSI_SECOND", Unit::kSecond},
      {"MINUTE", Unit::kMinute},
      {"HOUR", Unit::kHour},
      {"DAY", Unit::kDay},
      {"WEEK", Unit::kWeek},
      {"MONTH", Unit::kMonth},
      {"QUARTER", Unit::kQuarter},
      {"YEAR", Unit::kYear},
      {"DECADE", Unit::kDecade},
      {"CENTURY", Unit::kCentury},
      {"MILLENNIUM", Unit::kMillennium},
      {"DOW", Unit::kDayOfWeek},
      {"ISODOW", Unit::kIsoDayOfWeek},
      {"DOY", Unit::kDayOfYear},
      {"ISOYEAR", Unit::kIsoYear},
      {"EPOCH", Unit::kEpoch},
  };
  for (const auto& [name, unit] : kUnits) {
    if (name == text) return unit;
  }
  return std::nullopt;
}

/// Nanoseconds of a unit of fixed length, or 0.
int64_t NanosOf(Unit unit) {
  switch (unit) {
    case Unit::kNanosecond: return 1;
    case Unit::kMicrosecond: return 1000;
    case Unit::kMillisecond: return 1'000'000;
    case Unit::kSecond: return 1'000'000'000;
    case Unit::kMinute: return 60'000'000'000;
    case Unit::kHour: return 3'600'000'000'000;
    case Unit::kDay: return kNanosPerDay;
    case Unit::kWeek: return 7 * kNanosPerDay;
    default: return 0;
  }
}

/// Months of a unit of whole months, or 0.
int MonthsOf(Unit unit) {
  switch (unit) {
    case Unit::kMonth: return 1;
    case Unit::kQuarter: return 3;
    case Unit::kYear: return 12;
    case Unit::kDecade: return 120;
    case Unit::kCentury: return 1200;
    case Unit::kMillennium: return 12'000;
    default: return 0;
  }
}

Result<Unit> UnitOf(const CallSite& call, size_t arg) {
  auto text = call.LiteralText(arg);
  if (!text) return NoKernel(call);
  std::optional<Unit> unit = ParseUnit(*text);
  if (!unit) return InvalidArgument("{}: unknown time unit: {}", call.name, *text);
  return *unit;
}

// ---- EXTRACT

int64_t ExtractTime(Unit unit, int64_t nanos) {
  switch (unit) {
    case Unit::kHour: return nanos / 3'600'000'000'000;
    case Unit::kMinute: return nanos / 60'000'000'000 % 60;
    case Unit::kSecond: return nanos / 1'000'000'000 % 60;
    case Unit::kMillisecond: return nanos / 1'000'000 % 1000;
    case Unit::kMicrosecond: return nanos / 1000 % 1'000'000;
    default: return nanos % 1'000'000'000;
  }
}

/// A unit that hangs on the calendar date.
int64_t ExtractDate(Unit unit, int64_t days) {
  CivilDate date = model::CivilOfDays(days);
  auto centuries = [&](int64_t length) {
    return date.year > 0 ? (date.year + length - 1) / length : (date.year - length + 1) / length;
  };
  switch (unit) {
    case Unit::kYear: return date.year;
    case Unit::kQuarter: return (date.month + 2) / 3;
    case Unit::kMonth: return date.month;
    case Unit::kDay: return date.day;
    case Unit::kDecade: return date.year / 10;
    case Unit::kCentury: return centuries(100);
    case Unit::kMillennium: return centuries(1000);
    default: return days - model::DaysOfCivil(date.year, 1, 1) + 1;
  }
}

int64_t Extract(Unit unit, const DayTime& time) {
  switch (unit) {
    case Unit::kYear:
    case Unit::kQuarter:
    case Unit::kMonth:
    case Unit::kDay:
    case Unit::kDecade:
    case Unit::kCentury:
    case Unit::kMillennium:
    case Unit::kDayOfYear: return ExtractDate(unit, time.days);
    case Unit::kWeek: return IsoWeekOf(time.days).week;
    case Unit::kIsoYear: return IsoWeekOf(time.days).year;
    case Unit::kDayOfWeek: return IsoDayOfWeek(time.days) % 7 + 1;
    case Unit::kIsoDayOfWeek: return IsoDayOfWeek(time.days);
    case Unit::kEpoch: return time.days * 86'400 + time.nanos / 1'000'000'000;
    default: return ExtractTime(unit, time.nanos);
  }
}

/// Of an interval: its field.
int64_t ExtractInterval(Unit unit, int64_t cell, bool months) {
  if (months) return unit == Unit::kYear ? cell / 12 : cell % 12;
  constexpr int64_t kHour = 3'600'000;
  switch (unit) {
    case Unit::kDay: return cell / kMsPerDay;
    case Unit::kHour: return cell % kMsPerDay / kHour;
    case Unit::kMinute: return cell % kHour / 60'000;
    case Unit::kSecond: return cell % 60'000 / 1000;
    case Unit::kEpoch: return cell / 1000;
    default: return cell % 60'000;
  }
}

/// A kernel over a cell of int32 or int64.
template <typename F>
Kernel CellKernel(const CallSite& call, size_t arg, F f) {
  bool narrow_out = call.type.physical() == model::PhysicalType::kInt32;
  auto g = [f, narrow_out](RowWriter& out, int64_t cell) {
    int64_t value = f(cell);
    narrow_out ? out.Set(static_cast<int32_t>(value)) : out.Set(value);
  };
  if (call.args[arg].physical() == model::PhysicalType::kInt64) {
    return [type = call.type, arg, g](const BatchState& state, Operands args) mutable {
      return MapRows<int64_t>(type, state.num_rows, args.subspan(arg, 1), g);
    };
  }
  auto h = [g](RowWriter& out, int32_t cell) { g(out, cell); };
  return [type = call.type, arg, h](const BatchState& state, Operands args) mutable {
    return MapRows<int32_t>(type, state.num_rows, args.subspan(arg, 1), h);
  };
}

Result<Kernel> MakeExtract(const CallSite& call) {
  ASSIGN_OR_RETURN(Unit unit, UnitOf(call, 0));
  if (call.args[1].IsInterval()) {
    bool months = call.args[1].Is(TypeRoot::kIntervalYearMonth);
    return CellKernel(call, 1, [=](int64_t cell) { return ExtractInterval(unit, cell, months); });
  }
  if (!call.args[1].IsTemporal()) return NoKernel(call);
  ASSIGN_OR_RETURN(TimeReader reader, TimeReader::Make(call.args[1], *call.context));
  return CellKernel(call, 1,
                    [=](int64_t cell) { return Extract(unit, reader.ReadTowardsZero(cell)); });
}

// ---- FLOOR and CEIL to a unit

DayTime FloorTo(Unit unit, DayTime time) {
  if (int months = MonthsOf(unit)) {
    CivilDate date = model::CivilOfDays(time.days);
    // Centuries and millennia begin with the year 1.
    int64_t first = unit == Unit::kCentury || unit == Unit::kMillennium ? 12 : 0;
    int64_t month = date.year * 12 + date.month - 1 - first;
    month = FloorDiv(month, months) * months + first;
    return {model::DaysOfCivil(FloorDiv(month, 12), static_cast<int>(FloorMod(month, 12)) + 1, 1),
            0};
  }
  // A week begins on Sunday, as Calcite has it.
  if (unit == Unit::kWeek) return {time.days - IsoDayOfWeek(time.days) % 7, 0};
  int64_t step = NanosOf(unit);
  if (step > 0) time.nanos = time.nanos / step * step;
  return time;
}

DayTime CeilTo(Unit unit, const DayTime& time) {
  DayTime floor = FloorTo(unit, time);
  if (floor.days == time.days && floor.nanos == time.nanos) return time;
  if (int months = MonthsOf(unit)) return {AddMonths(floor.days, months), 0};
  int64_t nanos = floor.nanos + (unit == Unit::kWeek ? 0 : NanosOf(unit));
  int64_t days = floor.days + (unit == Unit::kWeek ? 7 : 0);
  return {days + nanos / kNanosPerDay, nanos % kNanosPerDay};
}

template <bool kCeil>
Result<Kernel> MakeFloorTo(const CallSite& call) {
  ASSIGN_OR_RETURN(Unit unit, UnitOf(call, 1));
  if (NanosOf(unit) == 0 && MonthsOf(unit) == 0) return NoKernel(call);
  ASSIGN_OR_RETURN(TimeReader reader, TimeReader::Make(call.args[0], *call.context));
  // Units of whole days look at the day only.
  bool by_day = MonthsOf(unit) > 0 || unit == Unit::kWeek;
  return CellKernel(call, 0, [=](int64_t cell) {
    DayTime time = by_day ? reader.ReadTowardsZero(cell) : reader.Read(cell);
    if (by_day) time.nanos = 0;
    return reader.WriteLike(kCeil ? CeilTo(unit, time) : FloorTo(unit, time), cell);
  });
}

// ---- Differences

/// Whole months from day `a` to the later day `b`; the day of the month is cut to its length.
int64_t MonthsOfDays(int64_t a, int64_t b) {
  if (b < a) return -MonthsOfDays(b, a);
  int64_t months = (b - a) / 31;
  while (AddMonths(a, months) < b && AddMonths(a, months + 1) <= b) ++months;
  return months;
}

/// Whole months from a to b, as Calcite counts them: the times of day matter only where the months
/// lead to the very day.
int64_t MonthsBetween(const DayTime& a, const DayTime& b) {
  int64_t months = MonthsOfDays(a.days, b.days);
  bool same_day = AddMonths(a.days, months) == b.days;
  return same_day && b.nanos < a.nanos ? months - 1 : months;
}

int64_t Difference(Unit unit, const DayTime& from, const DayTime& to) {
  if (int months = MonthsOf(unit)) return MonthsBetween(from, to) / months;
  __int128 nanos =
      static_cast<__int128>(to.days - from.days) * kNanosPerDay + (to.nanos - from.nanos);
  // Calcite divides the seconds as an INT, which wraps after 68 years.
  if (unit == Unit::kWeek) {
    return static_cast<int32_t>(static_cast<int64_t>(nanos / NanosOf(Unit::kSecond))) / 604'800;
  }
  return static_cast<int64_t>(nanos / NanosOf(unit));
}

int64_t CellAt(const Operand& operand, int row) {
  bool narrow = operand.column.physical() == model::PhysicalType::kInt32;
  return narrow ? operand.column.Get<int32_t>(operand.At(row))
                : operand.column.Get<int64_t>(operand.At(row));
}

/// f(from, to) of the two temporal arguments that start at `first`, both in UTC as in Flink.
template <typename F>
Result<Kernel> PairKernel(const CallSite& call, size_t first, F f) {
  TimeReader from = TimeReader::Utc(call.args[first]);
  TimeReader to = TimeReader::Utc(call.args[first + 1]);
  return Kernel([=, type = call.type](const BatchState& state, Operands all) -> Result<Column> {
    Operands args = all.subspan(first, 2);
    if (AnyAllNull(args)) return Column::AllNull(type, state.num_rows);
    model::ColumnBuilder builder(type, state.num_rows);
    builder.Resize(state.num_rows);
    CombineValidity(builder, args);
    bool narrow = type.physical() == model::PhysicalType::kInt32;
    for (int row = 0; row < state.num_rows; ++row) {
      if (builder.IsNull(row)) continue;
      int64_t value = f(from.Read(CellAt(args[0], row)), to.Read(CellAt(args[1], row)));
      if (narrow) {
        builder.mutable_values<int32_t>()[row] = static_cast<int32_t>(value);
      } else {
        builder.mutable_values<int64_t>()[row] = value;
      }
    }
    return builder.Finish();
  });
}

Result<Kernel> MakeTimestampDiff(const CallSite& call) {
  ASSIGN_OR_RETURN(Unit unit, UnitOf(call, 0));
  if (NanosOf(unit) == 0 && MonthsOf(unit) == 0) return NoKernel(call);
  return PairKernel(call, 1, [unit](const DayTime& from, const DayTime& to) {
    return Difference(unit, from, to);
  });
}

}  // namespace

/// a - b as an interval of the call's type.
Result<Kernel> TimeDifference(const CallSite& call) {
  Unit unit = call.type.Is(TypeRoot::kIntervalYearMonth) ? Unit::kMonth : Unit::kMillisecond;
  return PairKernel(call, 0,
                    [unit](const DayTime& a, const DayTime& b) { return Difference(unit, b, a); });
}

namespace {

constexpr FunctionEntry kEntries[] = {
    {"EXTRACT", "s*", kNoFlags, MakeExtract},
    {"FLOOR", "ts", kNoFlags, MakeFloorTo<false>},
    {"CEIL", "ts", kNoFlags, MakeFloorTo<true>},
    {"TIMESTAMPDIFF", "stt", kNoFlags, MakeTimestampDiff},
};

}  // namespace

std::span<const FunctionEntry> TemporalFunctions() { return kEntries; }

}  // namespace forebay::compute
