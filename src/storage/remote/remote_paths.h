#pragma once

#include <string>
#include <string_view>

#include "model/table.h"

namespace forebay::storage {

/// What a bucket is called in remote storage.
struct RemoteBucketName {
  model::TablePath table;
  model::TableBucket bucket;
  std::string partition;  ///< the partition's name; empty for tables without partitions
};

/// Paths below the remote directory, as clients of Fluss compose them too
/// (org.apache.fluss.utils.FlussPaths):
///
///   kv/<database>/<table>-<id>[/<partition>-p<partition id>]/<bucket>/snap-<id>/  and  shared/
///   log/<database>/<table>-<id>[/<partition>-p<partition id>]/<bucket>/<segment>/  and  metadata/
class RemotePaths {
 public:
  explicit RemotePaths(std::string root) : root_(std::move(root)) {}

  const std::string& root() const { return root_; }
  /// All that a table, or one partition of it, has.
  std::string KvOf(const RemoteBucketName& name) const { return ParentOf("kv", name); }
  std::string LogOf(const RemoteBucketName& name) const { return ParentOf("log", name); }

  std::string KvTablet(const RemoteBucketName& name) const;
  std::string KvShared(const RemoteBucketName& name) const;
  std::string KvSnapshot(const RemoteBucketName& name, int64_t snapshot_id) const;
  std::string LogTablet(const RemoteBucketName& name) const;

  static constexpr std::string_view kSnapshotPrefix = "snap-";
  static constexpr std::string_view kSharedDirectory = "shared";
  static constexpr std::string_view kMetadataFile = "_METADATA";

 private:
  std::string ParentOf(std::string_view kind, const RemoteBucketName& name) const;

  const std::string root_;
};

}  // namespace forebay::storage
