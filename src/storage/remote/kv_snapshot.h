#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/table.h"

namespace forebay::storage {

/// A file of a snapshot: where it is, and what it must be called for RocksDB to open it.
struct KvSnapshotFile {
  std::string path;
  uint64_t size_bytes = 0;
  std::string local_name;
};

/// A snapshot of one bucket's rows that is whole (Fluss's CompletedSnapshot): RocksDB files that
/// any RocksDB from 6.20 on opens, in whose default column family the rows lie.
struct KvSnapshotInfo {
  model::TableBucket bucket;
  int64_t id = 0;
  std::string location;                ///< the directory of its own files
  std::vector<KvSnapshotFile> shared;  ///< SST files, which later snapshots may have too
  std::vector<KvSnapshotFile> exclusive;
  int64_t incremental_bytes = 0;    ///< what was added for this snapshot
  model::LogOffset log_offset = 0;  ///< the changelog below is in it
  std::optional<int64_t> row_count;
  /// Of the RocksDB it comes from: its SST files' names mean the same only within one.
  std::string database_identity;
};

/// The JSON that Fluss writes as `_METADATA` (CompletedSnapshotJsonSerde), and
/// "database_identity", which its readers pass over.
std::string KvSnapshotToJson(const KvSnapshotInfo& snapshot);
/// kCorruption.
Result<KvSnapshotInfo> KvSnapshotFromJson(std::string_view text);

}  // namespace forebay::storage
