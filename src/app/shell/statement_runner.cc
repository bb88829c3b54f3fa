#include "app/shell/statement_runner.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "app/remote/remote_results.h"
#include "app/shell/result_display.h"
#include "serve/session/script_runner.h"
#include "sql/diagnostic.h"

namespace forebay::app {

namespace {

std::string ErrorLine(int statement, const Error& error) {
  std::string_view code = sql::ErrorCode(error.message);
  std::string line =
      fmt::format("{{\"statement\":{},\"error\":{{\"code\":{},\"message\":{}", statement,
                  serve::JsonString(code.empty() ? ErrorKindName(error.kind) : code),
                  serve::JsonString(error.message));
  if (error.position.line > 0) {
    line += fmt::format(",\"line\":{},\"column\":{}", error.position.line, error.position.column);
  }
  if (!error.hint.empty()) line += ",\"hint\":" + serve::JsonString(error.hint);
  return line + "}}";
}

/// Keeps the first column.
class NameWriter : public serve::ResultWriter {
 public:
  explicit NameWriter(std::vector<std::string>& names) : names_(names) {}
  void Begin(int, std::vector<serve::ColumnHeader>, bool) override {}
  void Rows(const model::Batch& rows) override {
    for (int row = 0; row < rows.num_rows; ++row) {
      names_.emplace_back(rows.columns[0].GetString(row));
    }
  }
  void End() override {}

 private:
  std::vector<std::string>& names_;
};

class LocalRunner : public StatementRunner {
 public:
  explicit LocalRunner(serve::Session& session) : session_(session) {}

  RunOutcome Run(const std::string& script, const ShowOptions& options,
                 const std::atomic<bool>& cancel) override {
    ResultDisplay display(options, script);
    serve::ScriptEvents events;
    events.writer = [&] { return display.NewWriter(); };
    events.message = [&](int, const std::string& text) { display.ShowMessage(text); };
    events.error = [&](int statement, const Error& error) {
      display.ShowError(error, ErrorLine(statement, error));
    };
    events.progress = [&](int64_t rows) { display.ShowProgress(rows); };
    bool good = serve::RunScript(session_, script, options.continue_on_error, cancel, events);
    return {good, display.rows()};
  }

  std::vector<std::string> Names(const std::string& show) override {
    std::vector<std::string> names;
    serve::ScriptEvents events;
    events.writer = [&] { return std::make_unique<NameWriter>(names); };
    std::atomic<bool> never = false;
    serve::RunScript(session_, show, false, never, events);
    return names;
  }

 private:
  serve::Session& session_;
};

class RemoteRunner : public StatementRunner {
 public:
  explicit RemoteRunner(SqlClient client) : client_(std::move(client)) {}
  ~RemoteRunner() override { client_.CloseSession(); }

  RunOutcome Run(const std::string& script, const ShowOptions& options,
                 const std::atomic<bool>& cancel) override {
    ResultDisplay display(options, script);
    RemoteResults results(display.RemoteOutput());
    RemoteScript request{script, options.continue_on_error, !results.is_json()};
    Status status = Send(request, cancel, results, display);
    results.Finish();
    if (!status.ok()) display.ShowError(status.error(), "");
    return {status.ok() && results.all_succeeded(), display.rows()};
  }

  std::vector<std::string> Names(const std::string& show) override {
    std::vector<std::string> names;
    RemoteResults::Output output;
    output.writer = [&] { return std::make_unique<NameWriter>(names); };
    RemoteResults results(std::move(output));
    std::atomic<bool> never = false;
    Status ignored =
        client_.Run({show, false, true}, never, [&](std::string_view line) { results.Add(line); });
    static_cast<void>(ignored);
    return names;
  }

 private:
  Status Send(const RemoteScript& request, const std::atomic<bool>& cancel, RemoteResults& results,
              ResultDisplay& display) {
    auto add = [&](std::string_view line) { results.Add(line); };
    Status status = client_.Run(request, cancel, add);
    if (status.ok() || status.kind() != ErrorKind::kNotFound) return status;
    RETURN_IF_ERROR(client_.OpenSession());
    display.ShowMessage(
        "the session had ended on the server: this is a new one, in default_database and with "
        "default settings");
    return client_.Run(request, cancel, add);
  }

  SqlClient client_;
};

}  // namespace

std::unique_ptr<StatementRunner> RunnerOf(serve::Session& session) {
  return std::make_unique<LocalRunner>(session);
}

Result<std::unique_ptr<StatementRunner>> RunnerOn(const std::string& address) {
  ASSIGN_OR_RETURN(SqlClient client, SqlClient::For(address));
  RETURN_IF_ERROR(client.OpenSession());
  return std::unique_ptr<StatementRunner>(std::make_unique<RemoteRunner>(std::move(client)));
}

}  // namespace forebay::app
