#include "app/shell/shell.h"

#include <editline/readline.h>

#include <cstdlib>
#include <cstring>

#include "app/version.h"
#include "base/clock.h"
#include "serve/session/script_runner.h"
#include "sql/diagnostic.h"

namespace forebay::app {

namespace {

/// Words offered by completion. libedit's callbacks take no context, hence a global; one shell runs
/// in a process.
std::vector<std::string>& CompletionWords() {
  static std::vector<std::string> words;
  return words;
}

bool StartsWithIgnoringCase(const std::string& word, const char* prefix) {
  size_t length = std::strlen(prefix);
  return word.size() >= length && strncasecmp(word.c_str(), prefix, length) == 0;
}

/// libedit asks for match number `state` of `text`, until null.
char* NextMatch(const char* text, int state) {
  static size_t at = 0;
  if (state == 0) at = 0;
  while (at < CompletionWords().size()) {
    const std::string& word = CompletionWords()[at++];
    if (StartsWithIgnoringCase(word, text)) return strdup(word.c_str());
  }
  return nullptr;
}

char** Complete(const char* text, int, int) { return rl_completion_matches(text, NextMatch); }

constexpr const char* kHelp =
    "  \\d            tables and views of the current database\n"
    "  \\d TABLE      columns of a table\n"
    "  \\j            jobs\n"
    "  \\o FORMAT     output as table, csv or json\n"
    "  \\timing       show how long statements take (on or off)\n"
    "  \\q            quit (also Ctrl-D)\n"
    "Statements end with ; and may take several lines. Ctrl-C ends a running statement.\n";

class Shell {
 public:
  Shell(serve::Session& session, std::atomic<bool>& interrupted)
      : session_(session), interrupted_(interrupted) {}

  void Run() {
    Prepare();
    std::string pending;
    while (true) {
      RefreshWords();
      std::string prompt = pending.empty() ? "forebay> " : "      -> ";
      char* line = readline(prompt.c_str());
      if (line == nullptr) break;
      std::string text = line;
      std::free(line);
      if (pending.empty() && text.starts_with('\\')) {
        add_history(text.c_str());
        if (!Command(text)) break;
        continue;
      }
      pending += (pending.empty() ? "" : "\n") + text;
      if (pending.find_first_not_of(" \t\n") == std::string::npos) {
        pending.clear();
      } else if (!sql::IsIncomplete(pending)) {
        add_history(pending.c_str());
        Execute(pending);
        pending.clear();
      }
    }
    std::printf("\n");
    if (!history_file_.empty()) write_history(history_file_.c_str());
  }

 private:
  void Prepare() {
    rl_initialize();
    rl_attempted_completion_function = Complete;
    if (const char* home = std::getenv("HOME")) {
      history_file_ = std::string(home) + "/.forebay_history";
      read_history(history_file_.c_str());
    }
    std::printf("forebay %s. Statements end with ; and \\? helps.\n", kVersion);
  }

  void RefreshWords() {
    std::vector<std::string>& words = CompletionWords();
    words.clear();
    for (std::string_view word : sql::ReservedWords()) words.emplace_back(word);
    for (const std::string& name : serve::FunctionNames()) words.push_back(name);
    auto tables = session_.catalog().ListTables(session_.database());
    if (tables.ok()) words.insert(words.end(), tables->begin(), tables->end());
    auto databases = session_.catalog().ListDatabases();
    if (databases.ok()) words.insert(words.end(), databases->begin(), databases->end());
  }

  /// A backslash command; false to quit.
  bool Command(const std::string& line) {
    size_t space = line.find(' ');
    std::string name = line.substr(0, space);
    std::string argument = space == std::string::npos ? "" : line.substr(space + 1);
    while (!argument.empty() && (argument.back() == ' ' || argument.back() == ';')) {
      argument.pop_back();
    }
    if (name == "\\q") return false;
    if (name == "\\d") {
      Execute(argument.empty() ? "SHOW TABLES;" : "DESCRIBE " + argument + ";");
    } else if (name == "\\j") {
      Execute("SHOW JOBS;");
    } else if (name == "\\timing") {
      timing_ = !timing_;
      std::printf("timing is %s\n", timing_ ? "on" : "off");
    } else if (name == "\\o") {
      SetFormat(argument);
    } else {
      std::printf("%s", kHelp);
    }
    return true;
  }

  void SetFormat(const std::string& name) {
    if (name == "table") format_ = serve::OutputFormat::kTable;
    if (name == "csv") format_ = serve::OutputFormat::kCsv;
    if (name == "json") format_ = serve::OutputFormat::kJson;
    if (name != "table" && name != "csv" && name != "json") {
      std::printf("the formats are table, csv and json\n");
    }
  }

  void Execute(const std::string& script) {
    interrupted_ = false;
    int64_t begin = MonotonicMs();
    int64_t rows = -1;
    serve::ScriptEvents events;
    events.writer = [&] { return serve::MakeResultWriter(format_, stdout); };
    events.message = [](int, const std::string& text) { std::printf("%s\n", text.c_str()); };
    events.error = [&](int, const Error& error) {
      std::printf("%s\n", sql::RenderError(error, script).c_str());
    };
    events.progress = [&](int64_t count) { rows = count; };
    serve::RunScript(session_, script, true, interrupted_, events);
    std::string footer = rows >= 0 ? fmt::format("{} row{}", rows, rows == 1 ? "" : "s") : "";
    double seconds = static_cast<double>(MonotonicMs() - begin) / 1000;
    if (timing_) footer += fmt::format("{}{:.3f} s", footer.empty() ? "" : ", ", seconds);
    if (!footer.empty() && format_ == serve::OutputFormat::kTable) {
      std::printf("%s\n", footer.c_str());
    }
  }

  serve::Session& session_;
  std::atomic<bool>& interrupted_;
  std::string history_file_;
  serve::OutputFormat format_ = serve::OutputFormat::kTable;
  bool timing_ = false;
};

}  // namespace

Result<bool> RunShell(serve::Session& session, std::atomic<bool>& interrupted) {
  Shell(session, interrupted).Run();
  return true;
}

}  // namespace forebay::app
