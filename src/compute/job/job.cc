#include "compute/job/job.h"

#include <algorithm>
#include <chrono>

#include "base/clock.h"
#include "base/crc32c.h"
#include "base/log.h"
#include "compute/job/shared_inputs.h"

namespace forebay::compute {
namespace {

constexpr int64_t kBackoffMsMin = 200;
constexpr int64_t kBackoffMsMax = 30'000;
/// A run of this length is a success: the next failure is the first again.
constexpr int64_t kStableRunMs = 60'000;

int64_t WallMs() { return Clock::System().NowMs(); }

/// Whether the same job may well succeed later. An error in the data or in the query would only
/// come again.
bool IsRetriable(ErrorKind kind) {
  return kind == ErrorKind::kUnavailable || kind == ErrorKind::kTimeout ||
         kind == ErrorKind::kIoError || kind == ErrorKind::kNoSpace;
}

}  // namespace

Job::Job(const ComputeEnvironment& environment, std::string directory, JobRecord record,
         std::vector<sql::PlanPtr> roots, bool collects)
    : environment_(environment),
      directory_(std::move(directory)),
      id_(record.id),
      roots_(std::move(roots)),
      record_(std::move(record)) {
  context_.environment = &environment_;
  context_.settings = record_.settings;
  context_.job_id = record_.id;
  if (auto zone = context_.settings.find("table.local-time-zone");
      zone != context_.settings.end()) {
    context_.evaluation.time_zone = zone->second;
  }
  if (collects) collect_ = std::make_unique<CollectQueue>();
  context_.collect = collect_.get();
}

Job::~Job() {
  Suspend();
  if (supervisor_.joinable()) supervisor_.join();
}

Status Job::Store(const JobRecord& record) const {
  if (directory_.empty()) return Status::Ok();
  return io::WriteFileAtomically(*environment_.file_system, io::JoinPath(directory_, "job.json"),
                                 record.ToText());
}

Result<std::shared_ptr<JobExecution>> Job::MakeExecution() {
  int64_t cores = std::max<int64_t>(std::thread::hardware_concurrency(), 1);
  ASSIGN_OR_RETURN(int64_t shards, context_.IntegerSetting("parallelism.default", cores));
  if (shards <= 0) shards = cores;
  if (shards > kKeyGroups) {
    return InvalidArgument("parallelism {} is above the limit {}", shards, kKeyGroups);
  }
  ASSIGN_OR_RETURN(int64_t interval,
                   context_.DurationSetting("execution.checkpointing.interval", 1000));
  ASSIGN_OR_RETURN(bool shares, SharesState(context_));
  shares = shares && !directory_.empty() && interval > 0;
  ASSIGN_OR_RETURN(JobGraph graph, JobGraph::Build(roots_, static_cast<int>(shards), shares));
  store_ = nullptr;
  if (!directory_.empty() && interval > 0) {
    ASSIGN_OR_RETURN(store_, CheckpointStore::Open(*environment_.file_system, CheckpointDirectory(),
                                                   PlanHash()));
  }
  ASSIGN_OR_RETURN(auto execution, JobExecution::Make(std::move(graph), context_, store_.get()));
  std::shared_ptr<JobExecution> shared = std::move(execution);
  RETURN_IF_ERROR(shared->Start());
  return shared;
}

std::string Job::PlanHash() const { return fmt::format("{:08x}", Crc32c(record_.plan_json)); }

Status Job::ImportSavepoint(const std::string& path) {
  if (directory_.empty()) return NotSupported("a query cannot start from a savepoint");
  return CheckpointStore::ImportSavepoint(*environment_.file_system, path, CheckpointDirectory(),
                                          PlanHash());
}

Status Job::WriteSavepoint(const std::string& directory) {
  {
    std::lock_guard lock(mutex_);
    if (running_) return Conflict("job {} is running", id_);
  }
  // The store belongs to the run that has ended: nobody else uses it.
  if (store_ == nullptr) return NotSupported("job {} takes no checkpoints", id_);
  return store_->WriteSavepoint(directory);
}

Status Job::Start() {
  {
    std::lock_guard lock(mutex_);
    if (running_) return AlreadyExists("job {} is running", id_);
    stopping_ = suspended_ = false;
    running_ = true;
    final_status_ = Status::Ok();
  }
  if (supervisor_.joinable()) supervisor_.join();
  if (!directory_.empty()) RETURN_IF_ERROR(environment_.file_system->CreateDirectories(directory_));
  SetState(JobState::kRunning, "");
  Result<std::shared_ptr<JobExecution>> execution = MakeExecution();
  if (!execution.ok()) {
    End(execution.status(), false);
    return execution.status();
  }
  {
    std::lock_guard lock(mutex_);
    execution_ = *execution;
  }
  supervisor_ = std::thread([this, first = *execution] { Supervise(first); });
  return Status::Ok();
}

void Job::Supervise(std::shared_ptr<JobExecution> execution) {
  int attempt = 0;
  while (true) {
    int64_t began = WallMs();
    Status status = execution->Wait();
    bool graceful = execution->WasStoppedGracefully();
    bool over = status.ok() || !IsRetriable(status.kind());
    {
      std::lock_guard lock(mutex_);
      over = over || stopping_ || suspended_;
      last_metrics_ = execution->Metrics();
      last_run_ = execution->Run();
      execution_ = nullptr;
    }
    execution = nullptr;
    if (over) return End(status, graceful);
    attempt = WallMs() - began >= kStableRunMs ? 1 : attempt + 1;
    execution = Restart(status, attempt);
    if (execution == nullptr) return End(status, false);
  }
}

std::shared_ptr<JobExecution> Job::Restart(const Status& failure, int attempt) {
  Status status = failure;
  for (;; ++attempt) {
    int64_t pause = std::min(kBackoffMsMin << std::min(attempt - 1, 10), kBackoffMsMax);
    Log(LogLevel::kWarning, "compute", "job restarts job={} in_ms={} error=\"{}\"", id_, pause,
        status.message());
    SetState(JobState::kRestarting, status.ToString());
    {
      std::unique_lock lock(mutex_);
      condition_.wait_for(lock, std::chrono::milliseconds(pause),
                          [this] { return stopping_ || suspended_; });
      if (stopping_ || suspended_) return nullptr;
    }
    Result<std::shared_ptr<JobExecution>> execution = MakeExecution();
    if (execution.ok()) {
      SetState(JobState::kRunning, "");
      std::lock_guard lock(mutex_);
      execution_ = *execution;
      if (stopping_ || suspended_) execution_->Stop(StopMode::kCancel);
      return *execution;
    }
    status = execution.status();
    if (!IsRetriable(status.kind())) {
      std::lock_guard lock(mutex_);
      stopping_ = true;
      return nullptr;
    }
  }
}

void Job::End(const Status& status, bool graceful) {
  JobState state = JobState::kFailed;
  bool suspended, stopping;
  {
    std::lock_guard lock(mutex_);
    suspended = suspended_;
    stopping = stopping_;
  }
  if (status.ok()) {
    state = graceful ? JobState::kStopped : JobState::kFinished;
  } else if (stopping && status.kind() == ErrorKind::kCancelled) {
    state = JobState::kCanceled;
  }
  if (!suspended || state == JobState::kFinished) {
    SetState(state, status.ok() ? "" : status.ToString());
  }
  if (state == JobState::kFinished && !directory_.empty()) {
    (void)environment_.file_system->RemoveAll(CheckpointDirectory());
  }
  if (collect_ != nullptr) collect_->Close(status);
  std::lock_guard lock(mutex_);
  final_status_ = status;
  running_ = false;
  condition_.notify_all();
}

void Job::SetState(JobState state, const std::string& failure) {
  JobRecord copy;
  {
    std::lock_guard lock(mutex_);
    record_.state = state;
    record_.failure = failure;
    record_.ended_ms = IsFinal(state) ? WallMs() : 0;
    copy = record_;
  }
  // That a job restarts is not worth a disk write: a restarting job resumes like a running one.
  if (state == JobState::kRestarting) return;
  Status stored = Store(copy);
  if (!stored.ok()) {
    Log(LogLevel::kError, "compute", "job record not stored job={} error=\"{}\"", id_,
        stored.message());
  }
}

void Job::Stop(StopMode mode) {
  std::lock_guard lock(mutex_);
  stopping_ = true;
  if (execution_ != nullptr) execution_->Stop(mode);
  condition_.notify_all();
}

void Job::Suspend() {
  std::lock_guard lock(mutex_);
  if (!running_) return;
  suspended_ = true;
  // A durable job stops after a checkpoint, so that it has little to do again.
  if (execution_ != nullptr) {
    execution_->Stop(IsDurable() ? StopMode::kGraceful : StopMode::kCancel);
  }
  condition_.notify_all();
}

Status Job::Wait() {
  std::unique_lock lock(mutex_);
  condition_.wait(lock, [this] { return !running_; });
  return final_status_;
}

bool Job::WaitFor(int timeout_ms) {
  std::unique_lock lock(mutex_);
  return condition_.wait_for(lock, std::chrono::milliseconds(timeout_ms),
                             [this] { return !running_; });
}

Status Job::CheckpointNow() {
  std::shared_ptr<JobExecution> execution;
  {
    std::lock_guard lock(mutex_);
    execution = execution_;
  }
  if (execution == nullptr) return Unavailable("job {} is not running", id_);
  return execution->CheckpointNow();
}

JobRecord Job::Record() const {
  std::lock_guard lock(mutex_);
  return record_;
}

std::vector<OperatorMetrics> Job::Metrics() const {
  std::shared_ptr<JobExecution> execution;
  {
    std::lock_guard lock(mutex_);
    execution = execution_;
    if (execution == nullptr) return last_metrics_;
  }
  return execution->Metrics();
}

RunMetrics Job::Run() const {
  std::shared_ptr<JobExecution> execution;
  {
    std::lock_guard lock(mutex_);
    execution = execution_;
    if (execution == nullptr) return last_run_;
  }
  return execution->Run();
}

}  // namespace forebay::compute
