#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "compute/arrangement/arrangements.h"
#include "compute/checkpoint/checkpoint_store.h"
#include "compute/job/job_graph.h"
#include "compute/runtime/environment.h"
#include "compute/runtime/ordered_subtask.h"
#include "compute/runtime/shard.h"
#include "compute/sink/sink.h"
#include "compute/source/source.h"

namespace forebay::compute {

enum class StopMode {
  kCancel,    ///< now; uncommitted rows are dropped (they come again after a restore)
  kGraceful,  ///< after a last checkpoint
  kDrain,     ///< the same, and before that all sources end where they are: windows fire
};

/// One run of a job, from a start or restore to its end: the shards with their channels, and a
/// coordinator thread that takes checkpoints and commits. Thread-safe but for Make and Start, which
/// come first.
class JobExecution : public ShardListener, public SinkControl {
 public:
  /// `store` is null when the job need not survive the process: commits then happen at the end and
  /// at size limits. The graph's plan, the context and the store outlive the execution.
  static Result<std::unique_ptr<JobExecution>> Make(JobGraph graph, const JobContext& context,
                                                    CheckpointStore* store);
  ~JobExecution() override;

  Status Start();
  /// Waits for the end: ok when every input ended or after a graceful stop, kCancelled, or what
  /// failed.
  Status Wait();
  void Stop(StopMode mode);
  bool WasStoppedGracefully() const { return stopped_gracefully_; }
  /// Takes a checkpoint now and waits for it, for tests and for backups.
  Status CheckpointNow();

  std::vector<OperatorMetrics> Metrics() const;
  RunMetrics Run() const;
  int64_t checkpoints_completed() const { return completed_; }

  void OnSnapshot(int shard, int64_t checkpoint, ShardSnapshot snapshot) override;
  void OnEnded(int shard) override;
  void OnFailed(int shard, Status status) override;
  void HoldSources() override;
  void ReleaseSources() override;
  void RequestCheckpoint() override;
  bool IsFallback() const override { return is_fallback_; }

 private:
  JobExecution(JobGraph graph, const JobContext& context, CheckpointStore* store);

  Status Build(const RestoredCheckpoint* restored);
  Status MakeEnds();
  /// Takes places at the arrangements of the graph's joins, where the checkpoint left them.
  Status Attach(const RestoredCheckpoint* restored);
  /// Tells them where the newest checkpoint is.
  void ConfirmShares(const SourcePositions& positions);
  /// The place of the join that a source feeds, or null.
  const ArrangementShare* ShareOfSource(int vertex) const;
  static std::vector<SourceSplit> SplitsFrom(const Frontier& frontier);
  Status ShareSide(const JobVertex& vertex, Operator& made) const;
  /// Refuses jobs whose rows would wait for ever for their commit.
  Status CheckCommits() const;
  std::vector<int> SourceVertices() const;
  /// The order of a vertex's inputs, or null: rows are taken as they come.
  const InputOrder* OrderOf(const JobVertex& vertex) const;
  Status BuildSource(int vertex, const RestoredCheckpoint* restored);
  Status BuildSubtasks(int vertex);
  /// Whether what `vertex` sends are the versions of a temporal join.
  bool FeedsVersions(int vertex) const;
  Result<std::unique_ptr<Subtask>> MakeSubtask(const JobVertex& vertex, int shard);
  /// `letters` take the rows for which a condition fails; null: the operator fails.
  Result<std::unique_ptr<Operator>> MakeVertexOperator(const JobVertex& vertex, int shard,
                                                       DeadLetters* letters);
  const SplitScope* SplitsBehind(const JobVertex& vertex, int shard) const;
  void Connect(int vertex, int input);
  OutputRouter& RouterOf(int vertex, int shard);
  /// What makes an instance idle; its inputs are connected.
  IdleOrigins OriginsOf(int vertex, int shard) const;
  bool Exists(int vertex, int shard) const;
  Status CommitRestored(const RestoredCheckpoint& restored);
  Status OpenDeadLetters();
  /// Of a source, or of an operator of rows, on a shard; null when bad rows end the job.
  Result<std::unique_ptr<DeadLetters>> MakeLetters(const JobVertex& vertex, int shard);

  void Coordinate();
  bool WaitForTrigger(std::unique_lock<std::mutex>& lock);
  Status TakeCheckpoint();
  Result<std::vector<ShardSnapshot>> CollectSnapshots(int64_t id);
  Status CommitAll(const StateMap& commits);
  bool HasAllSnapshots() const;
  bool IsWorthWriting(const std::vector<ShardSnapshot>& snapshots,
                      const SourcePositions& positions);
  void FinishWith(Status status);
  OperatorMetrics MetricsOf(size_t vertex, double seconds) const;
  void AddInstance(size_t vertex, int shard, OperatorMetrics& metrics) const;

  JobGraph graph_;
  const JobContext& context_;
  CheckpointStore* const store_;
  int64_t interval_ms_ = 0;
  int64_t idle_timeout_ms_ = 0;
  bool row_by_row_ = false;  ///< mini-batches are off
  int64_t batch_rows_ = model::Batch::kMaxRows;
  std::vector<InputOrder> input_orders_;  ///< of operators with several inputs; fewer: as they come
  bool each_row_watermarks_ = false;      ///< a watermark after every row that brings one

  std::vector<std::unique_ptr<Source>> sources_;        ///< by vertex
  std::vector<std::unique_ptr<Sink>> sinks_;            ///< by vertex
  std::vector<std::unique_ptr<Committer>> committers_;  ///< by vertex
  BadRowPolicy bad_rows_ = BadRowPolicy::kFail;
  std::unique_ptr<DeadLetterTable> letter_table_;  ///< under kDeadLetter
  std::unique_ptr<Committer> letter_committer_;
  std::vector<std::unique_ptr<ArrangementShare>> shares_;  ///< by vertex; null for most
  std::unique_ptr<DeltaSpool> spool_;                      ///< null: snapshots go nowhere
  std::vector<std::unique_ptr<Channel>> channels_;
  std::vector<std::unique_ptr<Shard>> shards_;
  /// Instances by vertex and shard; owned by the shards.
  std::vector<std::vector<SourceTask*>> source_tasks_;
  std::vector<std::vector<Subtask*>> subtasks_;

  bool is_fallback_ = false;
  std::atomic<int> hold_sources_{0};
  std::atomic<bool> cancelled_{false};
  std::atomic<bool> stopped_gracefully_{false};
  std::atomic<bool> drain_{false};
  std::atomic<int64_t> checkpoint_ms_{0};
  std::atomic<int64_t> checkpoint_bytes_{0};
  std::atomic<int64_t> completed_{0};
  int64_t started_ms_ = 0;

  std::mutex mutex_;
  std::condition_variable condition_;
  // Guarded by mutex_:
  bool checkpoint_requested_ = false;
  bool graceful_requested_ = false;
  bool finished_ = false;
  Status status_;
  Status failure_;
  int ended_shards_ = 0;
  int64_t pending_id_ = 0;
  int64_t last_id_ = 0;
  std::vector<std::optional<ShardSnapshot>> pending_;
  SourcePositions written_positions_;

  std::thread coordinator_;
};

}  // namespace forebay::compute
