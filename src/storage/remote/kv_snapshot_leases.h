#pragma once

#include <map>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "storage/coordinator/metadata_store.h"

namespace forebay::storage {

/// A snapshot of one bucket, by number.
using LeasedSnapshot = std::pair<model::TableBucket, int64_t>;

/// Which snapshots somebody reads, so that they must stay (Fluss's KvSnapshotLeaseManager): a lease
/// has a name, an end, and at most one snapshot a bucket. Durable; what has ended is forgotten.
/// Thread-safe.
class KvSnapshotLeases {
 public:
  /// `metadata` and `clock` must outlive the object.
  KvSnapshotLeases(MetadataStore& metadata, const Clock& clock);

  /// Makes the lease or extends it to `duration_ms` from now, and adds the snapshots, in place of
  /// others of their buckets. Those must exist until the caller lets go of Hold.
  Status Acquire(const std::string& lease, int64_t duration_ms,
                 const std::vector<LeasedSnapshot>& snapshots);
  /// Lets go of some buckets; a lease without any is gone.
  Status Release(const std::string& lease, const std::vector<model::TableBucket>& buckets);
  Status Drop(const std::string& lease);
  /// Forgets the leases that have ended.
  Status Expire();
  /// The tables it has snapshots of; none when there is no such lease.
  std::set<model::TableId> TablesOf(const std::string& lease);
  bool IsLeased(const model::TableBucket& bucket, int64_t snapshot_id);

  /// Nothing is leased and, by those who also hold it, nothing removed while it is held.
  [[nodiscard]] std::unique_lock<std::recursive_mutex> Hold() { return std::unique_lock(mutex_); }

 private:
  struct Lease {
    int64_t expires_ms = 0;
    std::map<model::TableBucket, int64_t> snapshots;
  };

  void Load(const std::string& name);
  Status Save(const std::string& name, const Lease& lease);

  MetadataStore& metadata_;
  const Clock& clock_;
  std::recursive_mutex mutex_;  ///< guards all below
  std::map<std::string, Lease> leases_;
};

}  // namespace forebay::storage
