#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace forebay::sql {

/// FRESHNESS = INTERVAL 'count' unit: how far behind its sources a materialized table may be.
struct Freshness {
  int64_t count = 0;
  std::string unit;  ///< SECOND, MINUTE, HOUR, DAY or WEEK

  int64_t Milliseconds() const;
};

enum class RefreshMode {
  kContinuous,  ///< a streaming job fills the table
  kFull,        ///< a batch query replaces its rows, again and again
};

/// What CREATE MATERIALIZED TABLE says besides the table. Follows Flink's CatalogMaterializedTable.
struct MaterializedTableDefinition {
  std::string query;     ///< SQL text, read with `database` as the current one
  std::string database;  ///< qualified
  /// For each column of the query the table's column it fills.
  std::vector<std::string> columns;
  std::optional<Freshness> freshness;       ///< nullopt: the session's default
  std::optional<RefreshMode> refresh_mode;  ///< nullopt: the freshness decides
};

/// Why `freshness` cannot be the interval of full refreshes, which begin at fixed times of the
/// clock; empty: it can.
std::string FullRefreshProblem(const Freshness& freshness);

}  // namespace forebay::sql
