#include "client/tablet_gateway.h"

#include <atomic>
#include <mutex>

#include "client/local_encoded_table.h"
#include "storage/coordinator/row_rules.h"
#include "storage/storage_server.h"

namespace forebay::client {

namespace {

class LocalTabletGateway : public TabletGateway {
 public:
  explicit LocalTabletGateway(storage::StorageServer& storage)
      : storage_(storage), snapshots_(SnapshotGateway::Open(storage)) {}

  SnapshotGateway& snapshots() override { return *snapshots_; }

  Result<std::shared_ptr<EncodedTable>> OpenTable(
      model::TableId id, std::optional<model::PartitionId> partition) override {
    ASSIGN_OR_RETURN(auto root, storage_.GetTable(id));
    ASSIGN_OR_RETURN(auto hosted, root->Part(partition));
    std::lock_guard lock(mutex_);
    std::shared_ptr<LocalEncodedTable>& table = tables_[{id, partition}];
    if (table == nullptr || &table->hosted() != hosted.get()) {
      ForgetDropped({id, partition});
      table = std::make_shared<LocalEncodedTable>(std::move(hosted));
    }
    return std::shared_ptr<EncodedTable>(table);
  }

  Result<model::TablePath> PathOf(model::TableId id) override {
    ASSIGN_OR_RETURN(auto table, storage_.GetTable(id));
    return table->info.path;
  }

  Result<PartitionPlace> FindPartition(model::PartitionId id) override {
    ASSIGN_OR_RETURN(auto partition, storage_.FindPartition(id));
    return PartitionPlace{partition->info, *partition->partition};
  }

  Status CheckOptions(const model::TableDescriptor& table) override {
    return storage::ValidateRowRules(table);
  }

  Result<int64_t> ModifiedMs(const model::TablePath& path) override {
    return storage_.metadata().ModifiedMs(path);
  }
  Status CheckName(std::string_view what, const std::string& name) override {
    return storage::ValidateName(what, name);
  }

 private:
  using Key = std::pair<model::TableId, std::optional<model::PartitionId>>;

  void ForgetDropped(const Key& keep) {
    std::erase_if(tables_, [&](const auto& entry) {
      if (entry.first == keep) return false;
      auto table = storage_.GetTable(entry.first.first);
      return !table.ok() || !(*table)->Part(entry.first.second).ok();
    });
  }

  storage::StorageServer& storage_;
  const std::unique_ptr<SnapshotGateway> snapshots_;
  std::mutex mutex_;
  std::map<Key, std::shared_ptr<LocalEncodedTable>> tables_;  ///< guarded by `mutex_`
};

}  // namespace

std::unique_ptr<TabletGateway> TabletGateway::Open(storage::StorageServer& storage) {
  return std::make_unique<LocalTabletGateway>(storage);
}

}  // namespace forebay::client
