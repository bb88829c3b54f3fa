#include "compute/window/window_operator.h"

#include <algorithm>

namespace forebay::compute {

Result<WindowOperator::Parts> WindowOperator::MakeParts(const sql::WindowAggregateNode& node,
                                                        const EvaluationContext& context,
                                                        int header_bytes) {
  const sql::PlanNode& input = *node.inputs[0];
  std::vector<model::DataType> types = input.OutputTypes();
  bool retracting = !input.changelog.IsInsertOnly();
  ASSIGN_OR_RETURN(AccumulatorSet calls,
                   AccumulatorSet::Make(node.calls, types, retracting, header_bytes));
  ASSIGN_OR_RETURN(WindowClock clock, WindowClock::Make(node.window, input, context));
  return Parts{std::move(clock), KeyCodec::Of(types, node.keys, RowCodec::Purpose::kGroup),
               std::move(calls)};
}

WindowOperator::WindowOperator(const sql::WindowAggregateNode& node, Parts parts)
    : keys_(node.keys),
      properties_(node.properties),
      types_(node.OutputTypes()),
      clock_(std::move(parts.clock)),
      codec_(std::move(parts.codec)),
      calls_(std::move(parts.calls)) {}

Status WindowOperator::Process(int, model::Batch batch) {
  int64_t now = clock_.is_proctime() ? clock_.Local(context_.now_ms()) : 0;
  if (clock_.is_proctime()) RETURN_IF_ERROR(AdvanceTo(now - 1));
  RETURN_IF_ERROR(clock_.Times(batch, now, times_));
  codec_.Encode(batch, keys_, encoded_);
  return Accumulate(batch);
}

Status WindowOperator::ProcessWatermark(Watermark watermark) {
  return clock_.is_proctime() ? Status::Ok() : AdvanceTo(clock_.Local(watermark));
}

Status WindowOperator::Tick(int64_t now_ms) {
  return clock_.is_proctime() ? AdvanceTo(clock_.Local(now_ms) - 1) : Status::Ok();
}

Status WindowOperator::Finish() {
  return clock_.is_proctime() ? AdvanceTo(kMaxWatermark) : Status::Ok();
}

Status WindowOperator::AdvanceTo(int64_t time) {
  progress_ = std::max(progress_, time);
  return FireDue();
}

model::Batch WindowOperator::KeyColumns(std::span<const char* const> keys) const {
  model::Batch batch(static_cast<int>(keys.size()), codec_.rows().Decode(keys));
  for (size_t i = 0; i < keys_.size(); ++i) batch.columns[i] = batch.columns[i].WithType(types_[i]);
  return batch;
}

}  // namespace forebay::compute
