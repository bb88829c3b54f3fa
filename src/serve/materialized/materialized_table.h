#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/table.h"
#include "sql/analyzer/query_analyzer.h"
#include "sql/catalog/materialized_table.h"

namespace forebay::serve {

/// What is stored of a materialized table besides the table that holds its rows. Follows Flink's
/// CatalogMaterializedTable.
struct MaterializedTable {
  enum class State {
    kInitializing,  ///< what it consists of is being made, by whoever finds it so
    kActivated,
    kSuspended,
    kDropping,  ///< what it consists of is being removed, by whoever finds it so
  };

  model::TablePath path;
  std::string table_json;  ///< the table's descriptor, for whoever must make it
  std::string query;
  std::string database;  ///< the current one when the query was written
  std::vector<std::string> columns;
  sql::Freshness freshness;
  sql::RefreshMode mode = sql::RefreshMode::kContinuous;
  std::map<std::string, std::string> settings;  ///< of the session that made it
  std::map<std::string, std::string> options;   ///< of RESUME WITH
  State state = State::kInitializing;

  /// kContinuous: of the job, whether it was submitted already or not; empty: RESUME makes a new
  /// one. kFull: what SHOW JOBS calls the refreshes.
  std::string job_id;
  std::string old_job_id;  ///< a job that must go before the new one starts

  // kFull:
  int64_t refresh_begin_ms = 0;  ///< of the last one, 0: none yet
  int64_t refresh_end_ms = 0;    ///< 0: it runs, or was broken off and must run again
  std::string refresh_error;     ///< why the last one failed

  bool IsFull() const { return mode == sql::RefreshMode::kFull; }
  /// When the next full refresh is due: the first full interval of the clock after the last one.
  int64_t NextRefreshMs() const;
  /// INSERT INTO the table the query's rows; with `condition` (p = 'x') only those.
  std::string InsertText(std::string_view condition) const;

  std::string ToJson() const;
  static Result<MaterializedTable> FromJson(std::string_view text);
};

/// How the table's statements are analyzed: as in the session that defined it.
sql::AnalyzerOptions AnalyzerOptionsOf(const MaterializedTable& table, bool streaming);

/// ACTIVATED, SUSPENDED, ...
std::string_view StateName(MaterializedTable::State state);
/// CONTINUOUS or FULL.
std::string_view ModeName(sql::RefreshMode mode);

}  // namespace forebay::serve
