#include "compute/window/window_table.h"

#include <algorithm>

namespace forebay::compute {

using model::Batch;

Result<std::unique_ptr<Operator>> WindowTableOperator::Make(const sql::WindowTableNode& node,
                                                            const EvaluationContext& context) {
  if (node.window.kind == sql::WindowKind::kSession) {
    return NotSupported("a SESSION window table without an aggregate over it");
  }
  ASSIGN_OR_RETURN(WindowClock clock, WindowClock::Make(node.window, *node.inputs[0], context));
  return std::unique_ptr<Operator>(new WindowTableOperator(node, clock));
}

Status WindowTableOperator::Process(int, Batch batch) {
  RETURN_IF_ERROR(
      clock_.Times(batch, clock_.is_proctime() ? clock_.Local(context_.now_ms()) : 0, times_));
  rows_.clear();
  row_ends_.clear();
  for (int row = 0; row < batch.num_rows; ++row) {
    assigner_.WindowEnds(assigner_.SliceEnd(times_[row]), ends_);
    for (int64_t end : ends_) {
      rows_.push_back(static_cast<uint32_t>(row));
      row_ends_.push_back(end);
    }
  }
  for (size_t begin = 0; begin < rows_.size(); begin += Batch::kMaxRows) {
    RETURN_IF_ERROR(EmitPart(batch, begin, std::min(begin + Batch::kMaxRows, rows_.size())));
  }
  return Status::Ok();
}

Status WindowTableOperator::EmitPart(const Batch& batch, size_t begin, size_t end) {
  auto rows = std::span<const uint32_t>(rows_).subspan(begin, end - begin);
  Batch result = batch.Gather(rows);
  for (auto property :
       {sql::WindowProperty::kStart, sql::WindowProperty::kEnd, sql::WindowProperty::kTime}) {
    const model::DataType& type = types_[result.columns.size()];
    model::ColumnBuilder builder(type, result.num_rows);
    for (size_t i = begin; i < end; ++i) {
      int64_t window_end = row_ends_[i];
      builder.Append<int64_t>(
          clock_.Property(property, type, assigner_.WindowStart(window_end), window_end));
    }
    result.columns.push_back(builder.Finish());
  }
  return context_.output->Emit(std::move(result));
}

}  // namespace forebay::compute
