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
/// now: the new rows are written over the old ones, then rows go whose keys were not among the new
/// ones. Readers see rows change one after the other. Broken off it leaves a mixture, which the
/// next refresh puts right. Thread-compatible.
class FullRefresh {
 public:
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

  const Engine& engine_;
  sql::AnalyzerOptions options_;
  compute::EvaluationContext evaluation_;
  std::map<std::string, std::string> settings_;
  std::vector<int> key_columns_;  ///< of the table's rows
  std::string select_old_;
  std::unique_ptr<client::TableWriter> writer_;
  std::optional<compute::NotNullEnforcer> enforcer_;
  std::unique_ptr<ResultCursor> new_rows_;
  std::unique_ptr<ResultCursor> old_rows_;
  std::unordered_set<std::string> keys_;  ///< of the new rows, encoded
  int64_t rows_ = 0;
};

}  // namespace forebay::serve
