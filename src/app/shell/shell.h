#pragma once

#include <atomic>

#include "app/shell/statement_runner.h"

namespace forebay::app {

/// The interactive shell on a terminal: history, statements over several lines, completion of
/// keywords, functions, tables and databases, and the commands that \? lists. Ctrl-C ends the
/// running statement, or drops what was typed. `interrupted` is set by SIGINT.
void RunShell(StatementRunner& runner, serve::OutputFormat format, std::atomic<bool>& interrupted);

}  // namespace forebay::app
