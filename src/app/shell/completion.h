#pragma once

#include <string>
#include <vector>

#include "app/shell/statement_runner.h"

namespace forebay::app {

/// The words that Tab completes: keywords, functions, and what the runner's catalog holds, which is
/// asked for at the first Tab after a statement. Thread-compatible.
class Completion {
 public:
  explicit Completion(StatementRunner& runner) : runner_(runner) {}

  /// Tables may have come or gone.
  void Forget() { tables_known_ = false; }
  /// All words that begin with `prefix`, whatever its case; keywords in the case of the prefix.
  /// Names only, no keywords, when `names_only`.
  std::vector<std::string> Matches(const std::string& prefix, bool names_only);

 private:
  StatementRunner& runner_;
  std::vector<std::string> functions_;
  std::vector<std::string> names_;  ///< tables, views, databases
  bool tables_known_ = false;
};

}  // namespace forebay::app
