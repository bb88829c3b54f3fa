#include "compute/runtime/subtask.h"

#include <cstdlib>

#include "base/bytes.h"
#include "compute/checkpoint/checkpoint_store.h"
#include "compute/operator/progress.h"

namespace forebay::compute {
namespace {

/// The table of what the runtime itself keeps of a subtask: shard -> watermark, whether it had
/// finished.
constexpr std::string_view kRuntimeTable = "runtime";

}  // namespace

Subtask::Subtask(const JobVertex& vertex, ShardScope& scope, std::unique_ptr<Operator> op)
    : vertex_(vertex),
      scope_(scope),
      op_(std::move(op)),
      inputs_(vertex.inputs.size()),
      input_watermarks_(vertex.inputs.size()),
      sink_(dynamic_cast<SinkWriter*>(op_.get())),
      row_operator_(dynamic_cast<RowOperator*>(op_.get())),
      waiting_(dynamic_cast<WaitingOperator*>(op_.get())) {}

void Subtask::SetInput(int input, const std::vector<Sender>& senders) {
  for (const Sender& sender : senders) {
    inputs_[input].push_back({sender.channel, false, false});
    input_watermarks_.AddChannel(input, sender.origins);
  }
}

OperatorContext Subtask::MakeContext() {
  OperatorContext context;
  context.output = &router_;
  context.shard = scope_.shard;
  context.num_shards = vertex_.is_single ? 1 : scope_.num_shards;
  context.now_ms = scope_.now_ms;
  return context;
}

Status Subtask::Open() { return OpenOperator(); }

Status Subtask::OpenOperator() { return op_->Open(MakeContext()); }

Status Subtask::RestoreOperator(StateReader& reader) { return op_->Restore(reader); }

Status Subtask::SnapshotOperator(StateWriter& writer) { return op_->BeginSnapshot(writer); }

Status Subtask::Restore(StateReader& reader) {
  RETURN_IF_ERROR(RestoreOperator(reader));
  bool any = false, all_finished = true;
  Watermark restored = kMaxWatermark;
  RETURN_IF_ERROR(reader.ForEach(kRuntimeTable, [&](std::string_view key, std::string_view value) {
    ByteReader bytes(value);
    if (std::atoi(std::string(key).c_str()) >= scope_.num_shards) gone_shards_.emplace_back(key);
    ASSIGN_OR_RETURN(Watermark watermark, bytes.Read<int64_t>());
    ASSIGN_OR_RETURN(uint8_t finished, bytes.Read<uint8_t>());
    any = true;
    restored = std::min(restored, watermark);
    all_finished = all_finished && finished != 0;
    return Status::Ok();
  }));
  if (!any) return Status::Ok();
  was_finished_ = all_finished;
  watermark_ = restored;
  metrics_.watermark = restored;
  // Windows that have fired are gone from the state; this tells the operator that rows for them are
  // late.
  return restored == kMinWatermark ? Status::Ok() : op_->ProcessWatermark(restored);
}

Result<bool> Subtask::PollChannels(int limit) {
  bool any = false;
  for (size_t i = 0; i < inputs_.size(); ++i) {
    for (size_t c = 0; c < inputs_[i].size(); ++c) {
      InputChannel& channel = inputs_[i][c];
      for (int taken = 0; taken < limit; ++taken) {
        if (channel.channel == nullptr || channel.at_barrier) break;
        std::optional<Message> message = channel.channel->Receive();
        if (!message.has_value()) break;
        any = true;
        RETURN_IF_ERROR(Receive(static_cast<int>(i), static_cast<int>(c), std::move(*message)));
      }
    }
  }
  return any;
}

Status Subtask::Receive(int input_index, int channel, Message message) {
  Input& input = inputs_[input_index];
  switch (message.kind) {
    case MessageKind::kBatch: {
      metrics_.rows_in.store(
          metrics_.rows_in.load(std::memory_order_relaxed) + message.batch.num_rows,
          std::memory_order_relaxed);
      SubtaskMetrics* caller = scope_.busy.Switch(&metrics_);
      Status status = ProcessRows(input_index, std::move(message.batch));
      scope_.busy.Switch(caller);
      metrics_.rows_out.store(router_.rows_out(), std::memory_order_relaxed);
      return status;
    }
    case MessageKind::kWatermark:
      input_watermarks_.Advance(input_index, channel, message.value);
      return AdvanceWatermark();
    case MessageKind::kIdle:
      input_watermarks_.SetIdle(input_index, channel);
      return AdvanceWatermark();
    case MessageKind::kBarrier: return OnBarrier(input, channel, message.value);
    case MessageKind::kEnd: return OnEnd(input, channel);
  }
  return Status::Ok();
}

Status Subtask::ProcessRows(int input, model::Batch batch) {
  bool splits = (scope_.row_by_row || row_by_row_) && sink_ == nullptr && batch.num_rows > 1;
  if (!splits) return ProcessBatch(input, std::move(batch));
  for (int row = 0; row < batch.num_rows; ++row) {
    RETURN_IF_ERROR(ProcessBatch(input, batch.Slice(row, 1)));
  }
  return Status::Ok();
}

Status Subtask::ProcessBatch(int input, model::Batch batch) {
  if (letters_ != nullptr && row_operator_ != nullptr) {
    Result<model::Batch> result = row_operator_->Compute(batch);
    if (!result.ok()) result = letters_->ComputeGoodRows(*row_operator_, batch);
    if (!result.ok()) return result.status();
    return result->num_rows == 0 ? Status::Ok() : router_.Emit(std::move(*result));
  }
  if (check_ != nullptr) {
    ASSIGN_OR_RETURN(std::vector<uint32_t> good, check_->GoodRows(batch, *letters_));
    if (good.empty()) return Status::Ok();
    batch = batch.Gather(good);
  }
  return op_->Process(input, std::move(batch));
}

Status Subtask::AdvanceWatermark() {
  std::optional<Watermark> minimum = input_watermarks_.Minimum();
  if (!minimum.has_value()) {
    if (idle_ || HoldsRows()) return Status::Ok();
    idle_ = true;
    if (sink_ != nullptr) sink_->SetIdle(true);
    return router_.Broadcast(MessageKind::kIdle);
  }
  bool was_idle = std::exchange(idle_, false);
  if (was_idle && sink_ != nullptr) sink_->SetIdle(false);
  if (*minimum > watermark_) {
    watermark_ = *minimum;
    metrics_.watermark.store(watermark_, std::memory_order_relaxed);
    SubtaskMetrics* caller = scope_.busy.Switch(&metrics_);
    Status status = op_->ProcessWatermark(watermark_);
    scope_.busy.Switch(caller);
    if (!status.ok()) return status;
    metrics_.rows_out.store(router_.rows_out(), std::memory_order_relaxed);
  }
  if (watermark_ <= forwarded_ && !was_idle) return Status::Ok();
  forwarded_ = watermark_;
  reached_ = op_->OutputWatermark(watermark_);
  return ForwardWatermark(reached_);
}

Status Subtask::ForwardWatermark(Watermark watermark) {
  return router_.Broadcast(MessageKind::kWatermark, watermark);
}

bool Subtask::AllChannels(bool InputChannel::* flag) const {
  for (const Input& input : inputs_) {
    for (const InputChannel& channel : input) {
      if (!(channel.*flag)) return false;
    }
  }
  return true;
}

Status Subtask::OnBarrier(Input& input, int channel, int64_t checkpoint) {
  input[channel].at_barrier = true;
  if (!AllChannels(&InputChannel::at_barrier)) return Status::Ok();
  RETURN_IF_ERROR(TakeSnapshot());
  for (Input& each : inputs_) {
    for (InputChannel& each_channel : each) each_channel.at_barrier = false;
  }
  ++scope_.subtasks_passed;
  return router_.Broadcast(MessageKind::kBarrier, checkpoint);
}

Status Subtask::TakeSnapshot() {
  int64_t began = MonotonicNs();
  SubtaskMetrics* caller = scope_.busy.Switch(&metrics_);
  Status status = Status::Ok();
  if (sink_ != nullptr) {
    Result<SinkWriter::EpochWork> work = sink_->EndEpoch();
    status = work.status();
    bool is_late = work.ok() && *work != nullptr;
    if (is_late) scope_.snapshot->late.emplace_back(vertex_.id, std::move(*work));
  }
  if (status.ok() && letters_ != nullptr) {
    status = letters_->Snapshot(*scope_.snapshot, scope_.keeps_state);
  }
  if (status.ok() && scope_.keeps_state) {
    status = SnapshotOperator(entries_);
    snapshot_pending_ = true;
  }
  if (status.ok()) {
    if (scope_.keeps_state) WriteProgress(entries_);
    metrics_.state_bytes.store(op_->StateBytes(), std::memory_order_relaxed);
  }
  int64_t pause = MonotonicNs() - began;
  scope_.snapshot_ns += pause;
  metrics_.NotePause(pause);
  scope_.busy.Switch(caller);
  return status;
}

bool Subtask::ContinueSnapshot(int64_t deadline_ns) {
  if (!snapshot_pending_) return true;
  int64_t began = MonotonicNs();
  SubtaskMetrics* caller = scope_.busy.Switch(&metrics_);
  snapshot_pending_ = !op_->ContinueSnapshot(deadline_ns);
  metrics_.NotePause(MonotonicNs() - began);
  scope_.busy.Switch(caller);
  return !snapshot_pending_;
}

void Subtask::Entries::Put(std::string_view table, int key_group, std::string_view key,
                           std::string_view value) {
  CheckpointEntries& entries = subtask_.scope_.snapshot->state;
  entries.SetOperator(subtask_.vertex_.id);
  entries.Put(table, key_group, key, value);
}

void Subtask::Entries::Delete(std::string_view table, int key_group, std::string_view key) {
  CheckpointEntries& entries = subtask_.scope_.snapshot->state;
  entries.SetOperator(subtask_.vertex_.id);
  entries.Delete(table, key_group, key);
}

void Subtask::WriteProgress(StateWriter& writer) {
  // Shards that there were before the parallelism was lowered have no say any more.
  for (const std::string& shard : gone_shards_) {
    if (scope_.shard != 0) break;
    writer.Delete(kRuntimeTable, kUnkeyed, shard);
    writer.Delete(kProgressTable, kUnkeyed, shard);
  }
  gone_shards_.clear();
  ByteWriter value;
  value.Write(watermark_);
  value.Write(static_cast<uint8_t>(was_finished_));
  // An idle job must have nothing to write, so that it costs no disk writes.
  if (value.view() == written_progress_) return;
  written_progress_ = value.view();
  writer.Put(kRuntimeTable, kUnkeyed, std::to_string(scope_.shard), value.view());
}

Status Subtask::OnEnd(Input& input, int channel) {
  input[channel].ended = true;
  return FinishIfEnded();
}

Status Subtask::FinishIfEnded() {
  if (ended_ || HoldsRows() || !AllChannels(&InputChannel::ended)) return Status::Ok();
  ended_ = true;
  ++scope_.subtasks_ended;
  if (!was_finished_) {
    was_finished_ = true;
    RETURN_IF_ERROR(op_->Finish());
    metrics_.rows_out.store(router_.rows_out(), std::memory_order_relaxed);
  }
  return router_.Broadcast(MessageKind::kEnd);
}

Status Subtask::Tick(int64_t now_ms) {
  if (ended_) return Status::Ok();
  if (!CanWait()) return TickOperator(now_ms);
  bool held = HoldsRows();
  RETURN_IF_ERROR(TickOperator(now_ms));
  return held ? SendWhatWaited() : Status::Ok();
}

Status Subtask::SendWhatWaited() {
  metrics_.rows_out.store(router_.rows_out(), std::memory_order_relaxed);
  Watermark reached = op_->OutputWatermark(watermark_);
  if (reached > reached_) {
    reached_ = reached;
    RETURN_IF_ERROR(ForwardWatermark(reached));
  }
  if (HoldsRows()) return Status::Ok();
  RETURN_IF_ERROR(AdvanceWatermark());
  return FinishIfEnded();
}

}  // namespace forebay::compute
