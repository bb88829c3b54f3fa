#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "model/table_change.h"
#include "storage/coordinator/metadata_store.h"
#include "storage/coordinator/partition_store.h"
#include "storage/coordinator/producer_offsets.h"
#include "storage/coordinator/sequence_store.h"
#include "storage/coordinator/table_options.h"
#include "storage/data_dir.h"
#include "storage/log/log_tablet.h"
#include "storage/partition_set.h"
#include "storage/remote/remote_storage.h"
#include "storage/schema_registry.h"

namespace forebay::storage {

class KvTablet;
struct TabletServices;

struct StorageOptions {
  std::string data_dir = "forebay-data";
  /// Threads that write and sync logs: as many buckets are synced at the same time.
  int flusher_threads = 2;
  /// Bytes written and not yet acknowledged, over all buckets; more is refused with kUnavailable.
  int64_t in_flight_bytes_max = 256 << 20;
  /// Rows of primary-key tables held in memory, over all buckets.
  int64_t row_cache_bytes = 64 << 20;
  /// How often expired segments are looked for.
  int64_t expiry_interval_ms = 5000;
  /// Buckets that are opened at the same time.
  int opening_threads = 4;
  /// Partitions of one table; more are refused with kOutOfRange.
  int partitions_max = 1000;
  /// How often partitions are made ahead of time and old ones removed.
  int64_t auto_partition_interval_ms = 60'000;
  /// For tables that do not say otherwise.
  LogOptions log;
  RemoteOptions remote;
  const Clock* clock = &Clock::System();
};

/// A table that is being served, or one partition of it, as it was after its last change: ALTER
/// TABLE makes a new one of these over the same tablets, and those who hold the old one go on with
/// the columns they know. A partitioned table itself has no buckets, only partitions. May outlive
/// the server: then everything of it answers kUnavailable. Thread-safe.
struct HostedTable : std::enable_shared_from_this<HostedTable> {
  /// One bucket; `offline` says why when it is not ok, and the tablets are then null.
  struct Bucket {
    std::shared_ptr<LogTablet> log;
    std::shared_ptr<KvTablet> kv;  ///< only of primary-key tables
    std::shared_ptr<RemoteBucket> remote;
    Status offline;
  };
  std::shared_ptr<TabletServices>
      services;  ///< stands first, since the tablets refer to it to their end
  model::TableInfo info;
  TableOptions options;
  Status options_status;  ///< why the options cannot be used
  std::vector<Bucket> buckets;
  std::shared_ptr<SchemaRegistry> schemas;  ///< also those that came later than `info`
  /// Of a partition: which.
  std::optional<model::PartitionInfo> partition;
  /// Of a partition: whether it was dropped.
  std::shared_ptr<std::atomic<bool>> dropped = std::make_shared<std::atomic<bool>>(false);
  /// Of a partitioned table.
  std::shared_ptr<PartitionSet> partitions;
  /// Takes turns among the buckets, for all writers of batches without a bucket key.
  mutable std::atomic<uint32_t> next_bucket = 0;

  /// kInvalidArgument for a bucket that does not exist, else why it is offline.
  Status CheckBucket(int bucket) const;
  /// What holds the buckets of a partition: that partition, or for nullopt this table. kNotFound
  /// for a partition that does not exist, kInvalidArgument for none where there are some.
  Result<std::shared_ptr<const HostedTable>> Part(
      const std::optional<model::PartitionId>& id) const;
  model::BucketId IdOf(int bucket) const;
  model::TableBucket PlaceOf(int bucket) const;
  LakeOffsetsKey LakeKey() const;
  /// For messages: the table and, if it is one, the partition.
  std::string Name() const;
};

/// The storage core of one data directory: metadata, the tablets of all tables, and the threads
/// that sync and expire them. It starts whatever it finds: what is damaged is out of service and
/// says so. Thread-safe.
class StorageServer {
 public:
  /// `fs` and the clock must outlive the server and the tables it gave.
  static Result<std::unique_ptr<StorageServer>> Open(StorageOptions options, io::FileSystem& fs);
  ~StorageServer();

  /// Waits for the writes under way, makes checkpoints, closes RocksDB and ends the threads,
  /// whoever still holds a table. Called by the destructor, which cannot report.
  Status Close();

  Status CreateDatabase(const std::string& name, bool ignore_if_exists);
  Status DropDatabase(const std::string& name, bool ignore_if_not_exists, bool cascade);
  Result<model::TableInfo> CreateTable(const model::TablePath& path,
                                       const model::TableDescriptor& descriptor);
  Status DropTable(const model::TablePath& path);
  /// Puts an empty table of another id in the place of one: after a crash there is the one or the
  /// other. kNotFound, and what CreateTable says of the descriptor.
  Result<model::TableInfo> ReplaceTable(const model::TablePath& path,
                                        const model::TableDescriptor& descriptor);
  /// kNotFound; kInvalidArgument and kNotSupported for what the table cannot become.
  Result<model::TableInfo> AlterTable(const model::TablePath& path,
                                      const model::TableChanges& changes);
  /// kNotFound, kCorruption.
  Result<std::shared_ptr<const HostedTable>> GetTable(const model::TablePath& path);
  Result<std::shared_ptr<const HostedTable>> GetTable(model::TableId id);
  /// kInvalidArgument when the table has no partitions.
  Result<std::vector<model::PartitionInfo>> ListPartitions(const model::TablePath& path);
  /// kAlreadyExists unless `ignore_if_exists`, kInvalidArgument, kOutOfRange: too many.
  Result<model::PartitionInfo> CreatePartition(const model::TablePath& path,
                                               const model::PartitionSpec& spec,
                                               bool ignore_if_exists);
  /// kNotFound.
  Result<std::shared_ptr<const HostedTable>> FindPartition(model::PartitionId id);
  /// kNotFound unless `ignore_if_not_exists`, kInvalidArgument.
  Status DropPartition(const model::TablePath& path, const model::PartitionSpec& spec,
                       bool ignore_if_not_exists);
  Status SetLakeOffsets(const model::TablePath& path, const std::vector<model::LogOffset>& offsets,
                        std::optional<model::PartitionId> partition = std::nullopt);
  /// Makes the partitions that tables want ahead of time and removes those that are too old, now.
  void AutoPartitionNow();
  /// Removes what has expired, now.
  Status ExpireNow();

  /// What has buckets: tables, and the partitions of those that have some.
  std::vector<std::shared_ptr<HostedTable>> AllHosts();
  MetadataStore& metadata() { return *metadata_; }
  RemoteStorage& remote() { return *remote_; }
  ProducerOffsets& producer_offsets() { return *producer_offsets_; }
  const DataDir& data_dir() const { return *data_dir_; }
  StorageMetrics& metrics();

 private:
  using TableMap = std::map<model::TablePath, std::shared_ptr<HostedTable>>;

  StorageServer(StorageOptions options, io::FileSystem& fs);

  Status Start();
  Status RemoveOrphans();
  Result<bool> IsOrphan(const std::string& database, const std::string& directory);
  Status RemovePartitionOrphans(const std::string& database, const std::string& directory);
  void ForgetPartitionsOfDroppedTables();
  void StopCreatingPartitions();
  void AutoPartitionTable(const HostedTable& table);
  Status DropPartitionOf(model::TableId id, const std::vector<std::string>& values);
  std::shared_ptr<HostedTable> MakeTable(const model::TableInfo& info);
  Result<model::TableInfo> NewTableInfo(const model::TablePath& path,
                                        const model::TableDescriptor& descriptor);
  Status CommitReplacement(const std::shared_ptr<HostedTable>& old,
                           const std::shared_ptr<HostedTable>& fresh);
  Status CheckAlteration(const model::TableInfo& before, const model::TableInfo& after) const;
  std::shared_ptr<HostedTable> ReplaceHosted(const model::TableInfo& info,
                                             const TableOptions& options);
  static std::shared_ptr<HostedTable> Altered(const HostedTable& before,
                                              const model::TableInfo& info,
                                              const TableOptions& options);
  std::shared_ptr<HostedTable> MakePartition(const HostedTable& table,
                                             model::PartitionInfo partition);
  void MakePartitions(const std::shared_ptr<HostedTable>& table, std::vector<HostedTable*>& made);
  /// `key`: a path or an id.
  template <typename Key>
  Result<std::shared_ptr<HostedTable>> PartitionedTable(const Key& key);
  Result<std::shared_ptr<HostedTable>> GetOrCreatePartition(model::TableId id,
                                                            const std::vector<std::string>& values,
                                                            bool ignore_if_exists);
  Status CommitBuckets(HostedTable& table, const std::string& directory,
                       const std::function<Status()>& commit);
  static void AbandonBuckets(HostedTable& table);
  static RemoteBucketName RemoteNameOf(const HostedTable& table);
  static std::vector<std::shared_ptr<HostedTable>> PartsOf(
      const std::shared_ptr<HostedTable>& table);
  Status CommitRemoval(const std::vector<std::shared_ptr<HostedTable>>& parts,
                       const RemoteBucketName& name, const std::function<Status()>& commit,
                       bool& has_remote_files);
  void ForgetTable(const HostedTable& table);
  void RemoveFiles(const std::vector<std::shared_ptr<HostedTable>>& parts,
                   const std::string& directory, const RemoteBucketName* remote);
  void TakeLakeOffsets(HostedTable& table);
  void OpenBuckets(const std::vector<HostedTable*>& tables);
  HostedTable::Bucket OpenBucket(const HostedTable& table, int bucket);
  Status OpenRemote();
  Status OpenTablets(const HostedTable& table, int index, HostedTable::Bucket& bucket);
  static void ReportDamage(const HostedTable& table, int index, LogTablet& log);
  void CloseBucket(HostedTable::Bucket& bucket, Status& first_error);
  /// kNoSpace when nothing new may be made.
  Status CheckSpace() const;
  void RunExpiry();

  const StorageOptions options_;
  io::FileSystem& fs_;
  const std::shared_ptr<TabletServices> services_;
  std::unique_ptr<DataDir> data_dir_;
  std::unique_ptr<MetadataStore> metadata_;
  std::unique_ptr<PartitionStore> partitions_;
  std::unique_ptr<ProducerOffsets> producer_offsets_;
  std::unique_ptr<RemoteStorage> remote_;
  std::shared_ptr<SequenceStore> sequences_;  ///< tablets may outlive the server

  std::mutex ddl_mutex_;  ///< one creation or removal at a time; taken before mutex_
  std::mutex mutex_;      ///< guards all below
  TableMap tables_;
  std::map<model::TableId, std::shared_ptr<HostedTable>> tables_by_id_;
  bool closed_ = false;
  std::condition_variable stop_expiry_;
  std::thread expiry_thread_;
};

}  // namespace forebay::storage
