#pragma once

#include <vector>

#include "format/batch/batch_statistics.h"
#include "model/value.h"

namespace forebay::format {

/// A condition on the rows of a log batch, as Fluss's readers push it to the server: comparisons of
/// one column with literals, joined by AND and OR. As in SQL a comparison with NULL matches
/// nothing.
///
/// Literals are values of the column's type as in model/value.h, but for two: those of TIMESTAMP
/// and TIMESTAMP_LTZ columns are an Int128 of nanoseconds since 1970, since a literal may be finer
/// than the column, and those of DECIMAL are an Int128 with the column's scale.
struct BatchFilter {
  enum class Operator : uint8_t {
    kAnd,
    kOr,
    kEqual,
    kNotEqual,
    kLess,
    kLessOrEqual,
    kGreater,
    kGreaterOrEqual,
    kIsNull,
    kIsNotNull,
    kStartsWith,
    kContains,
    kEndsWith,
    kIn,
    kNotIn,
  };
  Operator op = Operator::kAnd;
  /// Of kAnd and kOr.
  std::vector<BatchFilter> children;
  /// Of all others: the column's index in the schema, and what it is compared with (kIn and kNotIn:
  /// any number; kIsNull and kIsNotNull: none; else one).
  int column = 0;
  std::vector<model::Value> literals;
};

/// False only when the statistics prove that no row of the batch matches. What they do not tell, a
/// literal of the wrong kind included, counts as a match.
bool MayMatch(const BatchFilter& filter, const BatchStatistics& statistics, int64_t num_rows);

}  // namespace forebay::format
