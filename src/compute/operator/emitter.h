#pragma once

#include <algorithm>

#include "compute/operator/operator.h"

namespace forebay::compute {

/// Emits `batch` in pieces of at most Batch::kMaxRows rows; nothing when it is empty.
inline Status EmitAll(Output& output, const model::Batch& batch) {
  constexpr int kMax = model::Batch::kMaxRows;
  if (batch.num_rows > 0 && batch.num_rows <= kMax) return output.Emit(batch);
  for (int begin = 0; begin < batch.num_rows; begin += kMax) {
    RETURN_IF_ERROR(output.Emit(batch.Slice(begin, std::min(kMax, batch.num_rows - begin))));
  }
  return Status::Ok();
}

/// The change types as a batch holds them: null when all are inserts.
inline std::shared_ptr<const model::ChangeType[]> ShareChanges(
    const std::vector<model::ChangeType>& changes) {
  bool insert_only = std::all_of(changes.begin(), changes.end(), [](model::ChangeType change) {
    return change == model::ChangeType::kInsert;
  });
  if (insert_only) return nullptr;
  std::shared_ptr<model::ChangeType[]> shared(new model::ChangeType[changes.size()]);
  std::copy(changes.begin(), changes.end(), shared.get());
  return shared;
}

}  // namespace forebay::compute
