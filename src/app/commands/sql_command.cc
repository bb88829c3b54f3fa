#include <signal.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <atomic>
#include <cstdio>
#include <memory>

#include "app/commands/commands.h"
#include "app/commands/script_text.h"
#include "app/node.h"
#include "app/shell/shell.h"
#include "app/shell/statement_runner.h"

namespace forebay::app {

namespace {

struct SqlArguments {
  std::vector<std::string> statements;  ///< -e, several are run in turn
  std::string file;
  std::string server;
  std::string data_dir = "./forebay-data";
  std::string output;
  bool continue_on_error = false;
};

/// Set by the first SIGINT: the running statement ends. Signal handlers can reach nothing but
/// globals.
std::atomic<bool> interrupted{false};

void OnInterrupt(int) { interrupted = true; }

serve::OutputFormat FormatOf(const std::string& name) {
  if (name == "csv") return serve::OutputFormat::kCsv;
  if (name == "json") return serve::OutputFormat::kJson;
  return serve::OutputFormat::kTable;
}

/// A shell on a terminal, else the script.
Result<bool> RunWith(StatementRunner& runner, const SqlArguments& arguments) {
  ASSIGN_OR_RETURN(std::string script, ReadScript(arguments.statements, arguments.file));
  // Without SA_RESTART, so that the shell's reading of a line ends at Ctrl-C.
  struct sigaction action = {};
  action.sa_handler = OnInterrupt;
  sigaction(SIGINT, &action, nullptr);
  bool has_script = !arguments.statements.empty() || !arguments.file.empty();
  if (!has_script && isatty(STDIN_FILENO) != 0) {
    RunShell(runner, FormatOf(arguments.output), interrupted);
    return true;
  }
  if (!has_script) {
    ASSIGN_OR_RETURN(script, ReadScript({}, "-"));
  }
  ShowOptions options;
  options.format = FormatOf(arguments.output);
  options.continue_on_error = arguments.continue_on_error;
  return runner.Run(script, options, interrupted).all_succeeded;
}

Result<bool> RunSql(const SqlArguments& arguments) {
  if (!arguments.server.empty()) {
    ASSIGN_OR_RETURN(std::unique_ptr<StatementRunner> runner, RunnerOn(arguments.server));
    return RunWith(*runner, arguments);
  }
  NodeOptions options;
  options.data_dir = arguments.data_dir;
  ASSIGN_OR_RETURN(std::unique_ptr<Node> node, Node::Open(options));
  serve::Session session(node->engine());
  return RunWith(*RunnerOf(session), arguments);
}

}  // namespace

void AddSqlCommand(CLI::App& app, int& status) {
  auto arguments = std::make_shared<SqlArguments>();
  CLI::App* command = app.add_subcommand("sql", "Run SQL: statements, a file, or a shell");
  CLI::Option* execute =
      command->add_option("-e,--execute", arguments->statements, "Statements to run");
  command->add_option("-f,--file", arguments->file, "Script to run; -: standard input")
      ->excludes(execute);
  CLI::Option* server =
      command->add_option("--server", arguments->server, "HTTP address of a server, HOST:PORT");
  command->add_option("--data-dir", arguments->data_dir, "Data directory to work on, embedded")
      ->excludes(server);
  command->add_option("--output", arguments->output, "table (default), csv or json")
      ->check(CLI::IsMember({"table", "csv", "json"}));
  command->add_flag("--continue-on-error", arguments->continue_on_error,
                    "Go on with the next statement after an error");
  command->callback([arguments, &status] {
    auto result = RunSql(*arguments);
    if (!result.ok()) {
      std::fprintf(stderr, "forebay: %s\n", result.status().ToString().c_str());
      status = 1;
    } else {
      status = *result ? 0 : 1;
    }
  });
}

}  // namespace forebay::app
