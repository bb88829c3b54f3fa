#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "serve/output/result_writer.h"

namespace forebay::app {

/// Shows the lines of a server's answer as RunScript shows a local one: results on stdout, messages
/// and errors on stderr. Thread-compatible.
class RemoteResults {
 public:
  /// `script` is what was sent: errors show the place in it.
  RemoteResults(serve::OutputFormat format, std::string script)
      : format_(format), script_(std::move(script)) {}

  void Add(std::string_view line);
  /// Ends a result that was broken off.
  void Finish();
  bool all_succeeded() const { return all_succeeded_; }

 private:
  void Begin(std::string_view line);
  void Rows(std::string_view line);
  void End();
  void Failed(std::string_view line);

  const serve::OutputFormat format_;
  const std::string script_;
  bool all_succeeded_ = true;
  bool in_result_ = false;
  // JSON output is put together from the server's text, so that numbers keep their spelling.
  std::string json_;
  std::string kinds_;
  bool is_changelog_ = false;
  std::unique_ptr<serve::ResultWriter> writer_;
  size_t num_columns_ = 0;
};

}  // namespace forebay::app
