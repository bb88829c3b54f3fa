#include <CLI/CLI.hpp>
#include <atomic>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>

#include "app/commands/commands.h"
#include "app/remote/sql_client.h"
#include "app/shell/statement_runner.h"
#include "model/quoted_text.h"

namespace forebay::app {

namespace {

struct JobsArguments {
  std::string server = "127.0.0.1:8080";
  std::string output = "table";
  std::string job;
  bool dot = false;
  bool json = false;
};

/// Shows a statement's rows as `forebay sql` does.
Result<bool> Show(const JobsArguments& arguments, const std::string& statement) {
  ASSIGN_OR_RETURN(std::unique_ptr<StatementRunner> runner, RunnerOn(arguments.server));
  ShowOptions options;
  if (arguments.output == "csv") options.format = serve::OutputFormat::kCsv;
  if (arguments.output == "json") options.format = serve::OutputFormat::kJson;
  std::atomic<bool> never = false;
  return runner->Run(statement, options, never).all_succeeded;
}

/// Prints the one cell of a statement's result as it is, for other programs.
Result<bool> Print(const JobsArguments& arguments, const std::string& statement) {
  ASSIGN_OR_RETURN(SqlClient client, SqlClient::For(arguments.server));
  std::atomic<bool> never = false;
  std::string text;
  Status failure;
  Status ran = client.Run({statement, false, true}, never, [&](std::string_view line) {
    nlohmann::json json = nlohmann::json::parse(line, nullptr, false);
    if (!json.is_object()) return;
    if (json.contains("error") && json["error"].is_object()) {
      failure = InvalidArgument("{}", json["error"].value("message", "the statement failed"));
    }
    if (!json.contains("rows") || !json["rows"].is_array()) return;
    for (const auto& row : json["rows"]) {
      if (row.is_array() && !row.empty() && row[0].is_string()) text += row[0].get<std::string>();
    }
  });
  RETURN_IF_ERROR(ran);
  RETURN_IF_ERROR(failure);
  if (!text.ends_with('\n')) text += '\n';
  std::fputs(text.c_str(), stdout);
  return true;
}

Result<bool> PrintGraph(const JobsArguments& arguments) {
  std::string form = arguments.dot ? " AS DOT" : arguments.json ? " AS JSON" : "";
  return Print(arguments, "EXPLAIN ANALYZE JOB " + model::QuoteText(arguments.job) + form);
}

void Report(const Result<bool>& result, int& status) {
  if (!result.ok()) {
    std::fprintf(stderr, "forebay: %s\n", result.status().ToString().c_str());
  }
  status = result.ok() && *result ? 0 : 1;
}

CLI::App* AddPart(CLI::App& jobs, const std::string& name, const std::string& what,
                  JobsArguments& arguments) {
  CLI::App* part = jobs.add_subcommand(name, what);
  part->fallthrough();  // --server may come behind it
  part->add_option("JOB", arguments.job, "The job's id")->required();
  return part;
}

}  // namespace

void AddJobsCommand(CLI::App& app, int& status) {
  auto arguments = std::make_shared<JobsArguments>();
  CLI::App* command = app.add_subcommand("jobs", "Look at the jobs of a server");
  command->require_subcommand(0, 1);
  command->add_option("--server", arguments->server, "HTTP address of the server, HOST:PORT")
      ->capture_default_str();
  command->add_option("--output", arguments->output, "Of lists: table, csv or json")
      ->check(CLI::IsMember({"table", "csv", "json"}))
      ->capture_default_str();
  CLI::App* show = AddPart(*command, "show", "What a job's operators do", *arguments);
  CLI::App* graph = AddPart(*command, "graph", "A job's graph as it runs now", *arguments);
  CLI::Option* dot = graph->add_flag("--dot", arguments->dot, "For Graphviz");
  graph->add_flag("--json", arguments->json, "For programs")->excludes(dot);
  command->callback([arguments, show, graph, &status] {
    if (graph->parsed()) return Report(PrintGraph(*arguments), status);
    std::string statement = show->parsed() ? "DESCRIBE JOB " + model::QuoteText(arguments->job)
                                           : std::string("SHOW JOBS");
    Report(Show(*arguments, statement), status);
  });
}

}  // namespace forebay::app
