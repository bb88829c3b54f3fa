#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "storage/kv/changelog.h"
#include "storage/kv/kv_tablet.h"
#include "storage/kv/row_merger.h"
#include "storage/kv/row_store.h"
#include "storage/kv/row_table.h"
#include "storage/kv/row_value.h"

namespace forebay::storage {

/// One hash per key, for the table of rows in memory.
std::vector<uint64_t> HashesOf(const format::EncodedKeys& keys);

inline constexpr int64_t kBlockCacheBytes = 32 << 20;
inline constexpr int64_t kWriteBufferBytes = 128 << 20;

struct KvServices::Shared {
  explicit Shared(int64_t row_bytes_max) : row_bytes_max(row_bytes_max) {}
  RowStoreServices stores{kBlockCacheBytes, kWriteBufferBytes};
  const int64_t row_bytes_max;
  std::atomic<int64_t> row_bytes = 0;
  LogFlusher mover{1};
};

/// See KvTablet. Locks are taken in this order: write_mutex_ (one write at a time), move_mutex_
/// (one move to the row store at a time), mutex_ (the rows in memory), the log's own.
class KvTabletImpl : public KvTablet,
                     public Flushable,
                     public std::enable_shared_from_this<KvTabletImpl> {
 public:
  using Shared = KvServices::Shared;

  KvTabletImpl(Shared& shared, StorageMetrics& metrics, const model::TableInfo& info,
               const TableOptions& options, RowMergers mergers, std::shared_ptr<LogTablet> log,
               std::shared_ptr<RowStore> store, std::shared_ptr<const SchemaRegistry> schemas,
               ReserveValues reserve_values)
      : shared_(shared),
        metrics_(metrics),
        schemas_(std::move(schemas)),
        options_(options),
        key_indexes_(info.descriptor.PhysicalPrimaryKeyIndexes()),
        schema_id_(info.schema_id),
        schema_(info.descriptor.schema),
        types_(schema_.Types()),
        reader_(types_),
        mergers_(std::move(mergers)),
        log_(std::move(log)),
        store_(std::move(store)) {
    metrics_.kv_tablets += 1;
    if (schema_.auto_increment_columns.empty()) return;
    auto_increment_.emplace(schema_, options_.auto_increment_cache_size, std::move(reserve_values));
  }
  ~KvTabletImpl() override {
    metrics_.kv_tablets -= 1;
    shared_.row_bytes -= row_bytes_;
  }

  Status Recover(const model::TableInfo& info);
  Status SetSchema(model::SchemaId id, const model::Schema& schema) override;
  Status Write(const model::Batch& batch, const KvWriteOptions& write,
               AppendCallback done) override;
  Result<KvValues> Lookup(const format::EncodedKeys& keys) override;
  Result<std::vector<std::string>> PrefixLookup(std::string_view prefix,
                                                int64_t bytes_max) override;
  Result<std::unique_ptr<KvSnapshot>> Snapshot() override;
  std::optional<int64_t> RowCount() override {
    std::lock_guard lock(mutex_);
    return row_count_;
  }
  Result<KvCheckpoint> Checkpoint(const std::string& directory) override;
  void UpdateRetention() override;
  Status Close() override;
  void Abandon() override;
  bool FlushOnce() override;

 private:
  /// The changes of one write.
  struct WriteSet {
    std::shared_ptr<const RowMerger> merger;  ///< null: rows are stored as they are written
    DeleteBehavior deletes = DeleteBehavior::kAllow;
    bool blind = false;  ///< upserts take no notice of the rows there are
    std::vector<RowChange> changes;
    uint64_t failures_before = 0;  ///< failures_ when the rows were applied
    int64_t log_bytes = 0;         ///< of the changelog

    /// What becomes of the entry's row.
    void Add(RowEntry& entry, std::string value, bool present) {
      changes.push_back({&entry, std::move(value), present});
      entry.overlay = &changes.back();
      entry.pins += 1;
    }
  };

  Result<format::EncodedKeys> KeysOf(const model::Batch& batch) const;
  /// What the row store has of the keys that were not in memory.
  struct Loaded {
    std::vector<int> key_rows;
    std::vector<std::optional<std::string>> values;
  };
  Result<Loaded> Load(const format::EncodedKeys& keys, const std::vector<uint64_t>& hashes);
  void Keep(const format::EncodedKeys& keys, const std::vector<uint64_t>& hashes, Loaded loaded);
  void SetDurable(RowEntry& entry, std::optional<std::string> value);
  RowEntry* AddEntry(std::string_view key, uint64_t hash, std::optional<std::string> value);
  Result<std::string> InPresentSchema(std::string_view value) const;
  Status Apply(const model::Batch& batch, const format::EncodedKeys& keys,
               const std::vector<uint64_t>& hashes, WriteSet& set, ChangelogBuilder& changelog);
  Status ApplyRow(const model::Batch& batch, int row, RowEntry& entry, WriteSet& set,
                  ChangelogBuilder& changelog);
  Status ApplyUpsert(const model::Batch& batch, int row, RowEntry& entry, WriteSet& set,
                     ChangelogBuilder& changelog);
  Status ApplyDelete(RowEntry& entry, WriteSet& set, ChangelogBuilder& changelog);
  Status AddUpsert(std::optional<std::string_view> before, std::string_view value, int written_row,
                   bool blind, ChangelogBuilder& changelog);
  Result<WriteSet> Prepare(const KvWriteOptions& write, int num_rows) const;
  Result<std::optional<std::string_view>> LatestOf(const RowEntry& entry,
                                                   std::string& widened) const;
  std::string ValuePrefix() const;
  void DropOverlay(const WriteSet& set);
  Status AppendChangelog(std::string bytes, std::shared_ptr<WriteSet> set, AppendCallback done);
  void OnAppended(WriteSet& set, const Result<AppendResult>& result);
  Status MoveDirty();
  void FlushIfDue(int64_t moved_bytes);
  void Account(int64_t bytes) {
    row_bytes_ += bytes;
    shared_.row_bytes += bytes;
  }
  void EvictIfFull();

  Shared& shared_;
  StorageMetrics& metrics_;
  const std::shared_ptr<const SchemaRegistry> schemas_;
  const TableOptions options_;
  const std::vector<int> key_indexes_;
  // The schema of writes; under write_mutex_.
  model::SchemaId schema_id_;
  model::Schema schema_;
  std::vector<model::DataType> types_;
  format::CompactedRowReader reader_;
  RowMergers mergers_;
  const std::shared_ptr<LogTablet> log_;
  const std::shared_ptr<RowStore> store_;
  std::atomic<bool> closed_ = false;

  std::mutex write_mutex_;
  std::mutex move_mutex_;
  int64_t unflushed_bytes_ = 0;  ///< of changelog, whose rows are in RocksDB's memory only; under
                                 ///< move_mutex_
  std::mutex mutex_;             ///< guards all below
  std::optional<AutoIncrement> auto_increment_;
  RowTable rows_;
  std::optional<int64_t> row_count_;  ///< of durable rows
  int64_t row_bytes_ = 0;
  uint64_t evictions_ = 0;
  uint64_t failures_ = 0;  ///< appends that failed after they were taken
  std::vector<RowEntry*> dirty_;
  int64_t dirty_bytes_ = 0;
  int64_t unmoved_bytes_ = 0;  ///< of changelog, whose rows are dirty
  model::LogOffset committed_end_ =
      0;  ///< the rows in memory are those after the changelog below this
  model::LogOffset moved_end_ = -1;  ///< what the row store was told last; -1: nothing yet
  bool move_scheduled_ = false;
};

}  // namespace forebay::storage
