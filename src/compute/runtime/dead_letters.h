#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "compute/checkpoint/checkpoint_store.h"
#include "compute/expression/evaluator.h"
#include "compute/operator/row_operator.h"
#include "compute/runtime/environment.h"
#include "compute/runtime/letter_table.h"
#include "compute/sink/sink.h"

namespace forebay::compute {

/// The dead letters of one source or operator on one shard. Under kDeadLetter they are rows of a
/// sink of their own, whose epoch is the epoch of this instance: a letter is committed with the
/// checkpoint that has the instance behind the bad row, exactly once. Belongs to one shard thread.
class DeadLetters : public BadRecords, public FailedRows {
 public:
  DeadLetters(std::string origin, std::string code, std::unique_ptr<SinkWriter> writer,
              int operator_id, int64_t (*now_ms)())
      : origin_(std::move(origin)),
        code_(std::move(code)),
        writer_(std::move(writer)),
        operator_id_(operator_id),
        now_ms_(now_ms) {}

  Status Take(BadRecord record) override;
  /// Of rows that TakeFailed is given.
  void SetNames(std::vector<std::string> names) { names_ = std::move(names); }
  Status TakeFailed(const model::Batch& batch, int row, const Status& failure) override;
  /// The rows whose rowtime `column` is not NULL.
  Result<model::Batch> TakeNullTimes(model::Batch batch, int column);
  /// At a barrier: the letters since the last one.
  Status Snapshot(ShardSnapshot& snapshot, bool keeps_state);
  Status Restore(StateReader& reader) { return writer_ ? writer_->Restore(reader) : Status::Ok(); }
  /// Under which the checkpoint has the letters and their writer's state.
  int operator_id() const { return operator_id_; }
  int64_t count() const { return count_; }

  /// What `op` makes of the rows it can compute; the others are letters.
  Result<model::Batch> ComputeGoodRows(RowOperator& op, const model::Batch& batch);

 private:
  const std::string origin_;  ///< "TableScan(default_database.orders)"
  const std::string code_;
  const std::unique_ptr<SinkWriter> writer_;  ///< null: they are left out
  const int operator_id_;
  std::vector<std::string> names_;  ///< of the columns of rows
  int64_t (*const now_ms_)();
  int64_t count_ = 0;
};

/// The table that takes a job's dead letters, made when it does not exist. Thread-compatible.
class DeadLetterTable {
 public:
  /// kInvalidArgument when the table is there and cannot take letters.
  static Result<std::unique_ptr<DeadLetterTable>> Open(const JobContext& context);

  Result<std::unique_ptr<SinkWriter>> MakeWriter(int shard, int num_shards, SinkControl& control);
  Result<std::unique_ptr<Committer>> MakeCommitter() { return sink_->MakeCommitter(); }

 private:
  sql::SinkNode node_;
  std::unique_ptr<Sink> sink_;
};

/// Operator ids of letters in checkpoints are those of their operators plus this.
inline constexpr int kDeadLetterIds = 1'000'000;

}  // namespace forebay::compute
