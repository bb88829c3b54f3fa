#include "serve/session/query_cursor.h"

#include "base/byte_size.h"
#include "compute/batch/batch_query.h"
#include "compute/batch/table_scan.h"
#include "serve/session/background_fetch.h"

namespace forebay::serve {

namespace {

/// A DECIMAL that did not fit is NULL, though the planner may have derived that the column has
/// none: then the query ends, as in Flink.
Status CheckDecimals(const std::vector<sql::Field>& columns, const model::Batch& batch) {
  for (size_t i = 0; i < columns.size() && i < batch.columns.size(); ++i) {
    const sql::Field& field = columns[i];
    if (!field.type.Is(model::TypeRoot::kDecimal) || field.type.nullable()) continue;
    if (!batch.columns[i].MayHaveNulls()) continue;
    for (int row = 0; row < batch.num_rows; ++row) {
      if (!batch.columns[i].IsNull(row)) continue;
      return OutOfRange("column '{}' has a value that does not fit {}", field.name,
                        field.type.ToString());
    }
  }
  return {};
}

class StreamCursorImpl : public ResultCursor {
 public:
  StreamCursorImpl(std::vector<sql::Field> columns, compute::JobHandle job)
      : columns_(std::move(columns)), job_(std::move(job)) {}
  ~StreamCursorImpl() override {
    Cancel();
    Status ignored = job_->Wait();
    static_cast<void>(ignored);
  }

  const std::vector<sql::Field>& columns() const override { return columns_; }
  bool is_changelog() const override { return true; }
  Result<std::optional<model::Batch>> Next(int timeout_ms) override {
    auto batch = job_->collect()->Pop(timeout_ms);
    if (batch.ok() && *batch) RETURN_IF_ERROR(CheckDecimals(columns_, **batch));
    return batch;
  }
  void WhenReady(std::function<void()> ready) override {
    job_->collect()->WhenReady(std::move(ready));
  }
  void Cancel() override { job_->Stop(compute::StopMode::kCancel); }

 private:
  std::vector<sql::Field> columns_;
  compute::JobHandle job_;
};

class BatchCursorImpl : public ResultCursor {
 public:
  static Result<std::unique_ptr<ResultCursor>> Open(
      sql::PlanPtr plan, const Engine& engine, const std::map<std::string, std::string>& settings,
      const compute::EvaluationContext& evaluation) {
    auto cursor = std::make_unique<BatchCursorImpl>();
    cursor->plan_ = std::move(plan);
    cursor->context_.environment = engine.environment;
    cursor->context_.settings = settings;
    cursor->context_.settings["execution.runtime-mode"] = "batch";
    cursor->context_.evaluation = evaluation;
    ASSIGN_OR_RETURN(cursor->letters_, compute::BatchLetters::Open(cursor->context_));
    cursor->open_scan_ = compute::MakeOpenScan(cursor->context_, cursor->letters_.get());
    compute::BatchQueryOptions options;
    options.evaluation = evaluation;
    options.spill_directory = engine.spill_directory;
    options.letters = cursor->letters_.get();
    if (auto it = settings.find("batch.memory-limit"); it != settings.end()) {
      ASSIGN_OR_RETURN(options.memory_bytes_max, ParseByteSize(it->second));
    }
    ASSIGN_OR_RETURN(cursor->query_,
                     compute::BatchQuery::Start(*cursor->plan_, cursor->open_scan_, options));
    cursor->fetch_.emplace([query = cursor->query_.get()] { return query->Next(); });
    return std::unique_ptr<ResultCursor>(std::move(cursor));
  }
  ~BatchCursorImpl() override {
    if (query_ != nullptr) query_->Interrupt();
  }

  const std::vector<sql::Field>& columns() const override { return plan_->output; }
  bool is_changelog() const override { return false; }
  Result<std::optional<model::Batch>> Next(int timeout_ms) override {
    ASSIGN_OR_RETURN(model::Batch batch, fetch_->Next(timeout_ms));
    if (batch.num_rows == 0) {
      if (letters_ != nullptr) RETURN_IF_ERROR(letters_->Flush());
      return std::optional<model::Batch>();
    }
    RETURN_IF_ERROR(CheckDecimals(plan_->output, batch));
    return std::optional(std::move(batch));
  }
  void WhenReady(std::function<void()> ready) override { fetch_->WhenReady(std::move(ready)); }
  void Cancel() override { query_->Interrupt(); }

 private:
  sql::PlanPtr plan_;
  compute::JobContext context_;
  std::unique_ptr<compute::BatchLetters> letters_;
  compute::OpenScan open_scan_;
  std::unique_ptr<compute::BatchQuery> query_;  // it reads through the members above
  std::optional<BackgroundFetch> fetch_;        // last: its thread uses the query
};

}  // namespace

std::unique_ptr<ResultCursor> StreamCursor(std::vector<sql::Field> columns,
                                           compute::JobHandle job) {
  return std::make_unique<StreamCursorImpl>(std::move(columns), std::move(job));
}

Result<std::unique_ptr<ResultCursor>> BatchCursor(
    sql::PlanPtr plan, const Engine& engine, const std::map<std::string, std::string>& settings,
    const compute::EvaluationContext& evaluation) {
  return BatchCursorImpl::Open(std::move(plan), engine, settings, evaluation);
}

}  // namespace forebay::serve
