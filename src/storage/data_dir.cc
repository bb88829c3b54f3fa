#include "storage/data_dir.h"

#include <nlohmann/json.hpp>

namespace forebay::storage {

Result<std::unique_ptr<DataDir>> DataDir::Open(io::FileSystem& fs, std::string path) {
  auto context = fmt::format("data directory {}", path);
  std::unique_ptr<DataDir> directory(new DataDir(fs, std::move(path)));
  Status made = fs.CreateDirectories(directory->path_);
  if (!made.ok()) return made.WithContext(context);
  auto lock = fs.Lock(io::JoinPath(directory->path_, "LOCK"));
  if (!lock.ok()) return lock.status().WithContext(context);
  directory->lock_ = std::move(*lock);
  Status version = directory->CheckVersion();
  if (!version.ok()) return version.WithContext(context);
  return directory;
}

Status DataDir::CheckVersion() {
  std::string file = io::JoinPath(path_, "VERSION");
  auto text = io::ReadFile(fs_, file);
  if (!text.ok()) {
    if (text.kind() != ErrorKind::kNotFound) return text.status();
    return io::WriteFileAtomically(fs_, file,
                                   fmt::format("{{\"format_version\": {}}}\n", kFormatVersion));
  }
  auto document = nlohmann::json::parse(*text, nullptr, false);
  if (!document.is_object() || !document.contains("format_version") ||
      !document["format_version"].is_number_integer()) {
    return Corruption("{} does not say which version wrote it", file);
  }
  int64_t version = document["format_version"];
  if (version <= kFormatVersion) return {};
  return NotSupported(
      "it was written by a newer version of Forebay: its format is {}, this "
      "program knows up to {}",
      version, kFormatVersion);
}

std::string DataDir::TablePath(const model::TablePath& table, model::TableId id) const {
  return fmt::format("{}/{}/{}-{}", TablesPath(), table.database, table.table, id.value());
}

std::string DataDir::PartitionPath(const model::TablePath& table, model::TableId id,
                                   model::PartitionId partition) const {
  return fmt::format("{}/p{}", TablePath(table, id), partition.value());
}

std::string DataDir::BucketPath(const model::TablePath& table, model::TableId id,
                                const model::BucketId& bucket) const {
  std::string parent =
      bucket.partition ? PartitionPath(table, id, *bucket.partition) : TablePath(table, id);
  return fmt::format("{}/{}", parent, bucket.bucket);
}

std::string DataDir::LogPath(const model::TablePath& table, model::TableId id,
                             const model::BucketId& bucket) const {
  return BucketPath(table, id, bucket) + "/log";
}

std::string DataDir::KvPath(const model::TablePath& table, model::TableId id,
                            const model::BucketId& bucket) const {
  return BucketPath(table, id, bucket) + "/kv";
}

}  // namespace forebay::storage
