#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "storage/remote/remote_bucket.h"

namespace forebay::storage {

/// Brings snapshots and old segments of all buckets of a server to remote storage, on one thread,
/// and removes them again. Thread-safe.
class RemoteStorage {
 public:
  /// `fs`, `clock`, `metrics` and `metadata` must outlive the object and what it opened.
  /// kNotSupported for a directory in a kind of storage that is not known.
  static Result<std::unique_ptr<RemoteStorage>> Open(RemoteOptions options,
                                                     const std::string& data_dir,
                                                     io::FileSystem& fs, const Clock& clock,
                                                     StorageMetrics& metrics,
                                                     MetadataStore& metadata);
  ~RemoteStorage();

  /// See RemoteBucket::Open.
  Result<std::shared_ptr<RemoteBucket>> OpenBucket(RemoteBucketName name, std::string directory,
                                                   std::shared_ptr<LogTablet> log, bool has_rows);
  /// Begins to work in the background.
  void Start();
  /// Waits for the work under way. Buckets stay readable.
  void Stop();
  /// Does what is due now, on the caller's thread.
  void RunOnce();

  /// Notes that all of a table, or one partition of it, will be removed (the bucket's number does
  /// not matter): call before its metadata goes, so that a restart finishes it.
  Status PlanRemoval(const RemoteBucketName& name);
  /// Removes it.
  Status FinishRemoval(const RemoteBucketName& name);
  /// Finishes what a crash interrupted, unless `exists` says that the table is still there.
  Status FinishRemovals(const std::function<bool(const RemoteBucketName&)>& exists);

  KvSnapshotLeases& leases() { return leases_; }
  const RemoteOptions& options() const { return services_->options; }

 private:
  RemoteStorage(std::shared_ptr<RemoteServices> services, MetadataStore& metadata);

  std::vector<std::shared_ptr<RemoteBucket>> Buckets();
  void RunLoop();
  int64_t TickMs() const;

  const std::shared_ptr<RemoteServices> services_;
  MetadataStore& metadata_;
  KvSnapshotLeases leases_;
  std::atomic<bool> stopped_ = false;
  std::mutex mutex_;  ///< guards all below
  std::vector<std::weak_ptr<RemoteBucket>> buckets_;
  std::condition_variable stop_;
  std::thread thread_;
};

}  // namespace forebay::storage
