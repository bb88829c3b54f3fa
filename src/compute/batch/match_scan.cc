#include "compute/batch/match_scan.h"

#include <deque>

#include "base/clock.h"
#include "compute/match/match_recognize.h"
#include "compute/window/window_assigner.h"

namespace forebay::compute {

namespace {

class MatchScan : public BatchReader, private Output {
 public:
  MatchScan(const sql::MatchNode& node, std::shared_ptr<BatchQuery> input,
            std::unique_ptr<FailedRows> failed_rows, std::unique_ptr<MatchOperator> match)
      : input_(std::move(input)),
        failed_rows_(std::move(failed_rows)),
        match_(std::move(match)),
        time_column_(node.order[0].column),
        units_per_ms_(UnitsPerMs(node.inputs[0]->output[time_column_].type)) {}

  Status Open() {
    OperatorContext context;
    context.output = this;
    context.now_ms = [] { return Clock::System().NowMs(); };
    return match_->Open(context);
  }

  Result<model::Batch> Next() override {
    while (ready_.empty() && !ended_) RETURN_IF_ERROR(Read());
    if (ready_.empty()) return model::Batch();
    model::Batch batch = std::move(ready_.front());
    ready_.pop_front();
    return batch;
  }

 private:
  Status Read() {
    ASSIGN_OR_RETURN(model::Batch batch, input_->Next());
    ended_ = batch.num_rows == 0;
    if (ended_) return match_->ProcessWatermark(kMaxWatermark);
    const model::Column& times = batch.columns[time_column_];
    int last = batch.num_rows - 1;
    int64_t time = times.IsNull(last) ? 0 : ToMs(times.Get<int64_t>(last), units_per_ms_);
    RETURN_IF_ERROR(match_->Process(0, batch));
    return match_->ProcessWatermark(time - 1);
  }

  Status Emit(model::Batch batch) override {
    ready_.push_back(std::move(batch));
    return Status::Ok();
  }

  std::shared_ptr<BatchQuery> input_;
  const std::unique_ptr<FailedRows> failed_rows_;  ///< outlives match_
  std::unique_ptr<MatchOperator> match_;
  int time_column_;
  int64_t units_per_ms_;
  std::deque<model::Batch> ready_;
  bool ended_ = false;
};

}  // namespace

Result<std::unique_ptr<BatchReader>> OpenMatch(const sql::MatchNode& node, const OpenOrdered& open,
                                               EvaluationContext context,
                                               const MakeFailedRows& failed_rows) {
  std::unique_ptr<FailedRows> taker = failed_rows ? failed_rows() : nullptr;
  context.failed_rows = taker.get();
  ASSIGN_OR_RETURN(std::shared_ptr<BatchQuery> input, open(*node.inputs[0], node.order[0].column));
  ASSIGN_OR_RETURN(std::unique_ptr<MatchOperator> match, MatchOperator::MakeBounded(node, context));
  auto scan =
      std::make_unique<MatchScan>(node, std::move(input), std::move(taker), std::move(match));
  RETURN_IF_ERROR(scan->Open());
  return std::unique_ptr<BatchReader>(std::move(scan));
}

}  // namespace forebay::compute
