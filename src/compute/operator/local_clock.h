#pragma once

#include <memory>
#include <utility>

#include "compute/operator/operator.h"
#include "compute/window/window_assigner.h"

namespace forebay::compute {

/// Runs an operator over windows that are cut in a zone's local time: it gets watermarks in the
/// same time, so that it can compare them with the windows' ends.
class LocalClockOperator : public Operator {
 public:
  LocalClockOperator(std::unique_ptr<Operator> inner, WindowClock clock)
      : inner_(std::move(inner)), clock_(std::move(clock)) {}

  Status Open(const OperatorContext& context) override { return inner_->Open(context); }
  Status Process(int input, model::Batch batch) override {
    return inner_->Process(input, std::move(batch));
  }
  Status ProcessWatermark(Watermark watermark) override {
    return inner_->ProcessWatermark(clock_.Local(watermark));
  }
  Status Tick(int64_t now_ms) override { return inner_->Tick(now_ms); }
  Status Finish() override { return inner_->Finish(); }
  Status BeginSnapshot(StateWriter& writer) override { return inner_->BeginSnapshot(writer); }
  bool ContinueSnapshot(int64_t deadline_ns) override {
    return inner_->ContinueSnapshot(deadline_ns);
  }
  Status Restore(StateReader& reader) override { return inner_->Restore(reader); }
  int64_t StateBytes() const override { return inner_->StateBytes(); }

 private:
  std::unique_ptr<Operator> inner_;
  WindowClock clock_;
};

}  // namespace forebay::compute
