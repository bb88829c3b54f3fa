#include <unistd.h>
#include <CLI/CLI.hpp>

#include <atomic>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <memory>
#include <sstream>

#include "app/commands/commands.h"
#include "app/node.h"
#include "app/remote/remote_results.h"
#include "app/remote/sql_client.h"
#include "app/shell/shell.h"
#include "base/clock.h"
#include "serve/session/script_runner.h"
#include "sql/diagnostic.h"

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

Result<std::string> ReadScript(const SqlArguments& arguments) {
  std::string script;
  for (const std::string& statement : arguments.statements) {
    // On a line of its own: the statement may end in a comment, and errors quote the line.
    script += statement + "\n;\n";
  }
  if (arguments.file.empty()) return script;
  if (arguments.file == "-") {
    std::ostringstream text;
    text << std::cin.rdbuf();
    return text.str();
  }
  std::ifstream file(arguments.file, std::ios::binary);
  if (!file) return NotFound("cannot read the script {}", arguments.file);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

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

/// Rows and rows/s of a long statement, on a terminal's stderr only.
class ProgressLine {
 public:
  void Update(int64_t rows) {
    if (!isatty(STDERR_FILENO)) return;
    int64_t now = MonotonicMs();
    constexpr int64_t kQuietMs = 1000;
    if (now - begin_ms_ < kQuietMs || now - shown_ms_ < 200) return;
    shown_ms_ = now;
    std::fprintf(stderr, "\r%lld rows, %lld rows/s \033[K", static_cast<long long>(rows),
                 static_cast<long long>(rows * 1000 / (now - begin_ms_)));
  }
  void Clear() {
    if (shown_ms_ > 0) std::fprintf(stderr, "\r\033[K");
    begin_ms_ = MonotonicMs();
    shown_ms_ = 0;
  }

 private:
  int64_t begin_ms_ = MonotonicMs();
  int64_t shown_ms_ = 0;
};

bool RunLocal(serve::Session& session, const std::string& script, const SqlArguments& arguments) {
  serve::OutputFormat format = FormatOf(arguments.output);
  ProgressLine progress;
  serve::ScriptEvents events;
  events.writer = [&] { return serve::MakeResultWriter(format, stdout); };
  events.message = [&](int, const std::string& text) {
    progress.Clear();
    std::fprintf(stderr, "%s\n", text.c_str());
  };
  events.error = [&](int statement, const Error& error) {
    progress.Clear();
    if (format == serve::OutputFormat::kJson) {
      std::printf("%s\n", ErrorLine(statement, error).c_str());
      std::fflush(stdout);
    }
    std::fprintf(stderr, "%s\n", sql::RenderError(error, script).c_str());
  };
  events.progress = [&](int64_t rows) { progress.Update(rows); };
  return serve::RunScript(session, script, arguments.continue_on_error, interrupted, events);
}

/// The script on a server; without statements it is read from standard input.
Result<bool> RunOnServer(const SqlArguments& arguments, std::string script) {
  if (arguments.statements.empty() && arguments.file.empty()) {
    if (isatty(STDIN_FILENO)) {
      return NotSupported("the shell works on a data directory only: give -e or -f with --server");
    }
    SqlArguments piped = arguments;
    piped.file = "-";
    ASSIGN_OR_RETURN(script, ReadScript(piped));
  }
  std::signal(SIGINT, OnInterrupt);
  RemoteResults results(FormatOf(arguments.output), script);
  RETURN_IF_ERROR(RunRemoteScript(arguments.server, script, arguments.continue_on_error,
                                  interrupted, [&](std::string_view line) { results.Add(line); }));
  results.Finish();
  return results.all_succeeded();
}

Result<bool> RunSql(const SqlArguments& arguments) {
  ASSIGN_OR_RETURN(std::string script, ReadScript(arguments));
  if (!arguments.server.empty()) return RunOnServer(arguments, script);
  NodeOptions options;
  options.data_dir = arguments.data_dir;
  ASSIGN_OR_RETURN(std::unique_ptr<Node> node, Node::Open(options));
  serve::Session session(node->engine());
  bool interactive = arguments.statements.empty() && arguments.file.empty();
  std::signal(SIGINT, OnInterrupt);
  if (interactive && isatty(STDIN_FILENO)) return RunShell(session, interrupted);
  if (interactive) {
    SqlArguments piped = arguments;
    piped.file = "-";
    ASSIGN_OR_RETURN(script, ReadScript(piped));
  }
  return RunLocal(session, script, arguments);
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
