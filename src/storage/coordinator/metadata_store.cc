#include "storage/coordinator/metadata_store.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "base/failpoint.h"
#include "base/log.h"
#include "storage/coordinator/table_file.h"

namespace forebay::storage {
namespace {

using model::LogOffset;
using model::TableId;
using model::TableInfo;
using model::TablePath;
using nlohmann::json;

constexpr std::string_view kEnding = ".json";
/// Writer ids reserved on disk at once.
constexpr int64_t kWriterIdBlock = 1000;

Result<std::string> ReadSealed(io::FileSystem& fs, const std::string& path) {
  ASSIGN_OR_RETURN(std::string bytes, io::ReadFile(fs, path));
  auto text = UnsealMetadata(bytes);
  if (!text.ok()) return text.status().WithContext(path);
  return text;
}

Status WriteSealed(io::FileSystem& fs, const std::string& path, std::string_view json) {
  return io::WriteFileAtomically(fs, path, SealMetadata(json));
}

/// The unescaped names of the `.json` files in a directory, made when missing; leftovers of
/// interrupted writes are removed.
Result<std::vector<std::string>> NamesIn(io::FileSystem& fs, const std::string& directory) {
  RETURN_IF_ERROR(fs.CreateDirectories(directory));
  ASSIGN_OR_RETURN(auto files, fs.List(directory));
  std::vector<std::string> names;
  for (const std::string& file : files) {
    if (file.ends_with(io::kTemporarySuffix)) {
      RETURN_IF_ERROR(fs.Remove(io::JoinPath(directory, file)));
      continue;
    }
    if (!file.ends_with(kEnding)) continue;
    auto name = UnescapeFileName(std::string_view(file).substr(0, file.size() - kEnding.size()));
    if (name.ok()) names.push_back(std::move(*name));
  }
  return names;
}

/// "12", or "12-p7" for partition 7 of table 12.
LakeOffsetsKey ParseLakeFileName(const std::string& name) {
  int64_t table = 0;
  const char* end = name.data() + name.size();
  const char* after = std::from_chars(name.data(), end, table).ptr;
  LakeOffsetsKey key{TableId(table)};
  if (std::string_view(after, end).starts_with("-p")) {
    int64_t partition = 0;
    std::from_chars(after + 2, end, partition);
    key.partition = model::PartitionId(partition);
  }
  return key;
}

}  // namespace

Result<std::unique_ptr<MetadataStore>> MetadataStore::Open(io::FileSystem& fs,
                                                           std::string directory) {
  RETURN_IF_ERROR(fs.CreateDirectories(directory));
  std::unique_ptr<MetadataStore> store(new MetadataStore(fs, std::move(directory)));
  RETURN_IF_ERROR(store->Load());
  return store;
}

Status MetadataStore::Load() {
  ASSIGN_OR_RETURN(auto databases, NamesIn(fs_, io::JoinPath(directory_, "databases")));
  databases_.insert(databases.begin(), databases.end());
  RETURN_IF_ERROR(LoadTables());
  RETURN_IF_ERROR(LoadObjects());
  RETURN_IF_ERROR(LoadLakeOffsets());
  return LoadIds();
}

Status MetadataStore::LoadTables() {
  std::string root = io::JoinPath(directory_, "tables");
  RETURN_IF_ERROR(fs_.CreateDirectories(root));
  ASSIGN_OR_RETURN(auto databases, fs_.List(root));
  for (const std::string& database : databases) {
    ASSIGN_OR_RETURN(auto tables, NamesIn(fs_, io::JoinPath(root, database)));
    for (const std::string& table : tables) {
      TablePath path{database, table};
      auto text = ReadSealed(fs_, TableFile(path));
      auto info = text.ok() ? StoredTableFromJson(*text) : Result<StoredTable>(text.status());
      if (info.ok()) {
        tables_[path] = std::move(*info);
        continue;
      }
      Log(LogLevel::kError, "storage", "table out of service table={}: {}", path.ToString(),
          info.message());
      damaged_tables_[path] = info.status();
    }
  }
  return {};
}

Status MetadataStore::LoadObjects() {
  std::string root = io::JoinPath(directory_, "objects");
  RETURN_IF_ERROR(fs_.CreateDirectories(root));
  ASSIGN_OR_RETURN(auto kinds, fs_.List(root));
  for (const std::string& escaped : kinds) {
    ASSIGN_OR_RETURN(std::string kind, UnescapeFileName(escaped));
    ASSIGN_OR_RETURN(auto names, NamesIn(fs_, io::JoinPath(root, escaped)));
    for (const std::string& name : names) {
      auto text = ReadSealed(fs_, ObjectFile(kind, name));
      if (text.ok()) {
        objects_[{kind, name}] = std::move(*text);
      } else {
        Log(LogLevel::kError, "storage", "{} out of service name={}: {}", kind, name,
            text.message());
      }
    }
  }
  return {};
}

Status MetadataStore::LoadLakeOffsets() {
  std::string root = io::JoinPath(directory_, "lake");
  ASSIGN_OR_RETURN(auto names, NamesIn(fs_, root));
  for (const std::string& name : names) {
    LakeOffsetsKey key = ParseLakeFileName(name);
    auto text = ReadSealed(fs_, LakeFile(key));
    json offsets = text.ok() ? json::parse(*text, nullptr, false) : json();
    if (offsets.is_array()) {
      // Without the file the lake's own snapshot still says how far it is; only expiry waits.
      lake_offsets_[key] = offsets.get<std::vector<LogOffset>>();
    } else {
      Log(LogLevel::kError, "storage", "lake offsets unreadable table_id={}", name);
    }
  }
  return {};
}

Status MetadataStore::LoadIds() {
  auto text = ReadSealed(fs_, io::JoinPath(directory_, "ids.json"));
  if (!text.ok() && text.kind() == ErrorKind::kNotFound) return {};
  if (!text.ok() && text.kind() != ErrorKind::kCorruption) return text.status();
  json ids = text.ok() ? json::parse(*text, nullptr, false) : json();
  if (ids.is_object()) {
    next_table_id_ = ids.value("next_table_id", int64_t{1});
    next_writer_id_ = writer_ids_end_ = ids.value("next_writer_id", int64_t{1});
    return {};
  }
  // Ids must never be given twice: go on far above any that can have been given.
  Log(LogLevel::kError, "storage", "ids.json is damaged; ids go on at a distance");
  for (const auto& [path, table] : tables_) {
    next_table_id_ = std::max(next_table_id_, table.info.id.value() + 1);
  }
  next_table_id_ += int64_t{1} << 32;
  next_writer_id_ = writer_ids_end_ = int64_t{1} << 48;
  return SaveIds();
}

Status MetadataStore::SaveIds() {
  json ids = {{"next_table_id", next_table_id_}, {"next_writer_id", writer_ids_end_}};
  return WriteSealed(fs_, io::JoinPath(directory_, "ids.json"), ids.dump());
}

std::string MetadataStore::DatabaseFile(const std::string& name) const {
  return fmt::format("{}/databases/{}{}", directory_, EscapeFileName(name), kEnding);
}

std::string MetadataStore::TableFile(const TablePath& path) const {
  return fmt::format("{}/tables/{}/{}{}", directory_, path.database, path.table, kEnding);
}

std::string MetadataStore::ObjectFile(const std::string& kind, const std::string& name) const {
  return fmt::format("{}/objects/{}/{}{}", directory_, EscapeFileName(kind), EscapeFileName(name),
                     kEnding);
}

std::string MetadataStore::LakeFile(const LakeOffsetsKey& key) const {
  std::string name = std::to_string(key.table.value());
  if (key.partition) name += fmt::format("-p{}", key.partition->value());
  return fmt::format("{}/lake/{}{}", directory_, name, kEnding);
}

Status MetadataStore::RemoveFile(const std::string& path) {
  Failpoint("meta.before_remove");
  RETURN_IF_ERROR(fs_.Remove(path));
  Failpoint("meta.after_remove");
  return fs_.SyncDirectory(io::ParentPath(path));
}

Status MetadataStore::CreateDatabase(const std::string& name, bool ignore_if_exists) {
  std::lock_guard lock(mutex_);
  if (databases_.contains(name)) {
    if (ignore_if_exists) return {};
    return AlreadyExists("database '{}' exists already", name);
  }
  RETURN_IF_ERROR(WriteSealed(fs_, DatabaseFile(name), json{{"name", name}}.dump()));
  databases_.insert(name);
  return {};
}

Status MetadataStore::DropDatabase(const std::string& name) {
  std::lock_guard lock(mutex_);
  if (!databases_.contains(name)) return NotFound("there is no database '{}'", name);
  auto is_in = [&](const auto& entry) { return entry.first.database == name; };
  if (std::any_of(tables_.begin(), tables_.end(), is_in) ||
      std::any_of(damaged_tables_.begin(), damaged_tables_.end(), is_in)) {
    return Conflict("database '{}' has tables", name);
  }
  RETURN_IF_ERROR(RemoveFile(DatabaseFile(name)));
  databases_.erase(name);
  return {};
}

std::vector<std::string> MetadataStore::ListDatabases() {
  std::lock_guard lock(mutex_);
  return {databases_.begin(), databases_.end()};
}

bool MetadataStore::HasDatabase(const std::string& name) {
  std::lock_guard lock(mutex_);
  return databases_.contains(name);
}

Result<TableId> MetadataStore::AllocateTableId() {
  std::lock_guard lock(mutex_);
  TableId id(next_table_id_++);
  RETURN_IF_ERROR(SaveIds());
  return id;
}

Result<int64_t> MetadataStore::AllocateWriterId() {
  std::lock_guard lock(mutex_);
  if (next_writer_id_ == writer_ids_end_) {
    writer_ids_end_ += kWriterIdBlock;
    Status saved = SaveIds();
    if (!saved.ok()) {
      writer_ids_end_ -= kWriterIdBlock;
      return saved;
    }
  }
  return next_writer_id_++;
}

Status MetadataStore::CheckNewTable(const TablePath& path) {
  std::lock_guard lock(mutex_);
  return CheckNewTableLocked(path);
}

Status MetadataStore::CheckNewTableLocked(const TablePath& path) {
  if (!databases_.contains(path.database)) {
    return NotFound("there is no database '{}'", path.database);
  }
  if (tables_.contains(path) || damaged_tables_.contains(path)) {
    return AlreadyExists("table '{}' exists already", path.ToString());
  }
  return {};
}

Status MetadataStore::PutTable(const TableInfo& info) {
  std::lock_guard lock(mutex_);
  RETURN_IF_ERROR(CheckNewTableLocked(info.path));
  return SaveTable({info, {{info.schema_id, info.descriptor.schema}}, info.created_ms});
}

Status MetadataStore::ReplaceTable(const TableInfo& info, int64_t now_ms) {
  std::lock_guard lock(mutex_);
  ASSIGN_OR_RETURN(const StoredTable* before, FindTable(info.path));
  bool same_columns = info.schema_id == before->info.schema_id;
  StoredTable after{info, before->schemas, same_columns ? now_ms : before->modified_ms};
  after.schemas[info.schema_id] = info.descriptor.schema;
  return SaveTable(std::move(after));
}

Status MetadataStore::SwapTable(const TableInfo& info) {
  std::lock_guard lock(mutex_);
  ASSIGN_OR_RETURN(const StoredTable* before, FindTable(info.path));
  TableId old = before->info.id;
  RETURN_IF_ERROR(SaveTable({info, {{info.schema_id, info.descriptor.schema}}, info.created_ms}));
  return ForgetTableOffsetsLocked(old);
}

Status MetadataStore::SaveTable(StoredTable table) {
  ASSIGN_OR_RETURN(std::string json, StoredTableToJson(table));
  TablePath path = table.info.path;
  std::string file = TableFile(path);
  RETURN_IF_ERROR(fs_.CreateDirectories(io::ParentPath(file)));
  RETURN_IF_ERROR(WriteSealed(fs_, file, json));
  tables_[path] = std::move(table);
  return {};
}

Status MetadataStore::RemoveTable(const TablePath& path) {
  std::lock_guard lock(mutex_);
  auto found = tables_.find(path);
  if (found == tables_.end() && !damaged_tables_.contains(path)) return NoSuchTable(path);
  RETURN_IF_ERROR(RemoveFile(TableFile(path)));
  damaged_tables_.erase(path);
  if (found == tables_.end()) return {};
  TableId id = found->second.info.id;
  tables_.erase(found);
  return ForgetTableOffsetsLocked(id);
}

Status MetadataStore::ForgetTableOffsetsLocked(TableId id) {
  std::vector<LakeOffsetsKey> keys;
  for (const auto& [key, offsets] : lake_offsets_) {
    if (key.table == id) keys.push_back(key);
  }
  for (const LakeOffsetsKey& key : keys) RETURN_IF_ERROR(ForgetLakeOffsetsLocked(key));
  return {};
}

Status MetadataStore::ForgetLakeOffsetsLocked(const LakeOffsetsKey& key) {
  if (lake_offsets_.erase(key) == 0) return {};
  Status removed = RemoveFile(LakeFile(key));
  return !removed.ok() && removed.kind() == ErrorKind::kNotFound ? Status() : removed;
}

void MetadataStore::ForgetLakeOffsets(const LakeOffsetsKey& key) {
  std::lock_guard lock(mutex_);
  Status forgotten = ForgetLakeOffsetsLocked(key);
  if (forgotten.ok()) return;
  Log(LogLevel::kWarning, "storage", "lake offsets of a dropped partition stay: {}",
      forgotten.message());
}

Error MetadataStore::NoSuchTable(const TablePath& path) {
  if (!databases_.contains(path.database)) {
    return NotFound("there is no database '{}'", path.database);
  }
  return NotFound("there is no table '{}'", path.ToString());
}

Result<const StoredTable*> MetadataStore::FindTable(const TablePath& path) {
  if (auto found = tables_.find(path); found != tables_.end()) return &found->second;
  if (auto found = damaged_tables_.find(path); found != damaged_tables_.end()) {
    return found->second;
  }
  return NoSuchTable(path);
}

Result<TableInfo> MetadataStore::GetTable(const TablePath& path) {
  std::lock_guard lock(mutex_);
  ASSIGN_OR_RETURN(const StoredTable* table, FindTable(path));
  return table->info;
}

Result<int64_t> MetadataStore::ModifiedMs(const TablePath& path) {
  std::lock_guard lock(mutex_);
  ASSIGN_OR_RETURN(const StoredTable* table, FindTable(path));
  return table->modified_ms;
}

Result<SchemaVersions> MetadataStore::GetSchemas(const TablePath& path) {
  std::lock_guard lock(mutex_);
  ASSIGN_OR_RETURN(const StoredTable* table, FindTable(path));
  return table->schemas;
}

Result<std::vector<std::string>> MetadataStore::ListTables(const std::string& database) {
  std::lock_guard lock(mutex_);
  if (!databases_.contains(database)) return NotFound("there is no database '{}'", database);
  std::set<std::string> names;
  for (const auto& [path, info] : tables_) {
    if (path.database == database) names.insert(path.table);
  }
  for (const auto& [path, status] : damaged_tables_) {
    if (path.database == database) names.insert(path.table);
  }
  return std::vector<std::string>(names.begin(), names.end());
}

std::vector<TableInfo> MetadataStore::AllTables() {
  std::lock_guard lock(mutex_);
  std::vector<TableInfo> all;
  for (const auto& [path, table] : tables_) all.push_back(table.info);
  return all;
}

bool MetadataStore::IsDamaged(const TablePath& path) {
  std::lock_guard lock(mutex_);
  return damaged_tables_.contains(path);
}

bool MetadataStore::HasDamage() {
  std::lock_guard lock(mutex_);
  return !damaged_tables_.empty();
}

Status MetadataStore::PutObject(const std::string& kind, const std::string& name,
                                const std::string& text, bool replace) {
  std::lock_guard lock(mutex_);
  if (!replace && objects_.contains({kind, name})) {
    return AlreadyExists("{} '{}' exists already", kind, name);
  }
  std::string file = ObjectFile(kind, name);
  RETURN_IF_ERROR(fs_.CreateDirectories(io::ParentPath(file)));
  RETURN_IF_ERROR(WriteSealed(fs_, file, text));
  objects_[{kind, name}] = text;
  return {};
}

Status MetadataStore::DropObject(const std::string& kind, const std::string& name) {
  std::lock_guard lock(mutex_);
  if (!objects_.contains({kind, name})) return NotFound("there is no {} '{}'", kind, name);
  RETURN_IF_ERROR(RemoveFile(ObjectFile(kind, name)));
  objects_.erase({kind, name});
  return {};
}

Result<std::string> MetadataStore::GetObject(const std::string& kind, const std::string& name) {
  std::lock_guard lock(mutex_);
  auto found = objects_.find({kind, name});
  if (found == objects_.end()) return NotFound("there is no {} '{}'", kind, name);
  return found->second;
}

std::vector<std::string> MetadataStore::ListObjects(const std::string& kind) {
  std::lock_guard lock(mutex_);
  std::vector<std::string> names;
  for (const auto& [key, text] : objects_) {
    if (key.first == kind) names.push_back(key.second);
  }
  return names;
}

Result<std::vector<LogOffset>> MetadataStore::SetLakeOffsets(
    const LakeOffsetsKey& key, int bucket_count, const std::vector<LogOffset>& offsets) {
  std::lock_guard lock(mutex_);
  if (std::ssize(offsets) != bucket_count) {
    return InvalidArgument("there are {} lake offsets for {} buckets", offsets.size(),
                           bucket_count);
  }
  std::vector<LogOffset> merged = lake_offsets_[key];
  merged.resize(bucket_count, 0);
  for (int i = 0; i < bucket_count; ++i) merged[i] = std::max(merged[i], offsets[i]);
  if (merged != lake_offsets_[key]) {
    RETURN_IF_ERROR(WriteSealed(fs_, LakeFile(key), json(merged).dump()));
    lake_offsets_[key] = merged;
  }
  return merged;
}

std::vector<LogOffset> MetadataStore::LakeOffsets(const LakeOffsetsKey& key) {
  std::lock_guard lock(mutex_);
  auto found = lake_offsets_.find(key);
  return found == lake_offsets_.end() ? std::vector<LogOffset>() : found->second;
}

}  // namespace forebay::storage
