#include <signal.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <memory>
#include <thread>

#include "app/commands/commands.h"
#include "app/commands/script_text.h"
#include "app/submit/submission.h"

namespace forebay::app {

namespace {

struct SubmitArguments {
  std::string target = "local";
  std::string server = "127.0.0.1:8080";
  FlinkTarget flink{"http://127.0.0.1:8083", "", "default_catalog", "default_database"};
  std::vector<std::string> statements;
  std::string file;
  std::string output = "table";
  bool wait = false;
  bool continue_on_error = false;
};

/// Set by the first SIGINT; signal handlers can reach nothing but globals.
std::atomic<bool> interrupted{false};

void OnInterrupt(int) { interrupted = true; }

serve::OutputFormat FormatOf(const std::string& name) {
  if (name == "csv") return serve::OutputFormat::kCsv;
  return name == "json" ? serve::OutputFormat::kJson : serve::OutputFormat::kTable;
}

using States = std::map<std::string, std::string>;

std::string StateOf(const States& states, const std::string& job) {
  auto found = states.find(job);
  return found == states.end() ? "UNKNOWN" : found->second;
}

/// The states of the script's jobs; with --wait when all are over.
Result<States> FinalStates(Submission& submission, bool wait) {
  constexpr std::chrono::milliseconds kPause(200);
  while (true) {
    ASSIGN_OR_RETURN(States states, submission.JobStates());
    bool over = std::all_of(submission.jobs().begin(), submission.jobs().end(),
                            [&](const auto& job) { return IsFinalState(StateOf(states, job)); });
    if (over || !wait || interrupted) return states;
    std::this_thread::sleep_for(kPause);
  }
}

/// Shows what became of the jobs. Whether none failed and, with --wait, all finished.
Result<bool> ReportJobs(Submission& submission, const SubmitArguments& arguments) {
  if (submission.jobs().empty()) return true;
  ASSIGN_OR_RETURN(States states, FinalStates(submission, arguments.wait));
  bool good = true;
  for (const std::string& job : submission.jobs()) {
    std::string state = StateOf(states, job);
    good = good && state != "FAILED" && (!arguments.wait || state == "FINISHED");
    if (arguments.output == "json") {
      std::printf("{\"job\":\"%s\",\"status\":\"%s\"}\n", job.c_str(), state.c_str());
    } else {
      std::fprintf(stderr, "job %s %s\n", job.c_str(), state.c_str());
    }
  }
  return good;
}

Result<bool> RunSubmit(const SubmitArguments& arguments) {
  ASSIGN_OR_RETURN(std::string script, ReadScript(arguments.statements, arguments.file));
  struct sigaction action = {};
  action.sa_handler = OnInterrupt;
  sigaction(SIGINT, &action, nullptr);
  std::unique_ptr<Submission> submission;
  if (arguments.target == "flink") {
    ASSIGN_OR_RETURN(submission, SubmitToFlink(arguments.flink));
  } else {
    ASSIGN_OR_RETURN(submission, SubmitToForebay(arguments.server));
  }
  ShowOptions options;
  options.format = FormatOf(arguments.output);
  options.continue_on_error = arguments.continue_on_error;
  bool ran = submission->Run(script, options, interrupted);
  ASSIGN_OR_RETURN(bool good, ReportJobs(*submission, arguments));
  return ran && good;
}

void AddFlinkOptions(CLI::App& command, FlinkTarget& flink) {
  command.add_option("--gateway", flink.gateway, "URL of Flink's SQL gateway")
      ->capture_default_str();
  command.add_option("--bootstrap", flink.bootstrap,
                     "HOST:PORT where Fluss clients reach the Forebay (or Fluss) with the tables");
  command.add_option("--catalog", flink.catalog, "What Flink calls that catalog")
      ->capture_default_str();
  command.add_option("--database", flink.database, "The script's database in it")
      ->capture_default_str();
}

}  // namespace

void AddSubmitCommand(CLI::App& app, int& status) {
  auto arguments = std::make_shared<SubmitArguments>();
  CLI::App* command =
      app.add_subcommand("submit", "Run a script on a Forebay server or on a Flink cluster");
  command->add_option("--target", arguments->target, "local (a Forebay server) or flink")
      ->check(CLI::IsMember({"local", "flink"}))
      ->capture_default_str();
  command->add_option("--server", arguments->server, "HTTP address of the Forebay server")
      ->capture_default_str();
  AddFlinkOptions(*command, arguments->flink);
  CLI::Option* execute =
      command->add_option("-e,--execute", arguments->statements, "Statements to run");
  CLI::Option* file =
      command->add_option("-f,--file", arguments->file, "Script to run; -: standard input")
          ->excludes(execute);
  command->add_flag("--wait", arguments->wait, "Return when the script's jobs are over");
  command->add_option("--output", arguments->output, "table (default), csv or json")
      ->check(CLI::IsMember({"table", "csv", "json"}));
  command->add_flag("--continue-on-error", arguments->continue_on_error,
                    "Go on with the next statement after an error");
  command->callback([=, &status] {
    if (execute->count() + file->count() == 0) throw CLI::RequiredError("-f or -e");
    auto result = RunSubmit(*arguments);
    if (!result.ok()) {
      std::fprintf(stderr, "forebay: %s\n", result.status().ToString().c_str());
    }
    status = result.ok() && *result ? 0 : 1;
  });
}

}  // namespace forebay::app
