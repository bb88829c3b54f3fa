#pragma once

#include <functional>

#include "compute/operator/watermark_generator.h"
#include "compute/runtime/subtask.h"
#include "compute/watermark/split_watermarks.h"

namespace forebay::compute {

/// Where a source tells the subtasks of its chain which split the batch at hand belongs to.
struct SplitScope {
  std::vector<std::string> split_ids;
  std::vector<bool> finished;
  int current = 0;
};

/// A subtask whose operator makes watermarks. Behind a source it has an operator for every split,
/// since rows are in order within a split but not across them: a fast split must not make the rows
/// of a slow one late.
class WatermarkSubtask : public Subtask {
 public:
  using OperatorFactory = std::function<Result<std::unique_ptr<Operator>>()>;

  /// `splits` is null when the input comes from no source of this chain. A split that gave nothing
  /// for `idle_timeout_ms` (0: never) has no say until it gives something. `each_row`: a watermark
  /// follows every row at which it rises, not every batch.
  WatermarkSubtask(const JobVertex& vertex, ShardScope& scope, std::unique_ptr<Operator> first,
                   OperatorFactory make_operator, const SplitScope* splits, int64_t idle_timeout_ms,
                   bool each_row);

 protected:
  Status OpenOperator() override;
  Status ProcessBatch(int input, model::Batch batch) override;
  Status ForwardWatermark(Watermark watermark) override;
  Status SnapshotOperator(StateWriter& writer) override;
  Status RestoreOperator(StateReader& reader) override;
  Status TickOperator(int64_t now_ms) override;

 private:
  struct Part {
    Operator* op = nullptr;
    WatermarkGenerator* generator = nullptr;
    std::string id;
    Watermark restored = kMinWatermark;
    Watermark written = kMinWatermark;
    int64_t active_ms = 0;
  };

  Status AddPart(Operator* op, std::string id);
  /// For the splits that the source has found meanwhile.
  Status AddNewParts();
  /// Passes rows on, then the watermark they bring.
  Status ProcessPart(int index, int input, model::Batch batch);
  Status Announce();

  const OperatorFactory make_operator_;
  const SplitScope* const splits_;
  const int64_t idle_timeout_ms_;
  const bool each_row_;
  std::vector<std::unique_ptr<Operator>> more_;  ///< of all parts but the first
  std::vector<Part> parts_;
  SplitWatermarks watermarks_;
  Watermark announced_ = kMinWatermark;
  bool announced_idle_ = false;
};

}  // namespace forebay::compute
