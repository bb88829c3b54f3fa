#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "compute/aggregate/aggregate_check.h"
#include "compute/exchange/output_router.h"
#include "compute/job/job_graph.h"
#include "compute/operator/operator.h"
#include "compute/operator/waiting_operator.h"
#include "compute/runtime/dead_letters.h"
#include "compute/runtime/metrics.h"
#include "compute/sink/sink.h"
#include "compute/watermark/input_watermarks.h"

namespace forebay::compute {

struct ShardSnapshot;

/// What the subtasks of a shard share. The shard fills it in before they run.
struct ShardScope {
  int shard = 0;
  int num_shards = 1;
  int64_t (*now_ms)() = nullptr;
  /// The snapshot being taken at the current barrier.
  ShardSnapshot* snapshot = nullptr;
  /// Whether snapshots of operators' state are written anywhere.
  bool keeps_state = true;
  /// Operators get rows one by one, so that each answers every row with its own changes.
  bool row_by_row = false;
  /// Subtasks that have passed the current barrier.
  int subtasks_passed = 0;
  int subtasks_ended = 0;
  /// What taking the current snapshot cost so far.
  int64_t snapshot_ns = 0;
  BusyClock busy;
};

/// One instance of an operator on one shard: aligns barriers, merges watermarks of its input
/// channels, and calls the operator. Belongs to one shard thread.
class Subtask : public MessageReceiver {
 public:
  Subtask(const JobVertex& vertex, ShardScope& scope, std::unique_ptr<Operator> op);

  /// What comes on a channel of an input.
  struct Sender {
    Channel* channel = nullptr;  ///< null: a direct call
    IdleOrigins origins;
  };
  /// Declares input `input`. No senders: the input has ended.
  void SetInput(int input, const std::vector<Sender>& senders);
  /// What makes it idle, when all inputs are declared.
  IdleOrigins Origins() const { return input_watermarks_.Origins(); }
  /// The operator gets rows one by one: its consumers want to see every change.
  void SetRowByRow() { row_by_row_ = true; }
  OutputRouter& router() { return router_; }
  const JobVertex& vertex() const { return vertex_; }
  SubtaskMetrics& metrics() { return metrics_; }

  Status Open();
  Status Restore(StateReader& reader);
  /// Takes up to `limit` messages from queued channels that are not held back by a barrier; whether
  /// there were any.
  Result<bool> PollChannels(int limit);
  Status Receive(int input, int channel, Message message) override;
  Status Tick(int64_t now_ms);
  /// Works on at the snapshot of the last barrier until `deadline_ns`; whether it is done.
  bool ContinueSnapshot(int64_t deadline_ns);
  bool ended() const { return ended_; }
  /// Whether the operator may answer rows later than it gets them.
  bool CanWait() const { return waiting_ != nullptr; }
  bool HoldsRows() const { return CanWait() && waiting_->HoldsRows(); }
  /// Whether it should get no rows for now.
  bool IsFull() const { return CanWait() && waiting_->IsFull(); }
  /// What the operator cannot compute goes to them. Null: it ends the job.
  void SetDeadLetters(std::unique_ptr<DeadLetters> letters) { letters_ = std::move(letters); }
  DeadLetters* letters() { return letters_.get(); }
  /// Which rows go to them instead of to the operator.
  void SetCheck(std::unique_ptr<AggregateCheck> check) { check_ = std::move(check); }

 protected:
  virtual Status ProcessBatch(int input, model::Batch batch);
  virtual Status ForwardWatermark(Watermark watermark);
  virtual Status SnapshotOperator(StateWriter& writer);  ///< may leave work to ContinueSnapshot
  virtual Status RestoreOperator(StateReader& reader);
  virtual Status OpenOperator();
  virtual Status TickOperator(int64_t now_ms) { return op_->Tick(now_ms); }

  OperatorContext MakeContext();

  const JobVertex& vertex_;
  ShardScope& scope_;
  std::unique_ptr<Operator> op_;
  OutputRouter router_;
  SubtaskMetrics metrics_;

 private:
  /// Takes the operator's entries into the shard's snapshot, in between those of others.
  class Entries : public StateWriter {
   public:
    explicit Entries(Subtask& subtask) : subtask_(subtask) {}
    void Put(std::string_view table, int key_group, std::string_view key,
             std::string_view value) override;
    void Delete(std::string_view table, int key_group, std::string_view key) override;

   private:
    Subtask& subtask_;
  };

  struct InputChannel {
    Channel* channel = nullptr;  ///< null: messages come by calls
    bool ended = false;
    bool at_barrier = false;  ///< nothing is taken until all channels are
  };
  using Input = std::vector<InputChannel>;

  Status ProcessRows(int input, model::Batch batch);
  Status OnBarrier(Input& input, int channel, int64_t checkpoint);
  Status OnEnd(Input& input, int channel);
  Status AdvanceWatermark();
  Status TakeSnapshot();
  void WriteProgress(StateWriter& writer);
  Status FinishIfEnded();
  /// What waited for rows that the operator held: the watermark behind them, idleness, the end.
  Status SendWhatWaited();
  bool AllChannels(bool InputChannel::* flag) const;

  Entries entries_{*this};
  bool snapshot_pending_ = false;
  std::vector<Input> inputs_;
  InputWatermarks input_watermarks_;
  std::unique_ptr<DeadLetters> letters_;
  std::unique_ptr<AggregateCheck> check_;
  SinkWriter* const sink_;               ///< op_ if it is one
  RowOperator* const row_operator_;      ///< likewise
  WaitingOperator* const waiting_;       ///< likewise
  Watermark watermark_ = kMinWatermark;  ///< the operator knows; kept over a restart
  Watermark forwarded_ = kMinWatermark;  ///< consumers know, in this run
  Watermark reached_ = kMinWatermark;    ///< what they were told of it
  std::string written_progress_;
  bool row_by_row_ = false;
  std::vector<std::string> gone_shards_;  ///< restored, but above what there is now
  bool idle_ = false;
  bool ended_ = false;
  bool was_finished_ = false;  ///< Finish was called, in this run or before the restore
};

}  // namespace forebay::compute
