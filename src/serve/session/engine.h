#pragma once

#include "client/catalog_connection.h"
#include "compute/job/job_manager.h"
#include "compute/runtime/environment.h"

namespace forebay::serve {

class MaterializedTables;

/// What all sessions of a process share. Everything outlives the sessions.
struct Engine {
  client::Connection* connection = nullptr;
  /// The same when there may be catalogs besides the local one; null: there are none.
  client::CatalogConnection* catalogs = nullptr;
  compute::JobManager* jobs = nullptr;
  MaterializedTables* materialized_tables = nullptr;
  const compute::ComputeEnvironment* environment = nullptr;
  /// Where batch queries that do not fit in memory write; empty: nowhere.
  std::string spill_directory;
};

}  // namespace forebay::serve
