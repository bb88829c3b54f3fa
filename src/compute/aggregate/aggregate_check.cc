#include "compute/aggregate/aggregate_check.h"

#include <numeric>

namespace forebay::compute {

using model::Batch;

namespace {

const std::vector<sql::AggregateCall>* CallsOf(const sql::PlanNode& node) {
  switch (node.kind) {
    case sql::PlanKind::kAggregate: return &static_cast<const sql::AggregateNode&>(node).calls;
    case sql::PlanKind::kWindowAggregate:
      return &static_cast<const sql::WindowAggregateNode&>(node).calls;
    case sql::PlanKind::kOverAggregate:
      return &static_cast<const sql::OverAggregateNode&>(node).calls;
    default: return nullptr;
  }
}

}  // namespace

Result<std::unique_ptr<AggregateCheck>> AggregateCheck::Make(const sql::PlanNode& node) {
  const std::vector<sql::AggregateCall>* calls = CallsOf(node);
  if (calls == nullptr) return std::unique_ptr<AggregateCheck>();
  std::unique_ptr<AggregateCheck> check(new AggregateCheck(node.inputs[0]->OutputTypes()));
  for (const sql::AggregateCall& call : *calls) {
    ASSIGN_OR_RETURN(auto accumulator, MakeAccumulator(call, check->input_, false));
    if (accumulator->MayFail()) check->calls_.push_back(call);
  }
  if (check->calls_.empty()) return std::unique_ptr<AggregateCheck>();
  return check;
}

Status AggregateCheck::Try(const Batch& batch) {
  if (!accumulators_) {
    ASSIGN_OR_RETURN(accumulators_, AccumulatorSet::Make(calls_, input_, false, 0));
  }
  auto count = static_cast<size_t>(batch.num_rows);
  size_t slots = static_cast<size_t>(accumulators_->payload_bytes()) / sizeof(Slot);
  states_.assign(count * slots, Slot{});
  std::vector<char*> payloads;
  for (size_t row = 0; row < count; ++row) payloads.push_back(states_[row * slots].bytes);
  std::vector<uint32_t> rows(count);
  std::iota(rows.begin(), rows.end(), 0U);
  accumulators_->Update({batch, rows, payloads.data(), nullptr});
  if (accumulators_->status().ok()) {
    std::vector<model::ColumnBuilder> results;
    for (const sql::AggregateCall& call : calls_) results.emplace_back(call.type);
    accumulators_->Emit(payloads, results);
  }
  for (char* payload : payloads) accumulators_->Destroy(payload);
  Status status = accumulators_->status();
  if (!status.ok()) accumulators_.reset();
  return status;
}

Result<std::vector<uint32_t>> AggregateCheck::GoodRows(const Batch& batch, FailedRows& failed) {
  std::vector<uint32_t> good(static_cast<size_t>(batch.num_rows));
  std::iota(good.begin(), good.end(), 0U);
  if (Try(batch).ok()) return good;
  good.clear();
  for (int row = 0; row < batch.num_rows; ++row) {
    Status status = Try(batch.Slice(row, 1));
    if (status.ok()) {
      good.push_back(static_cast<uint32_t>(row));
    } else {
      RETURN_IF_ERROR(failed.TakeFailed(batch, row, status));
    }
  }
  return good;
}

}  // namespace forebay::compute
