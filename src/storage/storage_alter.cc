#include "base/failpoint.h"
#include "base/log.h"
#include "format/row/row_format.h"
#include "storage/kv/kv_tablet.h"
#include "storage/storage_server.h"

// ALTER TABLE of a StorageServer.

namespace forebay::storage {

using model::TableInfo;
using model::TablePath;

Status StorageServer::CheckAlteration(const TableInfo& before, const TableInfo& after) const {
  RETURN_IF_ERROR(ValidateTable(after.path, after.descriptor));
  if (after.schema_id == before.schema_id || !after.descriptor.HasPrimaryKey()) return {};
  return format::CheckRowTypes(after.descriptor.schema.Types());
}

Result<TableInfo> StorageServer::AlterTable(const TablePath& path,
                                            const model::TableChanges& changes) {
  std::unique_lock ddl_lock(ddl_mutex_);
  ASSIGN_OR_RETURN(TableInfo before, metadata_->GetTable(path));
  ASSIGN_OR_RETURN(TableInfo after, model::ApplyTableChanges(before, changes));
  if (after.descriptor == before.descriptor) return before;
  RETURN_IF_ERROR(CheckAlteration(before, after));
  ASSIGN_OR_RETURN(TableOptions options,
                   TableOptions::Parse(after.descriptor.properties, options_.log));
  Failpoint("table.before_alter");
  RETURN_IF_ERROR(metadata_->ReplaceTable(after, options_.clock->NowMs()));
  Failpoint("table.after_alter");
  auto altered = ReplaceHosted(after, options);
  ddl_lock.unlock();
  if (altered != nullptr) AutoPartitionTable(*altered);
  return after;
}

/// The tablets learn the change before anybody can see it. nullptr when there are none.
std::shared_ptr<HostedTable> StorageServer::ReplaceHosted(const TableInfo& info,
                                                          const TableOptions& options) {
  std::shared_ptr<HostedTable> before;
  {
    std::lock_guard lock(mutex_);
    auto found = tables_.find(info.path);
    if (found == tables_.end()) return nullptr;
    before = found->second;
  }
  before->schemas->Add(info.schema_id, info.descriptor.schema);
  if (before->partitions != nullptr) {
    for (const auto& partition : before->partitions->All()) {
      before->partitions->Put(Altered(*partition, info, options));
    }
  }
  auto after = Altered(*before, info, options);
  std::lock_guard lock(mutex_);
  tables_by_id_[info.id] = after;
  tables_[info.path] = after;
  return after;
}

/// The same table or partition with other columns or options.
std::shared_ptr<HostedTable> StorageServer::Altered(const HostedTable& before,
                                                    const TableInfo& info,
                                                    const TableOptions& options) {
  for (const auto& bucket : before.buckets) {
    if (bucket.log != nullptr) bucket.log->SetOptions(options.log);
    if (bucket.kv == nullptr) continue;
    Status set = bucket.kv->SetSchema(info.schema_id, info.descriptor.schema);
    if (!set.ok()) Log(LogLevel::kError, "storage", "schema not taken: {}", set.message());
  }
  auto after = std::make_shared<HostedTable>();
  after->services = before.services;
  after->info = info;
  after->options = options;
  after->buckets = before.buckets;
  after->schemas = before.schemas;
  after->partition = before.partition;
  after->dropped = before.dropped;
  after->partitions = before.partitions;
  after->next_bucket = before.next_bucket.load();
  return after;
}

}  // namespace forebay::storage
