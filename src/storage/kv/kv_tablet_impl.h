#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "storage/kv/change_index.h"
#include "storage/kv/changelog.h"
#include "storage/kv/kv_tablet.h"
#include "storage/kv/row_bytes.h"
#include "storage/kv/row_merger.h"
#include "storage/kv/row_store.h"
#include "storage/kv/row_table.h"
#include "storage/kv/row_value.h"

namespace forebay::storage {

/// One hash per key, for the table of rows in memory.
std::vector<uint32_t> HashesOf(const format::EncodedKeys& keys);

/// Small, since what is used often is among the rows in memory.
inline constexpr int64_t kBlockCacheBytes = 4 << 20;
inline constexpr int64_t kWriteBufferBytes = 128 << 20;

class KvTabletImpl;

struct KvServices::Shared {
  explicit Shared(int64_t row_bytes_max) : row_bytes_max(row_bytes_max) {}
  /// Has tablets that are not used any more let go of rows for those that are, soon.
  void AskIdle();
  /// Gives what a move took and freed back to the operating system: after a large one, and else now
  /// and then. `moved_bytes`: of the rows. By the mover.
  void TrimIfDue(int64_t moved_bytes);

  RowStoreServices stores{kBlockCacheBytes, kWriteBufferBytes};
  const int64_t row_bytes_max;
  std::atomic<int64_t> row_bytes = 0;
  std::mutex mutex;
  std::set<KvTabletImpl*> tablets;    ///< guarded by `mutex`
  std::atomic<int64_t> asked_ms = 0;  ///< the last AskIdle that did something
  int64_t trimmed_ms = 0;             ///< touched by the mover only
  LogFlusher mover{1};
};

/// See KvTablet. Locks are taken in this order: write_mutex_ (one write at a time), move_mutex_
/// (one move to the row store at a time), mutex_ (the rows in memory), the log's own. Nothing else
/// is locked under Shared::mutex.
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
        mergers_(std::move(mergers)),
        log_(std::move(log)),
        store_(std::move(store)) {
    metrics_.kv_tablets += 1;
    {
      std::lock_guard lock(shared_.mutex);
      shared_.tablets.insert(this);
    }
    if (schema_.auto_increment_columns.empty()) return;
    auto_increment_.emplace(schema_, options_.auto_increment_cache_size, std::move(reserve_values));
  }
  ~KvTabletImpl() override {
    {
      std::lock_guard lock(shared_.mutex);
      shared_.tablets.erase(this);
    }
    metrics_.kv_tablets -= 1;
    shared_.row_bytes -= accounted_bytes_;
  }

  Status Recover(const model::TableInfo& info);
  Status SetSchema(model::SchemaId id, const model::Schema& schema) override;
  Status Write(const model::Batch& written, WrittenBytes bytes, const KvWriteOptions& write,
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
  void RetryMove() override {
    std::lock_guard lock(mutex_);
    if (move_failed_) ScheduleMove();
  }
  Status Close() override;
  void Abandon() override;
  bool FlushOnce() override;
  int64_t used_ms() const { return used_ms_; }
  /// Lets go of rows as long as those of all tablets take too much memory.
  void Shrink() {
    std::lock_guard lock(mutex_);
    Evict(shared_.row_bytes - shared_.row_bytes_max);
  }

 private:
  /// One write and its changes, which point into it.
  struct WriteSet {
    format::EncodedKeys keys;
    std::vector<uint32_t> hashes;
    /// Of the rows as they were written; empty: they must be encoded. Valid while they are applied.
    std::vector<std::string_view> row_bytes;
    std::shared_ptr<const RowMerger> merger;  ///< null: rows are stored as they are written
    DeleteBehavior deletes = DeleteBehavior::kAllow;
    bool blind = false;  ///< upserts take no notice of the rows there are
    RowBytes values;     ///< of the changes
    std::vector<RowChange> changes;
    uint64_t failures_before = 0;  ///< failures_ when the rows were applied
    int64_t log_bytes = 0;         ///< of the changelog
  };
  /// What the row store has of the keys that were not in memory.
  struct Loaded {
    std::vector<int> key_rows;
    std::vector<std::optional<std::string>> values;
  };
  /// A row of a write that is being applied.
  struct Target {
    WriteSet& set;
    const model::Batch& batch;
    int row;
    std::optional<StoredRow> old;  ///< what the write finds, not if it is blind
    ChangelogBuilder& changelog;
  };

  Result<std::shared_ptr<WriteSet>> Prepare(const model::Batch& written, WrittenBytes bytes,
                                            const KvWriteOptions& write) const;
  Status WriteRows(const model::Batch& batch, const KvWriteOptions& write,
                   const std::shared_ptr<WriteSet>& set, AppendCallback done);
  Result<Loaded> Load(const WriteSet& set);
  Status ReadStore(const format::EncodedKeys& keys, Loaded& loaded);
  /// Called for one row after the other, under mutex_.
  void PrefetchBehind(const std::vector<uint32_t>& hashes, int row) const {
    constexpr size_t kSlotAhead = 16, kRowAhead = 8;
    auto at = static_cast<size_t>(row);
    if (at + kSlotAhead < hashes.size()) {
      rows_.PrefetchSlot(hashes[at + kSlotAhead]);
      changes_.Prefetch(hashes[at + kSlotAhead]);
    }
    if (at + kRowAhead < hashes.size()) rows_.PrefetchRow(hashes[at + kRowAhead]);
  }
  Status Apply(const model::Batch& batch, WriteSet& set, const Loaded& loaded,
               ChangelogBuilder& changelog);
  Status ApplyRow(const Target& target);
  Status ApplyUpsert(const Target& target);
  Status ApplyDelete(const Target& target);
  Result<std::optional<StoredRow>> LatestOf(const WriteSet& set, int row,
                                            const std::optional<std::string>* loaded,
                                            std::string& owned);
  Status InPresentSchema(std::optional<StoredRow>& row, std::string& widened) const;
  void AddUpsert(const Target& target, std::string_view value, bool as_written);
  void AddChange(const Target& target, std::optional<std::string_view> row);
  void Undo(const WriteSet& set);
  Status AppendChangelog(std::string bytes, std::shared_ptr<WriteSet> set, AppendCallback done);
  void OnAppended(WriteSet& set, const Result<AppendResult>& result);
  int64_t DirtyBytes();
  Status MoveDirty();
  Status WriteToStore(std::vector<RowStore::Put> puts, model::LogOffset end, int64_t log_bytes,
                      std::string_view note);
  void FlushIfDue();
  int64_t UnflushedMax() const;
  void Keep(std::string_view key, uint32_t hash, const std::optional<std::string>& value);
  void ScheduleMove();
  void Account();
  void EvictIfFull();
  void Evict(int64_t bytes);

  Shared& shared_;
  StorageMetrics& metrics_;
  const std::shared_ptr<const SchemaRegistry> schemas_;
  const TableOptions options_;
  const std::vector<int> key_indexes_;
  // The schema of writes; under write_mutex_.
  model::SchemaId schema_id_;
  model::Schema schema_;
  std::vector<model::DataType> types_;
  RowMergers mergers_;
  const std::shared_ptr<LogTablet> log_;
  const std::shared_ptr<RowStore> store_;
  std::atomic<bool> closed_ = false;
  std::atomic<int64_t> used_ms_ = MonotonicMs();

  std::mutex write_mutex_;
  std::mutex move_mutex_;
  int64_t unflushed_bytes_ = 0;  ///< of changelog, whose rows are in RocksDB's memory only; under
                                 ///< move_mutex_
  std::mutex mutex_;             ///< guards all below
  std::optional<AutoIncrement> auto_increment_;
  ChangeIndex changes_;
  RowTable rows_;
  bool holds_all_ = false;            ///< a key that is not in `rows_` has no row
  std::optional<int64_t> row_count_;  ///< of durable rows
  int64_t accounted_bytes_ = 0;       ///< of `rows_`, in shared_.row_bytes
  uint64_t evictions_ = 0;
  uint64_t failures_ = 0;      ///< appends that failed after they were taken
  int64_t unmoved_bytes_ = 0;  ///< of changelog, whose rows are dirty
  model::LogOffset committed_end_ =
      0;  ///< the rows in memory are those after the changelog below this
  model::LogOffset moved_end_ = -1;  ///< what the row store was told last; -1: nothing yet
  bool move_scheduled_ = false;
  bool move_failed_ = false;  ///< the last one
};

}  // namespace forebay::storage
