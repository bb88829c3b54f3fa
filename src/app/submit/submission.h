#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "app/shell/statement_runner.h"
#include "base/result.h"

namespace forebay::app {

/// A script on its way to where it runs. Thread-compatible.
class Submission {
 public:
  virtual ~Submission() = default;

  /// Runs the statements in turn and shows what they do. Stops at the first error unless
  /// options.continue_on_error, and when `cancel` becomes true. Whether all succeeded.
  virtual bool Run(const std::string& script, const ShowOptions& options,
                   const std::atomic<bool>& cancel) = 0;
  /// The jobs that the script has started, in its order.
  virtual const std::vector<std::string>& jobs() const = 0;
  /// The state of all jobs that are known there, by id: RUNNING, FINISHED, ...
  virtual Result<std::map<std::string, std::string>> JobStates() = 0;
};

/// To a Forebay server. kUnavailable when it cannot be reached.
Result<std::unique_ptr<Submission>> SubmitToForebay(const std::string& address);

struct FlinkTarget {
  std::string gateway;    ///< URL
  std::string bootstrap;  ///< of the Forebay or Fluss whose tables the script uses; empty: none
  std::string catalog;    ///< the name of that catalog in Flink
  std::string database;   ///< the current one of it
};
/// To a Flink SQL gateway. kUnavailable when it cannot be reached, kInvalidArgument when the
/// catalog cannot be made.
Result<std::unique_ptr<Submission>> SubmitToFlink(const FlinkTarget& target);

/// Whether a job in that state is over.
bool IsFinalState(const std::string& state);

}  // namespace forebay::app
