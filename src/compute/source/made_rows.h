#pragma once

#include <functional>
#include <limits>
#include <memory>
#include <vector>

#include "compute/runtime/environment.h"
#include "compute/source/source.h"

namespace forebay::compute {

/// Makes rows by their numbers: always the same row for a number, so that a restored job goes on
/// where it was. Thread-safe.
class RowMaker {
 public:
  virtual ~RowMaker() = default;
  /// Appends the cells of column `column` for `rows`. `now_ms` is the same for all columns.
  virtual void Append(int column, const std::vector<int64_t>& rows, int64_t now_ms,
                      model::ColumnBuilder& out) const = 0;
};

struct MadeRows {
  static constexpr int64_t kUnbounded = std::numeric_limits<int64_t>::max();

  std::shared_ptr<const RowMaker> maker;
  std::vector<model::DataType> types;
  int64_t num_rows = kUnbounded;
  int64_t rows_per_second = 10000;  ///< over all shards
  int64_t (*now_ms)() = nullptr;    ///< null: the system clock
};

/// A source of rows that are made: row i is in the split i modulo the number of splits.
std::unique_ptr<Source> MakeMadeRowsSource(MadeRows rows);

/// 'rows-per-second' and 'number-of-rows' of the table; kInvalidArgument for what is no number.
Status ReadRowLimits(const sql::TableRef& table, MadeRows& rows);

/// A number of 64 random bits for a row of a column.
uint64_t RandomOf(int64_t row, uint64_t seed);
/// From 0 up to, not including, 1.
double UnitOf(uint64_t random);

}  // namespace forebay::compute
