#include "storage/remote/kv_snapshot_leases.h"

#include <nlohmann/json.hpp>

#include "base/log.h"
#include "base/whole_json.h"

namespace forebay::storage {
namespace {

using Json = nlohmann::ordered_json;

const std::string kKind = "kv_snapshot_lease";
constexpr size_t kNameBytesMax = 200;
constexpr size_t kLeasesMax = 10'000;

}  // namespace

KvSnapshotLeases::KvSnapshotLeases(MetadataStore& metadata, const Clock& clock)
    : metadata_(metadata), clock_(clock) {
  for (const std::string& name : metadata_.ListObjects(kKind)) Load(name);
}

void KvSnapshotLeases::Load(const std::string& name) {
  auto text = metadata_.GetObject(kKind, name);
  Json document = text.ok() ? ParseWholeJson<Json>(*text) : Json();
  Lease lease;
  try {
    lease.expires_ms = document.at("expires_ms").get<int64_t>();
    for (const Json& entry : document.at("snapshots")) {
      model::TableBucket bucket{model::TableId(entry.at("table_id").get<int64_t>()), std::nullopt,
                                entry.at("bucket_id").get<int>()};
      if (entry.contains("partition_id")) {
        bucket.partition_id = model::PartitionId(entry["partition_id"].get<int64_t>());
      }
      lease.snapshots[bucket] = entry.at("snapshot_id").get<int64_t>();
    }
  } catch (const Json::exception& error) {
    Log(LogLevel::kError, "storage", "snapshot lease unreadable name={}: {}", name, error.what());
    return;
  }
  leases_[name] = std::move(lease);
}

Status KvSnapshotLeases::Save(const std::string& name, const Lease& lease) {
  Json snapshots = Json::array();
  for (const auto& [bucket, id] : lease.snapshots) {
    Json entry = {{"table_id", bucket.table_id.value()}};
    if (bucket.partition_id.has_value()) entry["partition_id"] = bucket.partition_id->value();
    entry["bucket_id"] = bucket.bucket;
    entry["snapshot_id"] = id;
    snapshots.push_back(std::move(entry));
  }
  Json document = {{"expires_ms", lease.expires_ms}, {"snapshots", std::move(snapshots)}};
  return metadata_.PutObject(kKind, name, document.dump(), true);
}

Status KvSnapshotLeases::Acquire(const std::string& name, int64_t duration_ms,
                                 const std::vector<LeasedSnapshot>& snapshots) {
  if (name.empty() || name.size() > kNameBytesMax) {
    return InvalidArgument("a lease's name has 1 to {} bytes", kNameBytesMax);
  }
  std::lock_guard lock(mutex_);
  auto found = leases_.find(name);
  if (found == leases_.end() && leases_.size() >= kLeasesMax) {
    return Unavailable("there are {} leases already", leases_.size());
  }
  Lease lease = found == leases_.end() ? Lease() : found->second;
  int64_t now_ms = clock_.NowMs();
  lease.expires_ms = duration_ms > INT64_MAX - now_ms ? INT64_MAX : now_ms + duration_ms;
  for (const auto& [bucket, id] : snapshots) lease.snapshots[bucket] = id;
  RETURN_IF_ERROR(Save(name, lease));
  leases_[name] = std::move(lease);
  return {};
}

Status KvSnapshotLeases::Release(const std::string& name,
                                 const std::vector<model::TableBucket>& buckets) {
  std::lock_guard lock(mutex_);
  auto found = leases_.find(name);
  if (found == leases_.end()) return {};
  Lease lease = found->second;
  for (const model::TableBucket& bucket : buckets) lease.snapshots.erase(bucket);
  if (lease.snapshots.empty()) return Drop(name);
  RETURN_IF_ERROR(Save(name, lease));
  found->second = std::move(lease);
  return {};
}

Status KvSnapshotLeases::Drop(const std::string& name) {
  std::lock_guard lock(mutex_);
  if (!leases_.contains(name)) return {};
  RETURN_IF_ERROR(metadata_.DropObject(kKind, name));
  leases_.erase(name);
  return {};
}

Status KvSnapshotLeases::Expire() {
  std::lock_guard lock(mutex_);
  int64_t now_ms = clock_.NowMs();
  std::vector<std::string> ended;
  for (const auto& [name, lease] : leases_) {
    if (lease.expires_ms < now_ms) ended.push_back(name);
  }
  for (const std::string& name : ended) {
    Log(LogLevel::kInfo, "storage", "snapshot lease has ended name={}", name);
    RETURN_IF_ERROR(Drop(name));
  }
  return {};
}

std::set<model::TableId> KvSnapshotLeases::TablesOf(const std::string& name) {
  std::lock_guard lock(mutex_);
  std::set<model::TableId> tables;
  auto found = leases_.find(name);
  if (found == leases_.end()) return tables;
  for (const auto& [bucket, id] : found->second.snapshots) tables.insert(bucket.table_id);
  return tables;
}

bool KvSnapshotLeases::IsLeased(const model::TableBucket& bucket, int64_t snapshot_id) {
  std::lock_guard lock(mutex_);
  for (const auto& [name, lease] : leases_) {
    auto found = lease.snapshots.find(bucket);
    if (found != lease.snapshots.end() && found->second == snapshot_id) return true;
  }
  return false;
}

}  // namespace forebay::storage
