#pragma once

#include <atomic>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "model/table_change.h"
#include "storage/coordinator/metadata_store.h"
#include "storage/coordinator/producer_offsets.h"
#include "storage/coordinator/table_options.h"
#include "storage/data_dir.h"
#include "storage/log/log_tablet.h"
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
  /// For tables that do not say otherwise.
  LogOptions log;
  RemoteOptions remote;
  const Clock* clock = &Clock::System();
};

/// A table that is being served, as it was after its last change: ALTER TABLE makes a new one of
/// these over the same tablets, and those who hold the old one go on with the columns they know.
/// May outlive the server: then everything of it answers kUnavailable. Thread-safe.
struct HostedTable {
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
  std::vector<Bucket> buckets;
  std::shared_ptr<SchemaRegistry> schemas;  ///< also those that came later than `info`
  /// Takes turns among the buckets, for all writers of batches without a bucket key.
  mutable std::atomic<uint32_t> next_bucket = 0;

  /// kInvalidArgument for a bucket that does not exist, else why it is offline.
  Status CheckBucket(int bucket) const;
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
  /// kNotFound; kInvalidArgument and kNotSupported for what the table cannot become.
  Result<model::TableInfo> AlterTable(const model::TablePath& path,
                                      const model::TableChanges& changes);
  /// kNotFound, kCorruption.
  Result<std::shared_ptr<const HostedTable>> GetTable(const model::TablePath& path);
  Result<std::shared_ptr<const HostedTable>> GetTable(model::TableId id);
  Status SetLakeOffsets(const model::TablePath& path, const std::vector<model::LogOffset>& offsets);
  /// Removes what has expired, now.
  Status ExpireNow();

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
  std::shared_ptr<HostedTable> MakeTable(const model::TableInfo& info);
  Status CheckAlteration(const model::TableInfo& before, const model::TableInfo& after) const;
  void ReplaceHosted(const model::TableInfo& info, const TableOptions& options);
  void TakeLakeOffsets(HostedTable& table);
  void OpenBuckets(const std::vector<HostedTable*>& tables);
  HostedTable::Bucket OpenBucket(const HostedTable& table, int bucket);
  Status OpenRemote();
  Status RemoveFromMetadata(const model::TablePath& path, HostedTable* table,
                            bool& has_remote_files);
  Status OpenTablets(const HostedTable& table, int index, HostedTable::Bucket& bucket);
  static void ReportDamage(const HostedTable& table, int index, LogTablet& log);
  void CloseBucket(HostedTable::Bucket& bucket, Status& first_error);
  std::vector<std::shared_ptr<HostedTable>> AllTables();
  void RunExpiry();

  const StorageOptions options_;
  io::FileSystem& fs_;
  const std::shared_ptr<TabletServices> services_;
  std::unique_ptr<DataDir> data_dir_;
  std::unique_ptr<MetadataStore> metadata_;
  std::unique_ptr<ProducerOffsets> producer_offsets_;
  std::unique_ptr<RemoteStorage> remote_;

  std::mutex ddl_mutex_;  ///< one creation or removal at a time; taken before mutex_
  std::mutex mutex_;      ///< guards all below
  TableMap tables_;
  std::map<model::TableId, std::shared_ptr<HostedTable>> tables_by_id_;
  bool closed_ = false;
  std::condition_variable stop_expiry_;
  std::thread expiry_thread_;
};

}  // namespace forebay::storage
