#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "compute/job/job_record.h"
#include "compute/runtime/environment.h"
#include "compute/runtime/job_execution.h"

namespace forebay::compute {

/// A job and the thread that looks after it: runs it, runs it again from its last checkpoint when
/// an error may pass, and keeps its record on disk up to date. Thread-safe.
class Job {
 public:
  /// `directory` is the job's own, empty for a job that need not survive the process. `environment`
  /// outlives the job.
  Job(const ComputeEnvironment& environment, std::string directory, JobRecord record,
      std::vector<sql::PlanPtr> roots, bool collects);
  ~Job();

  /// Starts (again). The first error of a start is returned, not retried.
  Status Start();
  void Stop(StopMode mode);
  /// Ends the run for now: the stored job stays RUNNING and goes on when the server starts again.
  void Suspend();
  /// Waits for a final state: ok when finished or stopped, else the job's error.
  Status Wait();
  /// Waits for `timeout_ms` at most; whether the job has a final state, which Wait then tells.
  bool WaitFor(int timeout_ms);
  Status CheckpointNow();

  JobRecord Record() const;
  /// Of the run, or of the last one when the job has ended.
  std::vector<OperatorMetrics> Metrics() const;
  RunMetrics Run() const;
  /// Of a job that was stopped: its last checkpoint as a savepoint in `directory`.
  Status WriteSavepoint(const std::string& directory);
  /// Before the first Start: the job begins from a savepoint.
  Status ImportSavepoint(const std::string& path);
  /// Null unless the job is a query.
  CollectQueue* collect() { return collect_.get(); }
  const std::string& id() const { return id_; }
  bool IsDurable() const { return !directory_.empty(); }

 private:
  Result<std::shared_ptr<JobExecution>> MakeExecution();
  void Supervise(std::shared_ptr<JobExecution> execution);
  std::shared_ptr<JobExecution> Restart(const Status& status, int attempt);
  void End(const Status& status, bool graceful);
  void SetState(JobState state, const std::string& failure);
  Status Store(const JobRecord& record) const;
  std::string PlanHash() const;
  std::string CheckpointDirectory() const { return io::JoinPath(directory_, "checkpoints"); }

  const ComputeEnvironment& environment_;
  const std::string directory_;
  const std::string id_;
  const std::vector<sql::PlanPtr> roots_;
  JobContext context_;
  std::unique_ptr<CollectQueue> collect_;
  std::unique_ptr<CheckpointStore> store_;

  mutable std::mutex mutex_;
  std::condition_variable condition_;
  // Guarded by mutex_:
  JobRecord record_;
  Status final_status_;
  bool stopping_ = false;
  bool suspended_ = false;
  bool running_ = false;
  std::shared_ptr<JobExecution> execution_;
  std::vector<OperatorMetrics> last_metrics_;  ///< of the run before, when there is none
  RunMetrics last_run_;

  std::thread supervisor_;
};

}  // namespace forebay::compute
