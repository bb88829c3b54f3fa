#include "compute/runtime/source_task.h"

namespace forebay::compute {

SourceTask::SourceTask(const JobVertex& vertex, ShardScope& scope,
                       std::unique_ptr<SourceReader> reader, int batch_rows)
    : vertex_(vertex), scope_(scope), reader_(std::move(reader)), batch_rows_(batch_rows) {}

void SourceTask::SetSplits(std::vector<SourceSplit> splits) {
  splits_ = std::move(splits);
  for (const SourceSplit& split : splits_) split_scope_.split_ids.push_back(split.id);
  split_scope_.finished.assign(splits_.size(), false);
}

void SourceTask::AddSplit(const std::string& id) {
  split_scope_.split_ids.push_back(id);
  split_scope_.finished.push_back(false);
}

Status SourceTask::Open(Waker& waker) { return reader_->Open(std::move(splits_), waker); }

Result<bool> SourceTask::Poll() {
  if (ended_) return false;
  SubtaskMetrics* caller = scope_.busy.Switch(&metrics_);
  Result<PollOutcome> outcome = reader_->Poll(*this);
  scope_.busy.Switch(caller);
  if (!outcome.ok()) return outcome.status();
  metrics_.rows_out.store(router_.rows_out(), std::memory_order_relaxed);
  if (*outcome != PollOutcome::kEnd) return *outcome != PollOutcome::kNothing;
  RETURN_IF_ERROR(End());
  return true;
}

Status SourceTask::End() {
  ended_ = true;
  ++scope_.subtasks_ended;
  metrics_.watermark.store(kMaxWatermark, std::memory_order_relaxed);
  RETURN_IF_ERROR(router_.Broadcast(MessageKind::kWatermark, kMaxWatermark));
  return router_.Broadcast(MessageKind::kEnd);
}

Status SourceTask::Emit(int split, model::Batch batch) {
  split_scope_.current = split;
  if (batch.num_rows <= batch_rows_) return router_.Emit(std::move(batch));
  for (int begin = 0; begin < batch.num_rows; begin += batch_rows_) {
    int rows = std::min(batch_rows_, batch.num_rows - begin);
    RETURN_IF_ERROR(router_.Emit(batch.Slice(begin, rows)));
  }
  return Status::Ok();
}

Status SourceTask::InjectBarrier(int64_t checkpoint) {
  for (SourceSplit& split : reader_->Positions()) {
    scope_.snapshot->positions[{vertex_.id, std::move(split.id)}] = std::move(split.position);
  }
  if (letters_ != nullptr) {
    RETURN_IF_ERROR(letters_->Snapshot(*scope_.snapshot, scope_.keeps_state));
  }
  ++scope_.subtasks_passed;
  return router_.Broadcast(MessageKind::kBarrier, checkpoint);
}

}  // namespace forebay::compute
