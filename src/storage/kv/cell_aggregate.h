#pragma once

#include <functional>

#include "base/result.h"
#include "model/column.h"
#include "model/table.h"

namespace forebay::storage {

/// What the merge engine `aggregation` makes of a cell that is stored and one that is written
/// (FieldAggregator of Fluss). Thread-safe.
class CellAggregate {
 public:
  enum class Kind {
    kLast,         ///< the written cell
    kLastNonNull,  ///< the written cell unless it is NULL
    kFirst,        ///< the stored cell unless it is NULL
    kCombine,      ///< of two values a third; of NULL and a value the value
  };

  using Function = std::function<Status(const model::Column& stored, const model::Column& written,
                                        int row, model::ColumnBuilder& out)>;

  /// Of columns without a function.
  CellAggregate() = default;
  /// kInvalidArgument for a function that does not exist, parameters that it does not have, a type
  /// that it does not take.
  static Result<CellAggregate> Make(const model::AggFunction& function,
                                    const model::DataType& type);

  Kind kind() const { return kind_; }
  /// For kCombine: appends to `out` the value for the one in `stored`, a column of one row, and the
  /// one at `row` of `written`; neither is NULL. NULL when the value does not fit the type.
  Status Combine(const model::Column& stored, const model::Column& written, int row,
                 model::ColumnBuilder& out) const {
    return combine_(stored, written, row, out);
  }

 private:
  Kind kind_ = Kind::kLastNonNull;
  Function combine_;
};

}  // namespace forebay::storage
