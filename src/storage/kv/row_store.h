#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/table.h"
#include "storage/kv/kv_checkpoint.h"

namespace forebay::storage {

/// What the row stores of a server share: RocksDB's block cache and its bound on memory for writes.
/// Thread-safe.
class RowStoreServices {
 public:
  RowStoreServices(int64_t block_cache_bytes, int64_t write_buffer_bytes);
  ~RowStoreServices();

 private:
  friend class RowStore;
  struct Shared;
  std::unique_ptr<Shared> shared_;
};

/// One bucket's rows on disk, in RocksDB without a write-ahead log: after a crash it is as after
/// some earlier Write, whole. The default column family has the rows (key -> value) as Fluss's
/// snapshots have them, the family `meta` the changelog offset they reach; both are flushed
/// atomically. Thread-safe; one Write or Add at a time.
class RowStore {
 public:
  struct Put {
    std::string_view key;
    std::optional<std::string_view> value;  ///< nullopt deletes
  };
  /// RocksDB takes rows in order several times as fast.
  static void SortByKey(std::vector<Put>& puts);

  /// Reads rows as of the moment it was made. Must not outlive the store. Thread-compatible.
  class Cursor {
   public:
    virtual ~Cursor() = default;
    /// The next value, which holds until the next call; nullopt at the end.
    virtual Result<std::optional<std::string_view>> Next() = 0;
  };

  /// kCorruption when RocksDB cannot open its files.
  static Result<std::unique_ptr<RowStore>> Open(RowStoreServices& services,
                                                const std::string& directory);
  virtual ~RowStore() = default;
  /// The offset of the last Write; 0 at first.
  virtual Result<model::LogOffset> Offset() = 0;
  /// The offset that would be found after a crash now.
  virtual Result<model::LogOffset> PersistedOffset() = 0;
  /// For every key its value, or nullopt.
  virtual Status Get(const std::vector<std::string_view>& keys,
                     std::vector<std::optional<std::string>>& values) = 0;
  /// The values of the keys that begin with `prefix`. kOutOfRange when they have more than
  /// `bytes_max`.
  virtual Result<std::vector<std::string>> ValuesWithPrefix(std::string_view prefix,
                                                            int64_t bytes_max) = 0;
  /// Applies all puts, moves the offset, and keeps `note` unless it is empty, atomically.
  virtual Status Write(const std::vector<Put>& puts, model::LogOffset offset,
                       std::string_view note = "") = 0;
  /// As Write, and durable when it returns: cheaper for many puts, which are in order, each key
  /// once.
  virtual Status Add(const std::vector<Put>& puts, model::LogOffset offset,
                     std::string_view note) = 0;
  /// The note of the last Write that had one; empty at first.
  virtual Result<std::string> Note() = 0;
  /// How many rows there will be after the next Write, which keeps it together with the offset; by
  /// whoever writes. nullopt: nobody knows.
  virtual void SetRowCount(std::optional<int64_t> count) = 0;
  /// As the last Write kept it; 0 in a new store.
  virtual Result<std::optional<int64_t>> RowCount() = 0;
  virtual Result<std::unique_ptr<Cursor>> Scan() = 0;
  /// Makes files in `directory`, which must not exist on the same disk yet, that hold the rows as
  /// of one Write, and stay as they are. Writes go on meanwhile.
  virtual Result<KvCheckpoint> Checkpoint(const std::string& directory) = 0;
  /// Begins to make everything written durable, in the background.
  virtual Status FlushSoon() = 0;
  /// Makes everything written durable.
  virtual Status Flush() = 0;
  /// Waits for the calls under way and lets go of the files. Later calls answer kUnavailable, those
  /// of cursors, too.
  virtual Status Close() = 0;

 protected:
  using Shared = RowStoreServices::Shared;
  static Shared& SharedOf(RowStoreServices& services) { return *services.shared_; }
};

}  // namespace forebay::storage
