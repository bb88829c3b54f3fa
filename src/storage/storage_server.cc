#include "storage/storage_server.h"

#include <malloc.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/failpoint.h"
#include "base/log.h"
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
        kv(metrics, options.row_cache_bytes),
        flusher(options.flusher_threads) {}

  StorageMetrics metrics;
  InFlightBudget budget;
  KvServices kv;
  LogFlusher flusher;
};

Status HostedTable::CheckBucket(int bucket) const {
  if (bucket < 0 || bucket >= std::ssize(buckets)) {
    return InvalidArgument("table '{}' has {} buckets, there is no bucket {}", info.path.ToString(),
                           buckets.size(), bucket);
  }
  return buckets[bucket].offline;
}

namespace {

/// Of all buckets of a table.
RemoteBucketName RemoteNameOf(const TableInfo& info) {
  return {info.path, {info.id, std::nullopt, 0}, ""};
}

}  // namespace

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

StorageServer::~StorageServer() {
  Status closed = Close();
  if (!closed.ok()) Log(LogLevel::kError, "storage", "not closed cleanly: {}", closed.message());
}

Status StorageServer::Start() {
  ASSIGN_OR_RETURN(data_dir_, DataDir::Open(fs_, options_.data_dir));
  ASSIGN_OR_RETURN(metadata_, MetadataStore::Open(fs_, data_dir_->MetaPath()));
  producer_offsets_ = std::make_unique<ProducerOffsets>(*metadata_, *options_.clock);
  RETURN_IF_ERROR(RemoveOrphans());
  RETURN_IF_ERROR(OpenRemote());
  std::vector<HostedTable*> tables;
  for (const TableInfo& info : metadata_->AllTables()) {
    auto table = MakeTable(info);
    tables.push_back(table.get());
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
    return info.ok() && info->id == name.bucket.table_id;
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
      if (!orphan) continue;
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
  table->buckets.resize(info.descriptor.bucket_count);
  table->schemas = std::make_shared<SchemaRegistry>();
  table->schemas->Add(info.schema_id, info.descriptor.schema);
  auto earlier = metadata_->GetSchemas(info.path);
  if (earlier.ok()) {
    for (auto& [id, schema] : *earlier) table->schemas->Add(id, std::move(schema));
  }
  auto parsed = TableOptions::Parse(info.descriptor.properties, options_.log);
  if (parsed.ok()) {
    table->options = *parsed;
  } else {
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
  auto lake = metadata_->LakeOffsets(table.info.id);
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
      table.info.path.ToString(), index, opened.message());
  services_->metrics.damaged_tablets += 1;
  return {nullptr, nullptr, nullptr,
          opened.WithContext(fmt::format("bucket {} of table '{}' is out of service", index,
                                         table.info.path.ToString()))};
}

Status StorageServer::OpenTablets(const HostedTable& table, int index,
                                  HostedTable::Bucket& bucket) {
  LogServices services{fs_, *options_.clock, services_->flusher, services_->budget,
                       services_->metrics};
  const TableInfo& info = table.info;
  ASSIGN_OR_RETURN(
      bucket.log,
      LogTablet::Open(services, data_dir_->LogPath(info.path, info.id, index), table.options.log));
  ReportDamage(table, index, *bucket.log);
  std::string kv_path = data_dir_->KvPath(info.path, info.id, index);
  RemoteBucketName name{info.path, {info.id, std::nullopt, index}, ""};
  bool has_rows = info.descriptor.HasPrimaryKey();
  ASSIGN_OR_RETURN(bucket.remote, remote_->OpenBucket(std::move(name), io::ParentPath(kv_path),
                                                      bucket.log, has_rows));
  if (!has_rows) return {};
  ASSIGN_OR_RETURN(bucket.kv, KvTablet::Open(services_->kv, fs_, kv_path, info, table.options,
                                             bucket.log, table.schemas));
  bucket.remote->SetRows(bucket.kv);
  return {};
}

void StorageServer::ReportDamage(const HostedTable& table, int index, LogTablet& log) {
  std::vector<LogGap> damage = log.Damage();
  for (const LogGap& gap : damage) {
    Log(LogLevel::kError, "storage",
        "rows are missing table={} bucket={} first_offset={} next_offset={}",
        table.info.path.ToString(), index, gap.first, gap.next);
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
  std::lock_guard ddl_lock(ddl_mutex_);
  RETURN_IF_ERROR(metadata_->CheckNewTable(path));
  TableInfo info;
  ASSIGN_OR_RETURN(info.id, metadata_->AllocateTableId());
  info.path = path;
  info.descriptor = descriptor;
  info.created_ms = options_.clock->NowMs();
  auto& columns = info.descriptor.schema.columns;
  for (size_t i = 0; i < columns.size(); ++i) columns[i].id = static_cast<int>(i);
  // The directories come first: the metadata file is what makes the table exist.
  auto table = MakeTable(info);
  OpenBuckets({table.get()});
  Failpoint("table.before_commit");
  Status committed;
  for (const auto& bucket : table->buckets) {
    if (committed.ok()) committed = bucket.offline;
  }
  if (committed.ok()) committed = metadata_->PutTable(info);
  if (!committed.ok()) {
    Status ignored;
    for (auto& bucket : table->buckets) CloseBucket(bucket, ignored);
    static_cast<void>(
        fs_.RemoveAll(data_dir_->TablePath(path, info.id)));  // else the next start does
    return committed;
  }
  std::lock_guard lock(mutex_);
  tables_by_id_[info.id] = table;
  tables_[path] = std::move(table);
  return info;
}

Status StorageServer::CheckAlteration(const TableInfo& before, const TableInfo& after) const {
  RETURN_IF_ERROR(ValidateTable(after.path, after.descriptor));
  if (after.schema_id == before.schema_id || !after.descriptor.HasPrimaryKey()) return {};
  return format::CheckRowTypes(after.descriptor.schema.Types());
}

Result<TableInfo> StorageServer::AlterTable(const TablePath& path,
                                            const model::TableChanges& changes) {
  std::lock_guard ddl_lock(ddl_mutex_);
  ASSIGN_OR_RETURN(TableInfo before, metadata_->GetTable(path));
  ASSIGN_OR_RETURN(TableInfo after, model::ApplyTableChanges(before, changes));
  if (after.descriptor == before.descriptor) return before;
  RETURN_IF_ERROR(CheckAlteration(before, after));
  ASSIGN_OR_RETURN(TableOptions options,
                   TableOptions::Parse(after.descriptor.properties, options_.log));
  Failpoint("table.before_alter");
  RETURN_IF_ERROR(metadata_->ReplaceTable(after));
  Failpoint("table.after_alter");
  ReplaceHosted(after, options);
  return after;
}

/// The tablets learn the change before anybody can see it.
void StorageServer::ReplaceHosted(const TableInfo& info, const TableOptions& options) {
  std::shared_ptr<HostedTable> before;
  {
    std::lock_guard lock(mutex_);
    auto found = tables_.find(info.path);
    if (found == tables_.end()) return;
    before = found->second;
  }
  before->schemas->Add(info.schema_id, info.descriptor.schema);
  for (auto& bucket : before->buckets) {
    if (bucket.log != nullptr) bucket.log->SetOptions(options.log);
    if (bucket.kv != nullptr) bucket.kv->SetSchema(info.schema_id, info.descriptor.schema);
  }
  auto after = std::make_shared<HostedTable>();
  after->services = before->services;
  after->info = info;
  after->options = options;
  after->buckets = before->buckets;
  after->schemas = before->schemas;
  after->next_bucket = before->next_bucket.load();
  std::lock_guard lock(mutex_);
  tables_by_id_[info.id] = after;
  tables_[info.path] = std::move(after);
}

/// What it has in remote storage is noted first, so that a restart finds it.
Status StorageServer::RemoveFromMetadata(const TablePath& path, HostedTable* table,
                                         bool& has_remote_files) {
  if (table == nullptr) return metadata_->RemoveTable(path);
  for (auto& bucket : table->buckets) {
    if (bucket.remote != nullptr) bucket.remote->Pause();
    has_remote_files |= bucket.remote == nullptr || bucket.remote->HasFiles();
  }
  Status removed;
  if (has_remote_files) removed = remote_->PlanRemoval(RemoteNameOf(table->info));
  if (removed.ok()) removed = metadata_->RemoveTable(path);
  if (removed.ok()) return {};
  for (auto& bucket : table->buckets) {
    if (bucket.remote != nullptr) bucket.remote->Resume();
  }
  return removed;
}

Status StorageServer::DropTable(const TablePath& path) {
  std::lock_guard ddl_lock(ddl_mutex_);
  std::shared_ptr<HostedTable> table;
  {
    std::lock_guard lock(mutex_);
    auto found = tables_.find(path);
    if (found != tables_.end()) table = found->second;
  }
  bool has_remote_files = false;
  RETURN_IF_ERROR(RemoveFromMetadata(path, table.get(), has_remote_files));
  Failpoint("table.after_drop");
  if (table == nullptr) return {};
  {
    std::lock_guard lock(mutex_);
    tables_.erase(path);
    tables_by_id_.erase(table->info.id);
  }
  for (auto& bucket : table->buckets) {
    if (bucket.kv != nullptr) bucket.kv->Abandon();
    if (bucket.log != nullptr) bucket.log->Abandon();
  }
  Status removed = fs_.RemoveAll(data_dir_->TablePath(path, table->info.id));
  if (removed.ok() && has_remote_files) removed = remote_->FinishRemoval(RemoteNameOf(table->info));
  if (!removed.ok()) {
    Log(LogLevel::kWarning, "storage", "dropped table's files stay until the next start: {}",
        removed.message());
  }
  return {};
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

Status StorageServer::SetLakeOffsets(const TablePath& path, const std::vector<LogOffset>& offsets) {
  ASSIGN_OR_RETURN(auto table, GetTable(path));
  ASSIGN_OR_RETURN(auto merged, metadata_->SetLakeOffsets(
                                    table->info.id, table->info.descriptor.bucket_count, offsets));
  for (size_t i = 0; i < merged.size(); ++i) {
    if (table->buckets[i].log != nullptr) table->buckets[i].log->SetLakeOffset(merged[i]);
  }
  return {};
}

std::vector<std::shared_ptr<HostedTable>> StorageServer::AllTables() {
  std::lock_guard lock(mutex_);
  std::vector<std::shared_ptr<HostedTable>> all;
  for (const auto& [path, table] : tables_) all.push_back(table);
  return all;
}

Status StorageServer::ExpireNow() {
  RETURN_IF_ERROR(producer_offsets_->Expire());
  for (const auto& table : AllTables()) {
    for (const auto& bucket : table->buckets) {
      if (bucket.log == nullptr) continue;
      if (bucket.kv != nullptr) bucket.kv->UpdateRetention();
      RETURN_IF_ERROR(bucket.log->Expire());
    }
  }
  return {};
}

void StorageServer::RunExpiry() {
  std::unique_lock lock(mutex_);
  auto interval = std::chrono::milliseconds(options_.expiry_interval_ms);
  bool is_first = true;
  while (!stop_expiry_.wait_for(lock, interval, [this] { return closed_; })) {
    lock.unlock();
    Status expired = ExpireNow();
    if (!expired.ok()) {
      Log(LogLevel::kWarning, "storage", "expiry failed, will try again: {}", expired.message());
    }
    // What the start took and freed goes back to the operating system.
    if (std::exchange(is_first, false)) malloc_trim(0);
    lock.lock();
  }
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
  std::lock_guard ddl_lock(ddl_mutex_);
  Status first_error;
  for (const auto& table : AllTables()) {
    for (auto& bucket : table->buckets) CloseBucket(bucket, first_error);
  }
  services_->flusher.Stop();
  services_->kv.Stop();
  return first_error;
}

}  // namespace forebay::storage
