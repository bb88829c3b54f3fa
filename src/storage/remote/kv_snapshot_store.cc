#include "storage/remote/kv_snapshot_store.h"

#include <nlohmann/json.hpp>

#include "base/failpoint.h"
#include "base/log.h"
#include "base/random.h"
#include "base/whole_json.h"
#include "storage/coordinator/table_file.h"

namespace forebay::storage {
namespace {

using model::LogOffset;
using Json = nlohmann::ordered_json;

}  // namespace

Result<std::shared_ptr<KvSnapshotStore>> KvSnapshotStore::Open(
    std::shared_ptr<RemoteServices> services, RemoteBucketName name, std::string directory) {
  std::shared_ptr<KvSnapshotStore> store(
      new KvSnapshotStore(std::move(services), std::move(name), std::move(directory)));
  RETURN_IF_ERROR(store->Load());
  return store;
}

Status KvSnapshotStore::Load() {
  Status loaded = LoadRecord();
  if (loaded.ok() || loaded.kind() != ErrorKind::kCorruption) return loaded;
  Log(LogLevel::kError, "storage", "snapshots are forgotten, new ones will be made: {}",
      loaded.message());
  // Numbers that were given are not given again.
  record_ = {services_->clock.NowMs(), {}};
  return {};
}

Status KvSnapshotStore::LoadRecord() {
  auto bytes = io::ReadFile(services_->fs, RecordPath());
  if (!bytes.ok()) return bytes.kind() == ErrorKind::kNotFound ? Status() : bytes.status();
  ever_took_ = true;
  auto text = UnsealMetadata(*bytes);
  if (!text.ok()) return text.status().WithContext(RecordPath());
  Json document = ParseWholeJson<Json>(*text);
  if (!document.is_object() || !document.contains("snapshots")) {
    return Corruption("{} has no snapshots", RecordPath());
  }
  record_.next_id = document.value("next_id", int64_t{0});
  for (const Json& entry : document["snapshots"]) {
    auto snapshot = KvSnapshotFromJson(entry.dump());
    if (!snapshot.ok()) return snapshot.status().WithContext(RecordPath());
    record_.snapshots.push_back(std::move(*snapshot));
  }
  return {};
}

/// From here on it is so.
Status KvSnapshotStore::Commit(Record record) {
  Json snapshots = Json::array();
  for (const KvSnapshotInfo& snapshot : record.snapshots) {
    snapshots.push_back(Json::parse(KvSnapshotToJson(snapshot)));
  }
  Json document = {{"next_id", record.next_id}, {"snapshots", std::move(snapshots)}};
  Status written =
      io::WriteFileAtomically(services_->fs, RecordPath(), SealMetadata(document.dump()));
  uncertain_ = !written.ok();
  RETURN_IF_ERROR(written);
  std::lock_guard lock(mutex_);
  record_ = std::move(record);
  return {};
}

/// After a failed commit nobody knows what a start would find: no file may go before that is clear.
Status KvSnapshotStore::MakeCertain() {
  if (!uncertain_) return {};
  Record record;
  {
    std::lock_guard lock(mutex_);
    record = record_;
  }
  return Commit(std::move(record));
}

Result<bool> KvSnapshotStore::Take(KvTablet& tablet) {
  ever_took_ = true;
  RETURN_IF_ERROR(MakeCertain());
  RETURN_IF_ERROR(services_->fs.RemoveAll(CheckpointPath()));
  ASSIGN_OR_RETURN(KvCheckpoint checkpoint, tablet.Checkpoint(CheckpointPath()));
  Record record;
  {
    std::lock_guard lock(mutex_);
    record = record_;
  }
  bool is_new =
      record.snapshots.empty() || record.snapshots.back().log_offset < checkpoint.log_offset;
  Status taken;
  if (is_new) {
    KvSnapshotInfo snapshot;
    snapshot.bucket = name_.bucket;
    snapshot.id = record.next_id++;
    snapshot.location = services_->paths.KvSnapshot(name_, snapshot.id);
    taken = Bring(checkpoint, snapshot);
    if (taken.ok()) {
      Failpoint("kv_snapshot.before_commit");
      record.snapshots.push_back(std::move(snapshot));
      taken = Commit(std::move(record));
      Failpoint("kv_snapshot.after_commit");
    }
  }
  Status removed = services_->fs.RemoveAll(CheckpointPath());
  RETURN_IF_ERROR(taken);
  RETURN_IF_ERROR(removed);
  return is_new;
}

Status KvSnapshotStore::Bring(const KvCheckpoint& checkpoint, KvSnapshotInfo& snapshot) {
  snapshot.log_offset = checkpoint.log_offset;
  snapshot.row_count = checkpoint.row_count;
  snapshot.database_identity = checkpoint.database_identity;
  RETURN_IF_ERROR(services_->files->RemoveAll(snapshot.location));
  std::optional<KvSnapshotInfo> before = Latest();
  if (before.has_value() && before->database_identity != snapshot.database_identity) {
    before.reset();
  }
  for (const KvCheckpoint::File& file : checkpoint.files) {
    std::string local = io::JoinPath(CheckpointPath(), file.name);
    KvSnapshotFile brought{"", file.size_bytes, file.name};
    if (file.name.ends_with(".sst")) {
      RETURN_IF_ERROR(BringShared(local, std::move(brought), snapshot, before));
      continue;
    }
    brought.path = io::JoinPath(snapshot.location, RandomUuid());
    RETURN_IF_ERROR(services_->files->Upload(local, file.size_bytes, brought.path));
    snapshot.incremental_bytes += static_cast<int64_t>(file.size_bytes);
    snapshot.exclusive.push_back(std::move(brought));
  }
  Failpoint("kv_snapshot.before_metadata");
  return services_->files->Put(io::JoinPath(snapshot.location, RemotePaths::kMetadataFile),
                               KvSnapshotToJson(snapshot));
}

/// SST files never change, so one with the name and size of the snapshot before is the same.
Status KvSnapshotStore::BringShared(const std::string& local, KvSnapshotFile file,
                                    KvSnapshotInfo& snapshot,
                                    const std::optional<KvSnapshotInfo>& before) {
  if (before.has_value()) {
    for (const KvSnapshotFile& known : before->shared) {
      if (known.local_name != file.local_name || known.size_bytes != file.size_bytes) continue;
      snapshot.shared.push_back(known);
      return {};
    }
  }
  file.path = io::JoinPath(services_->paths.KvShared(name_), RandomUuid());
  RETURN_IF_ERROR(services_->files->Share(local, file.path));
  snapshot.incremental_bytes += static_cast<int64_t>(file.size_bytes);
  snapshot.shared.push_back(std::move(file));
  return {};
}

std::set<std::string> KvSnapshotStore::SharedFiles() {
  std::lock_guard lock(mutex_);
  std::set<std::string> used;
  for (const KvSnapshotInfo& snapshot : record_.snapshots) {
    for (const KvSnapshotFile& file : snapshot.shared) used.insert(file.path);
  }
  return used;
}

Status KvSnapshotStore::RemoveFilesOf(const KvSnapshotInfo& snapshot,
                                      const std::set<std::string>& used) {
  RETURN_IF_ERROR(services_->files->RemoveAll(snapshot.location));
  for (const KvSnapshotFile& file : snapshot.shared) {
    if (!used.contains(file.path)) RETURN_IF_ERROR(services_->files->Remove(file.path));
  }
  return {};
}

Status KvSnapshotStore::Retain(KvSnapshotLeases& leases) {
  std::vector<KvSnapshotInfo> surplus;
  {
    auto hold = leases.Hold();
    Record kept;
    {
      std::lock_guard lock(mutex_);
      kept.next_id = record_.next_id;
      ptrdiff_t old = std::ssize(record_.snapshots) - services_->options.kv_snapshots_retained;
      for (ptrdiff_t i = 0; i < std::ssize(record_.snapshots); ++i) {
        const KvSnapshotInfo& snapshot = record_.snapshots[i];
        bool stays = i >= old || leases.IsLeased(snapshot.bucket, snapshot.id);
        (stays ? kept.snapshots : surplus).push_back(snapshot);
      }
    }
    if (surplus.empty()) return {};
    RETURN_IF_ERROR(Commit(std::move(kept)));
  }
  Failpoint("kv_snapshot.before_removal");
  std::set<std::string> used = SharedFiles();
  for (const KvSnapshotInfo& snapshot : surplus) RETURN_IF_ERROR(RemoveFilesOf(snapshot, used));
  return {};
}

Status KvSnapshotStore::RemoveLeftovers() {
  RETURN_IF_ERROR(MakeCertain());
  RETURN_IF_ERROR(services_->fs.RemoveAll(CheckpointPath()));
  std::set<std::string> used = SharedFiles();
  {
    std::lock_guard lock(mutex_);
    for (const KvSnapshotInfo& snapshot : record_.snapshots) used.insert(snapshot.location);
  }
  std::string tablet = services_->paths.KvTablet(name_);
  ASSIGN_OR_RETURN(auto snapshots, services_->files->List(tablet));
  for (const std::string& name : snapshots) {
    std::string path = io::JoinPath(tablet, name);
    if (!name.starts_with(RemotePaths::kSnapshotPrefix) || used.contains(path)) continue;
    Log(LogLevel::kInfo, "storage", "unfinished snapshot removed dir={}", path);
    RETURN_IF_ERROR(services_->files->RemoveAll(path));
  }
  std::string shared = services_->paths.KvShared(name_);
  ASSIGN_OR_RETURN(auto files, services_->files->List(shared));
  for (const std::string& name : files) {
    std::string path = io::JoinPath(shared, name);
    if (!used.contains(path)) RETURN_IF_ERROR(services_->files->Remove(path));
  }
  return {};
}

std::optional<KvSnapshotInfo> KvSnapshotStore::Latest() {
  std::lock_guard lock(mutex_);
  if (record_.snapshots.empty()) return std::nullopt;
  return record_.snapshots.back();
}

Result<KvSnapshotInfo> KvSnapshotStore::Get(int64_t id) {
  std::lock_guard lock(mutex_);
  for (const KvSnapshotInfo& snapshot : record_.snapshots) {
    if (snapshot.id == id) return snapshot;
  }
  return NotFound("there is no snapshot {} of bucket {}", id, name_.bucket.ToString());
}

std::vector<KvSnapshotInfo> KvSnapshotStore::All() {
  std::lock_guard lock(mutex_);
  return record_.snapshots;
}

/// Of the oldest: whoever reads it needs the changelog behind it.
LogOffset KvSnapshotStore::NeededOffset() {
  std::lock_guard lock(mutex_);
  return record_.snapshots.empty() ? 0 : record_.snapshots.front().log_offset;
}

}  // namespace forebay::storage
