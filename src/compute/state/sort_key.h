#pragma once

#include <string>
#include <vector>

#include "model/batch.h"
#include "sql/plan/plan.h"

namespace forebay::compute {

/// Writes a row's sort columns as bytes whose order by memcmp is the order asked for. Per column: a
/// byte for NULL before, value, NULL after (0, 1, 2); then the value, complemented when descending:
/// numbers big-endian with the sign bit flipped (negative FLOAT and DOUBLE complemented; -0.0 as
/// 0.0, NaN largest), strings with 00 written as 00 ff and ended by 00 00. The bytes are in
/// checkpoints. Immutable, thread-safe.
class SortKeyCodec {
 public:
  explicit SortKeyCodec(std::vector<sql::SortKey> order) : order_(std::move(order)) {}
  /// kNotSupported for nested types.
  Status Check(const std::vector<model::DataType>& types) const;
  /// Replaces `key` by the row's.
  void Encode(const model::Batch& batch, int row, std::string& key) const;

 private:
  std::vector<sql::SortKey> order_;
};

}  // namespace forebay::compute
