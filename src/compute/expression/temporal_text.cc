#include <algorithm>
#include <cmath>
#include <limits>

#include "base/time_zone.h"
#include "compute/expression/cell_text.h"
#include "compute/expression/civil_time.h"
#include "compute/expression/date_format.h"
#include "compute/expression/row_kernel.h"
#include "model/value_text.h"

namespace forebay::compute {

namespace {

using model::Column;
using model::DataType;
using model::TypeRoot;

constexpr std::string_view kDefaultFormat = "yyyy-MM-dd HH:mm:ss";

/// What is read as a date of a calendar is written as one of the same, whichever it is.
constexpr bool kLabels = false;

/// The format of a call: a literal, or the default when the argument is missing.
Result<DateFormat> FormatOf(const CallSite& call, size_t arg) {
  if (arg >= call.args.size()) return DateFormat::Compile(kDefaultFormat);
  auto text = call.LiteralText(arg);
  if (!text) return NotSupported("{}: the format must be a literal", call.name);
  return DateFormat::Compile(*text);
}

/// A kernel f(writer, first argument, format) of a call whose second argument, a format, may be
/// missing, a literal or a column; one from a column is compiled anew when it changes.
template <typename In, typename F>
Result<Kernel> WithFormat(const CallSite& call, F f) {
  if (call.args.size() < 2 || call.LiteralText(1)) {
    ASSIGN_OR_RETURN(DateFormat format, FormatOf(call, 1));
    return RowKernel<In>(call, [=](RowWriter& out, In value) mutable { f(out, value, format); });
  }
  return RowKernel<In, std::string_view>(
      call, [f, pattern = std::string(), format = DateFormat()](RowWriter& out, In value,
                                                                std::string_view text) mutable {
        if (pattern != text || text.empty()) {
          auto compiled = DateFormat::Compile(text);
          if (!compiled.ok()) return out.Fail(compiled.status().error());
          pattern = text;
          format = *std::move(compiled);
        }
        f(out, value, format);
      });
}

Result<std::shared_ptr<TimeZone>> SessionZone(const CallSite& call) {
  return TimeZone::Find(call.context->time_zone);
}

// ---- DATE_FORMAT

Result<Kernel> FormatText(const CallSite& call, const DateFormat& format) {
  ASSIGN_OR_RETURN(DateFormat source, DateFormat::Compile(kDefaultFormat));
  return RowKernel<std::string_view>(call, [=](RowWriter& out, std::string_view text) {
    std::optional<DayTime> time = source.ParseLenient(text, kLabels);
    if (!time) return out.Null();
    std::string result;
    format.Append(result, *time);
    out.Text(result);
  });
}

/// The format comes from a column.
Result<Kernel> FormatByColumn(const CallSite& call) {
  if (!call.args[0].IsTimestamp()) return NoKernel(call);
  std::shared_ptr<TimeZone> zone;
  if (call.args[0].Is(TypeRoot::kTimestampLtz)) {
    ASSIGN_OR_RETURN(zone, SessionZone(call));
  }
  int64_t units = UnitsPerSecond(call.args[0]);
  return WithFormat<int64_t>(call, [=](RowWriter& out, int64_t cell, const DateFormat& format) {
    if (zone) cell += zone->OffsetAt(FloorDiv(cell, units)) * units;
    std::string result;
    format.Append(result, SplitCell(cell, units));
    out.Text(result);
  });
}

Result<Kernel> MakeDateFormat(const CallSite& call) {
  if (!call.LiteralText(1) && call.literals[1] == nullptr) return FormatByColumn(call);
  ASSIGN_OR_RETURN(DateFormat format, FormatOf(call, 1));
  if (call.args[0].IsCharacter()) return FormatText(call, format);
  if (call.args[0].Is(TypeRoot::kDate)) {
    return RowKernel<int32_t>(call, [=](RowWriter& out, int32_t days) {
      std::string result;
      format.Append(result, DayTime{days, 0});
      out.Text(result);
    });
  }
  if (!call.args[0].IsTimestamp()) return NoKernel(call);
  std::shared_ptr<TimeZone> zone;
  if (call.args[0].Is(TypeRoot::kTimestampLtz)) {
    ASSIGN_OR_RETURN(zone, SessionZone(call));
  }
  int64_t units = UnitsPerSecond(call.args[0]);
  // Times come in order as a rule, so many in turn have the same text.
  int64_t period = std::max<int64_t>(format.SecondsOfEqualText() * units, 1);
  auto write = [=, result = std::string(), begin = uint64_t{0}](RowWriter& out,
                                                                int64_t cell) mutable {
    if (zone) cell += zone->OffsetAt(FloorDiv(cell, units)) * units;
    auto place = static_cast<uint64_t>(cell);
    if (result.empty() || place - begin >= static_cast<uint64_t>(period)) {
      result.clear();
      format.Append(result, SplitCell(cell, units));
      begin = place - static_cast<uint64_t>(FloorMod(cell, period));
    }
    out.Text(result);
  };
  return RowKernel<int64_t>(call, std::move(write));
}

// ---- TO_TIMESTAMP, TO_DATE

/// TO_TIMESTAMP reads milliseconds; the second chance is java.sql.Timestamp's and Date's form, as
/// in Flink.
/// Flink's second attempt is java.sql.Timestamp.valueOf: years have four digits, and 0 becomes 1.
std::optional<DayTime> ParseSqlTimestamp(std::string_view text) {
  text = TrimBlanks(text);
  if (text.find('-') != 4) return std::nullopt;
  std::optional<DayTime> time = ParseTimestamp(text);
  if (time && text.starts_with("0000")) {
    model::CivilDate date = model::CivilOfDays(time->days);
    time->days = model::DaysOfCivil(1, date.month, date.day);
  }
  return time;
}

Result<Kernel> MakeToTimestamp(const CallSite& call) {
  bool has_format = call.args.size() == 2;
  int64_t units = UnitsPerSecond(call.type);
  int precision = call.type.precision();
  return WithFormat<std::string_view>(
      call, [=](RowWriter& out, std::string_view text, const DateFormat& format) {
        std::optional<DayTime> time = has_format ? format.Parse(text) : std::nullopt;
        if (!time) time = has_format ? ParseSqlTimestamp(text) : ParseTimestamp(text);
        if (!time) return out.Null();
        time->nanos = TruncateNanos(time->nanos, precision);
        out.Set(JoinCell(*time, units));
      });
}

/// Text that is no date is the smallest moment there is, whose day Flink counts in 32 bits: a day
/// of the year 1705471.
constexpr int32_t kNoDate = 622'191'233;

Result<Kernel> MakeToDate(const CallSite& call) {
  bool has_format = call.args.size() == 2;
  return WithFormat<std::string_view>(
      call, [=](RowWriter& out, std::string_view text, const DateFormat& format) {
        if (!has_format) {
          auto days = model::ParseDate(text);
          return days ? out.Set(*days) : out.Null();
        }
        auto time = format.ParseLenient(text);
        out.Set(time ? static_cast<int32_t>(time->days) : kNoDate);
      });
}

/// Of a DOUBLE the fraction counts; what does not fit in nanoseconds is cut to what
/// does.
Result<Kernel> MakeNumberToTimestampLtz(const CallSite& call) {
  int64_t precision = 3;
  if (call.args.size() == 2) {
    if (call.literals[1] == nullptr || call.literals[1]->column.IsNull(0)) return NoKernel(call);
    precision = call.literals[1]->column.Get<int32_t>(0);
  }
  double nanos_of_unit = precision == 0 ? 1e9 : 1e6;
  if (UnitsPerSecond(call.type) != 1000) return NoKernel(call);
  return RowKernel<double>(call, [=](RowWriter& out, double number) {
    double nanos = number * nanos_of_unit;
    if (std::isnan(nanos)) return out.Null();
    constexpr double kLimit = 9223372036854775808.0;
    int64_t whole = nanos >= kLimit    ? std::numeric_limits<int64_t>::max()
                    : nanos <= -kLimit ? std::numeric_limits<int64_t>::min()
                                       : static_cast<int64_t>(nanos);
    out.Set(FloorDiv(whole, 1'000'000));
  });
}

/// Seconds (precision 0) or milliseconds (3) since the epoch.
Result<Kernel> MakeToTimestampLtz(const CallSite& call) {
  if (call.args[0].Is(TypeRoot::kDouble)) return MakeNumberToTimestampLtz(call);
  if (!call.args[0].Is(TypeRoot::kBigint)) return NoKernel(call);
  int64_t precision = 3;
  if (call.args.size() == 2) {
    if (call.literals[1] == nullptr || call.literals[1]->column.IsNull(0)) return NoKernel(call);
    precision = call.literals[1]->column.Get<int32_t>(0);
  }
  if (precision != 0 && precision != 3) {
    return NotSupported("TO_TIMESTAMP_LTZ: the precision must be 0 or 3: {}", precision);
  }
  int64_t in = precision == 0 ? 1 : 1000, scale = UnitsPerSecond(call.type) / in;
  // From year 0 to 9999, as in Flink.
  int64_t least = -62'167'219'200 * in, most = 253'402'300'800 * in - 1;
  return RowKernel<int64_t>(call, [=](RowWriter& out, int64_t number) {
    int64_t cell;
    bool fits = number >= least && number <= most;
    if (!fits || __builtin_mul_overflow(number, scale, &cell)) return out.Null();
    out.Set(cell);
  });
}

/// Text in UTC; with a format what is no time is NULL, without one it ends the query.
Result<Kernel> MakeTextToTimestampLtz(const CallSite& call) {
  bool has_format = call.args.size() >= 2;
  int64_t units = UnitsPerSecond(call.type);
  return WithFormat<std::string_view>(
      call, [=](RowWriter& out, std::string_view text, const DateFormat& format) {
        std::optional<DayTime> time = has_format ? format.Parse(text) : std::nullopt;
        if (!time) time = ParseTimestamp(has_format ? TrimBlanks(text) : text);
        if (time) return out.Set(JoinCell(*time, units));
        if (has_format) return out.Null();
        out.Fail(InvalidArgument("TO_TIMESTAMP_LTZ: the text is no timestamp: '{}'", text));
      });
}

/// TO_TIMESTAMP_LTZ(text, format, zone): the text is a local time of the zone.
Result<Kernel> MakeTextInZone(const CallSite& call) {
  CallSite in_utc = call;
  in_utc.args.resize(2);
  in_utc.literals.resize(2);
  ASSIGN_OR_RETURN(Kernel parse, MakeTextToTimestampLtz(in_utc));
  int64_t units = UnitsPerSecond(call.type);
  auto move = [units](RowWriter& out, int64_t cell, std::string_view name) {
    auto zone = TimeZone::Find(name);
    if (!zone.ok()) return out.Fail(zone.status().error());
    out.Set(cell - (*zone)->OffsetOfLocal(FloorDiv(cell, units)) * units);
  };
  return Kernel([parse, move, type = call.type](const BatchState& state,
                                                Operands args) mutable -> Result<Column> {
    ASSIGN_OR_RETURN(Column local, parse(state, args.first(2)));
    Operand pair[2] = {Operand{std::move(local), false}, args[2]};
    return MapRows<int64_t, std::string_view>(type, state.num_rows, pair, move);
  });
}

// ---- Seconds since the epoch

Result<Kernel> MakeFromUnixtime(const CallSite& call) {
  ASSIGN_OR_RETURN(std::shared_ptr<TimeZone> zone, SessionZone(call));
  return WithFormat<int64_t>(call, [=](RowWriter& out, int64_t seconds, const DateFormat& format) {
    std::string result;
    format.Append(result, SplitCell(seconds + zone->OffsetAt(seconds), 1));
    out.Text(result);
  });
}

/// Of two moments with the same local time the later, as java.util.Calendar chooses.
int64_t LaterOffset(TimeZone& zone, int64_t local) {
  int64_t earlier = zone.OffsetOfLocal(local);
  constexpr int64_t kGapMax = 3 * 3600;
  int64_t later = zone.OffsetAt(local - earlier + kGapMax);
  return later < earlier && zone.OffsetAt(local - later) == later ? later : earlier;
}

Result<Kernel> MakeUnixTimestamp(const CallSite& call) {
  ASSIGN_OR_RETURN(std::shared_ptr<TimeZone> zone, SessionZone(call));
  return WithFormat<std::string_view>(
      call, [=](RowWriter& out, std::string_view text, const DateFormat& format) {
        std::optional<DayTime> time = format.ParseLenient(text);
        // Flink gives the smallest number for text that is no time.
        if (!time) return out.Set(std::numeric_limits<int64_t>::min());
        int64_t local = time->days * 86'400 + time->nanos / 1'000'000'000;
        out.Set(local - LaterOffset(*zone, local));
      });
}

Result<Kernel> MakeUnixNow(const CallSite& call) {
  return Kernel([type = call.type](const BatchState& state, Operands) -> Result<Column> {
    model::ColumnBuilder builder(type, state.num_rows);
    builder.Resize(state.num_rows);
    std::fill_n(builder.mutable_values<int64_t>(), state.num_rows, FloorDiv(state.now_ms, 1000));
    return builder.Finish();
  });
}

/// An unknown zone is GMT, as for java.util.TimeZone.
Result<std::shared_ptr<TimeZone>> ZoneOrGmt(std::string_view name) {
  auto zone = TimeZone::Find(name);
  return zone.ok() ? zone : TimeZone::Find("UTC");
}

Result<Kernel> MakeConvertTz(const CallSite& call) {
  ASSIGN_OR_RETURN(DateFormat format, DateFormat::Compile(kDefaultFormat));
  return RowKernel<std::string_view, std::string_view, std::string_view>(
      call,
      [format](RowWriter& out, std::string_view text, std::string_view from, std::string_view to) {
        std::optional<DayTime> time = format.ParseLenient(text, kLabels);
        auto source = ZoneOrGmt(from), target = ZoneOrGmt(to);
        if (!time || !source.ok() || !target.ok()) return out.Null();
        int64_t seconds = time->days * 86'400 + time->nanos / 1'000'000'000;
        seconds -= LaterOffset(**source, seconds);
        std::string result;
        format.Append(result, SplitCell(seconds + (*target)->OffsetAt(seconds), 1));
        out.Text(result);
      });
}

constexpr FunctionEntry kEntries[] = {
    {"DATE_FORMAT", "*s", kNoFlags, MakeDateFormat},
    {"TO_TIMESTAMP", "s?s", kNoFlags, MakeToTimestamp},
    {"TO_TIMESTAMP_LTZ", "s?s", kNoFlags, MakeTextToTimestampLtz},
    {"TO_TIMESTAMP_LTZ", "sss", kNoFlags, MakeTextInZone},
    {"TO_TIMESTAMP_LTZ", "n?i", kNoFlags, MakeToTimestampLtz},
    {"TO_DATE", "s?s", kNoFlags, MakeToDate},
    {"FROM_UNIXTIME", "l?s", kNoFlags, MakeFromUnixtime},
    {"UNIX_TIMESTAMP", "", kVolatile, MakeUnixNow},
    {"UNIX_TIMESTAMP", "s?s", kNoFlags, MakeUnixTimestamp},
    {"CONVERT_TZ", "sss", kNoFlags, MakeConvertTz},
};

}  // namespace

std::span<const FunctionEntry> TemporalTextFunctions() { return kEntries; }

}  // namespace forebay::compute
