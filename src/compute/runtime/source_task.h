#pragma once

#include "compute/checkpoint/checkpoint_store.h"
#include "compute/exchange/output_router.h"
#include "compute/runtime/dead_letters.h"
#include "compute/runtime/subtask.h"
#include "compute/runtime/watermark_subtask.h"
#include "compute/source/source.h"

namespace forebay::compute {

/// One reader of a source on one shard: polls it, and is where barriers start. Belongs to one shard
/// thread.
class SourceTask : public SourceOutput {
 public:
  /// Rows go on in batches of up to `batch_rows`.
  SourceTask(const JobVertex& vertex, ShardScope& scope, std::unique_ptr<SourceReader> reader,
             int batch_rows = model::Batch::kMaxRows);

  OutputRouter& router() { return router_; }
  const JobVertex& vertex() const { return vertex_; }
  SubtaskMetrics& metrics() { return metrics_; }
  const SplitScope& splits() const { return split_scope_; }

  /// Before the subtasks of the chain are opened: they ask for the splits.
  void SetSplits(std::vector<SourceSplit> splits);
  Status Open(Waker& waker);
  /// Whether anything was read. After the end it does nothing.
  Result<bool> Poll();
  /// Ends it where it is.
  Status End();
  bool CanCheckpoint() const { return ended_ || reader_->CanCheckpoint(); }
  Status InjectBarrier(int64_t checkpoint);
  int64_t NextPollMs() const { return ended_ ? -1 : reader_->NextPollMs(); }
  bool ended() const { return ended_; }

  Status Emit(int split, model::Batch batch) override;
  void FinishSplit(int split) override { split_scope_.finished[split] = true; }
  void AddSplit(const std::string& id) override;
  BadRecords* bad_records() override { return letters_.get(); }
  /// Null: bad records end the job.
  void SetDeadLetters(std::unique_ptr<DeadLetters> letters) { letters_ = std::move(letters); }
  DeadLetters* letters() { return letters_.get(); }

 private:
  const JobVertex& vertex_;
  ShardScope& scope_;
  std::unique_ptr<SourceReader> reader_;
  std::vector<SourceSplit> splits_;
  OutputRouter router_;
  SubtaskMetrics metrics_;
  SplitScope split_scope_;
  const int batch_rows_;
  std::unique_ptr<DeadLetters> letters_;
  bool ended_ = false;
};

}  // namespace forebay::compute
