#include "compute/operator/window_assigner.h"

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

int64_t PropertyMs(sql::WindowProperty property, int64_t start, int64_t end) {
  if (property == sql::WindowProperty::kStart) return start;
  return property == sql::WindowProperty::kEnd ? end : end - 1;
}

Column ConstantTime(const DataType& type, int64_t time_ms, int rows) {
  model::ColumnBuilder builder(type, rows);
  builder.Resize(rows);
  std::fill_n(builder.mutable_values<int64_t>(), rows, FromMs(type, time_ms));
  return builder.Finish();
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
  bool local = field.type.Is(model::TypeRoot::kTimestampLtz);
  if (local && context.time_zone != "UTC" && context.time_zone != "Z") {
    return NotSupported(
        "windows over the {} column '{}' with table.local-time-zone {}; set it "
        "to UTC",
        field.type.ToString(), field.name, context.time_zone);
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
  }
  return Status::Ok();
}

}  // namespace forebay::compute
