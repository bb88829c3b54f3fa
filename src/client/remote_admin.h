#pragma once

#include "client/remote_cluster.h"

namespace forebay::client {

class RemoteTableState;

/// Admin of a cluster over the wire. Thread-safe; every call waits for a server, at most for
/// RemoteOptions::metadata_timeout_ms a question.
class RemoteAdmin : public Admin {
 public:
  explicit RemoteAdmin(std::shared_ptr<RemoteCluster> cluster) : cluster_(std::move(cluster)) {}

  Status CreateDatabase(const std::string& database, bool ignore_if_exists) override;
  Status DropDatabase(const std::string& database, bool ignore_if_not_exists,
                      bool cascade) override;
  Result<std::vector<std::string>> ListDatabases() override;
  Result<bool> DatabaseExists(const std::string& database) override;
  Result<model::TableInfo> CreateTable(const model::TablePath& path,
                                       const model::TableDescriptor& descriptor) override;
  Status DropTable(const model::TablePath& path) override;
  Result<std::vector<std::string>> ListTables(const std::string& database) override;
  Result<model::TableInfo> GetTable(const model::TablePath& path) override;
  Result<model::TableInfo> AlterTable(const model::TablePath& path,
                                      const model::TableChanges& changes) override;
  Result<model::Schema> GetSchema(const model::TablePath& path, model::SchemaId id) override;
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
  /// None.
  Result<std::vector<std::string>> ListObjects(const std::string& kind) override;
  Status SetLakeOffsets(const model::TablePath& path, const std::vector<model::LogOffset>& offsets,
                        std::optional<model::PartitionId> partition) override;
  Result<int64_t> AllocateWriterId() override;

 private:
  Result<std::vector<model::LogOffset>> AskOffsets(const model::TablePath& path,
                                                   std::optional<model::PartitionId> partition,
                                                   int32_t type,
                                                   std::optional<int64_t> timestamp_ms);
  Status WaitForLeaders(const model::TablePath& path);

  const std::shared_ptr<RemoteCluster> cluster_;
};

/// One of Fluss's kinds of offsets (0 earliest, 1 latest, 2 at a time) of each of `buckets`, which
/// are of one partition, if of any.
Result<std::vector<model::LogOffset>> AskBucketOffsets(RemoteTableState& state,
                                                       const std::vector<model::BucketId>& buckets,
                                                       int32_t type,
                                                       std::optional<int64_t> timestamp_ms);

}  // namespace forebay::client
