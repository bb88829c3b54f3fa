#pragma once

#include "client/connection.h"
#include "storage/storage_server.h"

namespace forebay::client {

/// Admin of a storage core in this process. Thread-safe.
class LocalAdmin : public Admin {
 public:
  explicit LocalAdmin(storage::StorageServer& storage) : storage_(storage) {}

  Status CreateDatabase(const std::string& database, bool ignore_if_exists) override;
  Status DropDatabase(const std::string& database, bool ignore_if_not_exists,
                      bool cascade) override;
  Result<std::vector<std::string>> ListDatabases() override;
  Result<bool> DatabaseExists(const std::string& database) override;
  Result<model::TableInfo> CreateTable(const model::TablePath& path,
                                       const model::TableDescriptor& descriptor) override;
  Status DropTable(const model::TablePath& path) override;
  Result<std::vector<std::string>> ListTables(const std::string& database) override;
  Result<model::TableInfo> AlterTable(const model::TablePath& path,
                                      const model::TableChanges& changes) override;
  Result<model::Schema> GetSchema(const model::TablePath& path, model::SchemaId id) override;
  Result<model::TableInfo> GetTable(const model::TablePath& path) override;
  Result<std::vector<model::PartitionInfo>> ListPartitions(const model::TablePath& path) override;
  Result<model::PartitionInfo> CreatePartition(const model::TablePath& path,
                                               const model::PartitionSpec& spec,
                                               bool ignore_if_exists) override;
  Status DropPartition(const model::TablePath& path, const model::PartitionSpec& spec,
                       bool ignore_if_not_exists) override;
  Result<std::vector<model::LogOffset>> ListOffsets(
      const model::TablePath& path, model::LogOffset which,
      std::optional<model::PartitionId> partition) override;
  Result<std::vector<model::LogOffset>> ListOffsetsAt(
      const model::TablePath& path, int64_t timestamp_ms,
      std::optional<model::PartitionId> partition) override;
  Status PutObject(const std::string& kind, const std::string& name, const std::string& text,
                   bool replace) override;
  Status DropObject(const std::string& kind, const std::string& name) override;
  Result<std::string> GetObject(const std::string& kind, const std::string& name) override;
  Result<std::vector<std::string>> ListObjects(const std::string& kind) override;
  Status SetLakeOffsets(const model::TablePath& path, const std::vector<model::LogOffset>& offsets,
                        std::optional<model::PartitionId> partition) override;
  Result<int64_t> AllocateWriterId() override;

 private:
  storage::StorageServer& storage_;
};

}  // namespace forebay::client
