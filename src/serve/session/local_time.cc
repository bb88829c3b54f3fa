#include "serve/session/local_time.h"

namespace forebay::serve {

namespace {

/// The cells of a TIMESTAMP_LTZ column moved to local time, in nested columns too; other columns as
/// they are.
model::Column InZone(const model::Column& column, TimeZone& zone) {
  const model::DataType& type = column.type();
  if (!type.children().empty()) {
    std::vector<model::Column> children;
    for (const model::Column& child : column.children()) children.push_back(InZone(child, zone));
    return model::Column::Nested(type, column.num_rows(), column.offsets(), column.validity(),
                                 std::move(children), column.owners());
  }
  if (!type.Is(model::TypeRoot::kTimestampLtz)) return column;
  constexpr int64_t kUnits[] = {1000, 1'000'000, 1'000'000'000};
  int64_t units = kUnits[static_cast<int>(type.time_unit())];
  model::ColumnBuilder builder(type, column.num_rows());
  for (int row = 0; row < column.num_rows(); ++row) {
    if (column.IsNull(row)) {
      builder.AppendNull();
      continue;
    }
    int64_t cell = column.Get<int64_t>(row);
    int64_t seconds = cell / units - (cell % units < 0 ? 1 : 0);
    builder.Append<int64_t>(cell + zone.OffsetAt(seconds) * units);
  }
  return builder.Finish();
}

}  // namespace

Result<LocalTime> LocalTime::In(const std::string& zone) {
  LocalTime local;
  if (zone == "UTC") return local;
  ASSIGN_OR_RETURN(local.zone_, TimeZone::Find(zone));
  return local;
}

model::Batch LocalTime::Apply(model::Batch rows) const {
  if (zone_ == nullptr) return rows;
  for (model::Column& column : rows.columns) column = InZone(column, *zone_);
  return rows;
}

}  // namespace forebay::serve
