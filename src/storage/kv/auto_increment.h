#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "model/batch.h"
#include "model/table.h"

namespace forebay::storage {

/// Reserves `count` values of a table's auto-increment column, durably, and gives the first; no
/// other bucket gets them, nor this one again.
using ReserveValues = std::function<Result<int64_t>(int64_t count)>;

/// The values that one bucket gives to the auto-increment column of new rows, from ranges reserved
/// for it (BoundedSegmentSequenceGenerator of Fluss). A value is never given twice; after a crash
/// some may never be given. Thread-compatible.
class AutoIncrement {
 public:
  /// `schema` has such a column.
  AutoIncrement(const model::Schema& schema, int64_t cache_size, ReserveValues reserve);

  /// More columns stand at the end.
  void SetSchema(const model::Schema& schema) { types_ = schema.Types(); }
  /// Sets the next value in the row that begins at `begin` of `value`. kUnavailable when none can
  /// be reserved, kOutOfRange when the column's type holds no more.
  Status SetValue(std::string& value, size_t begin);
  /// A new row in the changelog has its value already.
  void Take(const model::Batch& batch, int row);

  /// What is left of the range, for Restore.
  std::string Note() const;
  /// `note` may be empty.
  Status Restore(std::string_view note);

 private:
  Result<int64_t> Next();

  std::vector<model::DataType> types_;
  const int column_;
  const std::string name_;
  const int64_t cache_size_;
  const ReserveValues reserve_;
  int64_t next_ = 1;
  int64_t end_ = 1;  ///< one past the last value reserved
};

}  // namespace forebay::storage
