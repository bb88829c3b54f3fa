#pragma once

#include <string>
#include <utility>
#include <vector>

#include "compute/runtime/environment.h"
#include "compute/sink/file_encoder.h"
#include "compute/sink/partition_commit.h"

namespace forebay::compute {

/// When a file ends before its epoch does: 'sink.rolling-policy.*'.
struct RollingPolicy {
  int64_t file_bytes = int64_t{128} << 20;
  int64_t rollover_ms = 30 * 60'000;
  int64_t inactivity_ms = 30 * 60'000;
  int64_t check_ms = 60'000;
};

/// What a table of the filesystem connector says about writing it. Immutable.
struct FilesystemTarget {
  io::FileSystem& fs;
  std::string directory;
  /// Below `directory`, where files lie until they are committed: readers leave it out.
  std::string staging;
  FileEncoding encoding;
  std::vector<int> file_columns;
  std::vector<std::pair<std::string, int>> partition_columns;
  std::string default_partition;
  RollingPolicy rolling;
  PartitionCommitRule commit;
  /// All rows of a partition follow each other: its file ends with the first row of another.
  bool grouped = false;
  /// INSERT OVERWRITE, in batch mode.
  bool overwrites = false;
  /// "dt=2024-03-01/": of INSERT ... PARTITION with a value for every key; else empty.
  std::string static_partition;

  static Result<FilesystemTarget> Of(const sql::SinkNode& node, const JobContext& context);

  /// "dt=2024-03-01/hr=1/" of a row of the sink's batch; empty without partition columns.
  std::string PartitionOf(const model::Batch& batch, int row) const;
  /// Of every row, whether it may be in another partition than the row before it.
  std::vector<bool> PartitionChanges(const model::Batch& batch) const;
  /// "dt=2024-03-01/", where the values of its columns are put.
  std::string PartitionPath(const std::string& column, const std::string& value) const;
  /// Of the file that will be `name` ("dt=2024-03-01/part-0-…") below the table's directory.
  std::string StagedPath(std::string_view name) const;
};

/// A name that no other file of any job has.
std::string UniqueFileName(int shard, const char* extension);

}  // namespace forebay::compute
