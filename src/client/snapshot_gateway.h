#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "model/table.h"

namespace forebay::storage {
class StorageServer;
}

namespace forebay::client {

/// A snapshot of one bucket's rows in remote storage.
struct KvSnapshotId {
  int64_t id = 0;
  model::LogOffset log_offset = 0;  ///< the changelog goes on here
};

/// Where its files are, and what they are called.
struct KvSnapshotFiles {
  struct File {
    std::string remote_path;
    std::string local_name;
  };
  model::LogOffset log_offset = 0;
  std::vector<File> files;
};

/// Log segments in remote storage that follow each other: `<directory>/<id>/<start>.log`.
struct RemoteLogPart {
  struct Segment {
    std::string id;
    model::LogOffset start = 0;
    model::LogOffset end = 0;
    int64_t max_timestamp_ms = 0;
    uint64_t size_bytes = 0;
  };
  std::string directory;
  std::string partition;
  std::vector<Segment> segments;
  uint64_t first_position = 0;  ///< in the first one, where a batch begins
};

/// The list of a bucket's log segments in remote storage.
struct RemoteLogManifest {
  model::TableBucket bucket;
  std::string path;
  model::LogOffset end_offset = 0;
};

/// Offsets that a writer noted for itself, until `expires_ms`.
struct ProducerOffsets {
  int64_t expires_ms = 0;
  std::map<model::TableBucket, model::LogOffset> offsets;
};

/// What a storage core keeps in remote storage, for protocols that let clients read it there.
/// Thread-safe.
class SnapshotGateway {
 public:
  using BucketSnapshot = std::pair<model::TableBucket, int64_t>;

  /// `storage` must outlive the gateway.
  static std::unique_ptr<SnapshotGateway> Open(storage::StorageServer& storage);
  virtual ~SnapshotGateway() = default;

  /// nullopt when there is none yet. kNotFound for a bucket that does not exist.
  virtual Result<std::optional<KvSnapshotId>> Latest(const model::TableBucket& bucket) = 0;
  /// All that are kept.
  virtual Result<std::vector<KvSnapshotId>> List(const model::TableBucket& bucket) = 0;
  /// kNotFound.
  virtual Result<KvSnapshotFiles> Files(const model::TableBucket& bucket, int64_t snapshot_id) = 0;

  /// Keeps snapshots until the lease ends, `duration_ms` from now; gives those that do not exist
  /// (any more). Without snapshots it extends the lease.
  virtual Result<std::vector<BucketSnapshot>> AcquireLease(
      const std::string& lease, int64_t duration_ms,
      const std::vector<BucketSnapshot>& snapshots) = 0;
  virtual Status ReleaseLease(const std::string& lease,
                              const std::vector<model::TableBucket>& buckets) = 0;
  virtual Status DropLease(const std::string& lease) = 0;
  /// The tables that have snapshots in the lease; none when there is no such lease.
  virtual std::set<model::TableId> LeasedTables(const std::string& lease) = 0;

  /// nullopt when nothing of its log is in remote storage. kNotFound for a bucket that does not
  /// exist.
  virtual Result<std::optional<RemoteLogManifest>> LogManifest(
      const model::TableBucket& bucket) = 0;

  /// Notes offsets under a name for `ttl_ms`, by default a day; false when there are some already.
  /// kInvalidArgument for a bad name.
  virtual Result<bool> RegisterProducer(const std::string& producer, const ProducerOffsets& offsets,
                                        std::optional<int64_t> ttl_ms) = 0;
  virtual Result<std::optional<ProducerOffsets>> GetProducer(const std::string& producer) = 0;
  virtual Status DeleteProducer(const std::string& producer) = 0;
};

}  // namespace forebay::client
