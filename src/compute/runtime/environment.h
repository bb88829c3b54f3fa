#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "client/connection.h"
#include "compute/expression/evaluator.h"
#include "compute/operator/operator.h"
#include "compute/sink/collect_queue.h"
#include "compute/state/state_budget.h"
#include "io/file_system.h"
#include "sql/plan/plan.h"

namespace forebay::compute {

class Arrangements;
class LakePartFactory;

/// What jobs need of the world. All pointers outlive every job.
struct ComputeEnvironment {
  client::Connection* connection = nullptr;  ///< for Forebay's tables
  io::FileSystem* file_system =
      nullptr;  ///< for the filesystem connector, checkpoints and job records
  LakePartFactory* lake_parts = nullptr;  ///< null: tables are read from the log only
  Arrangements* arrangements = nullptr;   ///< null: no join shares its state
  /// Where state goes that does not fit into a job's memory; empty: the system's temporary
  /// directory.
  std::string spill_directory;
  /// Makes the operator of a plan node that is neither scan nor sink.
  std::function<Result<std::unique_ptr<Operator>>(const sql::PlanNode&, const EvaluationContext&)>
      make_operator;
  /// Takes whole lines of print sinks, without the newline. Thread-safe. Null: stdout.
  std::function<void(std::string_view)> print;
  int64_t (*now_ms)() = nullptr;  ///< null: the system clock
};

/// What one job was started with.
struct JobContext {
  const ComputeEnvironment* environment = nullptr;
  std::map<std::string, std::string> settings;
  EvaluationContext evaluation;
  CollectQueue* collect = nullptr;  ///< for plans with a root that is no sink
  std::string job_id;               ///< the same whenever the job runs; empty: it is no job

  /// The setting, or `fallback`; kInvalidArgument when it is no number.
  Result<int64_t> IntegerSetting(const std::string& key, int64_t fallback) const;
  /// A duration such as "1 s", "500ms", "2 min" in milliseconds.
  Result<int64_t> DurationSetting(const std::string& key, int64_t fallback_ms) const;
  /// A size such as "64 mb", "1g", "1024" in bytes: units are powers of 1024, as in Flink.
  Result<int64_t> SizeSetting(const std::string& key, int64_t fallback) const;
  /// What 'taskmanager.memory.managed.size' or '.fraction' gives the job's state.
  Result<std::shared_ptr<StateBudget>> MakeStateBudget() const;
};

/// Whether 'execution.runtime-mode' is batch.
bool IsBatch(const JobContext& context);

}  // namespace forebay::compute
