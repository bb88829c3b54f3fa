#pragma once

#include "client/connection.h"
#include "compute/job/job_manager.h"
#include "compute/runtime/environment.h"

namespace forebay::serve {

/// What all sessions of a process share. Everything outlives the sessions.
struct Engine {
  client::Connection* connection = nullptr;
  compute::JobManager* jobs = nullptr;
  const compute::ComputeEnvironment* environment = nullptr;
  /// Where batch queries that do not fit in memory write; empty: nowhere.
  std::string spill_directory;
};

}  // namespace forebay::serve
