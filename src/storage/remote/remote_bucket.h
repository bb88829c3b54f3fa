#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "storage/kv/kv_tablet.h"
#include "storage/log/log_tablet.h"
#include "storage/remote/kv_snapshot_store.h"
#include "storage/remote/remote_log.h"

namespace forebay::storage {

/// The remote half of one bucket: what has been brought of it to remote storage, and the work of
/// bringing it. Thread-safe.
class RemoteBucket {
 public:
  /// `directory` is the bucket's own. The log is given its cold part.
  static Result<std::shared_ptr<RemoteBucket>> Open(std::shared_ptr<RemoteServices> services,
                                                    RemoteBucketName name, std::string directory,
                                                    std::shared_ptr<LogTablet> log, bool has_rows);
  /// The rows of a primary-key table, as soon as they are there; before the first Run.
  void SetRows(std::shared_ptr<KvTablet> kv);

  /// Null for a log table, and where no snapshots are made.
  KvSnapshotStore* snapshots() const { return snapshots_.get(); }
  /// Null where logs stay on the disk.
  RemoteLog* log() const { return remote_log_.get(); }
  const RemoteBucketName& name() const { return name_; }

  /// Does what is due at `now_ms`, by MonotonicMs. What fails is logged and tried again later.
  void Run(int64_t now_ms, KvSnapshotLeases& leases);
  /// Waits for Run and keeps it from doing anything until Resume.
  void Pause();
  void Resume();
  /// Whether there may be anything in remote storage.
  bool HasFiles();

 private:
  RemoteBucket(std::shared_ptr<RemoteServices> services, RemoteBucketName name,
               std::shared_ptr<LogTablet> log, bool has_rows)
      : services_(std::move(services)),
        name_(std::move(name)),
        log_(std::move(log)),
        has_rows_(has_rows) {}

  Status OpenLog(const std::string& directory);
  Status OpenSnapshots(const std::string& directory);
  int64_t FirstRunMs(int64_t interval_ms) const;
  Status RunLog(int64_t now_ms);
  Status RunSnapshots(int64_t now_ms, KvSnapshotLeases& leases);
  Status TakeSnapshot();
  void Report(std::string_view what, const Status& status) const;

  const std::shared_ptr<RemoteServices> services_;
  const RemoteBucketName name_;
  const std::shared_ptr<LogTablet> log_;
  const bool has_rows_;
  bool had_files_ = false;  ///< from a start with other options
  std::shared_ptr<KvSnapshotStore> snapshots_;
  std::shared_ptr<RemoteLog> remote_log_;
  std::mutex run_mutex_;  ///< guards all below
  std::shared_ptr<KvTablet> kv_;
  bool paused_ = false;
  bool snapshots_cleaned_ = false;  ///< nothing is left of what failed or was interrupted
  bool log_cleaned_ = false;
  int64_t next_snapshot_ms_ = 0;
  int64_t next_log_ms_ = 0;
};

}  // namespace forebay::storage
