#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "app/remote/remote_results.h"
#include "app/shell/progress_line.h"
#include "app/shell/statement_runner.h"
#include "base/result.h"

namespace forebay::app {

/// Writes what statements do where ShowOptions says, counts their rows, and keeps the progress line
/// out of the way. Outlives the writers it makes. Thread-compatible.
class ResultDisplay {
 public:
  /// `script` is what runs: errors show the place in it.
  ResultDisplay(const ShowOptions& options, const std::string& script);
  ~ResultDisplay() { progress_.Clear(); }

  std::unique_ptr<serve::ResultWriter> NewWriter();
  /// A whole result as a line for stdout.
  void ShowLine(const std::string& line);
  void ShowMessage(const std::string& text);
  /// `json`: the error as a line of JSON, for stdout when that is the format; empty: not of a
  /// statement.
  void ShowError(const Error& error, std::string_view json);
  void ShowProgress(int64_t rows);
  /// Shows here what a server answers.
  RemoteResults::Output RemoteOutput();

  int64_t rows() const { return rows_; }

 private:
  class Writer;

  const ShowOptions& options_;
  const std::string& script_;
  const bool stdout_is_terminal_;
  ProgressLine progress_;
  bool in_result_ = false;
  int64_t rows_ = -1;
};

}  // namespace forebay::app
