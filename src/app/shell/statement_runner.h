#pragma once

#include <atomic>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "app/remote/sql_client.h"
#include "serve/output/result_writer.h"
#include "serve/session/session.h"

namespace forebay::app {

/// How what statements do is shown.
struct ShowOptions {
  serve::OutputFormat format = serve::OutputFormat::kTable;  ///< of results, on stdout
  std::FILE* notes = stderr;                                 ///< messages and errors, in words
  bool continue_on_error = false;
};

struct RunOutcome {
  bool all_succeeded = true;
  int64_t rows = -1;  ///< of the results; -1: no statement had one
};

/// Runs statements for the shell and for scripts, in this process or on a server: results on
/// stdout, and a progress line while a statement takes long. Thread-compatible.
class StatementRunner {
 public:
  virtual ~StatementRunner() = default;

  /// Runs until the end, or until `cancel` becomes true, which ends the running statement.
  virtual RunOutcome Run(const std::string& script, const ShowOptions& options,
                         const std::atomic<bool>& cancel) = 0;
  /// The first column of a SHOW statement's result; empty when it fails.
  virtual std::vector<std::string> Names(const std::string& show) = 0;
};

/// `session` outlives the runner.
std::unique_ptr<StatementRunner> RunnerOf(serve::Session& session);
/// All statements in one session of the server, which is opened here: kUnavailable when it cannot
/// be reached.
Result<std::unique_ptr<StatementRunner>> RunnerOn(const std::string& address);

}  // namespace forebay::app
