#include "client/snapshot_gateway.h"

#include "storage/storage_server.h"

namespace forebay::client {
namespace {

using model::TableBucket;

class LocalSnapshotGateway : public SnapshotGateway {
 public:
  explicit LocalSnapshotGateway(storage::StorageServer& storage) : storage_(storage) {}

  Result<std::optional<KvSnapshotId>> Latest(const TableBucket& bucket) override {
    ASSIGN_OR_RETURN(auto remote, RemoteOf(bucket));
    if (remote == nullptr || remote->snapshots() == nullptr) return std::optional<KvSnapshotId>();
    auto latest = remote->snapshots()->Latest();
    if (!latest.has_value()) return std::optional<KvSnapshotId>();
    return std::optional(KvSnapshotId{latest->id, latest->log_offset});
  }

  Result<std::vector<KvSnapshotId>> List(const TableBucket& bucket) override {
    ASSIGN_OR_RETURN(auto remote, RemoteOf(bucket));
    std::vector<KvSnapshotId> all;
    if (remote == nullptr || remote->snapshots() == nullptr) return all;
    for (const auto& snapshot : remote->snapshots()->All()) {
      all.push_back({snapshot.id, snapshot.log_offset});
    }
    return all;
  }

  Result<KvSnapshotFiles> Files(const TableBucket& bucket, int64_t snapshot_id) override {
    ASSIGN_OR_RETURN(auto remote, RemoteOf(bucket));
    if (remote == nullptr || remote->snapshots() == nullptr) {
      return NotFound("bucket {} has no snapshots", bucket.ToString());
    }
    ASSIGN_OR_RETURN(auto snapshot, remote->snapshots()->Get(snapshot_id));
    KvSnapshotFiles found{snapshot.log_offset, {}};
    for (const auto* part : {&snapshot.shared, &snapshot.exclusive}) {
      for (const auto& file : *part) found.files.push_back({file.path, file.local_name});
    }
    return found;
  }

  Result<std::vector<BucketSnapshot>> AcquireLease(
      const std::string& lease, int64_t duration_ms,
      const std::vector<BucketSnapshot>& snapshots) override {
    storage::KvSnapshotLeases& leases = storage_.remote().leases();
    auto hold = leases.Hold();
    std::vector<BucketSnapshot> leased, missing;
    for (const BucketSnapshot& snapshot : snapshots) {
      auto files = Files(snapshot.first, snapshot.second);
      if (!files.ok() && files.kind() != ErrorKind::kNotFound) return files.status();
      (files.ok() ? leased : missing).push_back(snapshot);
    }
    RETURN_IF_ERROR(leases.Acquire(lease, duration_ms, leased));
    return missing;
  }

  Status ReleaseLease(const std::string& lease, const std::vector<TableBucket>& buckets) override {
    return storage_.remote().leases().Release(lease, buckets);
  }

  Status DropLease(const std::string& lease) override {
    return storage_.remote().leases().Drop(lease);
  }

  std::set<model::TableId> LeasedTables(const std::string& lease) override {
    return storage_.remote().leases().TablesOf(lease);
  }

  Result<std::optional<RemoteLogManifest>> LogManifest(const TableBucket& bucket) override {
    ASSIGN_OR_RETURN(auto remote, RemoteOf(bucket));
    if (remote == nullptr || remote->log() == nullptr) return std::optional<RemoteLogManifest>();
    std::string path = remote->log()->manifest_path();
    if (path.empty()) return std::optional<RemoteLogManifest>();
    return std::optional(RemoteLogManifest{bucket, std::move(path), remote->log()->end()});
  }

  Result<bool> RegisterProducer(const std::string& producer, const ProducerOffsets& offsets,
                                std::optional<int64_t> ttl_ms) override {
    return storage_.producer_offsets().Register(producer, offsets.offsets, ttl_ms);
  }

  Result<std::optional<ProducerOffsets>> GetProducer(const std::string& producer) override {
    ASSIGN_OR_RETURN(auto found, storage_.producer_offsets().Get(producer));
    if (!found.has_value()) return std::optional<ProducerOffsets>();
    return std::optional(ProducerOffsets{found->expires_ms, std::move(found->offsets)});
  }

  Status DeleteProducer(const std::string& producer) override {
    return storage_.producer_offsets().Delete(producer);
  }

 private:
  /// Null for a bucket that is out of service.
  Result<std::shared_ptr<storage::RemoteBucket>> RemoteOf(const TableBucket& bucket) {
    ASSIGN_OR_RETURN(auto table, storage_.GetTable(bucket.table_id));
    auto part = table->Part(bucket.partition_id);
    bool exists = part.ok() && bucket.bucket >= 0 && bucket.bucket < std::ssize((*part)->buckets);
    if (!exists) return NotFound("there is no bucket {}", bucket.ToString());
    return (*part)->buckets[bucket.bucket].remote;
  }

  storage::StorageServer& storage_;
};

}  // namespace

std::unique_ptr<SnapshotGateway> SnapshotGateway::Open(storage::StorageServer& storage) {
  return std::make_unique<LocalSnapshotGateway>(storage);
}

}  // namespace forebay::client
