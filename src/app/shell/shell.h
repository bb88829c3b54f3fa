#pragma once

#include <atomic>

#include "serve/session/session.h"

namespace forebay::app {

/// The interactive shell on a terminal: history, statements over several lines, completion of
/// keywords and tables, and the commands \d, \d TABLE, \j, \timing, \o FORMAT, \?, \q. Returns true
/// (its exit status is 0). `interrupted` is set by SIGINT and cleared before each statement.
Result<bool> RunShell(serve::Session& session, std::atomic<bool>& interrupted);

}  // namespace forebay::app
