#pragma once

#include "compute/operator/operator.h"

namespace forebay::compute {

/// An operator that may answer a row later than it gets it, from Tick. The runtime sends the
/// watermark behind rows that wait when OutputWatermark reaches it, and calls Finish when no row
/// waits any more.
class WaitingOperator : public Operator {
 public:
  virtual bool HoldsRows() const = 0;
  /// Whether so many rows wait that it should get no more for now.
  virtual bool IsFull() const = 0;
};

}  // namespace forebay::compute
