#include "serve/session/batch_insert.h"

#include <algorithm>

#include "base/clock.h"
#include "compute/checkpoint/state_map.h"
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

/// A connector's sink; its one commit, if it needs any, is at the end.
class ConnectorTarget : public RowTarget, private compute::SinkControl {
 public:
  static Result<std::unique_ptr<RowTarget>> Open(const sql::SinkNode& sink,
                                                 compute::JobContext context) {
    auto target = std::make_unique<ConnectorTarget>();
    target->context_ = std::move(context);
    ASSIGN_OR_RETURN(target->sink_, compute::MakeSink(sink, target->context_));
    ASSIGN_OR_RETURN(target->writer_, target->sink_->MakeWriter(0, 1, *target));
    ASSIGN_OR_RETURN(target->committer_, target->sink_->MakeCommitter());
    RETURN_IF_ERROR(target->writer_->Open({}));
    return std::unique_ptr<RowTarget>(std::move(target));
  }
  Result<int64_t> Write(model::Batch rows) override {
    int64_t count = rows.num_rows;
    RETURN_IF_ERROR(writer_->Process(0, std::move(rows)));
    return count;
  }
  Status Finish() override {
    RETURN_IF_ERROR(writer_->Finish());
    if (committer_ == nullptr) return Status::Ok();
    compute::CheckpointEntries entries, unused_state;
    ASSIGN_OR_RETURN(compute::SinkWriter::EpochWork epoch, writer_->EndEpoch());
    if (epoch) RETURN_IF_ERROR(epoch(entries, unused_state));
    epoch = nullptr;  // its files are the committer's now
    compute::StateMap commits;
    RETURN_IF_ERROR(commits.ApplyAll(entries));
    std::atomic<bool> cancelled = false;
    return committer_->Commit(*commits.ReaderOf(0, 0, 1), cancelled);
  }

 private:
  // Batch inserts commit once, at the end: nothing holds sources or asks for checkpoints.
  void HoldSources() override {}
  void ReleaseSources() override {}
  void RequestCheckpoint() override {}
  bool IsFallback() const override { return false; }

  compute::JobContext context_;
  std::unique_ptr<compute::Sink> sink_;
  std::unique_ptr<compute::Committer> committer_;  ///< null: rows are visible at once
  std::unique_ptr<compute::SinkWriter> writer_;
};

model::Batch WithChange(model::Batch batch, model::ChangeType change) {
  auto changes = std::make_shared<model::ChangeType[]>(static_cast<size_t>(batch.num_rows), change);
  batch.changes = std::move(changes);
  return batch;
}

class BatchWriteWork : public StatementWork {
 public:
  BatchWriteWork(std::vector<TableWrite> writes, const Engine& engine,
                 std::map<std::string, std::string> settings,
                 const compute::EvaluationContext& evaluation, std::string done)
      : writes_(std::move(writes)),
        engine_(engine),
        settings_(std::move(settings)),
        evaluation_(evaluation),
        done_(std::move(done)) {}

  Result<std::string> Continue(int timeout_ms) override {
    int64_t deadline_ms = MonotonicMs() + timeout_ms;
    while (next_ < writes_.size()) {
      if (input_ == nullptr) RETURN_IF_ERROR(OpenInput());
      int left_ms = static_cast<int>(std::max<int64_t>(0, deadline_ms - MonotonicMs()));
      ASSIGN_OR_RETURN(std::optional<model::Batch> batch, input_->Next(left_ms));
      if (!batch) {
        RETURN_IF_ERROR(FinishInput());
      } else if (writes_[next_].collects) {
        collected_.push_back(std::move(*batch));
      } else {
        RETURN_IF_ERROR(Write(std::move(*batch)));
      }
    }
    return fmt::format("{} rows {}", rows_, done_);
  }
  int64_t rows() const override { return rows_; }

 private:
  Status OpenInput() {
    ASSIGN_OR_RETURN(input_,
                     BatchCursor(writes_[next_].sink->inputs[0], engine_, settings_, evaluation_));
    return writes_[next_].collects ? Status::Ok() : OpenTarget();
  }

  Status OpenTarget() {
    const TableWrite& write = writes_[next_];
    auto sink = std::make_shared<sql::SinkNode>(static_cast<const sql::SinkNode&>(*write.sink));
    if (write.prepare) {
      ASSIGN_OR_RETURN(sink->table, write.prepare(collected_));
    }
    sink_ = sink;
    if (sink->table.IsForeign()) {
      compute::JobContext context;
      context.environment = engine_.environment;
      context.settings = settings_;
      context.evaluation = evaluation_;
      ASSIGN_OR_RETURN(target_, ConnectorTarget::Open(*sink, std::move(context)));
      return Status::Ok();
    }
    ASSIGN_OR_RETURN(auto writer,
                     engine_.connection->OpenWriter(sink->table.path, sink->target_columns));
    target_ = std::make_unique<TableTarget>(std::move(writer),
                                            compute::NotNullEnforcer(*sink, settings_));
    return Status::Ok();
  }

  Status Write(model::Batch batch) {
    if (writes_[next_].change) batch = WithChange(std::move(batch), *writes_[next_].change);
    ASSIGN_OR_RETURN(int64_t written, target_->Write(std::move(batch)));
    rows_ += written;
    return Status::Ok();
  }

  /// All rows of the query are there.
  Status FinishInput() {
    input_.reset();
    if (writes_[next_].collects) RETURN_IF_ERROR(OpenTarget());
    for (model::Batch& batch : collected_) RETURN_IF_ERROR(Write(std::move(batch)));
    collected_.clear();
    RETURN_IF_ERROR(target_->Finish());
    target_.reset();
    ++next_;
    return Status::Ok();
  }

  const std::vector<TableWrite> writes_;
  const Engine& engine_;
  const std::map<std::string, std::string> settings_;
  const compute::EvaluationContext evaluation_;
  const std::string done_;
  size_t next_ = 0;                            ///< of writes_, the one under way
  std::shared_ptr<const sql::SinkNode> sink_;  ///< what target_ writes
  std::unique_ptr<RowTarget> target_;
  std::unique_ptr<ResultCursor> input_;
  std::vector<model::Batch> collected_;
  int64_t rows_ = 0;
};

class UndoableWork : public StatementWork {
 public:
  UndoableWork(std::unique_ptr<StatementWork> work, std::function<void()> undo,
               std::function<void()> finish)
      : work_(std::move(work)), undo_(std::move(undo)), finish_(std::move(finish)) {}
  ~UndoableWork() override {
    work_.reset();  // what it writes must be at rest before it is undone
    if (undo_) undo_();
  }

  Result<std::string> Continue(int timeout_ms) override {
    auto message = work_->Continue(timeout_ms);
    if (!message.ok()) return message;
    undo_ = nullptr;
    finish_();
    return message;
  }
  int64_t rows() const override { return work_->rows(); }

 private:
  std::unique_ptr<StatementWork> work_;
  std::function<void()> undo_;
  const std::function<void()> finish_;
};

}  // namespace

std::unique_ptr<StatementWork> WriteBatch(std::vector<TableWrite> writes, const Engine& engine,
                                          std::map<std::string, std::string> settings,
                                          const compute::EvaluationContext& evaluation,
                                          std::string done) {
  return std::make_unique<BatchWriteWork>(std::move(writes), engine, std::move(settings),
                                          evaluation, std::move(done));
}

std::unique_ptr<StatementWork> WithUndo(std::unique_ptr<StatementWork> work,
                                        std::function<void()> undo, std::function<void()> finish) {
  return std::make_unique<UndoableWork>(std::move(work), std::move(undo), std::move(finish));
}

}  // namespace forebay::serve
