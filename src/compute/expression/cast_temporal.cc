#include "compute/expression/cast_temporal.h"

#include "base/time_zone.h"
#include "compute/expression/civil_time.h"
#include "compute/expression/row_kernel.h"

namespace forebay::compute {

namespace {

using model::DataType;
using model::TypeRoot;

Result<Kernel> TimestampToTimestamp(const CallSite& call) {
  const DataType &from = call.args[0], &to = call.type;
  std::shared_ptr<TimeZone> zone;
  if (from.root() != to.root()) {
    ASSIGN_OR_RETURN(zone, TimeZone::Find(call.context->time_zone));
  }
  bool to_local = to.Is(TypeRoot::kTimestamp);
  int64_t in = UnitsPerSecond(from), out_units = UnitsPerSecond(to);
  // Cells narrow to their type's precision, so truncation is needed only towards fewer digits.
  int64_t step = 1;
  int digits = out_units == 1000 ? 3 : (out_units == 1'000'000 ? 6 : 9);
  for (int i = to.precision(); i < digits; ++i) step *= 10;
  bool to_seconds = to.precision() < 3;
  return RowKernel<int64_t>(call, [=](RowWriter& out, int64_t cell) {
    if (zone) {
      int64_t seconds = FloorDiv(cell, in);
      cell += to_local ? zone->OffsetAt(seconds) * in : -zone->OffsetOfLocal(seconds) * in;
    }
    if (in > out_units) {
      cell = FloorDiv(cell, in / out_units);
    } else if (__builtin_mul_overflow(cell, out_units / in, &cell)) {
      return out.Fail(OutOfRange("CAST: a timestamp does not fit {} units a second", out_units));
    }
    // Flink cuts whole milliseconds towards zero.
    out.Set(to_seconds ? cell / step * step : FloorDiv(cell, step) * step);
  });
}

/// TIMESTAMP or TIMESTAMP_LTZ to DATE or TIME.
Result<Kernel> TimestampToPart(const CallSite& call) {
  std::shared_ptr<TimeZone> zone;
  if (call.args[0].Is(TypeRoot::kTimestampLtz)) {
    ASSIGN_OR_RETURN(zone, TimeZone::Find(call.context->time_zone));
  }
  int64_t units = UnitsPerSecond(call.args[0]);
  bool is_date = call.type.Is(TypeRoot::kDate);
  bool local = call.args[0].Is(TypeRoot::kTimestamp);
  return RowKernel<int64_t>(call, [=](RowWriter& out, int64_t cell) {
    if (zone) cell += zone->OffsetAt(FloorDiv(cell, units)) * units;
    int64_t per_day = 86'400 * units;
    // Of a TIMESTAMP Flink divides towards zero: before 1970 it is the next day.
    if (is_date) {
      return out.Set(static_cast<int32_t>(local ? cell / per_day : FloorDiv(cell, per_day)));
    }
    // Nor has Flink a time of day for it.
    if (local && cell % per_day < 0) {
      return out.Fail(OutOfRange("CAST: a TIMESTAMP before 1970 has no TIME"));
    }
    out.Set(static_cast<int32_t>(FloorMod(cell, per_day) / (units / 1000)));
  });
}

/// DATE or TIME to TIMESTAMP or TIMESTAMP_LTZ; a TIME is one of 1970-01-01.
Result<Kernel> PartToTimestamp(const CallSite& call) {
  std::shared_ptr<TimeZone> zone;
  if (call.type.Is(TypeRoot::kTimestampLtz)) {
    ASSIGN_OR_RETURN(zone, TimeZone::Find(call.context->time_zone));
  }
  int64_t units = UnitsPerSecond(call.type);
  bool is_date = call.args[0].Is(TypeRoot::kDate);
  return RowKernel<int32_t>(call, [=](RowWriter& out, int32_t part) {
    DayTime time = is_date ? DayTime{part, 0} : DayTime{0, int64_t{part} * 1'000'000};
    int64_t cell = JoinCell(time, units);
    if (zone) cell -= zone->OffsetOfLocal(FloorDiv(cell, units)) * units;
    out.Set(cell);
  });
}

}  // namespace

Result<Kernel> CastTemporal(const CallSite& call) {
  const DataType &from = call.args[0], &to = call.type;
  if (from.IsTimestamp() && to.IsTimestamp()) return TimestampToTimestamp(call);
  if (from.IsTimestamp() && to.IsTemporal()) return TimestampToPart(call);
  if (to.IsTimestamp()) return PartToTimestamp(call);
  return NoKernel(call);
}

}  // namespace forebay::compute
