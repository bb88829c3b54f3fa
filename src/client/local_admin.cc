#include "client/local_admin.h"

namespace forebay::client {

using model::LogOffset;
using model::TablePath;

Status LocalAdmin::CreateDatabase(const std::string& database, bool ignore_if_exists) {
  return storage_.CreateDatabase(database, ignore_if_exists);
}

Status LocalAdmin::DropDatabase(const std::string& database, bool ignore_if_not_exists,
                                bool cascade) {
  return storage_.DropDatabase(database, ignore_if_not_exists, cascade);
}

Result<std::vector<std::string>> LocalAdmin::ListDatabases() {
  return storage_.metadata().ListDatabases();
}

Result<bool> LocalAdmin::DatabaseExists(const std::string& database) {
  return storage_.metadata().HasDatabase(database);
}

Result<model::TableInfo> LocalAdmin::CreateTable(const TablePath& path,
                                                 const model::TableDescriptor& descriptor) {
  return storage_.CreateTable(path, descriptor);
}

Status LocalAdmin::DropTable(const TablePath& path) { return storage_.DropTable(path); }

Result<std::vector<std::string>> LocalAdmin::ListTables(const std::string& database) {
  return storage_.metadata().ListTables(database);
}

Result<model::TableInfo> LocalAdmin::GetTable(const TablePath& path) {
  return storage_.metadata().GetTable(path);
}

Result<model::TableInfo> LocalAdmin::AlterTable(const TablePath& path,
                                                const model::TableChanges& changes) {
  return storage_.AlterTable(path, changes);
}

Result<model::Schema> LocalAdmin::GetSchema(const TablePath& path, model::SchemaId id) {
  ASSIGN_OR_RETURN(auto schemas, storage_.metadata().GetSchemas(path));
  auto found = schemas.find(id);
  if (found != schemas.end()) return found->second;
  return OutOfRange("table '{}' has no schema {}", path.ToString(), id.value());
}

Result<std::vector<model::PartitionInfo>> LocalAdmin::ListPartitions(const TablePath& path) {
  return storage_.ListPartitions(path);
}

Result<model::PartitionInfo> LocalAdmin::CreatePartition(const TablePath& path,
                                                         const model::PartitionSpec& spec,
                                                         bool ignore_if_exists) {
  return storage_.CreatePartition(path, spec, ignore_if_exists);
}

Status LocalAdmin::DropPartition(const TablePath& path, const model::PartitionSpec& spec,
                                 bool ignore_if_not_exists) {
  return storage_.DropPartition(path, spec, ignore_if_not_exists);
}

Result<std::vector<LogOffset>> LocalAdmin::ListOffsets(
    const TablePath& path, LogOffset which, std::optional<model::PartitionId> partition) {
  if (which != model::kEarliestOffset && which != model::kLatestOffset) {
    return InvalidArgument("neither the earliest nor the latest offset is asked for: {}", which);
  }
  ASSIGN_OR_RETURN(auto root, storage_.GetTable(path));
  ASSIGN_OR_RETURN(auto table, root->Part(partition));
  std::vector<LogOffset> offsets;
  for (size_t i = 0; i < table->buckets.size(); ++i) {
    RETURN_IF_ERROR(table->CheckBucket(static_cast<int>(i)));
    storage::LogTablet& log = *table->buckets[i].log;
    offsets.push_back(which == model::kEarliestOffset ? log.log_start() : log.durable_end());
  }
  return offsets;
}

Result<std::vector<LogOffset>> LocalAdmin::ListOffsetsAt(
    const TablePath& path, int64_t timestamp_ms, std::optional<model::PartitionId> partition) {
  ASSIGN_OR_RETURN(auto root, storage_.GetTable(path));
  ASSIGN_OR_RETURN(auto table, root->Part(partition));
  std::vector<LogOffset> offsets;
  for (size_t i = 0; i < table->buckets.size(); ++i) {
    RETURN_IF_ERROR(table->CheckBucket(static_cast<int>(i)));
    ASSIGN_OR_RETURN(LogOffset offset, table->buckets[i].log->OffsetAt(timestamp_ms));
    offsets.push_back(offset);
  }
  return offsets;
}

Status LocalAdmin::PutObject(const std::string& kind, const std::string& name,
                             const std::string& text, bool replace) {
  return storage_.metadata().PutObject(kind, name, text, replace);
}

Status LocalAdmin::DropObject(const std::string& kind, const std::string& name) {
  return storage_.metadata().DropObject(kind, name);
}

Result<std::string> LocalAdmin::GetObject(const std::string& kind, const std::string& name) {
  return storage_.metadata().GetObject(kind, name);
}

Result<std::vector<std::string>> LocalAdmin::ListObjects(const std::string& kind) {
  return storage_.metadata().ListObjects(kind);
}

Status LocalAdmin::SetLakeOffsets(const TablePath& path, const std::vector<LogOffset>& offsets,
                                  std::optional<model::PartitionId> partition) {
  return storage_.SetLakeOffsets(path, offsets, partition);
}

Result<int64_t> LocalAdmin::AllocateWriterId() { return storage_.metadata().AllocateWriterId(); }

}  // namespace forebay::client
