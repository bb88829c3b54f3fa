#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "format/row/row_key.h"
#include "model/batch.h"
#include "storage/coordinator/table_options.h"
#include "storage/kv/auto_increment.h"
#include "storage/kv/kv_checkpoint.h"
#include "storage/log/log_tablet.h"
#include "storage/schema_registry.h"

namespace forebay::storage {

/// What the primary-key tablets of a server share: the memory for rows, RocksDB's block cache, the
/// thread that moves rows to RocksDB. Thread-safe.
class KvServices {
 public:
  KvServices(StorageMetrics& metrics, int64_t row_cache_bytes);
  ~KvServices();
  StorageMetrics& metrics() { return metrics_; }
  /// Ends the thread; call after the tablets were closed.
  void Stop();

 private:
  friend class KvTablet;
  friend class KvTabletImpl;
  struct Shared;

  StorageMetrics& metrics_;
  std::unique_ptr<Shared> shared_;
};

/// A consistent view of one bucket's rows, in no order. Thread-compatible.
class KvSnapshot {
 public:
  virtual ~KvSnapshot() = default;
  /// The changelog below this offset is in the snapshot.
  virtual model::LogOffset log_offset() const = 0;
  /// The next row's value (row_value.h); nullopt at the end. Valid until the next call.
  virtual Result<std::optional<std::string_view>> Next() = 0;
};

/// Values found for a batch of keys (row_value.h), one after the other.
struct KvValues {
  std::string bytes;
  struct Slot {
    size_t begin = 0;
    size_t size = 0;
    bool found = false;
  };
  std::vector<Slot> slots;  ///< one a key
  std::string_view operator[](size_t key) const {
    return std::string_view(bytes).substr(slots[key].begin, slots[key].size);
  }
};

struct KvWriteOptions {
  int64_t writer_id = -1;  ///< -1: not idempotent
  int32_t sequence = -1;
  /// Only these columns, the key's among them, are written: an upsert keeps the others as they are,
  /// a delete sets these to NULL, or removes a row that then has nothing but them. Empty: all.
  std::vector<int> target_columns;
  /// Rows are stored as they are written, and deleted, whatever the merge engine says: Fluss's
  /// clients take back writes so.
  bool overwrite = false;
};

/// What a writer has already encoded of a batch. Both parts may be missing.
struct WrittenBytes {
  std::optional<format::EncodedKeys> keys;  ///< of its rows
  /// Its rows as compacted rows of the schema `schema_id`, empty for deletes. They need not outlive
  /// the call.
  std::vector<std::string_view> rows;
  model::SchemaId schema_id;
};

/// The rows of one bucket of a primary-key table: RocksDB with rows in memory before it, and a
/// changelog that is the truth. A write is merged with the rows there are (RowMerger) in the
/// pre-write buffer, the changelog of the results is appended; when that is durable the rows become
/// visible to lookups, and later go to RocksDB in large batches together with the offset they
/// reach. After a crash the changelog from that offset on is applied again. Thread-safe.
class KvTablet {
 public:
  static Result<std::shared_ptr<KvTablet>> Open(KvServices& services, io::FileSystem& fs,
                                                std::string directory, const model::TableInfo& info,
                                                const TableOptions& options,
                                                std::shared_ptr<LogTablet> log,
                                                std::shared_ptr<const SchemaRegistry> schemas,
                                                ReserveValues reserve_values);
  virtual ~KvTablet() = default;

  /// The schema of all writes from now on, which has only more columns; the registry has it.
  virtual Status SetSchema(model::SchemaId id, const model::Schema& schema) = 0;
  /// Applies the rows of `batch` in order, as TableWriter::WriteBucket says. Columns that the batch
  /// lacks at its end, since its writer does not know them yet, are NULL. An error means that
  /// nothing happened and `done` will not be called: kOutOfRange when the table does not take such
  /// target columns, kNotSupported when it takes no deletes.
  virtual Status Write(const model::Batch& batch, WrittenBytes bytes, const KvWriteOptions& options,
                       AppendCallback done) = 0;
  Status Write(const model::Batch& batch, const KvWriteOptions& options, AppendCallback done) {
    return Write(batch, {}, options, std::move(done));
  }
  /// Durable rows only.
  virtual Result<KvValues> Lookup(const format::EncodedKeys& keys) = 0;
  /// The values of the durable rows whose encoded keys begin with `prefix`. kOutOfRange when there
  /// are more than `bytes_max` of them.
  virtual Result<std::vector<std::string>> PrefixLookup(std::string_view prefix,
                                                        int64_t bytes_max) = 0;
  virtual Result<std::unique_ptr<KvSnapshot>> Snapshot() = 0;
  /// How many durable rows there are; nullopt for rows from before they were counted.
  virtual std::optional<int64_t> RowCount() = 0;
  /// Makes files that hold all rows that are durable now, or more; see RowStore::Checkpoint.
  virtual Result<KvCheckpoint> Checkpoint(const std::string& directory) = 0;
  /// Tells the log what it must keep for a restart.
  virtual void UpdateRetention() = 0;
  /// Brings rows to RocksDB again, soon, if that failed last; called now and then.
  virtual void RetryMove() = 0;
  /// Brings all durable rows to RocksDB's files and closes it; what comes later answers
  /// kUnavailable, also from snapshots that are still held. Call after the log was closed.
  virtual Status Close() = 0;
  /// Closes without that; for dropped tables and for tests of crashes.
  virtual void Abandon() = 0;
};

}  // namespace forebay::storage
