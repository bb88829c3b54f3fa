#pragma once

#include <memory>
#include <vector>

#include "compute/aggregate/accumulator.h"
#include "compute/expression/evaluator.h"
#include "compute/match/match_store.h"
#include "compute/state/row_codec.h"
#include "sql/plan/match_node.h"

namespace forebay::compute {

/// The rows of a match: a chain of links and, in a condition, the row in question, which would be
/// the next of `variable`.
struct MatchedRows {
  const MatchLink* last = nullptr;
  const MatchRow* current = nullptr;
  int variable = -1;

  /// The row that `cell` is of; null when there is none.
  const char* Find(const sql::MatchCell& cell) const;
  /// Appends the rows of `variable` in order.
  void Collect(int of, std::vector<const char*>& rows) const;
  /// Calls f(row) for the rows of a variable, the last first.
  template <typename F>
  void ForEach(int of, F&& f) const {
    bool any = of == sql::MatchCell::kAnyVariable;
    if (current != nullptr && (any || of == variable)) f(current->row());
    const MatchLink* link = any ? last : LastOf(last, of);
    for (; link != nullptr && (any || link->variable == of); link = link->previous) {
      f(static_cast<const char*>(link->row->row()));
    }
  }

  /// The last row of `variable` at or before `link`, null when there is none.
  static const MatchLink* LastOf(const MatchLink* link, int variable) {
    while (link != nullptr && link->variable > variable) link = link->first->previous;
    return link != nullptr && link->variable == variable ? link : nullptr;
  }
};

/// Evaluates expressions over matches: matches are collected, then cells, aggregates and
/// expressions are computed for all of them at once. Belongs to one thread at a time.
class MatchReader {
 public:
  /// `rows` are the types of the input's rows and must outlive the reader.
  static Result<std::unique_ptr<MatchReader>> Make(const sql::MatchInput& input,
                                                   std::vector<sql::ExpressionPtr> expressions,
                                                   const RowCodec& rows,
                                                   const EvaluationContext& context);

  void Add(const MatchedRows& match, int64_t time);
  /// One column an expression, a row for each match that was added; forgets the matches.
  Result<std::vector<model::Column>> Evaluate();

 private:
  /// The aggregates over the rows of one variable.
  struct Group {
    int variable = 0;
    std::vector<int> calls;  ///< of input_.aggregates
    std::vector<bool> used;  ///< input columns that the arguments read
    std::unique_ptr<Evaluator> arguments;
    AccumulatorSet set;
    std::vector<const char*> rows;
    std::vector<size_t> ends;  ///< in `rows`, of each match
  };

  MatchReader(const sql::MatchInput& input, const RowCodec& rows) : input_(input), rows_(rows) {}
  Status AddGroup(int variable, const EvaluationContext& context);
  Status Aggregate(Group& group, std::vector<model::Column>& columns);

  sql::MatchInput input_;
  const RowCodec& rows_;
  std::unique_ptr<Evaluator> expressions_;
  std::vector<Group> groups_;
  std::vector<std::vector<const char*>> cells_;
  std::vector<int64_t> times_;
};

}  // namespace forebay::compute
