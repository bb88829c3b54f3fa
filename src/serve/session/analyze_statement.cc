// EXPLAIN ANALYZE: runs a statement and tells what its operators did, or tells it of a running job.

#include <algorithm>
#include <chrono>

#include "base/clock.h"
#include "compute/job/graph_text.h"
#include "serve/session/session.h"

namespace forebay::serve {

namespace {

/// An unbounded query is looked at for so long.
constexpr int64_t kAnalyzedMs = 10'000;
/// The rows are all there a little before the job has ended.
constexpr int kEndMs = 200;

/// Runs a query to its end, or for a while, and throws its rows away.
class AnalyzeWork : public StatementWork {
 public:
  AnalyzeWork(compute::JobHandle job, std::string plan)
      : job_(std::move(job)), plan_(std::move(plan)), began_ms_(MonotonicMs()) {}
  ~AnalyzeWork() override {
    job_->Stop(compute::StopMode::kCancel);
    Status ignored = job_->Wait();
    static_cast<void>(ignored);
  }

  Result<std::string> Continue(int timeout_ms) override {
    int64_t until = std::min(MonotonicMs() + timeout_ms, began_ms_ + kAnalyzedMs);
    while (MonotonicMs() < until) {
      if (job_->collect() == nullptr) {
        if (job_->WaitFor(static_cast<int>(until - MonotonicMs()))) return Text();
        continue;
      }
      auto batch = job_->collect()->Pop(std::max<int64_t>(until - MonotonicMs(), 1));
      if (!batch.ok() && batch.kind() == ErrorKind::kTimeout) continue;
      if (!batch.ok()) return batch.status();
      if (!batch->has_value()) return Text();
      rows_ += (*batch)->num_rows;
    }
    if (MonotonicMs() < began_ms_ + kAnalyzedMs) return Timeout("the statement runs on");
    return Text();
  }
  int64_t rows() const override { return rows_; }

 private:
  Result<std::string> Text() {
    std::string text = plan_ + "\n== Execution ==\n" + compute::GraphText(*job_);
    if (!job_->WaitFor(kEndMs)) return text + "(stopped after 10 s)\n";
    RETURN_IF_ERROR(job_->Wait());
    // The run's last word comes after its last rows.
    return plan_ + "\n== Execution ==\n" + compute::GraphText(*job_);
  }

  const compute::JobHandle job_;
  const std::string plan_;
  const int64_t began_ms_;
  int64_t rows_ = 0;
};

}  // namespace

Result<StatementResult> Session::AnalyzeJob(const std::string& id, const std::string& form) {
  ASSIGN_OR_RETURN(compute::JobHandle job, engine_.jobs->Find(id));
  StatementResult result;
  std::string text = form == "DOT"    ? compute::GraphDot(*job)
                     : form == "JSON" ? compute::GraphJson(*job)
                                      : compute::GraphText(*job);
  result.rows = TextCursor({"result"}, {{std::move(text)}});
  return result;
}

Result<StatementResult> Session::Analyze(const sql::ExplainStatement& explain) {
  if (!IsStreaming()) {
    return NotSupported(
        "EXPLAIN ANALYZE in batch mode: SET 'execution.runtime-mode' = 'streaming'");
  }
  compute::JobSpec spec;
  spec.name = "explain-analyze";
  spec.sql = statement_;
  spec.roots = explain.roots;
  spec.settings = settings_;
  spec.durable = false;
  ASSIGN_OR_RETURN(compute::JobHandle job, engine_.jobs->Submit(std::move(spec)));
  StatementResult result;
  result.work = std::make_unique<AnalyzeWork>(std::move(job), explain.text);
  return result;
}

}  // namespace forebay::serve
