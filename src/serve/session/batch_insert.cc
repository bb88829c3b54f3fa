#include "serve/session/batch_insert.h"

#include <algorithm>

#include "base/clock.h"
#include "compute/sink/not_null_enforcer.h"
#include "compute/sink/sink_factory.h"
#include "serve/session/query_cursor.h"

namespace forebay::serve {

namespace {

/// Where the rows of one INSERT go.
class RowTarget {
 public:
  virtual ~RowTarget() = default;
  /// Returns how many rows were written.
  virtual Result<int64_t> Write(model::Batch rows) = 0;
  virtual Status Finish() = 0;
};

/// One of Forebay's own tables: batches are written straight into it.
class TableTarget : public RowTarget {
 public:
  TableTarget(std::unique_ptr<client::TableWriter> writer, compute::NotNullEnforcer enforcer)
      : writer_(std::move(writer)), enforcer_(std::move(enforcer)) {}
  Result<int64_t> Write(model::Batch rows) override {
    ASSIGN_OR_RETURN(model::Batch checked, enforcer_.Check(std::move(rows)));
    if (checked.num_rows > 0) RETURN_IF_ERROR(writer_->Write(checked));
    return checked.num_rows;
  }
  Status Finish() override { return Status::Ok(); }

 private:
  const std::unique_ptr<client::TableWriter> writer_;
  const compute::NotNullEnforcer enforcer_;
};

/// A connector's sink that needs no commit.
class ConnectorTarget : public RowTarget, private compute::SinkControl {
 public:
  static Result<std::unique_ptr<RowTarget>> Open(const sql::SinkNode& sink,
                                                 compute::JobContext context) {
    auto target = std::make_unique<ConnectorTarget>();
    target->context_ = std::move(context);
    ASSIGN_OR_RETURN(target->sink_, compute::MakeSink(sink, target->context_));
    ASSIGN_OR_RETURN(target->writer_, target->sink_->MakeWriter(0, 1, *target));
    ASSIGN_OR_RETURN(auto committer, target->sink_->MakeCommitter());
    if (committer != nullptr) {
      return NotSupported(
          "INSERT into connector '{}' in batch mode: SET 'execution.runtime-mode' = "
          "'streaming' first",
          sink.table.connector());
    }
    RETURN_IF_ERROR(target->writer_->Open({}));
    return std::unique_ptr<RowTarget>(std::move(target));
  }
  Result<int64_t> Write(model::Batch rows) override {
    int64_t count = rows.num_rows;
    RETURN_IF_ERROR(writer_->Process(0, std::move(rows)));
    return count;
  }
  Status Finish() override { return writer_->Finish(); }

 private:
  // Batch inserts commit once, at the end: nothing holds sources or asks for checkpoints.
  void HoldSources() override {}
  void ReleaseSources() override {}
  void RequestCheckpoint() override {}
  bool IsFallback() const override { return false; }

  compute::JobContext context_;
  std::unique_ptr<compute::Sink> sink_;
  std::unique_ptr<compute::SinkWriter> writer_;
};

class BatchInsertWork : public StatementWork {
 public:
  BatchInsertWork(std::vector<sql::PlanPtr> sinks, const Engine& engine,
                  std::map<std::string, std::string> settings,
                  const compute::EvaluationContext& evaluation)
      : sinks_(std::move(sinks)),
        engine_(engine),
        settings_(std::move(settings)),
        evaluation_(evaluation) {}

  Result<std::string> Continue(int timeout_ms) override {
    int64_t deadline_ms = MonotonicMs() + timeout_ms;
    while (next_ < sinks_.size()) {
      if (input_ == nullptr) RETURN_IF_ERROR(OpenNext());
      int left_ms = static_cast<int>(std::max<int64_t>(0, deadline_ms - MonotonicMs()));
      ASSIGN_OR_RETURN(std::optional<model::Batch> batch, input_->Next(left_ms));
      if (batch) {
        ASSIGN_OR_RETURN(int64_t written, target_->Write(std::move(*batch)));
        rows_ += written;
      } else {
        RETURN_IF_ERROR(target_->Finish());
        input_.reset();
        target_.reset();
        ++next_;
      }
    }
    return fmt::format("{} rows inserted", rows_);
  }
  int64_t rows() const override { return rows_; }

 private:
  Status OpenNext() {
    const auto& sink = static_cast<const sql::SinkNode&>(*sinks_[next_]);
    if (sink.table.IsForeign()) {
      compute::JobContext context;
      context.environment = engine_.environment;
      context.settings = settings_;
      context.evaluation = evaluation_;
      ASSIGN_OR_RETURN(target_, ConnectorTarget::Open(sink, std::move(context)));
    } else {
      ASSIGN_OR_RETURN(auto writer,
                       engine_.connection->OpenWriter(sink.table.path, sink.target_columns));
      target_ = std::make_unique<TableTarget>(std::move(writer),
                                              compute::NotNullEnforcer(sink, settings_));
    }
    ASSIGN_OR_RETURN(input_, BatchCursor(sink.inputs[0], engine_, settings_, evaluation_));
    return Status::Ok();
  }

  const std::vector<sql::PlanPtr> sinks_;
  const Engine& engine_;
  const std::map<std::string, std::string> settings_;
  const compute::EvaluationContext evaluation_;
  size_t next_ = 0;  ///< of sinks_, the one that is being written
  std::unique_ptr<RowTarget> target_;
  std::unique_ptr<ResultCursor> input_;
  int64_t rows_ = 0;
};

}  // namespace

std::unique_ptr<StatementWork> InsertBatch(std::vector<sql::PlanPtr> sinks, const Engine& engine,
                                           std::map<std::string, std::string> settings,
                                           const compute::EvaluationContext& evaluation) {
  return std::make_unique<BatchInsertWork>(std::move(sinks), engine, std::move(settings),
                                           evaluation);
}

}  // namespace forebay::serve
