#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sql/plan/plan.h"

namespace forebay::sql {

/// A cell of a matched row: column `column` of the row that is `offset` rows behind the first, or
/// before the last, of those that `variable` has in the match; NULL when there is none.
struct MatchCell {
  static constexpr int kAnyVariable = -1;  ///< the rows of all variables, in order
  static constexpr int kNoVariable = -2;   ///< a name that no row of the pattern has

  int variable = kAnyVariable;
  bool from_first = false;
  int offset = 0;
  int column = 0;
  model::DataType type;

  friend bool operator==(const MatchCell&, const MatchCell&) = default;
};

/// An aggregate over the rows that `variable` has in the match. `call.args` are indexes of `args`,
/// expressions over the input; `call.filter` is not used.
struct MatchAggregate {
  int variable = MatchCell::kAnyVariable;
  std::vector<ExpressionPtr> args;
  AggregateCall call;
};

/// What expressions over a match read: columns are the cells, then the aggregates, then the time of
/// the match (a measure's MATCH_ROWTIME).
struct MatchInput {
  std::vector<MatchCell> cells;
  std::vector<MatchAggregate> aggregates;

  int time_column() const { return static_cast<int>(cells.size() + aggregates.size()); }
};

/// A variable of the PATTERN with its quantifier.
struct MatchVariable {
  std::string name;
  int min = 1;
  int max = 1;  ///< -1: any number
  bool reluctant = false;
  /// DEFINE's condition over `input`, in which the row in question is the last of this variable;
  /// null: every row.
  ExpressionPtr condition;
  MatchInput input;
};

enum class MatchSkip : uint8_t { kNextRow, kPastLastRow, kFirst, kLast };

/// MATCH_RECOGNIZE with ONE ROW PER MATCH (Flink's Match): rows that follow one another in the
/// order of time and fit the concatenated variables. Output: the keys, then the measures.
struct MatchNode : PlanNode {
  MatchNode() : PlanNode(PlanKind::kMatch) {}
  std::vector<int> keys;
  std::vector<SortKey> order;  ///< the first is the time, ascending
  std::vector<MatchVariable> variables;
  MatchInput input;                     ///< of the measures
  std::vector<ExpressionPtr> measures;  ///< over `input`
  MatchSkip skip = MatchSkip::kNextRow;
  int skip_variable = 0;  ///< kFirst, kLast
  int64_t within_ms = 0;  ///< the last row comes so long after the first at most; 0: no limit
};

}  // namespace forebay::sql
