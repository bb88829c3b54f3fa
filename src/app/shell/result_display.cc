#include "app/shell/result_display.h"

#include <unistd.h>

#include <algorithm>

#include "sql/diagnostic.h"

namespace forebay::app {

/// Passes rows on to the format's writer.
class ResultDisplay::Writer : public serve::ResultWriter {
 public:
  Writer(ResultDisplay& display, std::unique_ptr<serve::ResultWriter> target)
      : display_(display), target_(std::move(target)) {}

  void Begin(int statement, std::vector<serve::ColumnHeader> columns, bool is_changelog) override {
    display_.in_result_ = true;
    display_.rows_ = std::max<int64_t>(display_.rows_, 0);
    target_->Begin(statement, std::move(columns), is_changelog);
  }
  void Rows(const model::Batch& rows) override {
    if (display_.stdout_is_terminal_) display_.progress_.Clear();
    display_.rows_ += rows.num_rows;
    target_->Rows(rows);
  }
  void End() override {
    display_.in_result_ = false;
    display_.progress_.Restart();
    target_->End();
  }

 private:
  ResultDisplay& display_;
  const std::unique_ptr<serve::ResultWriter> target_;
};

ResultDisplay::ResultDisplay(const ShowOptions& options, const std::string& script)
    : options_(options), script_(script), stdout_is_terminal_(isatty(STDOUT_FILENO) != 0) {
  progress_.Restart();
}

std::unique_ptr<serve::ResultWriter> ResultDisplay::NewWriter() {
  return std::make_unique<Writer>(*this, serve::MakeResultWriter(options_.format, stdout));
}

void ResultDisplay::ShowLine(const std::string& line) {
  progress_.Restart();
  std::printf("%s\n", line.c_str());
  std::fflush(stdout);
}

void ResultDisplay::ShowMessage(const std::string& text) {
  progress_.Restart();
  std::fprintf(options_.notes, "%s\n", text.c_str());
}

void ResultDisplay::ShowError(const Error& error, std::string_view json) {
  progress_.Restart();
  in_result_ = false;
  if (options_.format == serve::OutputFormat::kJson && options_.notes != stdout && !json.empty()) {
    std::printf("%.*s\n", static_cast<int>(json.size()), json.data());
    std::fflush(stdout);
  }
  std::fprintf(options_.notes, "%s\n", sql::RenderError(error, script_).c_str());
}

void ResultDisplay::ShowProgress(int64_t rows) {
  progress_.Update(rows, in_result_ && stdout_is_terminal_);
}

RemoteResults::Output ResultDisplay::RemoteOutput() {
  RemoteResults::Output output;
  output.json = options_.format == serve::OutputFormat::kJson;
  output.writer = [this] { return NewWriter(); };
  output.line = [this](const std::string& line) { ShowLine(line); };
  output.message = [this](const std::string& text) { ShowMessage(text); };
  output.error = [this](const Error& error, std::string_view line) { ShowError(error, line); };
  output.progress = [this](int64_t rows) { ShowProgress(rows); };
  return output;
}

}  // namespace forebay::app
