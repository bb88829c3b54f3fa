#pragma once

#include <cstdio>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "serve/output/result_writer.h"

namespace forebay::app {

/// Shows the lines of a server's answer as RunScript shows a local one. Thread-compatible.
class RemoteResults {
 public:
  struct Output {
    bool json = false;  ///< one line a result, with cells as the server spells them
    std::function<std::unique_ptr<serve::ResultWriter>()> writer;  ///< unless json
    std::function<void(const std::string& line)> line;             ///< a result, if json
    std::function<void(const std::string& text)> message;
    /// `line`: the error as the server sent it.
    std::function<void(const Error& error, std::string_view line)> error;
    std::function<void(int64_t rows)> progress;
  };

  explicit RemoteResults(Output output) : output_(std::move(output)) {}

  /// A blank line says that the statement runs on.
  void Add(std::string_view line);
  /// Ends a result that was broken off.
  void Finish();
  bool all_succeeded() const { return all_succeeded_; }
  bool is_json() const { return output_.json; }

 private:
  /// Throws for JSON that is not of a server.
  void Take(std::string_view line);
  void Begin(std::string_view line);
  void Rows(std::string_view line);
  void End();
  void Failed(std::string_view line);

  const Output output_;
  bool all_succeeded_ = true;
  bool in_result_ = false;
  // JSON output is put together from the server's text, so that numbers keep their spelling.
  std::string json_;
  std::string kinds_;
  int64_t rows_ = 0;  ///< of the statement's result
  bool is_changelog_ = false;
  std::unique_ptr<serve::ResultWriter> writer_;
  size_t num_columns_ = 0;
};

}  // namespace forebay::app
