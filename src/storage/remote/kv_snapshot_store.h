#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "storage/kv/kv_tablet.h"
#include "storage/remote/kv_snapshot.h"
#include "storage/remote/remote_services.h"

namespace forebay::storage {

/// The snapshots of one bucket of a primary-key table in remote storage (Fluss's
/// RocksIncrementalSnapshot and CompletedSnapshotStore). A snapshot exists from the moment on at
/// which it stands in the bucket's file `kv-snapshots.json`, which is replaced atomically; files
/// that no snapshot there has are leftovers of a crash and are removed. SST files are brought over
/// once and shared by all snapshots that have them.
///
/// Thread-safe; Take, Retain and RemoveLeftovers are called by one thread at a time.
class KvSnapshotStore {
 public:
  /// `directory` is the bucket's own. A record that is damaged counts as none, and is logged.
  static Result<std::shared_ptr<KvSnapshotStore>> Open(std::shared_ptr<RemoteServices> services,
                                                       RemoteBucketName name,
                                                       std::string directory);

  /// Makes a snapshot of the rows as they are; false when the newest one has all of them.
  Result<bool> Take(KvTablet& tablet);
  /// Removes what is older than the newest ones, and not leased.
  Status Retain(KvSnapshotLeases& leases);
  /// Removes what a crash left.
  Status RemoveLeftovers();

  std::optional<KvSnapshotInfo> Latest();
  /// kNotFound.
  Result<KvSnapshotInfo> Get(int64_t id);
  /// The oldest first.
  std::vector<KvSnapshotInfo> All();
  /// Whether there was ever a snapshot, or an attempt at one.
  bool EverTook() const { return ever_took_; }
  /// Readers of the snapshots go on in the changelog here or behind it. 0 without a snapshot.
  model::LogOffset NeededOffset();

 private:
  KvSnapshotStore(std::shared_ptr<RemoteServices> services, RemoteBucketName name,
                  std::string directory)
      : services_(std::move(services)), name_(std::move(name)), directory_(std::move(directory)) {}

  struct Record {
    int64_t next_id = 0;
    std::vector<KvSnapshotInfo> snapshots;  ///< the oldest first
  };

  Status Load();
  Status LoadRecord();
  Status Commit(Record record);
  Status MakeCertain();
  Status Bring(const KvCheckpoint& checkpoint, KvSnapshotInfo& snapshot);
  Status BringShared(const std::string& local, KvSnapshotFile file, KvSnapshotInfo& snapshot,
                     const std::optional<KvSnapshotInfo>& before);
  Status RemoveFilesOf(const KvSnapshotInfo& snapshot, const std::set<std::string>& used);
  std::set<std::string> SharedFiles();
  std::string RecordPath() const { return directory_ + "/kv-snapshots.json"; }
  std::string CheckpointPath() const { return directory_ + "/kv-checkpoint"; }

  const std::shared_ptr<RemoteServices> services_;
  const RemoteBucketName name_;
  const std::string directory_;
  std::atomic<bool> ever_took_ = false;
  bool uncertain_ = false;  ///< the file may say something else than `record_`; by Take's thread
  std::mutex mutex_;        ///< guards `record_`
  Record record_;
};

}  // namespace forebay::storage
