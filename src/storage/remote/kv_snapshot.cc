#include "storage/remote/kv_snapshot.h"

#include <nlohmann/json.hpp>

#include "base/whole_json.h"

namespace forebay::storage {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kVersion = 1;

Json FilesToJson(const std::vector<KvSnapshotFile>& files) {
  Json array = Json::array();
  for (const KvSnapshotFile& file : files) {
    array.push_back({{"kv_file_handle", {{"path", file.path}, {"size", file.size_bytes}}},
                     {"local_path", file.local_name}});
  }
  return array;
}

/// Throws Json::exception.
std::vector<KvSnapshotFile> FilesFromJson(const Json& array) {
  std::vector<KvSnapshotFile> files;
  for (const Json& entry : array) {
    const Json& handle = entry.at("kv_file_handle");
    files.push_back({handle.at("path").get<std::string>(), handle.at("size").get<uint64_t>(),
                     entry.at("local_path").get<std::string>()});
  }
  return files;
}

/// Throws Json::exception.
KvSnapshotInfo FromJson(const Json& document) {
  KvSnapshotInfo snapshot;
  snapshot.bucket.table_id = model::TableId(document.at("table_id").get<int64_t>());
  if (document.contains("partition_id")) {
    snapshot.bucket.partition_id = model::PartitionId(document["partition_id"].get<int64_t>());
  }
  snapshot.bucket.bucket = document.at("bucket_id").get<int>();
  snapshot.id = document.at("snapshot_id").get<int64_t>();
  snapshot.location = document.at("snapshot_location").get<std::string>();
  const Json& handle = document.at("kv_snapshot_handle");
  snapshot.shared = FilesFromJson(handle.at("shared_file_handles"));
  snapshot.exclusive = FilesFromJson(handle.at("private_file_handles"));
  snapshot.incremental_bytes = handle.at("snapshot_incremental_size").get<int64_t>();
  snapshot.log_offset = document.at("log_offset").get<int64_t>();
  if (document.contains("row_count")) snapshot.row_count = document["row_count"].get<int64_t>();
  snapshot.database_identity = document.value("database_identity", "");
  return snapshot;
}

}  // namespace

std::string KvSnapshotToJson(const KvSnapshotInfo& snapshot) {
  Json document = {{"version", kVersion}, {"table_id", snapshot.bucket.table_id.value()}};
  if (snapshot.bucket.partition_id.has_value()) {
    document["partition_id"] = snapshot.bucket.partition_id->value();
  }
  document["bucket_id"] = snapshot.bucket.bucket;
  document["snapshot_id"] = snapshot.id;
  document["snapshot_location"] = snapshot.location;
  document["kv_snapshot_handle"] = {{"shared_file_handles", FilesToJson(snapshot.shared)},
                                    {"private_file_handles", FilesToJson(snapshot.exclusive)},
                                    {"snapshot_incremental_size", snapshot.incremental_bytes}};
  document["log_offset"] = snapshot.log_offset;
  if (snapshot.row_count.has_value()) document["row_count"] = *snapshot.row_count;
  document["database_identity"] = snapshot.database_identity;
  return document.dump();
}

Result<KvSnapshotInfo> KvSnapshotFromJson(std::string_view text) {
  Json document = ParseWholeJson<Json>(text);
  if (!document.is_object()) return Corruption("a snapshot's metadata is no JSON object");
  try {
    if (document.at("version").get<int>() != kVersion) {
      return NotSupported("a snapshot's metadata has version {}", document["version"].dump());
    }
    return FromJson(document);
  } catch (const Json::exception& error) {
    return Corruption("a snapshot's metadata cannot be read: {}", error.what());
  }
}

}  // namespace forebay::storage
