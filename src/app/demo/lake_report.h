#pragma once

#include <cstdint>
#include <string>

#include "app/demo/shop_queries.h"
#include "app/server.h"

namespace forebay::app {

/// Where the rows of the clicks table are at one moment. Each count is asked for by itself, the
/// union by a query over both parts.
struct HotAndCold {
  int64_t cold = 0;         ///< in Iceberg: clicks$lake
  int64_t hot = 0;          ///< in the log and not yet in Iceberg, by the log's offsets
  int64_t union_count = 0;  ///< by SELECT COUNT(*) FROM clicks
};
Result<HotAndCold> AskHotAndCold(Server& server, ShopQueries& queries);

/// The clicks in Iceberg, counted by somebody else.
struct SecondEngineCount {
  std::string engine;  ///< its name and how it read the table
  int64_t rows = 0;    ///< heartbeats left out
};

/// Where the clicks' Iceberg table is, as tiering last left it.
Result<lake::TieringState> ClicksInLake(Server& server);

/// Counts with DuckDB's Iceberg extension when `make test` has installed it (the table's metadata
/// file is all it gets); else with the DuckDB library of this program on the Parquet files that the
/// snapshot's manifests list.
Result<SecondEngineCount> CountWithSecondEngine(Server& server, const lake::TieringState& state);

}  // namespace forebay::app
