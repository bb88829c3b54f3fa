#include "storage/remote/remote_paths.h"

#include <fmt/format.h>

namespace forebay::storage {

std::string RemotePaths::ParentOf(std::string_view kind, const RemoteBucketName& name) const {
  std::string path = fmt::format("{}/{}/{}/{}-{}", root_, kind, name.table.database,
                                 name.table.table, name.bucket.table_id.value());
  if (!name.bucket.partition_id.has_value()) return path;
  return fmt::format("{}/{}-p{}", path, name.partition, name.bucket.partition_id->value());
}

std::string RemotePaths::KvTablet(const RemoteBucketName& name) const {
  return fmt::format("{}/{}", KvOf(name), name.bucket.bucket);
}

std::string RemotePaths::KvShared(const RemoteBucketName& name) const {
  return fmt::format("{}/{}", KvTablet(name), kSharedDirectory);
}

std::string RemotePaths::KvSnapshot(const RemoteBucketName& name, int64_t snapshot_id) const {
  return fmt::format("{}/{}{}", KvTablet(name), kSnapshotPrefix, snapshot_id);
}

std::string RemotePaths::LogTablet(const RemoteBucketName& name) const {
  return fmt::format("{}/{}", LogOf(name), name.bucket.bucket);
}

}  // namespace forebay::storage
