#include <fmt/format.h>

#include "app/remote/text_rows.h"
#include "app/shell/result_display.h"
#include "app/submit/flink_gateway.h"
#include "app/submit/flink_script.h"
#include "app/submit/submission.h"
#include "model/data_type.h"
#include "model/quoted_text.h"

namespace forebay::app {

namespace {

using Json = FlinkGateway::Json;

model::ChangeType ChangeOf(const std::string& kind) {
  if (kind == "UPDATE_BEFORE") return model::ChangeType::kUpdateBefore;
  if (kind == "UPDATE_AFTER") return model::ChangeType::kUpdateAfter;
  if (kind == "DELETE") return model::ChangeType::kDelete;
  return model::ChangeType::kInsert;
}

/// A page of rows, all cells text.
model::Batch BatchOf(const Json& rows, size_t num_columns) {
  model::BatchBuilder builder = TextRows(num_columns);
  for (const Json& row : rows) {
    AppendTextRow(row.at("fields"), num_columns, ChangeOf(row.value("kind", "INSERT")), builder);
  }
  return builder.Finish();
}

std::string_view ShortKind(const std::string& kind) {
  model::ChangeType type = ChangeOf(kind);
  if (type == model::ChangeType::kUpdateBefore) return "-U";
  if (type == model::ChangeType::kUpdateAfter) return "+U";
  return type == model::ChangeType::kDelete ? "-D" : "+I";
}

/// Puts a statement's rows together as a line of JSON, with cells as the gateway spells them.
class JsonResult {
 public:
  void Begin(int statement, const std::vector<serve::ColumnHeader>& columns, bool is_changelog) {
    is_changelog_ = is_changelog;
    text_ = fmt::format("{{\"statement\":{},{},\"rows\":[", statement, serve::ColumnsJson(columns));
  }
  void Add(const Json& rows) {
    for (const Json& row : rows) {
      text_ += (first_ ? "" : ",") + row.at("fields").dump();
      kinds_ += fmt::format("{}\"{}\"", first_ ? "" : ",", ShortKind(row.value("kind", "INSERT")));
      first_ = false;
    }
  }
  std::string Line() const {
    return text_ + "]" + (is_changelog_ ? ",\"kinds\":[" + kinds_ + "]" : "") + "}";
  }

 private:
  std::string text_;
  std::string kinds_;
  bool is_changelog_ = false;
  bool first_ = true;
};

class FlinkSubmission : public Submission {
 public:
  explicit FlinkSubmission(FlinkGateway gateway, bool has_catalog)
      : gateway_(std::move(gateway)), has_catalog_(has_catalog) {}
  ~FlinkSubmission() override { gateway_.CloseSession(); }

  Status Prepare(const FlinkTarget& target) {
    // Flink's own catalog in memory makes room for the name that the script may use.
    std::map<std::string, std::string> options;
    if (has_catalog_) options["table.builtin-catalog-name"] = "flink_memory";
    RETURN_IF_ERROR(gateway_.OpenSession(options));
    if (!has_catalog_) return Status::Ok();
    std::string catalog = model::QuoteIdentifier(target.catalog);
    std::string database = model::QuoteIdentifier(target.database);
    for (const std::string& statement : {
             fmt::format("CREATE CATALOG {} WITH ('type' = 'fluss', 'bootstrap.servers' = {})",
                         catalog, model::QuoteText(target.bootstrap)),
             "USE CATALOG " + catalog,
             "CREATE DATABASE IF NOT EXISTS " + database,
             "USE " + database,
         }) {
      std::atomic<bool> never = false;
      RETURN_IF_ERROR(gateway_.Run(statement, true, never, {}));
    }
    return Status::Ok();
  }

  bool Run(const std::string& script, const ShowOptions& options,
           const std::atomic<bool>& cancel) override {
    ResultDisplay display(options, script);
    display.ShowMessage(fmt::format("Flink {} at {}", gateway_.version(), gateway_.url()));
    bool good = true;
    int number = 0;
    for (const sql::StatementText& text : sql::SplitStatements(script)) {
      if (cancel) break;
      ++number;
      Status status = RunOne(text, number, options, cancel, display);
      if (status.ok()) continue;
      good = false;
      Error error = status.error();
      error.position = text.position;
      display.ShowError(error, ErrorLine(number, error));
      if (!options.continue_on_error) break;
    }
    return good;
  }

  const std::vector<std::string>& jobs() const override { return jobs_; }

  Result<std::map<std::string, std::string>> JobStates() override {
    std::map<std::string, std::string> states;
    FlinkGateway::Rows rows;
    rows.begin = [](const auto&, bool) {};
    rows.rows = [&](const Json& page) {
      for (const Json& row : page) {
        const Json& cells = row.at("fields");
        states[cells.at(0).get<std::string>()] = cells.at(2).get<std::string>();
      }
    };
    std::atomic<bool> never = false;
    RETURN_IF_ERROR(gateway_.Run("SHOW JOBS", true, never, rows));
    return states;
  }

 private:
  static std::string ErrorLine(int statement, const Error& error) {
    return fmt::format(
        "{{\"statement\":{},\"error\":{{\"code\":\"flink\",\"message\":{},\"line\":{},"
        "\"column\":{}}}}}",
        statement, serve::JsonString(error.message), error.position.line, error.position.column);
  }

  Status RunOne(const sql::StatementText& text, int number, const ShowOptions& options,
                const std::atomic<bool>& cancel, ResultDisplay& display) {
    FlinkStatement statement{std::string(text.text), text.position, ""};
    if (has_catalog_) statement = script_.Adapt(text);
    if (!statement.note.empty()) display.ShowMessage(statement.note);
    bool json = options.format == serve::OutputFormat::kJson;
    JsonResult line;
    std::unique_ptr<serve::ResultWriter> writer;
    size_t num_columns = 0;
    FlinkGateway::Rows rows;
    rows.begin = [&](std::vector<serve::ColumnHeader> columns, bool is_changelog) {
      num_columns = columns.size();
      line.Begin(number, columns, is_changelog);
      if (json) return;
      writer = display.NewWriter();
      writer->Begin(number, std::move(columns), is_changelog);
    };
    rows.rows = [&](const Json& page) {
      if (json) return line.Add(page);
      if (!page.empty()) writer->Rows(BatchOf(page, num_columns));
    };
    ASSIGN_OR_RETURN(FlinkOutcome outcome, gateway_.Run(statement.text, !json, cancel, rows));
    if (outcome.has_rows && json) display.ShowLine(line.Line());
    if (outcome.has_rows && !json && writer != nullptr) writer->End();
    if (!outcome.job_id.empty()) {
      jobs_.push_back(outcome.job_id);
      display.ShowMessage(fmt::format("job {} submitted", outcome.job_id));
    } else if (!outcome.has_rows) {
      display.ShowMessage("OK");
    }
    return Status::Ok();
  }

  FlinkGateway gateway_;
  const bool has_catalog_;
  FlinkScript script_;
  std::vector<std::string> jobs_;
};

}  // namespace

Result<std::unique_ptr<Submission>> SubmitToFlink(const FlinkTarget& target) {
  ASSIGN_OR_RETURN(FlinkGateway gateway, FlinkGateway::At(target.gateway));
  auto submission =
      std::make_unique<FlinkSubmission>(std::move(gateway), !target.bootstrap.empty());
  RETURN_IF_ERROR(submission->Prepare(target));
  return std::unique_ptr<Submission>(std::move(submission));
}

}  // namespace forebay::app
