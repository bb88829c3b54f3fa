#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "io/file_system.h"
#include "model/table.h"
#include "storage/coordinator/table_file.h"

namespace forebay::storage {

/// Whose lake offsets: a table's, or a partition's.
struct LakeOffsetsKey {
  model::TableId table;
  std::optional<model::PartitionId> partition = std::nullopt;
  friend auto operator<=>(const LakeOffsetsKey&, const LakeOffsetsKey&) = default;
};

/// The durable catalog of a server: databases, tables, SQL objects, ids that were given, how far
/// the lake has each table. One checksummed JSON file an object, replaced atomically, so every
/// change is all or nothing. A damaged file takes its own object out of service and nothing else.
/// Thread-safe.
class MetadataStore {
 public:
  /// `directory` is the data directory's `meta`.
  static Result<std::unique_ptr<MetadataStore>> Open(io::FileSystem& fs, std::string directory);

  Status CreateDatabase(const std::string& name, bool ignore_if_exists);
  /// Only for a database without tables.
  Status DropDatabase(const std::string& name);
  std::vector<std::string> ListDatabases();
  bool HasDatabase(const std::string& name);

  /// A fresh table id; never given twice.
  Result<model::TableId> AllocateTableId();
  /// A fresh writer id; never given twice.
  Result<int64_t> AllocateWriterId();

  /// Fails when CreateTable would: no such database, the table exists.
  Status CheckNewTable(const model::TablePath& path);
  Status PutTable(const model::TableInfo& info);
  /// Replaces what is known of a table that exists; a new schema joins those it has had. `now_ms`
  /// is noted as the time of the change, unless it is one of columns.
  Status ReplaceTable(const model::TableInfo& info, int64_t now_ms);
  /// Puts a table with another id in the place of the one that is there.
  Status SwapTable(const model::TableInfo& info);
  Status RemoveTable(const model::TablePath& path);
  /// kNotFound (with a suggestion), kCorruption.
  Result<model::TableInfo> GetTable(const model::TablePath& path);
  /// When the table was created or its options were changed last. kNotFound, kCorruption.
  Result<int64_t> ModifiedMs(const model::TablePath& path);
  /// All schemas the table has had. kNotFound, kCorruption.
  Result<SchemaVersions> GetSchemas(const model::TablePath& path);
  Result<std::vector<std::string>> ListTables(const std::string& database);
  std::vector<model::TableInfo> AllTables();
  /// Whether a file of that table exists that cannot be read, so that its data must be kept.
  bool IsDamaged(const model::TablePath& path);
  /// Whether there is any such table.
  bool HasDamage();

  Status PutObject(const std::string& kind, const std::string& name, const std::string& text,
                   bool replace);
  Status DropObject(const std::string& kind, const std::string& name);
  Result<std::string> GetObject(const std::string& kind, const std::string& name);
  std::vector<std::string> ListObjects(const std::string& kind);

  /// Offsets never go back; -1 leaves a bucket alone. Gives what holds now.
  Result<std::vector<model::LogOffset>> SetLakeOffsets(
      const LakeOffsetsKey& key, int bucket_count, const std::vector<model::LogOffset>& offsets);
  std::vector<model::LogOffset> LakeOffsets(const LakeOffsetsKey& key);
  /// Of a dropped partition.
  void ForgetLakeOffsets(const LakeOffsetsKey& key);

 private:
  using ObjectKey = std::pair<std::string, std::string>;

  MetadataStore(io::FileSystem& fs, std::string directory)
      : fs_(fs), directory_(std::move(directory)) {}

  Status Load();
  Status LoadIds();
  Status LoadTables();
  Status LoadObjects();
  Status LoadLakeOffsets();
  Status SaveIds();
  Status CheckNewTableLocked(const model::TablePath& path);
  std::string DatabaseFile(const std::string& name) const;
  std::string TableFile(const model::TablePath& path) const;
  std::string ObjectFile(const std::string& kind, const std::string& name) const;
  std::string LakeFile(const LakeOffsetsKey& key) const;
  Status RemoveFile(const std::string& path);
  Error NoSuchTable(const model::TablePath& path);
  Result<const StoredTable*> FindTable(const model::TablePath& path);
  Status SaveTable(StoredTable table);
  Status ForgetLakeOffsetsLocked(const LakeOffsetsKey& key);
  Status ForgetTableOffsetsLocked(model::TableId id);

  io::FileSystem& fs_;
  const std::string directory_;
  std::mutex mutex_;  ///< guards all below
  std::set<std::string> databases_;
  std::map<model::TablePath, StoredTable> tables_;
  std::map<model::TablePath, Status> damaged_tables_;
  std::map<ObjectKey, std::string> objects_;
  std::map<LakeOffsetsKey, std::vector<model::LogOffset>> lake_offsets_;
  int64_t next_table_id_ = 1;
  int64_t next_writer_id_ = 1;
  int64_t writer_ids_end_ = 1;  ///< below: reserved on disk
};

}  // namespace forebay::storage
