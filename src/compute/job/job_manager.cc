#include "compute/job/job_manager.h"

#include <openssl/rand.h>

#include <algorithm>
#include <filesystem>

#include "base/clock.h"
#include "base/log.h"
#include "sql/plan/plan_json.h"

namespace forebay::compute {

std::string NewJobId() {
  unsigned char bytes[16];
  CHECK(RAND_bytes(bytes, sizeof(bytes)) == 1);
  std::string id;
  for (unsigned char byte : bytes) id += fmt::format("{:02x}", byte);
  return id;
}

namespace {

int64_t WallMs() { return Clock::System().NowMs(); }

bool IsQuery(const std::vector<sql::PlanPtr>& roots) {
  return std::any_of(roots.begin(), roots.end(),
                     [](const sql::PlanPtr& root) { return root->kind != sql::PlanKind::kSink; });
}

/// The savepoint that a job is to begin from, as a path; empty: none.
std::string SavepointOf(std::map<std::string, std::string>& settings) {
  auto found = settings.find("execution.state-recovery.path");
  if (found == settings.end()) return "";
  std::string path = found->second;
  // Only a new job begins there: later it has checkpoints of its own.
  settings.erase(found);
  constexpr std::string_view kScheme = "file:";
  if (path.starts_with(kScheme)) path.erase(0, kScheme.size());
  if (path.starts_with("//")) path.erase(0, 2);
  return path;
}

}  // namespace

Result<std::unique_ptr<JobManager>> JobManager::Open(const ComputeEnvironment& environment,
                                                     std::string directory) {
  if (!directory.empty()) RETURN_IF_ERROR(environment.file_system->CreateDirectories(directory));
  return std::unique_ptr<JobManager>(new JobManager(environment, std::move(directory)));
}

JobManager::~JobManager() { Shutdown(); }

void JobManager::Shutdown() {
  std::map<std::string, JobHandle> jobs;
  {
    std::lock_guard lock(mutex_);
    shut_down_ = true;
    jobs = jobs_;
  }
  for (auto& [id, job] : jobs) job->Suspend();
  for (auto& [id, job] : jobs) (void)job->Wait();
}

std::string JobManager::DirectoryOf(const std::string& id) const {
  return directory_.empty() ? "" : io::JoinPath(directory_, id);
}

Result<JobHandle> JobManager::Submit(JobSpec spec) {
  if (spec.roots.empty()) return InvalidArgument("a job needs at least one statement");
  bool query = IsQuery(spec.roots);
  JobRecord record;
  record.id = spec.id.empty() ? NewJobId() : spec.id;
  record.name = spec.name;
  record.sql = spec.sql;
  record.settings = std::move(spec.settings);
  record.created_ms = WallMs();
  bool durable = spec.durable && !query && !directory_.empty();
  if (durable) record.plan_json = sql::PlanToJson(spec.roots);
  std::string id = record.id;
  std::string savepoint = SavepointOf(record.settings);
  auto job = std::make_shared<Job>(environment_, durable ? DirectoryOf(id) : "", std::move(record),
                                   std::move(spec.roots), query);
  {
    std::lock_guard lock(mutex_);
    if (shut_down_) return Unavailable("the server is stopping");
    if (!query) jobs_[id] = job;
  }
  Status started = Status::Ok();
  if (durable && !savepoint.empty()) started = job->ImportSavepoint(savepoint);
  if (started.ok()) started = job->Start();
  if (started.ok()) return job;
  // The statement failed: there is no job to list.
  {
    std::lock_guard lock(mutex_);
    jobs_.erase(id);
  }
  if (durable) (void)environment_.file_system->RemoveAll(DirectoryOf(id));
  return started;
}

Result<int> JobManager::ResumeAll() {
  if (directory_.empty()) return 0;
  ASSIGN_OR_RETURN(std::vector<std::string> ids, environment_.file_system->List(directory_));
  int count = 0;
  for (const std::string& id : ids) {
    Result<bool> resumed = Resume(id);
    if (!resumed.ok()) {
      Log(LogLevel::kError, "compute", "job not resumed job={} error=\"{}\"", id,
          resumed.message());
    } else if (*resumed) {
      ++count;
    }
  }
  return count;
}

Result<bool> JobManager::Resume(const std::string& id) {
  ASSIGN_OR_RETURN(std::string text,
                   io::ReadFile(*environment_.file_system, DirectoryOf(id) + "/job.json"));
  ASSIGN_OR_RETURN(JobRecord record, JobRecord::FromText(text));
  if (record.id != id) return Corruption("the record of job {} is in {}", record.id, id);
  ASSIGN_OR_RETURN(std::vector<sql::PlanPtr> roots, sql::PlanFromJson(record.plan_json));
  bool running = !IsFinal(record.state);
  auto job = std::make_shared<Job>(environment_, DirectoryOf(id), std::move(record),
                                   std::move(roots), false);
  {
    std::lock_guard lock(mutex_);
    jobs_[id] = job;
  }
  if (!running) return false;
  RETURN_IF_ERROR(job->Start());
  return true;
}

Result<JobHandle> JobManager::Find(const std::string& id) const {
  std::lock_guard lock(mutex_);
  auto found = jobs_.find(id);
  if (found == jobs_.end()) return NotFound("no job {}", id);
  return found->second;
}

std::vector<JobRecord> JobManager::List() const {
  std::vector<JobRecord> records;
  std::lock_guard lock(mutex_);
  for (const auto& [id, job] : jobs_) records.push_back(job->Record());
  std::sort(records.begin(), records.end(),
            [](const JobRecord& a, const JobRecord& b) { return a.created_ms > b.created_ms; });
  return records;
}

Status JobManager::Start(const std::string& id) {
  ASSIGN_OR_RETURN(JobHandle job, Find(id));
  return job->Start();
}

Status JobManager::Stop(const std::string& id) {
  ASSIGN_OR_RETURN(JobHandle job, Find(id));
  job->Stop(StopMode::kGraceful);
  return job->Wait();
}

Result<std::string> JobManager::StopWithSavepoint(const std::string& id,
                                                  const std::string& directory, bool drain) {
  ASSIGN_OR_RETURN(JobHandle job, Find(id));
  if (IsFinal(job->Record().state)) return Conflict("job {} is not running", id);
  job->Stop(drain ? StopMode::kDrain : StopMode::kGraceful);
  RETURN_IF_ERROR(job->Wait());
  if (job->Record().state != JobState::kStopped) {
    return Conflict("job {} ended before it could be stopped", id);
  }
  std::string parent = directory;
  if (parent.empty()) parent = std::filesystem::path(directory_).parent_path() / "savepoints";
  constexpr size_t kIdDigits = 6;
  std::string path = io::JoinPath(
      parent, fmt::format("savepoint-{}-{}", id.substr(0, kIdDigits), NewJobId().substr(0, 12)));
  RETURN_IF_ERROR(job->WriteSavepoint(path));
  return path;
}

Status JobManager::Cancel(const std::string& id) {
  ASSIGN_OR_RETURN(JobHandle job, Find(id));
  job->Stop(StopMode::kCancel);
  Status status = job->Wait();
  bool cancelled = !status.ok() && status.kind() == ErrorKind::kCancelled;
  return cancelled ? Status::Ok() : status;
}

Status JobManager::Remove(const std::string& id) {
  ASSIGN_OR_RETURN(JobHandle job, Find(id));
  if (!IsFinal(job->Record().state)) return Conflict("job {} is running", id);
  std::lock_guard lock(mutex_);
  jobs_.erase(id);
  return directory_.empty() ? Status::Ok() : environment_.file_system->RemoveAll(DirectoryOf(id));
}

}  // namespace forebay::compute
