#include <limits>

#include "base/time_zone.h"
#include "compute/expression/civil_time.h"
#include "compute/expression/row_kernel.h"

namespace forebay::compute {

namespace {

using model::Column;
using model::TypeRoot;

Column Repeat(const model::DataType& type, int num_rows, int64_t cell) {
  model::ColumnBuilder builder(type, num_rows);
  builder.Resize(num_rows);
  if (type.physical() == model::PhysicalType::kInt32) {
    std::fill_n(builder.mutable_values<int32_t>(), num_rows, static_cast<int32_t>(cell));
  } else {
    std::fill_n(builder.mutable_values<int64_t>(), num_rows, cell);
  }
  return builder.Finish();
}

/// The clock's moment as the call's type: TIMESTAMP_LTZ, local TIMESTAMP, DATE or TIME.
Result<Kernel> MakeNow(const CallSite& call) {
  ASSIGN_OR_RETURN(std::shared_ptr<TimeZone> zone, TimeZone::Find(call.context->time_zone));
  return Kernel([type = call.type, zone](const BatchState& state, Operands) -> Result<Column> {
    int64_t ms = state.now_ms;
    if (!type.Is(TypeRoot::kTimestampLtz)) ms += zone->OffsetAt(FloorDiv(ms, 1000)) * 1000;
    int64_t cell = ms;
    if (type.Is(TypeRoot::kDate)) cell = FloorDiv(ms, kMsPerDay);
    if (type.Is(TypeRoot::kTime)) cell = FloorMod(ms, kMsPerDay);
    if (type.IsTimestamp()) cell = ms * (UnitsPerSecond(type) / 1000);
    return Repeat(type, state.num_rows, cell);
  });
}

Result<Kernel> MakeWatermark(const CallSite& call) {
  if (!call.type.IsTimestamp()) return NoKernel(call);
  return Kernel([type = call.type](const BatchState& state, Operands) -> Result<Column> {
    if (state.watermark_ms == std::numeric_limits<int64_t>::min()) {
      return Column::AllNull(type, state.num_rows);
    }
    return Repeat(type, state.num_rows, state.watermark_ms * (UnitsPerSecond(type) / 1000));
  });
}

/// WATERMARK FOR t AS SOURCE_WATERMARK() says that the source makes the watermarks; no connector of
/// ours does.
Result<Kernel> MakeSourceWatermark(const CallSite&) {
  Error error = NotSupported("SOURCE_WATERMARK(): the connector makes no watermarks of its own");
  error.hint = "WATERMARK FOR t AS t - INTERVAL '5' SECOND";
  return error;
}

constexpr FunctionEntry kEntries[] = {
    {"CURRENT_TIMESTAMP", "", kVolatile, MakeNow},
    {"CURRENT_ROW_TIMESTAMP", "", kVolatile, MakeNow},
    {"NOW", "", kVolatile, MakeNow},
    {"LOCALTIMESTAMP", "", kVolatile, MakeNow},
    {"CURRENT_DATE", "", kVolatile, MakeNow},
    {"CURRENT_TIME", "", kVolatile, MakeNow},
    {"LOCALTIME", "", kVolatile, MakeNow},
    {"PROCTIME", "", kVolatile, MakeNow},
    {"CURRENT_WATERMARK", "*", kVolatile, MakeWatermark},
    {"SOURCE_WATERMARK", "", kVolatile, MakeSourceWatermark},
};

}  // namespace

std::span<const FunctionEntry> ClockFunctions() { return kEntries; }

}  // namespace forebay::compute
