#include "storage/storage_server.h"

#include <algorithm>
#include <charconv>
#include <functional>
#include <utility>

#include "base/failpoint.h"
#include "base/log.h"
#include "storage/coordinator/row_rules.h"
#include "storage/kv/kv_tablet.h"

namespace forebay::storage {

using model::LogOffset;
using model::TableInfo;
using model::TablePath;

/// What the tablets of a server share. It lives as long as the last of them; the threads end when
/// the server closes.
struct TabletServices {
  explicit TabletServices(const StorageOptions& options)
      : budget(options.in_flight_bytes_max),
        space(options.data_dir),
        kv(metrics, options.row_cache_bytes),
        flusher(options.flusher_threads) {}

  StorageMetrics metrics;
  InFlightBudget budget;
  DiskSpace space;
  KvServices kv;
  LogFlusher flusher;
};

Status HostedTable::CheckBucket(int bucket) const {
  if (bucket < 0 || bucket >= std::ssize(buckets)) {
    return InvalidArgument("{} has {} buckets, there is no bucket {}", Name(), buckets.size(),
                           bucket);
  }
  return buckets[bucket].offline;
}

StorageServer::StorageServer(StorageOptions options, io::FileSystem& fs)
    : options_(std::move(options)),
      fs_(fs),
      services_(std::make_shared<TabletServices>(options_)) {}

Result<std::unique_ptr<StorageServer>> StorageServer::Open(StorageOptions options,
                                                           io::FileSystem& fs) {
  std::unique_ptr<StorageServer> server(new StorageServer(std::move(options), fs));
  RETURN_IF_ERROR(server->Start());
  return server;
}

StorageMetrics& StorageServer::metrics() { return services_->metrics; }

Status StorageServer::CheckSpace() const { return services_->space.Check(0); }

StorageServer::~StorageServer() {
  Status closed = Close();
  if (!closed.ok()) Log(LogLevel::kError, "storage", "not closed cleanly: {}", closed.message());
}

Status StorageServer::Start() {
  ASSIGN_OR_RETURN(data_dir_, DataDir::Open(fs_, options_.data_dir));
  ASSIGN_OR_RETURN(metadata_, MetadataStore::Open(fs_, data_dir_->MetaPath()));
  ASSIGN_OR_RETURN(partitions_, PartitionStore::Open(fs_, data_dir_->MetaPath() + "/partitions"));
  producer_offsets_ = std::make_unique<ProducerOffsets>(*metadata_, *options_.clock);
  sequences_ =
      std::make_shared<SequenceStore>(fs_, io::JoinPath(data_dir_->MetaPath(), "auto_increment"));
  RETURN_IF_ERROR(RemoveOrphans());
  ForgetPartitionsOfDroppedTables();
  RETURN_IF_ERROR(OpenRemote());
  std::vector<HostedTable*> tables;
  for (const TableInfo& info : metadata_->AllTables()) {
    auto table = MakeTable(info);
    tables.push_back(table.get());
    MakePartitions(table, tables);
    tables_by_id_[info.id] = table;
    tables_[info.path] = std::move(table);
  }
  OpenBuckets(tables);
  expiry_thread_ = std::thread([this] { RunExpiry(); });
  remote_->Start();
  return {};
}

Status StorageServer::OpenRemote() {
  ASSIGN_OR_RETURN(remote_, RemoteStorage::Open(options_.remote, data_dir_->path(), fs_,
                                                *options_.clock, services_->metrics, *metadata_));
  return remote_->FinishRemovals([this](const RemoteBucketName& name) {
    if (metadata_->IsDamaged(name.table)) return true;
    auto info = metadata_->GetTable(name.table);
    if (!info.ok() || info->id != name.bucket.table_id) return false;
    return !name.bucket.partition_id || partitions_->Exists(info->id, *name.bucket.partition_id);
  });
}

/// Directories of tables whose creation or removal was interrupted.
Status StorageServer::RemoveOrphans() {
  RETURN_IF_ERROR(fs_.CreateDirectories(data_dir_->TablesPath()));
  ASSIGN_OR_RETURN(auto databases, fs_.List(data_dir_->TablesPath()));
  for (const std::string& database : databases) {
    std::string parent = io::JoinPath(data_dir_->TablesPath(), database);
    ASSIGN_OR_RETURN(auto directories, fs_.List(parent));
    for (const std::string& directory : directories) {
      ASSIGN_OR_RETURN(bool orphan, IsOrphan(database, directory));
      if (!orphan) {
        RETURN_IF_ERROR(RemovePartitionOrphans(database, directory));
        continue;
      }
      Log(LogLevel::kInfo, "storage", "leftover of a dropped table removed dir={}/{}", parent,
          directory);
      RETURN_IF_ERROR(fs_.RemoveAll(io::JoinPath(parent, directory)));
    }
  }
  return {};
}

Result<bool> StorageServer::IsOrphan(const std::string& database, const std::string& directory) {
  size_t dash = directory.rfind('-');
  if (dash == std::string::npos) return false;
  int64_t id = -1;
  auto [end, error] =
      std::from_chars(directory.data() + dash + 1, directory.data() + directory.size(), id);
  if (error != std::errc() || end != directory.data() + directory.size()) return false;
  TablePath path{database, directory.substr(0, dash)};
  if (metadata_->IsDamaged(path)) return false;
  auto info = metadata_->GetTable(path);
  if (info.ok()) return info->id.value() != id;
  if (info.kind() != ErrorKind::kNotFound) return info.status();
  return true;
}

/// Without its tablets.
std::shared_ptr<HostedTable> StorageServer::MakeTable(const TableInfo& info) {
  auto table = std::make_shared<HostedTable>();
  table->services = services_;
  table->info = info;
  table->schemas = std::make_shared<SchemaRegistry>();
  table->schemas->Add(info.schema_id, info.descriptor.schema);
  auto earlier = metadata_->GetSchemas(info.path);
  if (earlier.ok()) {
    for (auto& [id, schema] : *earlier) table->schemas->Add(id, std::move(schema));
  }
  if (info.descriptor.IsPartitioned()) {
    table->partitions = std::make_shared<PartitionSet>(
        [this, id = info.id](const std::vector<std::string>& values) {
          return GetOrCreatePartition(id, values, true);
        });
  } else {
    table->buckets.resize(info.descriptor.bucket_count);
  }
  auto parsed = TableOptions::Parse(info.descriptor.properties, options_.log);
  if (parsed.ok()) {
    table->options = *parsed;
  } else {
    table->options_status = parsed.status();
    for (auto& bucket : table->buckets) bucket.offline = parsed.status();
  }
  return table;
}

/// Opens the tablets of tables that nobody else knows yet, several at the same time: what a start
/// after a crash does takes a processor or waits for the disk.
void StorageServer::OpenBuckets(const std::vector<HostedTable*>& tables) {
  std::vector<std::pair<HostedTable*, int>> due;
  for (HostedTable* table : tables) {
    for (int i = 0; i < std::ssize(table->buckets); ++i) {
      if (table->buckets[i].offline.ok()) due.emplace_back(table, i);
    }
  }
  std::atomic<size_t> next = 0;
  auto open_some = [&] {
    for (size_t i = next++; i < due.size(); i = next++) {
      auto [table, index] = due[i];
      table->buckets[index] = OpenBucket(*table, index);
    }
  };
  std::vector<std::thread> threads;
  size_t count = std::min<size_t>(std::max(1, options_.opening_threads), due.size());
  for (size_t i = 1; i < count; ++i) threads.emplace_back(open_some);
  open_some();
  for (std::thread& thread : threads) thread.join();
  for (HostedTable* table : tables) TakeLakeOffsets(*table);
}

void StorageServer::TakeLakeOffsets(HostedTable& table) {
  auto lake = metadata_->LakeOffsets(table.LakeKey());
  for (size_t i = 0; i < lake.size() && i < table.buckets.size(); ++i) {
    if (table.buckets[i].log != nullptr) table.buckets[i].log->SetLakeOffset(lake[i]);
  }
}

HostedTable::Bucket StorageServer::OpenBucket(const HostedTable& table, int index) {
  HostedTable::Bucket bucket;
  Status opened = OpenTablets(table, index, bucket);
  if (opened.ok()) {
    if (!bucket.log->Damage().empty()) services_->metrics.damaged_tablets += 1;
    return bucket;
  }
  Log(LogLevel::kError, "storage", "bucket out of service table={} bucket={}: {}",
      table.info.path.ToString(), table.IdOf(index).ToString(), opened.message());
  services_->metrics.damaged_tablets += 1;
  return {
      nullptr, nullptr, nullptr,
      opened.WithContext(fmt::format("bucket {} of {} is out of service", index, table.Name()))};
}

Status StorageServer::OpenTablets(const HostedTable& table, int index,
                                  HostedTable::Bucket& bucket) {
  LogServices services{fs_,
                       *options_.clock,
                       services_->flusher,
                       services_->budget,
                       services_->metrics,
                       &services_->space};
  const TableInfo& info = table.info;
  ASSIGN_OR_RETURN(
      bucket.log,
      LogTablet::Open(services, data_dir_->LogPath(info.path, info.id, table.IdOf(index)),
                      table.options.log));
  ReportDamage(table, index, *bucket.log);
  std::string kv_path = data_dir_->KvPath(info.path, info.id, table.IdOf(index));
  RemoteBucketName name{info.path, table.PlaceOf(index),
                        table.partition ? table.partition->Name() : ""};
  bool has_rows = info.descriptor.HasPrimaryKey();
  // Clients open snapshots' files by themselves and take the rows to be in the table's format.
  bool has_snapshots = has_rows && table.options.kv_format == format::RowFormat::kCompacted;
  ASSIGN_OR_RETURN(bucket.remote, remote_->OpenBucket(std::move(name), io::ParentPath(kv_path),
                                                      bucket.log, has_snapshots));
  if (!has_rows) return {};
  ASSIGN_OR_RETURN(
      bucket.kv,
      KvTablet::Open(services_->kv, fs_, kv_path, info, table.options, bucket.log, table.schemas,
                     std::bind_front(&SequenceStore::Reserve, sequences_, info.id)));
  if (!has_snapshots) bucket.log->SetReaderRetained(0);  // clients read all rows from the changelog
  bucket.remote->SetRows(bucket.kv);
  return {};
}

void StorageServer::ReportDamage(const HostedTable& table, int index, LogTablet& log) {
  std::vector<LogGap> damage = log.Damage();
  for (const LogGap& gap : damage) {
    Log(LogLevel::kError, "storage",
        "rows are missing table={} bucket={} first_offset={} next_offset={}",
        table.info.path.ToString(), table.IdOf(index).ToString(), gap.first, gap.next);
  }
}

Status StorageServer::CreateDatabase(const std::string& name, bool ignore_if_exists) {
  RETURN_IF_ERROR(ValidateName("database", name));
  return metadata_->CreateDatabase(name, ignore_if_exists);
}

Status StorageServer::DropDatabase(const std::string& name, bool ignore_if_not_exists,
                                   bool cascade) {
  if (!metadata_->HasDatabase(name)) {
    if (ignore_if_not_exists) return {};
    return NotFound("there is no database '{}'", name);
  }
  if (cascade) {
    ASSIGN_OR_RETURN(auto tables, metadata_->ListTables(name));
    for (const std::string& table : tables) RETURN_IF_ERROR(DropTable({name, table}));
  }
  return metadata_->DropDatabase(name);
}

Result<TableInfo> StorageServer::CreateTable(const TablePath& path,
                                             const model::TableDescriptor& descriptor) {
  RETURN_IF_ERROR(ValidateTable(path, descriptor));
  RETURN_IF_ERROR(CheckSpace());
  std::unique_lock ddl_lock(ddl_mutex_);
  RETURN_IF_ERROR(metadata_->CheckNewTable(path));
  ASSIGN_OR_RETURN(TableInfo info, NewTableInfo(path, descriptor));
  // The directories come first: the metadata file is what makes the table exist.
  auto table = MakeTable(info);
  OpenBuckets({table.get()});
  Failpoint("table.before_commit");
  RETURN_IF_ERROR(CommitBuckets(*table, data_dir_->TablePath(path, info.id),
                                [&] { return metadata_->PutTable(info); }));
  {
    std::lock_guard lock(mutex_);
    tables_by_id_[info.id] = table;
    tables_[path] = table;
  }
  ddl_lock.unlock();
  AutoPartitionTable(*table);
  return info;
}

/// Makes what `table`'s open buckets belong to exist, or removes them.
Status StorageServer::CommitBuckets(HostedTable& table, const std::string& directory,
                                    const std::function<Status()>& commit) {
  Status committed;
  for (const auto& bucket : table.buckets) {
    if (committed.ok()) committed = bucket.offline;
  }
  if (committed.ok()) committed = commit();
  if (committed.ok()) return {};
  Status ignored;
  for (auto& bucket : table.buckets) CloseBucket(bucket, ignored);
  static_cast<void>(fs_.RemoveAll(directory));  // else the next start does
  return committed;
}

void StorageServer::AbandonBuckets(HostedTable& table) {
  for (auto& bucket : table.buckets) {
    if (bucket.kv != nullptr) bucket.kv->Abandon();
    if (bucket.log != nullptr) bucket.log->Abandon();
  }
}

/// Of all buckets of a table or a partition.
RemoteBucketName StorageServer::RemoteNameOf(const HostedTable& table) {
  return {table.info.path, table.PlaceOf(0), table.partition ? table.partition->Name() : ""};
}

Status StorageServer::DropTable(const TablePath& path) {
  std::shared_ptr<HostedTable> table;
  {
    std::lock_guard ddl_lock(ddl_mutex_);
    {
      std::lock_guard lock(mutex_);
      auto found = tables_.find(path);
      if (found != tables_.end()) table = found->second;
    }
    if (table == nullptr) return metadata_->RemoveTable(path);  // it was damaged
    RemoteBucketName name = RemoteNameOf(*table);
    std::vector<std::shared_ptr<HostedTable>> parts = PartsOf(table);
    bool has_remote_files = false;
    RETURN_IF_ERROR(
        CommitRemoval(parts, name, [&] { return metadata_->RemoveTable(path); }, has_remote_files));
    Failpoint("table.after_drop");
    ForgetTable(*table);
    if (table->partitions != nullptr) partitions_->RemoveTable(table->info.id);
    sequences_->Remove(table->info.id);
    RemoveFiles(parts, data_dir_->TablePath(path, table->info.id),
                has_remote_files ? &name : nullptr);
  }
  if (table->partitions != nullptr) table->partitions->Close();
  return {};
}

/// What holds the buckets of a table: itself, or its partitions.
std::vector<std::shared_ptr<HostedTable>> StorageServer::PartsOf(
    const std::shared_ptr<HostedTable>& table) {
  return table->partitions == nullptr ? std::vector{table} : table->partitions->All();
}

/// Has `commit` remove what makes `parts` exist. What they have in remote storage, under `name`, is
/// noted first, so that a restart finds it.
Status StorageServer::CommitRemoval(const std::vector<std::shared_ptr<HostedTable>>& parts,
                                    const RemoteBucketName& name,
                                    const std::function<Status()>& commit, bool& has_remote_files) {
  for (const auto& part : parts) {
    for (auto& bucket : part->buckets) {
      if (bucket.remote != nullptr) bucket.remote->Pause();
      has_remote_files |= bucket.remote == nullptr || bucket.remote->HasFiles();
    }
  }
  Status removed;
  if (has_remote_files) removed = remote_->PlanRemoval(name);
  if (removed.ok()) removed = commit();
  if (removed.ok()) return {};
  for (const auto& part : parts) {
    for (auto& bucket : part->buckets) {
      if (bucket.remote != nullptr) bucket.remote->Resume();
    }
  }
  return removed;
}

void StorageServer::ForgetTable(const HostedTable& table) {
  std::lock_guard lock(mutex_);
  tables_.erase(table.info.path);
  tables_by_id_.erase(table.info.id);
}

/// `remote`: what is in remote storage; nullptr: nothing.
void StorageServer::RemoveFiles(const std::vector<std::shared_ptr<HostedTable>>& parts,
                                const std::string& directory, const RemoteBucketName* remote) {
  for (const auto& part : parts) {
    if (part->partition) *part->dropped = true;
    AbandonBuckets(*part);
  }
  Status removed = fs_.RemoveAll(directory);
  if (removed.ok() && remote != nullptr) removed = remote_->FinishRemoval(*remote);
  if (!removed.ok()) {
    Log(LogLevel::kWarning, "storage", "dropped table's files stay until the next start: {}",
        removed.message());
  }
}

Result<std::shared_ptr<const HostedTable>> StorageServer::GetTable(const TablePath& path) {
  {
    std::lock_guard lock(mutex_);
    if (closed_) return Unavailable("the storage core is closed");
    auto found = tables_.find(path);
    if (found != tables_.end()) return std::shared_ptr<const HostedTable>(found->second);
  }
  auto info = metadata_->GetTable(path);
  if (!info.ok()) return info.status();
  return Unavailable("table '{}' is being created or dropped", path.ToString());
}

Result<std::shared_ptr<const HostedTable>> StorageServer::GetTable(model::TableId id) {
  std::lock_guard lock(mutex_);
  if (closed_) return Unavailable("the storage core is closed");
  auto found = tables_by_id_.find(id);
  if (found == tables_by_id_.end()) return NotFound("there is no table with id {}", id.value());
  return std::shared_ptr<const HostedTable>(found->second);
}

Status StorageServer::SetLakeOffsets(const TablePath& path, const std::vector<LogOffset>& offsets,
                                     std::optional<model::PartitionId> partition) {
  ASSIGN_OR_RETURN(auto table, GetTable(path));
  ASSIGN_OR_RETURN(auto part, table->Part(partition));
  ASSIGN_OR_RETURN(auto merged, metadata_->SetLakeOffsets(
                                    part->LakeKey(), table->info.descriptor.bucket_count, offsets));
  for (size_t i = 0; i < merged.size(); ++i) {
    if (part->buckets[i].log != nullptr) part->buckets[i].log->SetLakeOffset(merged[i]);
  }
  return {};
}

std::vector<std::shared_ptr<HostedTable>> StorageServer::AllHosts() {
  std::lock_guard lock(mutex_);
  std::vector<std::shared_ptr<HostedTable>> all;
  for (const auto& [path, table] : tables_) {
    if (table->partitions == nullptr) {
      all.push_back(table);
    } else {
      for (auto& partition : table->partitions->All()) all.push_back(std::move(partition));
    }
  }
  return all;
}

void StorageServer::CloseBucket(HostedTable::Bucket& bucket, Status& first_error) {
  if (bucket.log != nullptr) {
    Status closed = bucket.log->Close();
    if (first_error.ok()) first_error = closed;
  }
  if (bucket.kv != nullptr) {
    Status closed = bucket.kv->Close();
    if (first_error.ok()) first_error = closed;
  }
}

Status StorageServer::Close() {
  {
    std::lock_guard lock(mutex_);
    if (std::exchange(closed_, true)) return {};
  }
  stop_expiry_.notify_all();
  if (expiry_thread_.joinable()) expiry_thread_.join();
  if (remote_ != nullptr) remote_->Stop();
  StopCreatingPartitions();
  std::lock_guard ddl_lock(ddl_mutex_);
  Status first_error;
  for (const auto& table : AllHosts()) {
    for (auto& bucket : table->buckets) CloseBucket(bucket, first_error);
  }
  services_->flusher.Stop();
  services_->kv.Stop();
  return first_error;
}

}  // namespace forebay::storage
