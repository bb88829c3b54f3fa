#pragma once

#include <memory>
#include <span>
#include <vector>

#include "compute/expression/evaluator.h"
#include "compute/state/row_codec.h"
#include "sql/plan/plan.h"

namespace forebay::compute {

/// Builds the output of joins in time out of stored rows and a batch's rows, and tests their
/// condition. Belongs to one thread at a time.
class JoinedRows {
 public:
  /// One row of output: a stored row of each side, or, when `row` is not -1, that row of the batch
  /// for the batch's side. What is missing is NULL.
  struct Pair {
    const char* stored[2] = {nullptr, nullptr};
    int row = -1;
  };

  /// `condition` evaluates the node's condition; null when it has none.
  JoinedRows(const sql::JoinNode& node, std::shared_ptr<Evaluator> condition);

  const RowCodec* codecs() const { return codecs_; }
  void SetWatermark(int64_t watermark);
  /// The pairs as columns, at most Batch::kMaxRows; `batch` may be null.
  model::Batch Build(std::span<const Pair> pairs, const model::Batch* batch, int side) const;
  /// Whether the condition is true, for each pair.
  Status Test(std::span<const Pair> pairs, const model::Batch* batch, int side,
              std::vector<uint8_t>& is_true);

 private:
  RowCodec codecs_[2];
  std::vector<model::DataType> types_;
  std::shared_ptr<Evaluator> condition_;
  std::vector<uint32_t> selected_;
};

/// Whether rows of `side` are sent without a match, with NULLs for the other side.
bool KeepsUnmatched(sql::JoinKind kind, int side);

/// 1 for every row whose key columns are not NULL.
void FindKeyedRows(const model::Batch& batch, const std::vector<int>& keys,
                   std::vector<uint8_t>& has_key);

}  // namespace forebay::compute
