#pragma once

#include "compute/operator/operator.h"

namespace forebay::compute {

/// What an operator that makes watermarks implements besides Operator. After every Process call the
/// runtime asks `dynamic_cast<WatermarkGenerator*>(op)` (once, when it builds the chain) for the
/// watermark and forwards it downstream when it rose. Watermarks that come from upstream of such an
/// operator are not forwarded, except kMaxWatermark: the end of the input. Belongs to the
/// operator's thread.
class WatermarkGenerator {
 public:
  virtual ~WatermarkGenerator() = default;
  /// kMinWatermark before the first row. Never falls.
  virtual Watermark CurrentWatermark() const = 0;
  /// The rows of `batch`, ascending, at which the watermark would rise: where the batch must be cut
  /// when 'pipeline.auto-watermark-interval' = 0 asks for a watermark after each of them.
  virtual Result<std::vector<int>> RisesIn(const model::Batch& batch) = 0;
};

}  // namespace forebay::compute
