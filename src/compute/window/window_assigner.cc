#include "compute/window/window_assigner.h"

#include <algorithm>

namespace forebay::compute {

using model::Column;
using model::DataType;

int64_t UnitsPerMs(const DataType& type) {
  if (!type.IsTimestamp() || type.time_unit() == model::TimeUnit::kMilli) return 1;
  return type.time_unit() == model::TimeUnit::kMicro ? 1000 : 1000000;
}

int64_t FromMs(const DataType& type, int64_t time_ms) { return time_ms * UnitsPerMs(type); }

int64_t ToMs(int64_t cell, int64_t units_per_ms) {
  return cell / units_per_ms - (cell % units_per_ms < 0 ? 1 : 0);
}

namespace {

int64_t PropertyMs(sql::WindowProperty property, int64_t start, int64_t end) {
  if (property == sql::WindowProperty::kStart) return start;
  return property == sql::WindowProperty::kEnd ? end : end - 1;
}

}  // namespace

Column ConstantTime(const DataType& type, int64_t cell, int rows) {
  model::ColumnBuilder builder(type, rows);
  builder.Resize(rows);
  std::fill_n(builder.mutable_values<int64_t>(), rows, cell);
  return builder.Finish();
}

bool HasInstantRowtime(const sql::PlanNode& node) {
  if (node.kind == sql::PlanKind::kWatermark) {
    const auto& watermark = static_cast<const sql::WatermarkNode&>(node);
    return node.output[watermark.rowtime].type.Is(model::TypeRoot::kTimestampLtz);
  }
  return std::any_of(node.inputs.begin(), node.inputs.end(),
                     [](const sql::PlanPtr& input) { return HasInstantRowtime(*input); });
}

int64_t WindowClock::Local(int64_t time_ms) const {
  bool is_moment = time_ms != INT64_MIN && time_ms != INT64_MAX;
  if (zone_ == nullptr || !is_moment) return time_ms;
  return time_ms + zone_->OffsetAt(ToMs(time_ms, 1000)) * 1000;
}

int64_t WindowClock::Property(sql::WindowProperty property, const DataType& type, int64_t start,
                              int64_t end) const {
  int64_t time = PropertyMs(property, start, end);
  if (zone_ != nullptr && type.Is(model::TypeRoot::kTimestampLtz)) {
    time -= zone_->OffsetOfLocal(ToMs(time, 1000)) * 1000;
  }
  return FromMs(type, time);
}

void AppendWindowColumns(const WindowClock& clock, std::span<const TimeWindow> windows,
                         std::span<const DataType> types, model::Batch& batch) {
  for (auto property :
       {sql::WindowProperty::kStart, sql::WindowProperty::kEnd, sql::WindowProperty::kTime}) {
    const DataType& type = types[batch.columns.size()];
    model::ColumnBuilder builder(type, batch.num_rows);
    for (const TimeWindow& window : windows) {
      builder.Append<int64_t>(clock.Property(property, type, window.start, window.end));
    }
    batch.columns.push_back(builder.Finish());
  }
}

Result<WindowClock> WindowClock::OfZone(const EvaluationContext& context) {
  WindowClock clock;
  ASSIGN_OR_RETURN(clock.zone_, TimeZone::Find(context.time_zone));
  return clock;
}

Result<WindowClock> WindowClock::Make(const sql::WindowSpec& spec, const sql::PlanNode& input,
                                      const EvaluationContext& context) {
  WindowClock clock;
  // A window on a window's result has its times in the window columns.
  clock.column_ = spec.window_end_column >= 0 ? spec.window_end_column : spec.time_column;
  if (clock.column_ < 0) return clock;
  const sql::Field& field = input.output[clock.column_];
  clock.is_proctime_ =
      spec.window_end_column < 0 && field.time_attribute == sql::TimeAttribute::kProctime;
  clock.units_per_ms_ = UnitsPerMs(field.type);
  if (!clock.is_proctime_ && !field.type.IsTimestamp()) {
    return InvalidArgument("the window's time column '{}' has type {}", field.name,
                           field.type.ToString());
  }
  clock.is_instant_ = field.type.Is(model::TypeRoot::kTimestampLtz);
  bool local = clock.is_instant_ || clock.is_proctime_ || HasInstantRowtime(input);
  if (local && context.time_zone != "UTC" && context.time_zone != "Z") {
    ASSIGN_OR_RETURN(clock.zone_, TimeZone::Find(context.time_zone));
  }
  return clock;
}

Status WindowClock::Times(const model::Batch& batch, int64_t now_ms,
                          std::vector<int64_t>& times) const {
  if (is_proctime_ || column_ < 0) {
    times.assign(batch.num_rows, now_ms);
    return Status::Ok();
  }
  const Column& column = batch.columns[column_];
  const int64_t* cells = column.values<int64_t>();
  times.resize(batch.num_rows);
  for (int row = 0; row < batch.num_rows; ++row) {
    if (column.IsNull(row)) {
      return InvalidArgument("the time column of a window is NULL; filter such rows out first");
    }
    times[row] = units_per_ms_ == 1 ? cells[row] : ToMs(cells[row], units_per_ms_);
    if (is_instant_ && zone_ != nullptr) times[row] = Local(times[row]);
  }
  return Status::Ok();
}

}  // namespace forebay::compute
