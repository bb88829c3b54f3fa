#include "app/shell/shell.h"

#include <editline/readline.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cctype>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>

#include "app/shell/completion.h"
#include "app/version.h"
#include "base/clock.h"
#include "model/quoted_text.h"
#include "sql/parser/parser.h"

namespace forebay::app {

namespace {

constexpr int kHistoryMax = 2000;

/// libedit's callbacks take no context, hence a global; one shell runs in a process.
Completion* shell_completion = nullptr;

/// libedit asks for match number `state` of `text`, until null.
char* NextMatch(const char* text, int state) {
  static std::vector<std::string> matches;
  if (state == 0) {
    // After a command only names make sense: \d TABLE.
    matches = shell_completion->Matches(text, rl_line_buffer[0] == '\\');
  }
  size_t index = static_cast<size_t>(state);
  return index < matches.size() ? strdup(matches[index].c_str()) : nullptr;
}

char** Complete(const char* text, int, int) {
  rl_attempted_completion_over = 1;  // no file names
  return rl_completion_matches(text, NextMatch);
}

constexpr const char* kHelp =
    "  \\d            tables and views of the current database\n"
    "  \\d TABLE      columns of a table\n"
    "  \\j            jobs\n"
    "  \\j JOB        what a job's operators do\n"
    "  \\o FORMAT     output as table, csv or json\n"
    "  \\timing       show how long statements take (on or off)\n"
    "  \\?            this list\n"
    "  \\q            quit (also Ctrl-D)\n"
    "  HELP; CLEAR; QUIT; EXIT; SOURCE 'FILE';   as in Flink's SQL client\n"
    "Statements end with ; and may take several lines. Tab completes keywords and names.\n"
    "Ctrl-C ends the running statement, or drops what was typed.\n";

class Shell {
 public:
  Shell(StatementRunner& runner, serve::OutputFormat format, std::atomic<bool>& interrupted)
      : runner_(runner), interrupted_(interrupted), completion_(runner) {
    options_.format = format;
    options_.notes = stdout;
    options_.continue_on_error = true;
  }

  void Run() {
    Prepare();
    while (ReadLine()) {
      if (pending_.empty() && line_.starts_with('\\')) {
        Remember(line_);
        if (!Command(line_)) return;
        continue;
      }
      pending_ += (pending_.empty() ? "" : "\n") + line_;
      if (pending_.find_first_not_of(" \t\n") == std::string::npos) {
        pending_.clear();
      } else if (!sql::IsIncomplete(pending_)) {
        Remember(pending_);
        std::string text = std::exchange(pending_, "");
        ClientCommand command = Client(text);
        if (command == ClientCommand::kQuit) return;
        if (command == ClientCommand::kNone) Execute(text);
      }
    }
    std::printf("\n");
  }

 private:
  void Prepare() {
    rl_initialize();
    rl_attempted_completion_function = Complete;
    shell_completion = &completion_;
    using_history();
    stifle_history(kHistoryMax);
    if (const char* home = std::getenv("HOME")) {
      history_file_ = std::string(home) + "/.forebay_history";
      read_history(history_file_.c_str());
    }
    std::printf("forebay %s. Statements end with ; and \\? helps.\n", kVersion);
  }

  /// False at the end of input. Ctrl-C drops what was typed.
  bool ReadLine() {
    while (true) {
      interrupted_ = false;
      char* line = readline(pending_.empty() ? "forebay> " : "      -> ");
      if (line != nullptr) {
        line_ = line;
        std::free(line);
        return true;
      }
      if (!interrupted_) return false;
      pending_.clear();
      std::printf("\n");
    }
  }

  /// At once, so that a shell that is killed loses nothing.
  void Remember(const std::string& text) {
    add_history(text.c_str());
    if (!history_file_.empty()) write_history(history_file_.c_str());
  }

  enum class ClientCommand { kNone, kDone, kQuit };

  /// What Flink's SQL client does itself: HELP, CLEAR, QUIT, EXIT and SOURCE 'file'.
  ClientCommand Client(const std::string& text) {
    size_t begin = text.find_first_not_of(" \t\n");
    size_t end = text.find_last_not_of(" \t\n;");
    if (begin == std::string::npos || end == std::string::npos) return ClientCommand::kNone;
    std::string command = text.substr(begin, end + 1 - begin);
    size_t length = 0;
    while (length < command.size() && std::isalpha(static_cast<unsigned char>(command[length]))) {
      command[length] =
          static_cast<char>(std::toupper(static_cast<unsigned char>(command[length])));
      ++length;
    }
    if (command == "QUIT" || command == "EXIT") return ClientCommand::kQuit;
    if (command == "HELP") {
      std::printf("%s", kHelp);
    } else if (command == "CLEAR") {
      std::printf("\x1b[H\x1b[2J");
    } else if (command.starts_with("SOURCE ")) {
      Source(command.substr(length));
    } else {
      return ClientCommand::kNone;
    }
    return ClientCommand::kDone;
  }

  /// Runs the script in a file, whose name may stand in quotes.
  void Source(std::string name) {
    for (const char* rubbish : {" \t\n", "'"}) {
      name.erase(0, name.find_first_not_of(rubbish));
      name.erase(name.find_last_not_of(rubbish) + 1);
    }
    std::ifstream file(name, std::ios::binary);
    if (!file) {
      std::printf("cannot read the script %s\n", name.c_str());
      return;
    }
    std::ostringstream script;
    script << file.rdbuf();
    Execute(script.str());
  }

  /// A backslash command; false to quit.
  bool Command(const std::string& line) {
    size_t space = line.find(' ');
    std::string name = line.substr(0, space);
    std::string argument = space == std::string::npos ? "" : line.substr(space + 1);
    while (!argument.empty() && (argument.back() == ' ' || argument.back() == ';')) {
      argument.pop_back();
    }
    while (!name.empty() && name.back() == ';') name.pop_back();
    if (name == "\\q") return false;
    if (name == "\\d") {
      Execute(argument.empty() ? "SHOW TABLES;" : "DESCRIBE " + argument + ";");
    } else if (name == "\\j") {
      Execute(argument.empty() ? "SHOW JOBS;" : "DESCRIBE JOB " + model::QuoteText(argument) + ";");
    } else if (name == "\\timing") {
      timing_ = !timing_;
      std::printf("timing is %s\n", timing_ ? "on" : "off");
    } else if (name == "\\o") {
      SetFormat(argument);
    } else if (name == "\\?") {
      std::printf("%s", kHelp);
    } else {
      std::printf("there is no command %s; \\? lists those there are\n", name.c_str());
    }
    return true;
  }

  void SetFormat(const std::string& name) {
    if (name == "table") options_.format = serve::OutputFormat::kTable;
    if (name == "csv") options_.format = serve::OutputFormat::kCsv;
    if (name == "json") options_.format = serve::OutputFormat::kJson;
    if (name != "table" && name != "csv" && name != "json") {
      std::printf("the formats are table, csv and json\n");
    }
  }

  void Execute(const std::string& script) {
    interrupted_ = false;
    int64_t begin_ms = MonotonicMs();
    RunOutcome outcome = runner_.Run(script, options_, interrupted_);
    completion_.Forget();
    // The terminal has echoed ^C wherever the cursor was.
    if (interrupted_) std::printf("\ncancelled\n");
    if (options_.format != serve::OutputFormat::kTable) return;
    std::string footer;
    if (outcome.rows >= 0) {
      footer = fmt::format("{} row{}", outcome.rows, outcome.rows == 1 ? "" : "s");
    }
    double seconds = static_cast<double>(MonotonicMs() - begin_ms) / 1000;
    if (timing_) footer += fmt::format("{}{:.3f} s", footer.empty() ? "" : ", ", seconds);
    if (!footer.empty()) std::printf("%s\n", footer.c_str());
  }

  StatementRunner& runner_;
  std::atomic<bool>& interrupted_;
  Completion completion_;
  ShowOptions options_;
  std::string history_file_;
  std::string line_;
  std::string pending_;  ///< lines of a statement that has no end yet
  bool timing_ = false;
};

}  // namespace

void RunShell(StatementRunner& runner, serve::OutputFormat format, std::atomic<bool>& interrupted) {
  Shell(runner, format, interrupted).Run();
  shell_completion = nullptr;
}

}  // namespace forebay::app
