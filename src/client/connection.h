#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/batch.h"
#include "model/table.h"
#include "model/table_change.h"

namespace forebay::client {

/// Administers databases and tables; also the durable home of SQL objects that storage does not
/// interpret. Thread-safe. Every change is durable when the call returns.
class Admin {
 public:
  virtual ~Admin() = default;

  /// kAlreadyExists unless `ignore_if_exists`.
  virtual Status CreateDatabase(const std::string& database, bool ignore_if_exists) = 0;
  /// kNotFound unless `ignore_if_not_exists`; kConflict when it has tables and not `cascade`.
  virtual Status DropDatabase(const std::string& database, bool ignore_if_not_exists,
                              bool cascade) = 0;
  virtual Result<std::vector<std::string>> ListDatabases() = 0;
  virtual Result<bool> DatabaseExists(const std::string& database) = 0;

  /// kNotFound (database), kAlreadyExists, kInvalidArgument (descriptor).
  virtual Result<model::TableInfo> CreateTable(const model::TablePath& path,
                                               const model::TableDescriptor& descriptor) = 0;
  /// kNotFound.
  virtual Status DropTable(const model::TablePath& path) = 0;
  virtual Result<std::vector<std::string>> ListTables(const std::string& database) = 0;
  /// kNotFound.
  virtual Result<model::TableInfo> GetTable(const model::TablePath& path) = 0;
  /// Adds columns, or sets and takes away options; gives the table as it is then. Writers and
  /// readers that were opened before go on with the columns they know. kNotFound;
  /// kInvalidArgument, kNotSupported for what the table cannot become.
  virtual Result<model::TableInfo> AlterTable(const model::TablePath& path,
                                              const model::TableChanges& changes);
  /// A schema the table has or has had. kNotFound with `path`'s name when there is no such table,
  /// kOutOfRange when it has had no such schema.
  virtual Result<model::Schema> GetSchema(const model::TablePath& path, model::SchemaId id);

  /// The partitions of a partitioned table, oldest first. kNotFound (table), kInvalidArgument when
  /// the table has none.
  virtual Result<std::vector<model::PartitionInfo>> ListPartitions(
      const model::TablePath& path) = 0;
  /// Gives the partition that exists then. kAlreadyExists unless `ignore_if_exists`;
  /// kInvalidArgument for values that cannot be ones; kOutOfRange when the table has too many.
  virtual Result<model::PartitionInfo> CreatePartition(const model::TablePath& path,
                                                       const model::PartitionSpec& spec,
                                                       bool ignore_if_exists) = 0;
  /// Removes a partition and its rows. kNotFound unless `ignore_if_not_exists`.
  virtual Status DropPartition(const model::TablePath& path, const model::PartitionSpec& spec,
                               bool ignore_if_not_exists) = 0;

  /// The offset of every bucket of the table, or of `partition` of a partitioned one: index =
  /// bucket. `timestamp_ms` picks the first record at or after it.
  virtual Result<std::vector<model::LogOffset>> ListOffsets(
      const model::TablePath& path, model::LogOffset which,
      std::optional<model::PartitionId> partition = std::nullopt) = 0;
  virtual Result<std::vector<model::LogOffset>> ListOffsetsAt(
      const model::TablePath& path, int64_t timestamp_ms,
      std::optional<model::PartitionId> partition = std::nullopt) = 0;

  /// Objects named `name` of kind `kind` ("view", "foreign_table"), each a text. Database-scoped
  /// names are written "database.object" by the caller.
  virtual Status PutObject(const std::string& kind, const std::string& name,
                           const std::string& text, bool replace) = 0;
  virtual Status DropObject(const std::string& kind, const std::string& name) = 0;
  virtual Result<std::string> GetObject(const std::string& kind, const std::string& name) = 0;
  virtual Result<std::vector<std::string>> ListObjects(const std::string& kind) = 0;

  /// Tells storage that the rows below `offsets` (index = bucket, of `partition` if the table has
  /// partitions) are in the lake, so that hot segments may expire. Offsets never go back. -1 leaves
  /// a bucket as it is.
  virtual Status SetLakeOffsets(const model::TablePath& path,
                                const std::vector<model::LogOffset>& offsets,
                                std::optional<model::PartitionId> partition = std::nullopt) = 0;

  /// A fresh id for an idempotent writer; never given twice.
  virtual Result<int64_t> AllocateWriterId() = 0;
};

inline Result<model::TableInfo> Admin::AlterTable(const model::TablePath&,
                                                  const model::TableChanges&) {
  return NotSupported("ALTER TABLE");
}

inline Result<model::Schema> Admin::GetSchema(const model::TablePath&, model::SchemaId) {
  return NotSupported("the schemas a table has had");
}

/// Where the rows of one write landed. They are durable.
struct WriteAck {
  model::TableBucket bucket;
  model::LogOffset base_offset = 0;  ///< of the first changelog record
  model::LogOffset next_offset = 0;  ///< one past the last
  bool duplicate =
      false;  ///< this (writer id, sequence) was stored before; the offsets are the original ones
};

using WriteCallback = std::function<void(Result<WriteAck>)>;

/// Makes a write idempotent: of two writes to one bucket with the same writer id and sequence the
/// second is acknowledged with the first one's offsets and stores nothing. Sequences of a writer
/// and bucket must rise by 1 from 0.
struct WriterIdentity {
  int64_t writer_id = -1;  ///< -1: not idempotent
  int32_t sequence = -1;
};

/// Writes to one table, log or primary-key. Batches have the table's physical columns in order.
/// Thread-safe.
///
/// A write returns at once; the callback runs on a storage thread after the rows are fsynced (or
/// failed) and must not block. kUnavailable from the callback means back-pressure: retry later.
/// kNoSpace likewise.
class TableWriter {
 public:
  virtual ~TableWriter() = default;

  /// The buckets the rows of `batch` belong to (bucket keys hashed as Fluss hashes them); for a log
  /// table without bucket keys one bucket for the whole batch, chosen in turn. Partitions that the
  /// rows need and that do not exist are created.
  virtual Result<std::vector<model::BucketId>> BucketsOf(const model::Batch& batch) = 0;

  /// Stores all rows of `batch` in `bucket` as one log batch, atomically. For a log table every row
  /// is appended whatever its change type (which must be +I or +A). For a primary-key table +I and
  /// +U upsert, as the table's merge engine does it, -D deletes by the key columns (the others may
  /// be NULL) unless the table ignores that, -U is ignored; a key may occur many times, the rows
  /// apply in order.
  /// kNotFound when the partition was dropped.
  virtual void WriteBucket(const model::BucketId& bucket, const model::Batch& batch,
                           WriterIdentity identity, WriteCallback done) = 0;

  /// Splits `batch` by partition and bucket, writes every part and waits: the convenient way.
  /// Atomic only within a bucket.
  virtual Result<std::vector<WriteAck>> Write(const model::Batch& batch) = 0;
};

/// Looks rows up by primary key. Thread-safe.
class Lookuper {
 public:
  struct Rows {
    /// A row for every key found, in the keys' order, columns as projected.
    model::Batch rows;
    /// For every key its row in `rows`, or -1.
    std::vector<int> row_of_key;
  };
  virtual ~Lookuper() = default;
  /// `keys` has the primary-key columns in key order.
  virtual Result<Rows> Lookup(const model::Batch& keys) = 0;
};

/// Consecutive records of one bucket's log.
struct ScanRecords {
  model::TableBucket bucket;
  model::LogOffset base_offset = 0;
  /// One past the last record; may lie beyond base_offset + batch.num_rows, since some log batches
  /// hold no record.
  model::LogOffset next_offset = 0;
  int64_t timestamp_ms = 0;  ///< when the storage core took them
  /// The bucket's partition was dropped: there are no records, and none will follow.
  bool dropped = false;
  /// Projected columns; change types for primary-key tables. May have more than Batch::kMaxRows
  /// rows.
  model::Batch batch;
};

/// Reads the log of some buckets of a table: a log table's rows, or a primary-key table's
/// changelog. Thread-compatible.
class LogScanner {
 public:
  virtual ~LogScanner() = default;
  /// Starts (or goes on) at `offset`, kEarliestOffset or kLatestOffset. kOutOfRange from Poll when
  /// the offset has expired; kNotFound for a partition that does not exist. A bucket whose
  /// partition is dropped later gives one last ScanRecords that says so.
  virtual Status Subscribe(const model::BucketId& bucket, model::LogOffset offset) = 0;
  virtual Status Unsubscribe(const model::BucketId& bucket) = 0;
  /// What there is, at most about `max_bytes`; waits up to `timeout_ms` when there is nothing. Only
  /// durable records are seen.
  virtual Result<std::vector<ScanRecords>> Poll(int timeout_ms, int64_t max_bytes) = 0;
  /// Ends a Poll that waits in another thread; every later Poll returns at once. Thread-safe.
  virtual void Wakeup() = 0;
};

/// Reads the present rows of one bucket of a primary-key table, in no particular order: a
/// consistent snapshot that corresponds to the changelog up to log_offset(). Thread-compatible.
class SnapshotScanner {
 public:
  virtual ~SnapshotScanner() = default;
  /// The first changelog offset that is not part of the snapshot.
  virtual model::LogOffset log_offset() const = 0;
  /// The next rows, at most Batch::kMaxRows; an empty batch at the end.
  virtual Result<model::Batch> Next() = 0;
};

/// A door to one storage core: in this process, or later over the wire. Thread-safe; must outlive
/// what it opens.
class Connection {
 public:
  virtual ~Connection() = default;
  virtual Admin& admin() = 0;
  /// `target_columns`, unless empty, are the only columns that the writer writes (indexes; those of
  /// the primary key are among them): an upsert keeps the others of a row as they are, a delete
  /// sets these to NULL, or removes a row that has nothing else. kOutOfRange from the writes when
  /// the table does not take such.
  virtual Result<std::unique_ptr<TableWriter>> OpenWriter(const model::TablePath& path,
                                                          std::vector<int> target_columns = {}) = 0;
  /// `projection`: indexes of the wanted columns, ascending; nullopt: all.
  virtual Result<std::unique_ptr<LogScanner>> OpenLogScanner(
      const model::TablePath& path, std::optional<std::vector<int>> projection) = 0;
  virtual Result<std::unique_ptr<Lookuper>> OpenLookuper(
      const model::TablePath& path, std::optional<std::vector<int>> projection) = 0;
  virtual Result<std::unique_ptr<SnapshotScanner>> OpenSnapshotScanner(
      const model::TablePath& path, const model::BucketId& bucket,
      std::optional<std::vector<int>> projection) = 0;
};

}  // namespace forebay::client
