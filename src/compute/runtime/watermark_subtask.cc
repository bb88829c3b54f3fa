#include "compute/runtime/watermark_subtask.h"

#include "base/bytes.h"
#include "base/clock.h"
#include "compute/source/source.h"

namespace forebay::compute {
namespace {

/// Split -> its watermark.
constexpr std::string_view kSplitTable = "split_watermark";

}  // namespace

WatermarkSubtask::WatermarkSubtask(const JobVertex& vertex, ShardScope& scope,
                                   std::unique_ptr<Operator> first, OperatorFactory make_operator,
                                   const SplitScope* splits, int64_t idle_timeout_ms, bool each_row)
    : Subtask(vertex, scope, std::move(first)),
      make_operator_(std::move(make_operator)),
      splits_(splits),
      idle_timeout_ms_(idle_timeout_ms),
      each_row_(each_row) {}

Status WatermarkSubtask::AddPart(Operator* op, std::string id) {
  RETURN_IF_ERROR(op->Open(MakeContext()));
  auto* generator = dynamic_cast<WatermarkGenerator*>(op);
  if (generator == nullptr) return Internal("operator {} makes no watermarks", vertex_.id);
  parts_.push_back({op, generator, std::move(id), kMinWatermark, kMinWatermark, MonotonicMs()});
  return Status::Ok();
}

Status WatermarkSubtask::OpenOperator() {
  size_t count = splits_ == nullptr ? 1 : splits_->split_ids.size();
  for (size_t i = 0; i < count; ++i) {
    Operator* op = op_.get();
    if (i > 0) {
      ASSIGN_OR_RETURN(std::unique_ptr<Operator> another, make_operator_());
      op = another.get();
      more_.push_back(std::move(another));
    }
    std::string id =
        splits_ == nullptr ? fmt::format("shard-{}", scope_.shard) : splits_->split_ids[i];
    RETURN_IF_ERROR(AddPart(op, std::move(id)));
  }
  if (count == 0) RETURN_IF_ERROR(op_->Open(MakeContext()));
  watermarks_ = SplitWatermarks(static_cast<int>(count));
  return Status::Ok();
}

Status WatermarkSubtask::AddNewParts() {
  while (splits_ != nullptr && parts_.size() < splits_->split_ids.size()) {
    Operator* op = op_.get();
    if (!parts_.empty()) {
      ASSIGN_OR_RETURN(std::unique_ptr<Operator> another, make_operator_());
      op = another.get();
      more_.push_back(std::move(another));
    }
    RETURN_IF_ERROR(AddPart(op, splits_->split_ids[parts_.size()]));
    watermarks_.AddIdle();
  }
  return Status::Ok();
}

Status WatermarkSubtask::ProcessBatch(int input, model::Batch batch) {
  RETURN_IF_ERROR(AddNewParts());
  if (letters() != nullptr) {
    int rowtime = static_cast<const sql::WatermarkNode*>(vertex_.node)->rowtime;
    ASSIGN_OR_RETURN(batch, letters()->TakeNullTimes(std::move(batch), rowtime));
    if (batch.num_rows == 0) return Status::Ok();
  }
  int index = splits_ == nullptr ? 0 : splits_->current;
  Part& part = parts_[index];
  part.active_ms = MonotonicMs();
  if (!each_row_ || batch.num_rows == 1) return ProcessPart(index, input, std::move(batch));
  ASSIGN_OR_RETURN(std::vector<int> rises, part.generator->RisesIn(batch));
  int begin = 0;
  for (int row : rises) {
    RETURN_IF_ERROR(ProcessPart(index, input, batch.Slice(begin, row + 1 - begin)));
    begin = row + 1;
  }
  if (begin == batch.num_rows) return Status::Ok();
  return ProcessPart(index, input, batch.Slice(begin, batch.num_rows - begin));
}

Status WatermarkSubtask::ProcessPart(int index, int input, model::Batch batch) {
  Part& part = parts_[index];
  RETURN_IF_ERROR(part.op->Process(input, std::move(batch)));
  watermarks_.Advance(index, std::max(part.restored, part.generator->CurrentWatermark()));
  return Announce();
}

Status WatermarkSubtask::Announce() {
  // A split that was just found may have no part yet.
  for (size_t i = 0; splits_ != nullptr && i < parts_.size(); ++i) {
    if (splits_->finished[i]) watermarks_.SetIdle(static_cast<int>(i), true);
  }
  std::optional<Watermark> minimum = watermarks_.Minimum();
  if (!minimum.has_value()) {
    if (std::exchange(announced_idle_, true)) return Status::Ok();
    return router_.Broadcast(MessageKind::kIdle);
  }
  bool was_idle = std::exchange(announced_idle_, false);
  if (*minimum <= announced_ && !was_idle) return Status::Ok();
  announced_ = std::max(announced_, *minimum);
  metrics_.watermark.store(announced_, std::memory_order_relaxed);
  if (announced_ == kMinWatermark && !was_idle) return Status::Ok();
  return router_.Broadcast(MessageKind::kWatermark, announced_);
}

Status WatermarkSubtask::ForwardWatermark(Watermark watermark) {
  if (watermark != kMaxWatermark) return Status::Ok();
  announced_ = kMaxWatermark;
  return router_.Broadcast(MessageKind::kWatermark, watermark);
}

Status WatermarkSubtask::SnapshotOperator(StateWriter& writer) {
  for (size_t i = 0; i < parts_.size(); ++i) {
    Watermark now = watermarks_.Of(static_cast<int>(i));
    if (now == parts_[i].written) continue;
    parts_[i].written = now;
    ByteWriter value;
    value.Write(now);
    writer.Put(kSplitTable, kUnkeyed, parts_[i].id, value.view());
  }
  return Status::Ok();
}

Status WatermarkSubtask::RestoreOperator(StateReader& reader) {
  return reader.ForEach(kSplitTable, [&](std::string_view key, std::string_view value) {
    ByteReader bytes(value);
    ASSIGN_OR_RETURN(Watermark watermark, bytes.Read<int64_t>());
    for (size_t i = 0; i < parts_.size(); ++i) {
      if (parts_[i].id != key) continue;
      parts_[i].restored = watermark;
      watermarks_.Advance(static_cast<int>(i), watermark);
    }
    return Status::Ok();
  });
}

Status WatermarkSubtask::TickOperator(int64_t now_ms) {
  for (Part& part : parts_) RETURN_IF_ERROR(part.op->Tick(now_ms));
  // Without rows: splits may have finished, and then have no say.
  if (idle_timeout_ms_ <= 0) return splits_ == nullptr ? Status::Ok() : Announce();
  int64_t steady = MonotonicMs();
  for (size_t i = 0; i < parts_.size(); ++i) {
    if (steady - parts_[i].active_ms >= idle_timeout_ms_) {
      watermarks_.SetIdle(static_cast<int>(i), true);
    }
  }
  return Announce();
}

}  // namespace forebay::compute
