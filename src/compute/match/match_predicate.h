#pragma once

#include <memory>

#include "compute/match/match_reader.h"

namespace forebay::compute {

/// A condition over a match computed for one row at a time, without columns: comparisons and sums
/// of integers, times, booleans and floating numbers, and COUNT, SUM, MIN and MAX of them.
/// Conditions that read earlier rows are asked one by one, so this is where such a pattern spends
/// its time. Immutable, thread-safe.
class MatchPredicate {
 public:
  /// Null when the condition has something that only the evaluator computes.
  static std::unique_ptr<MatchPredicate> Make(const sql::Expression& condition,
                                              const sql::MatchInput& input, const RowCodec& rows);
  virtual ~MatchPredicate() = default;
  /// Whether it is TRUE.
  virtual bool Holds(const MatchedRows& match) const = 0;
};

}  // namespace forebay::compute
