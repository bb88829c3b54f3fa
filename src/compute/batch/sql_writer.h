#pragma once

#include <duckdb.h>

#include <map>
#include <string>
#include <vector>

#include "compute/batch/batch_letters.h"
#include "compute/batch/batch_scan.h"
#include "compute/batch/match_scan.h"
#include "compute/expression/evaluator.h"
#include "sql/plan/plan.h"

namespace forebay::compute {

/// Turns a typed plan into one DuckDB query: a common table expression a node, columns named c0,
/// c1, ... by position. Scalar expressions become calls of functions registered on `connection`,
/// scans become table functions, so the text holds no name of a user's and no value whose meaning
/// the two dialects could read differently. Thread-compatible; used once.
class SqlWriter {
 public:
  /// `letters`: what takes rows that a node cannot compute; null: they end the query.
  SqlWriter(duckdb_connection connection, const OpenScan& open_scan,
            const OpenOrdered& open_ordered, const EvaluationContext& context,
            BatchLetters* letters)
      : connection_(connection),
        open_scan_(open_scan),
        open_ordered_(open_ordered),
        context_(context),
        letters_(letters) {}

  /// kNotSupported for what batch mode cannot run.
  Result<std::string> Write(const sql::PlanNode& root);

 private:
  void CountConsumers(const sql::PlanNode& node);
  /// Writes the node's inputs as CTEs, then its body.
  Result<std::string> Body(const sql::PlanNode& node);
  /// The name of the CTE of input `index` of `node`.
  Result<std::string> Input(const sql::PlanNode& node, size_t index = 0);
  /// The rows of the CTE `input` that `node` can compute, and wants; `input` when it takes all.
  Result<std::string> Guarded(const sql::PlanNode& node, const std::string& input);

  Result<std::string> TableScan(const sql::TableScanNode& scan);
  Result<std::string> Values(const sql::ValuesNode& values);
  Result<std::string> Calc(const sql::CalcNode& calc);
  Result<std::string> Aggregate(const sql::AggregateNode& aggregate);
  Result<std::string> WindowTable(const sql::WindowTableNode& window);
  Result<std::string> WindowAggregate(const sql::WindowAggregateNode& window);
  Result<std::string> Join(const sql::JoinNode& join);
  Result<std::string> LookupJoin(const sql::LookupJoinNode& join);
  Result<std::string> Rank(const sql::RankNode& rank);
  Result<std::string> OverAggregate(const sql::OverAggregateNode& over);
  Result<std::string> Deduplicate(const sql::DeduplicateNode& deduplicate);
  Result<std::string> Unnest(const sql::UnnestNode& unnest);
  Result<std::string> Match(const sql::MatchNode& node);
  Result<std::string> Union(const sql::UnionNode& node);
  Result<std::string> Limit(const sql::LimitNode& limit);
  void NoteLimit(const sql::LimitNode& limit);

  /// SQL for `expression` over columns `<prefix>c<i>`; a prefix for the left and one for the right
  /// side of a join. NULL for rows that `failed_rows` takes.
  Result<std::string> Scalar(const sql::ExpressionPtr& expression,
                             const std::vector<model::DataType>& types,
                             const std::vector<std::string>& column_names,
                             MakeFailedRows failed_rows = nullptr);
  /// What takes rows of `fields` for which an expression of `node` fails; null: they end the query.
  MakeFailedRows FailedRowsOf(const sql::PlanNode& node, const std::vector<sql::Field>& fields);
  /// A join's condition over the columns of both sides, of which the first `left` are the left's.
  Result<std::string> JoinCondition(const sql::ExpressionPtr& condition,
                                    const std::vector<model::DataType>& types,
                                    const std::vector<std::string>& names, size_t left,
                                    MakeFailedRows failed_rows);
  /// `over`: an OVER clause for every aggregate in it, or nothing.
  Result<std::string> AggregateCall(const sql::AggregateCall& call, const sql::PlanNode& input,
                                    const std::string& over = "");
  /// A call of our own accumulator, which is registered under a name of its own; `suffix`: FILTER
  /// and OVER.
  Result<std::string> OwnAggregate(const sql::AggregateCall& call, const sql::PlanNode& input,
                                   const std::string& distinct, const std::string& suffix);
  /// A query that adds window_start and window_end in milliseconds as ws and we to the input's
  /// columns.
  Result<std::string> WithWindows(const sql::PlanNode& node, const sql::WindowSpec& window);

  /// The last millisecond of the window as window_time of `type`.
  Result<std::string> WindowTime(const model::DataType& type);

  duckdb_connection connection_;
  const OpenScan& open_scan_;
  const OpenOrdered& open_ordered_;
  EvaluationContext context_;
  BatchLetters* const letters_;
  std::map<const sql::PlanNode*, int> consumers_;
  std::map<const sql::PlanNode*, int64_t> limits_;  ///< of scans: more rows are not needed
  std::map<const sql::PlanNode*, std::string> names_;
  std::map<const sql::PlanNode*, std::string> guarded_;  ///< inputs by the nodes that read them
  std::vector<std::string> ctes_;
  int next_ = 0;
};

/// "c0, c1, ..., c<count-1>" with `prefix` before each.
std::string ColumnList(size_t count, const std::string& prefix = "");

/// A column to group by; -0.0 and 0.0 are two groups, as in Flink, though DuckDB has them equal.
std::string GroupKey(const sql::PlanNode& input, int column);

/// ORDER BY items with the NULLs where the plan wants them.
std::string OrderList(const std::vector<sql::SortKey>& order);

}  // namespace forebay::compute
