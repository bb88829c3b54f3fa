#pragma once

#include <memory>
#include <string>

#include "base/clock.h"
#include "io/remote_files.h"
#include "io/s3_remote_files.h"
#include "storage/remote/kv_snapshot_leases.h"
#include "storage/remote/remote_paths.h"
#include "storage/storage_metrics.h"

namespace forebay::storage {

/// What a server keeps outside of its tables' own directories.
struct RemoteOptions {
  /// The remote directory, of this machine or `s3://<bucket>/...`; empty: `remote` in the data
  /// directory, and logs stay where they are.
  std::string directory;
  io::S3Options s3;
  /// How often the rows of a bucket that changed are made a snapshot; 0: never.
  int64_t kv_snapshot_interval_ms = int64_t{10} * 60 * 1000;
  int kv_snapshots_retained = 2;
  /// How often a bucket's closed segments are copied and expired ones removed; 0: never.
  int64_t log_task_interval_ms = int64_t{60} * 1000;
  /// Segments of one bucket that are copied at a time.
  int log_segments_per_task = 5;

  bool TiersLogs() const { return !directory.empty() && log_task_interval_ms > 0; }
};

/// What the remote halves of all buckets share. Thread-safe.
struct RemoteServices {
  io::FileSystem& fs;       ///< must outlive the services
  const Clock& clock;       ///< likewise
  StorageMetrics& metrics;  ///< likewise
  RemoteOptions options;
  RemotePaths paths;
  std::unique_ptr<io::RemoteFiles> files;
};

}  // namespace forebay::storage
