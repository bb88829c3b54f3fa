#pragma once

#include "compute/operator/operator.h"

namespace forebay::compute {

/// An operator that makes of each row at most one, by itself: rows that fail can be told from those
/// that do not by giving them to it one by one.
class RowOperator : public Operator {
 public:
  /// The rows' results, or the first failure; then nothing has happened.
  virtual Result<model::Batch> Compute(model::Batch batch) = 0;
  Status Process(int, model::Batch batch) override {
    ASSIGN_OR_RETURN(model::Batch result, Compute(std::move(batch)));
    return result.num_rows == 0 ? Status::Ok() : context_.output->Emit(std::move(result));
  }
};

}  // namespace forebay::compute
