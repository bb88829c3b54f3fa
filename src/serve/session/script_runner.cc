#include "serve/session/script_runner.h"

#include "serve/session/local_time.h"

namespace forebay::serve {

std::vector<ColumnHeader> HeadersOf(const std::vector<sql::Field>& columns) {
  std::vector<ColumnHeader> headers;
  for (const sql::Field& field : columns) {
    headers.push_back({field.name, field.type.ToString(), field.type.IsNumeric()});
  }
  return headers;
}

namespace {

constexpr int kPollMs = 100;

/// Shows a cursor's rows until its end, or until cancelled.
Status Show(ResultCursor& cursor, int statement, const LocalTime& zone,
            const std::atomic<bool>& cancel, const ScriptEvents& events) {
  std::unique_ptr<ResultWriter> writer = events.writer();
  writer->Begin(statement, HeadersOf(cursor.columns()), cursor.is_changelog());
  int64_t rows = 0;
  while (!cancel) {
    auto batch = cursor.Next(kPollMs);
    if (!batch.ok() && batch.kind() != ErrorKind::kTimeout) return batch.status();
    if (batch.ok() && !*batch) break;
    if (batch.ok()) rows += (*batch)->num_rows;
    if (events.progress) events.progress(rows);
    if (batch.ok()) writer->Rows(zone.Apply(std::move(**batch)));
  }
  if (cancel) cursor.Cancel();
  writer->End();
  return Status::Ok();
}

/// Drives a statement's work to its end and returns its message, or until cancelled.
Result<std::string> Drive(std::unique_ptr<StatementWork> work, const std::atomic<bool>& cancel,
                          const ScriptEvents& events) {
  while (!cancel) {
    auto message = work->Continue(kPollMs);
    if (message.ok() || message.kind() != ErrorKind::kTimeout) return message;
    if (events.progress) events.progress(work->rows());
  }
  return fmt::format("cancelled after {} rows", work->rows());
}

Status RunStatement(Session& session, const sql::StatementText& text, int number,
                    const std::atomic<bool>& cancel, const ScriptEvents& events) {
  ASSIGN_OR_RETURN(StatementResult result, session.Start(text));
  if (result.rows != nullptr) {
    ASSIGN_OR_RETURN(LocalTime zone, LocalTime::In(session.time_zone()));
    return Show(*result.rows, number, zone, cancel, events);
  }
  if (result.work != nullptr) {
    ASSIGN_OR_RETURN(result.message, Drive(std::move(result.work), cancel, events));
  }
  if (!result.message.empty() && events.message) events.message(number, result.message);
  return Status::Ok();
}

}  // namespace

bool RunScript(Session& session, std::string_view script, bool continue_on_error,
               const std::atomic<bool>& cancel, const ScriptEvents& events) {
  bool all_succeeded = true;
  int number = 0;
  for (const sql::StatementText& text : sql::SplitStatements(script)) {
    if (cancel) return all_succeeded;
    Status status = RunStatement(session, text, ++number, cancel, events);
    if (status.ok()) continue;
    all_succeeded = false;
    if (events.error) events.error(number, status.error());
    if (!continue_on_error) return false;
  }
  return all_succeeded;
}

}  // namespace forebay::serve
