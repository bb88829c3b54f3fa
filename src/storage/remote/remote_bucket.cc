#include "storage/remote/remote_bucket.h"

#include "base/clock.h"
#include "base/failpoint.h"
#include "base/hash.h"
#include "base/log.h"

namespace forebay::storage {

Result<std::shared_ptr<RemoteBucket>> RemoteBucket::Open(std::shared_ptr<RemoteServices> services,
                                                         RemoteBucketName name,
                                                         std::string directory,
                                                         std::shared_ptr<LogTablet> log,
                                                         bool has_rows) {
  std::shared_ptr<RemoteBucket> bucket(
      new RemoteBucket(std::move(services), std::move(name), std::move(log), has_rows));
  RETURN_IF_ERROR(bucket->OpenLog(directory));
  if (has_rows) RETURN_IF_ERROR(bucket->OpenSnapshots(directory));
  return bucket;
}

/// Also where nothing is brought any more: what is there stays part of the log.
Status RemoteBucket::OpenLog(const std::string& directory) {
  const RemoteOptions& options = services_->options;
  if (options.directory.empty()) {
    ASSIGN_OR_RETURN(bool existed,
                     services_->fs.Exists(io::JoinPath(directory, "remote-log.json")));
    had_files_ |= existed;
    if (!existed) return {};
    Log(LogLevel::kError, "storage",
        "rows are in a remote directory that is not set (remote.data-dir) table={} bucket={}",
        name_.table.ToString(), name_.bucket.bucket);
    return {};
  }
  ASSIGN_OR_RETURN(remote_log_, RemoteLog::Open(services_, name_, directory));
  if (!options.TiersLogs() && !remote_log_->EverWrote()) {
    remote_log_.reset();
    return {};
  }
  log_->SetColdLog(remote_log_);
  next_log_ms_ = FirstRunMs(options.log_task_interval_ms);
  return {};
}

Status RemoteBucket::OpenSnapshots(const std::string& directory) {
  int64_t interval_ms = services_->options.kv_snapshot_interval_ms;
  if (interval_ms <= 0) {
    ASSIGN_OR_RETURN(bool existed,
                     services_->fs.Exists(io::JoinPath(directory, "kv-snapshots.json")));
    had_files_ |= existed;
    return {};
  }
  ASSIGN_OR_RETURN(snapshots_, KvSnapshotStore::Open(services_, name_, directory));
  log_->SetReaderRetained(snapshots_->NeededOffset());
  next_snapshot_ms_ = FirstRunMs(interval_ms);
  return {};
}

/// Not all buckets at the same time.
int64_t RemoteBucket::FirstRunMs(int64_t interval_ms) const {
  auto spread = static_cast<int64_t>(HashBytes(name_.bucket.ToString()) >> 1);
  return MonotonicMs() + (interval_ms > 0 ? spread % interval_ms : 0);
}

void RemoteBucket::SetRows(std::shared_ptr<KvTablet> kv) {
  std::lock_guard lock(run_mutex_);
  kv_ = std::move(kv);
}

void RemoteBucket::Pause() {
  std::lock_guard lock(run_mutex_);
  paused_ = true;
}

void RemoteBucket::Resume() {
  std::lock_guard lock(run_mutex_);
  paused_ = false;
}

bool RemoteBucket::HasFiles() {
  return had_files_ || (snapshots_ != nullptr && snapshots_->EverTook()) ||
         (remote_log_ != nullptr && remote_log_->EverWrote());
}

void RemoteBucket::Run(int64_t now_ms, KvSnapshotLeases& leases) {
  std::lock_guard lock(run_mutex_);
  if (paused_ || (has_rows_ && kv_ == nullptr)) return;
  if (remote_log_ != nullptr && services_->options.TiersLogs()) {
    Status done = RunLog(now_ms);
    log_cleaned_ &= done.ok();
    Report("bringing the log to remote storage", done);
  }
  if (kv_ != nullptr && snapshots_ != nullptr) {
    Status done = RunSnapshots(now_ms, leases);
    snapshots_cleaned_ &= done.ok();
    Report("snapshots", done);
  }
}

Status RemoteBucket::RunLog(int64_t now_ms) {
  if (now_ms < next_log_ms_) return {};
  next_log_ms_ = now_ms + services_->options.log_task_interval_ms;
  if (!log_cleaned_) {
    RETURN_IF_ERROR(remote_log_->RemoveLeftovers());
    log_cleaned_ = true;
  }
  Status copied = remote_log_->Copy(*log_);
  if (!copied.ok()) services_->metrics.remote_log_failures += 1;
  Failpoint("remote_log.before_local_removal");
  if (kv_ != nullptr) kv_->UpdateRetention();
  RETURN_IF_ERROR(log_->Expire());
  RETURN_IF_ERROR(remote_log_->Expire(*log_));
  return copied;
}

Status RemoteBucket::RunSnapshots(int64_t now_ms, KvSnapshotLeases& leases) {
  if (!snapshots_cleaned_) {
    RETURN_IF_ERROR(snapshots_->RemoveLeftovers());
    snapshots_cleaned_ = true;
  }
  if (now_ms >= next_snapshot_ms_) {
    next_snapshot_ms_ = now_ms + services_->options.kv_snapshot_interval_ms;
    RETURN_IF_ERROR(TakeSnapshot());
  }
  Status retained = snapshots_->Retain(leases);
  log_->SetReaderRetained(snapshots_->NeededOffset());
  return retained;
}

Status RemoteBucket::TakeSnapshot() {
  auto latest = snapshots_->Latest();
  if (log_->durable_end() <= (latest.has_value() ? latest->log_offset : 0)) return {};
  auto taken = snapshots_->Take(*kv_);
  if (!taken.ok()) {
    services_->metrics.kv_snapshot_failures += 1;
    return taken.status();
  }
  if (*taken) services_->metrics.kv_snapshots += 1;
  return {};
}

void RemoteBucket::Report(std::string_view what, const Status& status) const {
  if (status.ok() || status.kind() == ErrorKind::kUnavailable) return;
  Log(LogLevel::kWarning, "storage", "{} failed, will try again table={} bucket={}: {}", what,
      name_.table.ToString(), name_.bucket.bucket, status.message());
}

}  // namespace forebay::storage
