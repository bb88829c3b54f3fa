#include <charconv>
#include <set>

#include "base/failpoint.h"
#include "base/log.h"
#include "storage/coordinator/partition_spec.h"
#include "storage/storage_server.h"

// The partitions of a StorageServer's tables.

namespace forebay::storage {

using model::PartitionId;
using model::PartitionInfo;
using model::TablePath;

namespace {

/// The number of "p7"; nullopt for other names.
std::optional<PartitionId> ParsePartitionDirectory(const std::string& name) {
  if (!name.starts_with("p")) return std::nullopt;
  int64_t id = 0;
  const char* end = name.data() + name.size();
  auto [after, error] = std::from_chars(name.data() + 1, end, id);
  if (error != std::errc() || after != end) return std::nullopt;
  return PartitionId(id);
}

}  // namespace

Result<std::shared_ptr<const HostedTable>> HostedTable::Part(
    const std::optional<PartitionId>& id) const {
  if (partitions == nullptr) {
    if (!id.has_value()) return shared_from_this();
    return NotFound("{} has no partitions, and thus no partition {}", Name(), id->value());
  }
  if (!id.has_value()) return InvalidArgument("{} is partitioned: a partition is needed", Name());
  std::shared_ptr<const HostedTable> part = partitions->Find(*id);
  if (part == nullptr) return NotFound("{} has no partition with id {}", Name(), id->value());
  return part;
}

model::BucketId HostedTable::IdOf(int bucket) const {
  if (!partition) return bucket;
  return {partition->id, bucket};
}

model::TableBucket HostedTable::PlaceOf(int bucket) const {
  return {info.id, IdOf(bucket).partition, bucket};
}

LakeOffsetsKey HostedTable::LakeKey() const {
  if (!partition) return {info.id};
  return {info.id, partition->id};
}

std::string HostedTable::Name() const {
  if (!partition) return fmt::format("table '{}'", info.path.ToString());
  return fmt::format("partition '{}' of table '{}'",
                     QualifiedPartitionName(info.descriptor, partition->values),
                     info.path.ToString());
}

/// Directories of partitions whose creation or removal was interrupted.
Status StorageServer::RemovePartitionOrphans(const std::string& database,
                                             const std::string& directory) {
  TablePath path{database, directory.substr(0, directory.rfind('-'))};
  auto info = metadata_->GetTable(path);
  if (!info.ok() || !info->descriptor.IsPartitioned()) return {};
  std::string table = data_dir_->TablePath(path, info->id);
  ASSIGN_OR_RETURN(auto names, fs_.List(table));
  for (const std::string& name : names) {
    auto id = ParsePartitionDirectory(name);
    if (!id.has_value() || partitions_->Exists(info->id, *id)) continue;
    Log(LogLevel::kInfo, "storage", "leftover of a dropped partition removed dir={}/{}", table,
        name);
    RETURN_IF_ERROR(fs_.RemoveAll(io::JoinPath(table, name)));
  }
  return {};
}

void StorageServer::ForgetPartitionsOfDroppedTables() {
  // Whose the partitions of an unreadable table are nobody knows: they stay.
  if (metadata_->HasDamage()) return;
  std::set<model::TableId> known;
  for (const model::TableInfo& info : metadata_->AllTables()) known.insert(info.id);
  for (model::TableId table : partitions_->Tables()) {
    if (!known.contains(table)) partitions_->RemoveTable(table);
  }
}

/// Without its tablets.
std::shared_ptr<HostedTable> StorageServer::MakePartition(const HostedTable& table,
                                                          PartitionInfo partition) {
  auto made = std::make_shared<HostedTable>();
  made->services = services_;
  made->info = table.info;
  made->options = table.options;
  made->partition = std::move(partition);
  made->schemas = table.schemas;
  made->options_status = table.options_status;
  made->buckets.resize(table.info.descriptor.bucket_count);
  for (auto& bucket : made->buckets) bucket.offline = made->options_status;
  return made;
}

void StorageServer::MakePartitions(const std::shared_ptr<HostedTable>& table,
                                   std::vector<HostedTable*>& made) {
  if (table->partitions == nullptr) return;
  for (PartitionInfo& info : partitions_->List(table->info.id)) {
    auto partition = MakePartition(*table, std::move(info));
    made.push_back(partition.get());
    table->partitions->Put(std::move(partition));
  }
}

template <typename Key>
Result<std::shared_ptr<HostedTable>> StorageServer::PartitionedTable(const Key& key) {
  ASSIGN_OR_RETURN(auto found, GetTable(key));
  if (found->partitions == nullptr) return InvalidArgument("{} is not partitioned", found->Name());
  return std::const_pointer_cast<HostedTable>(found);
}

Result<std::vector<PartitionInfo>> StorageServer::ListPartitions(const TablePath& path) {
  ASSIGN_OR_RETURN(auto table, PartitionedTable(path));
  std::vector<PartitionInfo> all;
  for (const auto& partition : table->partitions->All()) all.push_back(*partition->partition);
  return all;
}

Result<std::shared_ptr<const HostedTable>> StorageServer::FindPartition(PartitionId id) {
  std::lock_guard lock(mutex_);
  for (const auto& [path, table] : tables_) {
    if (table->partitions == nullptr) continue;
    if (auto found = table->partitions->Find(id)) return std::shared_ptr<const HostedTable>(found);
  }
  return NotFound("there is no partition with id {}", id.value());
}

Result<PartitionInfo> StorageServer::CreatePartition(const TablePath& path,
                                                     const model::PartitionSpec& spec,
                                                     bool ignore_if_exists) {
  ASSIGN_OR_RETURN(auto table, PartitionedTable(path));
  ASSIGN_OR_RETURN(auto values, ResolvePartitionSpec(table->info, spec, true));
  ASSIGN_OR_RETURN(auto made, GetOrCreatePartition(table->info.id, values, ignore_if_exists));
  return *made->partition;
}

Result<std::shared_ptr<HostedTable>> StorageServer::GetOrCreatePartition(
    model::TableId id, const std::vector<std::string>& values, bool ignore_if_exists) {
  RETURN_IF_ERROR(ValidatePartitionValues(values, true));
  RETURN_IF_ERROR(CheckSpace());
  std::lock_guard ddl_lock(ddl_mutex_);
  ASSIGN_OR_RETURN(auto table, PartitionedTable(id));
  PartitionInfo info;
  info.values = values;
  if (auto existing = table->partitions->Find(info.Name())) {
    if (ignore_if_exists) return existing;
    return AlreadyExists("{} exists already", existing->Name());
  }
  RETURN_IF_ERROR(partitions_->Damage(table->info.id, info.Name()));
  RETURN_IF_ERROR(table->options.auto_partition.CheckNew(table->info.descriptor, values,
                                                         options_.clock->NowMs()));
  if (std::ssize(table->partitions->All()) >= options_.partitions_max) {
    return OutOfRange("{} has {} partitions, and no table has more", table->Name(),
                      options_.partitions_max);
  }
  ASSIGN_OR_RETURN(info.id, partitions_->AllocateId());
  info.created_ms = options_.clock->NowMs();
  // As of tables: the metadata file is what makes the partition exist.
  auto partition = MakePartition(*table, info);
  OpenBuckets({partition.get()});
  Failpoint("partition.before_commit");
  RETURN_IF_ERROR(CommitBuckets(*partition,
                                data_dir_->PartitionPath(table->info.path, table->info.id, info.id),
                                [&] { return partitions_->Put(table->info.id, info); }));
  table->partitions->Put(partition);
  return partition;
}

Status StorageServer::DropPartition(const TablePath& path, const model::PartitionSpec& spec,
                                    bool ignore_if_not_exists) {
  ASSIGN_OR_RETURN(auto table, PartitionedTable(path));
  ASSIGN_OR_RETURN(auto values, ResolvePartitionSpec(table->info, spec, false));
  Status dropped = DropPartitionOf(table->info.id, values);
  bool is_missing = !dropped.ok() && dropped.kind() == ErrorKind::kNotFound;
  return is_missing && ignore_if_not_exists ? Status() : dropped;
}

Status StorageServer::DropPartitionOf(model::TableId id, const std::vector<std::string>& values) {
  std::lock_guard ddl_lock(ddl_mutex_);
  ASSIGN_OR_RETURN(auto table, PartitionedTable(id));
  std::string name = PartitionInfo{{}, values}.Name();
  auto partition = table->partitions->Find(name);
  std::vector<std::shared_ptr<HostedTable>> parts;
  if (partition != nullptr) parts.push_back(partition);
  bool has_remote_files = false;
  RemoteBucketName remote = RemoteNameOf(partition == nullptr ? *table : *partition);
  Status removed =
      CommitRemoval(parts, remote, [&] { return partitions_->Remove(id, name); }, has_remote_files);
  if (!removed.ok() && removed.kind() == ErrorKind::kNotFound) {
    return NotFound("partition '{}' of {} does not exist",
                    QualifiedPartitionName(table->info.descriptor, values), table->Name());
  }
  RETURN_IF_ERROR(removed);
  Failpoint("partition.after_drop");
  if (partition == nullptr) return {};  // it was damaged: its directory goes at the next start
  table->partitions->Remove(name);
  metadata_->ForgetLakeOffsets(partition->LakeKey());
  RemoveFiles(parts, data_dir_->PartitionPath(table->info.path, id, partition->partition->id),
              has_remote_files ? &remote : nullptr);
  return {};
}

void StorageServer::AutoPartitionNow() {
  std::vector<std::shared_ptr<HostedTable>> tables;
  {
    std::lock_guard lock(mutex_);
    for (const auto& [path, table] : tables_) tables.push_back(table);
  }
  for (const auto& table : tables) AutoPartitionTable(*table);
}

void StorageServer::AutoPartitionTable(const HostedTable& table) {
  const AutoPartition& options = table.options.auto_partition;
  if (table.partitions == nullptr || !options.enabled) return;
  int64_t now_ms = options_.clock->NowMs();
  auto report = [&](const Status& status, const std::vector<std::string>& values) {
    if (status.ok() || status.kind() == ErrorKind::kNotFound) return;
    Log(LogLevel::kWarning, "storage", "auto-partitioning failed table={} partition={}: {}",
        table.info.path.ToString(), PartitionInfo{{}, values}.Name(), status.message());
  };
  for (const auto& partition : table.partitions->All()) {
    const auto& values = partition->partition->values;
    if (!options.IsExpired(table.info.descriptor, values, now_ms)) continue;
    report(DropPartitionOf(table.info.id, values), values);
  }
  for (int i = 0; i < options.num_precreate; ++i) {
    std::vector<std::string> values = {options.ValueAt(now_ms, i)};
    if (table.partitions->Find(values[0]) != nullptr) continue;
    report(internal::ToStatus(GetOrCreatePartition(table.info.id, values, true)), values);
  }
}

void StorageServer::StopCreatingPartitions() {
  std::vector<std::shared_ptr<PartitionSet>> sets;
  {
    std::lock_guard lock(mutex_);
    for (const auto& [path, table] : tables_) {
      if (table->partitions != nullptr) sets.push_back(table->partitions);
    }
  }
  for (const auto& set : sets) set->Close();
}

}  // namespace forebay::storage
