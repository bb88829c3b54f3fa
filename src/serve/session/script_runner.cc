#include "serve/session/script_runner.h"

namespace forebay::serve {

std::vector<ColumnHeader> HeadersOf(const std::vector<sql::Field>& columns) {
  std::vector<ColumnHeader> headers;
  for (const sql::Field& field : columns) {
    headers.push_back({field.name, field.type.ToString(), field.type.IsNumeric()});
  }
  return headers;
}

namespace {

/// Shows a cursor's rows until its end, or until cancelled.
Status Show(ResultCursor& cursor, int statement, const std::atomic<bool>& cancel,
            const ScriptEvents& events) {
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
      writer->Rows(**batch);
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
      status = Show(*result->rows, number, cancel, events);
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
