#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "compute/job/job.h"

namespace forebay::compute {

/// What to run.
struct JobSpec {
  std::string name;
  std::string sql;  ///< as the user wrote it, for SHOW JOBS
  std::vector<sql::PlanPtr>
      roots;  ///< sinks; or one root that is none: a query, whose rows are collected
  std::map<std::string, std::string> settings;
  /// Stored, and run again after a crash until it ends. Queries never are.
  bool durable = true;
  /// From NewJobId, for who must know it before the job exists; empty: a new one.
  std::string id = {};
};

/// 32 hexadecimal digits, as Flink's job ids.
std::string NewJobId();

/// A job that was submitted; keeps it alive.
using JobHandle = std::shared_ptr<Job>;

/// All jobs of a process. Durable ones live in `<directory>/<job id>/`: the record job.json and
/// checkpoints/. Thread-safe.
class JobManager {
 public:
  /// An empty directory: no job is durable. `environment` must outlive the manager and all handles.
  static Result<std::unique_ptr<JobManager>> Open(const ComputeEnvironment& environment,
                                                  std::string directory);
  /// Suspends all jobs.
  ~JobManager();

  /// The job is stored, if durable, and running when this returns.
  Result<JobHandle> Submit(JobSpec spec);
  /// Runs every stored job on that was running when the process ended. Returns how many; one that
  /// cannot start is logged and listed as failed.
  Result<int> ResumeAll();

  /// kNotFound.
  Result<JobHandle> Find(const std::string& id) const;
  /// Newest first; queries are not listed.
  std::vector<JobRecord> List() const;
  /// Starts a stopped, cancelled or failed job from its last checkpoint.
  Status Start(const std::string& id);
  /// Stops after a last checkpoint and waits.
  Status Stop(const std::string& id);
  /// The same, and leaves a savepoint in a new directory under `directory` (empty: `savepoints`
  /// beside the jobs'), which it returns. `drain`: sources end first, so that windows fire.
  Result<std::string> StopWithSavepoint(const std::string& id, const std::string& directory,
                                        bool drain);
  Status Cancel(const std::string& id);
  /// Forgets a job that has ended, and its files.
  Status Remove(const std::string& id);
  /// As the destructor, but returns when it is done; no job can be submitted afterwards.
  void Shutdown();

 private:
  JobManager(const ComputeEnvironment& environment, std::string directory)
      : environment_(environment), directory_(std::move(directory)) {}

  Result<bool> Resume(const std::string& id);
  std::string DirectoryOf(const std::string& id) const;

  const ComputeEnvironment& environment_;
  const std::string directory_;
  mutable std::mutex mutex_;
  std::map<std::string, JobHandle> jobs_;
  bool shut_down_ = false;
};

}  // namespace forebay::compute
