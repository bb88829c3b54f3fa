#pragma once

#include <memory>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "client/connection.h"
#include "compute/expression/evaluator.h"
#include "compute/sink/not_null_enforcer.h"
#include "serve/materialized/materialized_table.h"
#include "serve/session/engine.h"
#include "serve/session/result_cursor.h"

namespace forebay::serve {

/// Replaces the rows of a materialized table, or of one partition of it, by what its query gives
/// now: the new rows are written over the old ones, and rows go whose keys are not among the new
/// ones. All that is one write, so each bucket changes in one step for readers, and a refresh that
/// is broken off has changed nothing there. Only changes of more than kStagedBytesMax are written
/// piece by piece; broken off they leave a mixture, which the next refresh puts right.
/// Thread-compatible.
class FullRefresh {
 public:
  /// Of changed rows in memory, waiting to be written together.
  static constexpr int64_t kStagedBytesMax = 64 << 20;

  /// `engine` outlives the refresh. `partition` is checked.
  static Result<std::unique_ptr<FullRefresh>> Begin(const Engine& engine,
                                                    const MaterializedTable& table,
                                                    const model::PartitionSpec& partition);

  /// Works for about `timeout_ms`; true when all is done.
  Result<bool> Continue(int timeout_ms);
  int64_t rows() const { return rows_; }

 private:
  explicit FullRefresh(const Engine& engine) : engine_(engine) {}
  Status Open(const MaterializedTable& table, const std::string& condition);
  Result<sql::PlanPtr> Plan(const std::string& statement) const;
  Status WriteNew(model::Batch rows);
  Status DeleteOld(const model::Batch& rows);
  /// Takes rows to be written with the others.
  Status Stage(model::Batch rows);
  /// Writes all that is staged, as one change a bucket.
  Status WriteStaged();

  const Engine& engine_;
  sql::AnalyzerOptions options_;
  compute::EvaluationContext evaluation_;
  std::map<std::string, std::string> settings_;
  std::vector<model::DataType> types_;  ///< of the table's rows
  std::vector<int> key_columns_;        ///< of the table's rows
  std::string select_old_;
  std::unique_ptr<client::TableWriter> writer_;
  std::optional<compute::NotNullEnforcer> enforcer_;
  std::unique_ptr<ResultCursor> new_rows_;
  std::unique_ptr<ResultCursor> old_rows_;
  std::unordered_set<std::string> keys_;  ///< of the new rows, encoded
  std::vector<model::Batch> staged_;
  int64_t staged_bytes_ = 0;
  int64_t rows_ = 0;
};

}  // namespace forebay::serve
