#include "storage/coordinator/partition_store.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "base/failpoint.h"
#include "base/log.h"
#include "storage/coordinator/table_file.h"

namespace forebay::storage {
namespace {

using model::PartitionId;
using model::PartitionInfo;
using model::TableId;
using nlohmann::json;

constexpr std::string_view kEnding = ".json";
constexpr std::string_view kIdsFile = "ids.json";
/// Partition ids reserved on disk at once.
constexpr int64_t kIdBlock = 100;
/// How far ids jump when nobody knows which were given.
constexpr int64_t kIdGap = int64_t{1} << 32;

std::string ToJson(TableId table, const PartitionInfo& partition) {
  json out = {{"table_id", table.value()},
              {"partition_id", partition.id.value()},
              {"values", partition.values},
              {"created_ms", partition.created_ms}};
  return out.dump(1);
}

Result<PartitionInfo> FromJson(std::string_view bytes, PartitionId id, const std::string& name) {
  ASSIGN_OR_RETURN(std::string text, UnsealMetadata(bytes));
  try {
    json in = json::parse(text);
    PartitionInfo partition;
    partition.id = PartitionId(in.at("partition_id").get<int64_t>());
    partition.values = in.at("values").get<std::vector<std::string>>();
    partition.created_ms = in.at("created_ms");
    if (partition.id == id && partition.Name() == name) return partition;
    return Corruption("the file holds another partition, {}", partition.Name());
  } catch (const std::exception& error) {
    return Corruption("not a partition's metadata: {}", error.what());
  }
}

/// What a file's name says.
struct NamedFile {
  PartitionId id;
  std::string name;
};

Result<NamedFile> ParseFileName(std::string_view file) {
  int64_t id = 0;
  auto [end, error] = std::from_chars(file.data(), file.data() + file.size(), id);
  size_t used = static_cast<size_t>(end - file.data());
  if (error != std::errc() || used >= file.size() || *end != '-' || !file.ends_with(kEnding)) {
    return Corruption("'{}' is no name of a partition's file", file);
  }
  file.remove_prefix(used + 1);
  file.remove_suffix(kEnding.size());
  ASSIGN_OR_RETURN(std::string name, UnescapeFileName(file));
  return NamedFile{PartitionId(id), std::move(name)};
}

}  // namespace

Result<std::unique_ptr<PartitionStore>> PartitionStore::Open(io::FileSystem& fs,
                                                             std::string directory) {
  RETURN_IF_ERROR(fs.CreateDirectories(directory));
  std::unique_ptr<PartitionStore> store(new PartitionStore(fs, std::move(directory)));
  RETURN_IF_ERROR(store->Load());
  return store;
}

Status PartitionStore::Load() {
  ASSIGN_OR_RETURN(auto names, fs_.List(directory_));
  for (const std::string& name : names) {
    if (name.ends_with(io::kTemporarySuffix)) {
      RETURN_IF_ERROR(fs_.Remove(io::JoinPath(directory_, name)));
    } else if (name != kIdsFile) {
      RETURN_IF_ERROR(LoadTable(name));
    }
  }
  return LoadIds();
}

Status PartitionStore::LoadTable(const std::string& name) {
  int64_t number = 0;
  auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (error != std::errc() || end != name.data() + name.size()) return {};
  Table& table = tables_[TableId(number)];
  std::string directory = io::JoinPath(directory_, name);
  ASSIGN_OR_RETURN(auto files, fs_.List(directory));
  for (const std::string& file : files) {
    std::string path = io::JoinPath(directory, file);
    if (file.ends_with(io::kTemporarySuffix)) {
      RETURN_IF_ERROR(fs_.Remove(path));
      continue;
    }
    auto named = ParseFileName(file);
    if (!named.ok()) continue;
    auto bytes = io::ReadFile(fs_, path);
    auto info = bytes.ok() ? FromJson(*bytes, named->id, named->name)
                           : Result<PartitionInfo>(bytes.status());
    if (info.ok()) {
      table.partitions[named->id] = std::move(*info);
      continue;
    }
    Log(LogLevel::kError, "storage", "partition out of service table_id={} partition={}: {}",
        number, named->name, info.message());
    table.damaged[named->name] = {named->id, info.status().WithContext(path)};
  }
  return {};
}

Status PartitionStore::LoadIds() {
  auto bytes = io::ReadFile(fs_, io::JoinPath(directory_, kIdsFile));
  if (!bytes.ok() && bytes.kind() != ErrorKind::kNotFound) return bytes.status();
  if (!bytes.ok() && tables_.empty()) return {};
  auto text = bytes.ok() ? UnsealMetadata(*bytes) : Result<std::string>(bytes.status());
  json ids = text.ok() ? json::parse(*text, nullptr, false) : json();
  if (ids.is_object()) {
    next_id_ = ids_end_ = ids.value("next_partition_id", int64_t{1});
    return {};
  }
  Log(LogLevel::kError, "storage", "partition ids' file is damaged; ids go on at a distance");
  for (const auto& [id, table] : tables_) {
    for (const auto& [partition, info] : table.partitions) {
      next_id_ = std::max(next_id_, partition.value() + 1);
    }
    for (const auto& [name, damaged] : table.damaged) {
      next_id_ = std::max(next_id_, damaged.id.value() + 1);
    }
  }
  next_id_ += kIdGap;
  ids_end_ = next_id_;
  return SaveIds();
}

Status PartitionStore::SaveIds() {
  json ids = {{"next_partition_id", ids_end_}};
  return io::WriteFileAtomically(fs_, io::JoinPath(directory_, kIdsFile), SealMetadata(ids.dump()));
}

std::string PartitionStore::TableDirectory(TableId table) const {
  return fmt::format("{}/{}", directory_, table.value());
}

std::string PartitionStore::FileOf(TableId table, PartitionId id, const std::string& name) const {
  return fmt::format("{}/{}-{}{}", TableDirectory(table), id.value(), EscapeFileName(name),
                     kEnding);
}

Result<PartitionId> PartitionStore::AllocateId() {
  std::lock_guard lock(mutex_);
  if (next_id_ == ids_end_) {
    ids_end_ += kIdBlock;
    Status saved = SaveIds();
    if (!saved.ok()) {
      ids_end_ -= kIdBlock;
      return saved;
    }
  }
  return PartitionId(next_id_++);
}

Status PartitionStore::Put(TableId table, const PartitionInfo& partition) {
  std::lock_guard lock(mutex_);
  RETURN_IF_ERROR(fs_.CreateDirectories(TableDirectory(table)));
  RETURN_IF_ERROR(io::WriteFileAtomically(fs_, FileOf(table, partition.id, partition.Name()),
                                          SealMetadata(ToJson(table, partition))));
  tables_[table].partitions[partition.id] = partition;
  return {};
}

Status PartitionStore::Remove(TableId table, const std::string& name) {
  std::lock_guard lock(mutex_);
  Table& known = tables_[table];
  auto found = std::find_if(known.partitions.begin(), known.partitions.end(),
                            [&](const auto& entry) { return entry.second.Name() == name; });
  auto damaged = known.damaged.find(name);
  if (found == known.partitions.end() && damaged == known.damaged.end()) {
    return NotFound("there is no partition '{}'", name);
  }
  PartitionId id = found != known.partitions.end() ? found->first : damaged->second.id;
  Failpoint("meta.before_remove");
  RETURN_IF_ERROR(fs_.Remove(FileOf(table, id, name)));
  Failpoint("meta.after_remove");
  RETURN_IF_ERROR(fs_.SyncDirectory(TableDirectory(table)));
  if (found != known.partitions.end()) {
    known.partitions.erase(found);
  } else {
    known.damaged.erase(damaged);
  }
  return {};
}

void PartitionStore::RemoveTable(TableId table) {
  std::lock_guard lock(mutex_);
  if (tables_.erase(table) == 0) return;
  Status removed = fs_.RemoveAll(TableDirectory(table));
  if (removed.ok()) return;
  Log(LogLevel::kWarning, "storage", "dropped table's partitions stay until the next start: {}",
      removed.message());
}

std::vector<PartitionInfo> PartitionStore::List(TableId table) {
  std::lock_guard lock(mutex_);
  std::vector<PartitionInfo> all;
  auto found = tables_.find(table);
  if (found == tables_.end()) return all;
  for (const auto& [id, partition] : found->second.partitions) all.push_back(partition);
  return all;
}

Status PartitionStore::Damage(TableId table, const std::string& name) {
  std::lock_guard lock(mutex_);
  auto found = tables_.find(table);
  if (found == tables_.end()) return {};
  auto damaged = found->second.damaged.find(name);
  return damaged == found->second.damaged.end() ? Status() : damaged->second.why;
}

bool PartitionStore::Exists(TableId table, PartitionId partition) {
  std::lock_guard lock(mutex_);
  auto found = tables_.find(table);
  if (found == tables_.end()) return false;
  const auto& damaged = found->second.damaged;
  return found->second.partitions.contains(partition) ||
         std::any_of(damaged.begin(), damaged.end(),
                     [&](const auto& entry) { return entry.second.id == partition; });
}

std::vector<TableId> PartitionStore::Tables() {
  std::lock_guard lock(mutex_);
  std::vector<TableId> all;
  for (const auto& [table, partitions] : tables_) all.push_back(table);
  return all;
}

}  // namespace forebay::storage
