#pragma once

#include <memory>
#include <string>

#include "io/file_system.h"
#include "model/table.h"

namespace forebay::storage {

/// A data directory, held by one process at a time:
///
///   VERSION   {"format_version": 1}
///   LOCK      locked by the process that uses the directory, holds its number
///   meta/     what exists (coordinator/metadata_store.h)
///   tables/<database>/<table>-<table id>/<bucket>/log/  and  kv/
///   tables/<database>/<table>-<table id>/p<partition id>/<bucket>/log/  and  kv/
///
/// Other rooms keep `lake/` and `jobs/` beside these. Thread-safe.
class DataDir {
 public:
  static constexpr int kFormatVersion = 1;

  /// Makes the directory when it is missing. kUnavailable: another process uses it; kNotSupported:
  /// a newer program wrote it; kPermissionDenied: it cannot be written.
  static Result<std::unique_ptr<DataDir>> Open(io::FileSystem& fs, std::string path);

  const std::string& path() const { return path_; }
  std::string MetaPath() const { return io::JoinPath(path_, "meta"); }
  std::string TablesPath() const { return io::JoinPath(path_, "tables"); }
  std::string TablePath(const model::TablePath& table, model::TableId id) const;
  std::string PartitionPath(const model::TablePath& table, model::TableId id,
                            model::PartitionId partition) const;
  std::string LogPath(const model::TablePath& table, model::TableId id,
                      const model::BucketId& bucket) const;
  std::string KvPath(const model::TablePath& table, model::TableId id,
                     const model::BucketId& bucket) const;

 private:
  std::string BucketPath(const model::TablePath& table, model::TableId id,
                         const model::BucketId& bucket) const;
  DataDir(io::FileSystem& fs, std::string path) : fs_(fs), path_(std::move(path)) {}
  Status CheckVersion();

  io::FileSystem& fs_;
  const std::string path_;
  std::unique_ptr<io::FileLock> lock_;
};

}  // namespace forebay::storage
