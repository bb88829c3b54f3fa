#pragma once

#include <atomic>
#include <functional>
#include <string_view>

#include "serve/output/result_writer.h"
#include "serve/session/session.h"

namespace forebay::serve {

/// What a script's run tells its caller as it goes.
struct ScriptEvents {
  /// A fresh writer for each statement that has a result.
  std::function<std::unique_ptr<ResultWriter>()> writer;
  /// A statement without result did something worth a line.
  std::function<void(int statement, const std::string& message)> message;
  std::function<void(int statement, const Error& error)> error;
  /// Called while a statement runs, about ten times a second and before rows are shown; may be
  /// null. `rows`: those of its result so far, or those that an INSERT has written or read.
  std::function<void(int64_t rows)> progress;
};

/// Runs the statements of `script` in order. Stops at the first error unless `continue_on_error`.
/// `cancel` ends the running statement when it becomes true and leaves out those behind it, which
/// is no error. Returns whether all statements succeeded.
bool RunScript(Session& session, std::string_view script, bool continue_on_error,
               const std::atomic<bool>& cancel, const ScriptEvents& events);

/// The columns of a result as writers want them.
std::vector<ColumnHeader> HeadersOf(const std::vector<sql::Field>& columns);

}  // namespace forebay::serve
