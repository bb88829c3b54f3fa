#pragma once

#include <memory>
#include <string>

#include "compute/batch/batch_letters.h"
#include "compute/batch/batch_scan.h"
#include "compute/expression/evaluator.h"
#include "sql/plan/plan.h"

namespace forebay::compute {

struct BatchQueryOptions {
  EvaluationContext evaluation;
  int threads = 0;               ///< 0: the number of cores
  int64_t memory_bytes_max = 0;  ///< 0: DuckDB's default
  std::string spill_directory =
      "";  ///< where larger-than-memory operators write; empty: they fail instead
  BatchLetters* letters = nullptr;  ///< what takes rows that fail; null: they end the query
};

/// A bounded query that runs in DuckDB: our plan, our scans and our expressions, DuckDB's joins,
/// aggregates and sorts on all cores. Every query has a DuckDB instance of its own, so nothing is
/// shared and all is freed with it. Used by one thread at a time; Interrupt() from any.
class BatchQuery {
 public:
  /// Plans `root`, whose work begins with the first Next(); a SinkNode at the root is looked
  /// through (the caller writes the rows).
  static Result<std::unique_ptr<BatchQuery>> Start(const sql::PlanNode& root,
                                                   const OpenScan& open_scan,
                                                   const BatchQueryOptions& options);
  virtual ~BatchQuery() = default;

  /// The next rows, at most Batch::kMaxRows; an empty batch at the end.
  virtual Result<model::Batch> Next() = 0;
  /// Makes the running Next() end with kCancelled soon.
  virtual void Interrupt() = 0;
  /// The query DuckDB runs: for EXPLAIN and for finding out.
  virtual const std::string& duckdb_sql() const = 0;
};

}  // namespace forebay::compute
