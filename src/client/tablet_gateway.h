#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/signal.h"
#include "client/connection.h"
#include "client/snapshot_gateway.h"
#include "format/batch/batch_filter.h"
#include "format/batch/log_batch.h"
#include "model/table.h"

namespace forebay::storage {
class StorageServer;
}

namespace forebay::client {

/// Consecutive log batches as they are stored, or with some columns only.
struct LogBytes {
  std::string_view bytes;
  std::shared_ptr<const void> owner;
  /// Unless -1: the batches from the end of `bytes` up to this offset hold no matching row and need
  /// not be read.
  model::LogOffset filtered_end = -1;
};

/// Rows of a bucket, each behind the int16 id of the schema it was written in. Thread-compatible.
class EncodedRowScanner {
 public:
  virtual ~EncodedRowScanner() = default;
  /// The first changelog offset that is not part of what is scanned.
  virtual model::LogOffset log_offset() const = 0;
  /// The next row, which holds until the next call; nullopt at the end.
  virtual Result<std::optional<std::string_view>> Next() = 0;
};

/// How a batch of writes is applied.
struct PutOptions {
  std::vector<int> target_columns;  ///< unless empty, the only ones written
  /// Rows are stored as they are written, whatever the table's merge engine.
  bool overwrite = false;
};

/// What a lookup found: for every key its row behind its int16 schema id, or nullopt.
struct FoundRows {
  std::vector<std::optional<std::string_view>> rows;
  std::shared_ptr<const void> owner;  ///< of their bytes
};
using RowsCallback = std::function<void(Result<FoundRows>)>;

/// One table, or one partition of a partitioned one, for protocols that carry its log and its rows
/// in storage's own formats, Fluss's: bytes in, bytes out, checked but not decoded more than
/// needed. Thread-safe.
class EncodedTable {
 public:
  virtual ~EncodedTable() = default;
  virtual const model::TableInfo& info() const = 0;
  /// Which partition this is, if the table has some.
  virtual const std::optional<model::PartitionInfo>& partition() const = 0;
  virtual bool HasPrimaryKey() const = 0;
  /// kInvalidArgument for a bucket that does not exist, else why it is out of service.
  virtual Status CheckBucket(int bucket) const = 0;
  /// A schema the table has or has had. kNotFound.
  virtual Result<std::shared_ptr<const model::Schema>> SchemaOf(model::SchemaId id) const = 0;
  /// How the rows of log batches are stored; only those in Arrow can be projected.
  virtual format::LogFormat log_format() const = 0;

  /// Appends log batches to a log table; the callback as for TableWriter. kCorruption for bytes
  /// that are none, kNotFound for another schema, kOutOfRange for too large ones, kInvalidArgument
  /// when the writer's sequence is not the one that is due.
  virtual void AppendBatches(int bucket, std::string_view batches, WriteCallback done) = 0;
  /// What there is from the batch that holds `offset` on, at least a batch and at most about
  /// `max_bytes`; with `projection`, rising column indexes, only those. With `filter` the batches
  /// whose statistics say that no row matches are left out, and it may be that none is left.
  /// kOutOfRange outside of the log, kNotFound for a column that does not exist.
  virtual Result<LogBytes> ReadBatches(int bucket, model::LogOffset offset, int64_t max_bytes,
                                       const std::vector<int>* projection,
                                       const format::BatchFilter* filter) = 0;
  /// Where a client finds the batches from the one that holds `offset` on by itself; nullopt when
  /// they are to be read here.
  virtual Result<std::optional<RemoteLogPart>> RemotePart(int bucket, model::LogOffset offset) = 0;
  virtual model::LogOffset LogStart(int bucket) = 0;
  /// Everything below is durable, and nothing else is read.
  virtual model::LogOffset LogEnd(int bucket) = 0;
  virtual Result<model::LogOffset> OffsetAt(int bucket, int64_t timestamp_ms) = 0;
  /// Raises `listener` whenever there is more to read, as long as it lives.
  virtual void Listen(int bucket, std::weak_ptr<Wakeable> listener) = 0;

  // The rest is for tables with a primary key.

  /// Applies a batch of writes (format/batch/kv_batch.h); errors as of AppendBatches, kNotSupported
  /// when deletes are disabled, and kOutOfRange when the table does not take such target columns.
  virtual void PutRows(int bucket, std::string_view batch, const PutOptions& options,
                       WriteCallback done) = 0;
  /// The rows of encoded keys; bytes that are no key have none.
  virtual Result<FoundRows> LookupRows(int bucket, const std::vector<std::string_view>& keys) = 0;
  /// Likewise, but a key that has no row gets one first, of its columns, what the server gives and
  /// NULLs. Errors as of PutRows, too; the callback as for TableWriter.
  virtual void LookupOrInsert(int bucket, std::vector<std::string> keys, RowsCallback done) = 0;
  /// The rows whose encoded keys begin with `prefix`, likewise.
  virtual Result<std::vector<std::string>> LookupPrefix(int bucket, std::string_view prefix) = 0;
  virtual Result<std::unique_ptr<EncodedRowScanner>> ScanRows(int bucket) = 0;
  /// nullopt when the rows were never counted.
  virtual std::optional<int64_t> RowCount(int bucket) const = 0;
};

/// A partition and its table.
struct PartitionPlace {
  model::TableInfo table;
  model::PartitionInfo partition;
};

/// The door to a storage core for such protocols. Thread-safe.
class TabletGateway {
 public:
  /// `storage` must outlive the gateway. Tables it opened may outlive both.
  static std::unique_ptr<TabletGateway> Open(storage::StorageServer& storage);
  virtual ~TabletGateway() = default;

  /// kNotFound (table or partition), kInvalidArgument when the table is partitioned and none is
  /// named, kUnavailable.
  virtual Result<std::shared_ptr<EncodedTable>> OpenTable(
      model::TableId id, std::optional<model::PartitionId> partition = std::nullopt) = 0;
  /// What the table is called. kNotFound.
  virtual Result<model::TablePath> PathOf(model::TableId id) = 0;
  /// The table and the name of a partition. kNotFound.
  virtual Result<PartitionPlace> FindPartition(model::PartitionId id) = 0;
  /// When the table was created or its options were changed last. kNotFound.
  virtual Result<int64_t> ModifiedMs(const model::TablePath& path) = 0;
  /// What is kept in remote storage; lives as long as the gateway.
  virtual SnapshotGateway& snapshots() = 0;
  /// kInvalidArgument, kNotSupported when a table cannot have these options, or not with this
  /// schema.
  virtual Status CheckOptions(const model::TableDescriptor& table) = 0;
  /// kInvalidArgument when no database or table can be called so.
  virtual Status CheckName(std::string_view what, const std::string& name) = 0;
};

}  // namespace forebay::client
