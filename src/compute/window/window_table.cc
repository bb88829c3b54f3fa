#include "compute/window/window_table.h"

#include <algorithm>

namespace forebay::compute {

using model::Batch;

Result<std::unique_ptr<Operator>> WindowTableOperator::Make(const sql::WindowTableNode& node,
                                                            const EvaluationContext& context) {
  ASSIGN_OR_RETURN(WindowClock clock, WindowClock::Make(node.window, *node.inputs[0], context));
  return std::unique_ptr<Operator>(new WindowTableOperator(node, clock));
}

Status WindowTableOperator::Process(int, Batch batch) {
  RETURN_IF_ERROR(
      clock_.Times(batch, clock_.is_proctime() ? clock_.Local(context_.now_ms()) : 0, times_));
  rows_.clear();
  windows_.clear();
  for (int row = 0; row < batch.num_rows; ++row) {
    assigner_.WindowEnds(assigner_.SliceEnd(times_[row]), ends_);
    for (int64_t end : ends_) {
      rows_.push_back(static_cast<uint32_t>(row));
      windows_.push_back({assigner_.WindowStart(end), end});
    }
  }
  for (size_t begin = 0; begin < rows_.size(); begin += Batch::kMaxRows) {
    RETURN_IF_ERROR(EmitPart(batch, begin, std::min(begin + Batch::kMaxRows, rows_.size())));
  }
  return Status::Ok();
}

Status WindowTableOperator::EmitPart(const Batch& batch, size_t begin, size_t end) {
  Batch result = batch.Gather(std::span<const uint32_t>(rows_).subspan(begin, end - begin));
  auto windows = std::span<const TimeWindow>(windows_).subspan(begin, end - begin);
  AppendWindowColumns(clock_, windows, types_, result);
  return context_.output->Emit(std::move(result));
}

}  // namespace forebay::compute
