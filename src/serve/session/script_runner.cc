#include "serve/session/script_runner.h"

#include "compute/expression/time_zone.h"

namespace forebay::serve {

std::vector<ColumnHeader> HeadersOf(const std::vector<sql::Field>& columns) {
  std::vector<ColumnHeader> headers;
  for (const sql::Field& field : columns) {
    headers.push_back({field.name, field.type.ToString(), field.type.IsNumeric()});
  }
  return headers;
}

namespace {

/// The cells of a TIMESTAMP_LTZ column moved to local time, in nested columns too; other columns as
/// they are.
model::Column InZone(const model::Column& column, compute::TimeZone& zone) {
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

model::Batch InZone(model::Batch batch, compute::TimeZone& zone) {
  for (model::Column& column : batch.columns) column = InZone(column, zone);
  return batch;
}

/// Shows a cursor's rows until its end, or until cancelled.
Status Show(ResultCursor& cursor, int statement, const std::string& zone_name,
            const std::atomic<bool>& cancel, const ScriptEvents& events) {
  ASSIGN_OR_RETURN(std::shared_ptr<compute::TimeZone> zone, compute::TimeZone::Find(zone_name));
  std::unique_ptr<ResultWriter> writer = events.writer();
  writer->Begin(statement, HeadersOf(cursor.columns()), cursor.is_changelog());
  constexpr int kPollMs = 100;
  int64_t rows = 0;
  while (!cancel) {
    auto batch = cursor.Next(kPollMs);
    if (!batch.ok() && batch.kind() != ErrorKind::kTimeout) return batch.status();
    if (batch.ok()) {
      if (!*batch) break;
      rows += (*batch)->num_rows;
      writer->Rows(zone_name == "UTC" ? **batch : InZone(**batch, *zone));
    }
    if (events.progress) events.progress(rows);
  }
  if (cancel) cursor.Cancel();
  writer->End();
  return Status::Ok();
}

}  // namespace

bool RunScript(Session& session, std::string_view script, bool continue_on_error,
               const std::atomic<bool>& cancel, const ScriptEvents& events) {
  bool all_succeeded = true;
  int number = 0;
  for (const sql::StatementText& text : sql::SplitStatements(script)) {
    if (cancel) return all_succeeded;
    ++number;
    auto result = session.Execute(text);
    Status status = result.status();
    if (status.ok() && result->rows != nullptr) {
      status = Show(*result->rows, number, session.time_zone(), cancel, events);
    } else if (status.ok() && !result->message.empty() && events.message) {
      events.message(number, result->message);
    }
    if (status.ok()) continue;
    all_succeeded = false;
    if (events.error) events.error(number, status.error());
    if (!continue_on_error) return false;
  }
  return all_succeeded;
}

}  // namespace forebay::serve
