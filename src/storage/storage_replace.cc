#include "base/failpoint.h"
#include "storage/coordinator/row_rules.h"
#include "storage/storage_server.h"

// A table that takes the place of another.

namespace forebay::storage {

using model::TableInfo;
using model::TablePath;

Result<TableInfo> StorageServer::NewTableInfo(const TablePath& path,
                                              const model::TableDescriptor& descriptor) {
  TableInfo info;
  ASSIGN_OR_RETURN(info.id, metadata_->AllocateTableId());
  info.path = path;
  info.descriptor = descriptor;
  AddRowDefaults(info.descriptor);
  info.created_ms = options_.clock->NowMs();
  auto& columns = info.descriptor.schema.columns;
  for (size_t i = 0; i < columns.size(); ++i) columns[i].id = static_cast<int>(i);
  return info;
}

Result<TableInfo> StorageServer::ReplaceTable(const TablePath& path,
                                              const model::TableDescriptor& descriptor) {
  RETURN_IF_ERROR(ValidateTable(path, descriptor));
  RETURN_IF_ERROR(CheckSpace());
  std::shared_ptr<HostedTable> old;
  std::shared_ptr<HostedTable> fresh;
  {
    std::lock_guard ddl_lock(ddl_mutex_);
    {
      std::lock_guard lock(mutex_);
      auto found = tables_.find(path);
      if (found != tables_.end()) old = found->second;
    }
    // A damaged table has to be dropped by its name first.
    if (old == nullptr) {
      ASSIGN_OR_RETURN(TableInfo ignored, metadata_->GetTable(path));
      return Unavailable("table {} is not open", ignored.path.ToString());
    }
    ASSIGN_OR_RETURN(TableInfo info, NewTableInfo(path, descriptor));
    fresh = MakeTable(info);
    // Not the schemas that the metadata still has under this name: they are the old table's.
    fresh->schemas = std::make_shared<SchemaRegistry>();
    fresh->schemas->Add(info.schema_id, info.descriptor.schema);
    OpenBuckets({fresh.get()});
    Failpoint("table.before_replace");
    RETURN_IF_ERROR(CommitReplacement(old, fresh));
  }
  if (old->partitions != nullptr) old->partitions->Close();
  AutoPartitionTable(*fresh);
  return fresh->info;
}

/// The metadata file, which is replaced atomically, says which of the two there is; a start removes
/// the files of the other.
Status StorageServer::CommitReplacement(const std::shared_ptr<HostedTable>& old,
                                        const std::shared_ptr<HostedTable>& fresh) {
  const TablePath& path = old->info.path;
  RemoteBucketName name = RemoteNameOf(*old);
  std::vector<std::shared_ptr<HostedTable>> parts = PartsOf(old);
  bool has_remote_files = false;
  auto swap = [&] {
    return CommitRemoval(
        parts, name, [&] { return metadata_->SwapTable(fresh->info); }, has_remote_files);
  };
  RETURN_IF_ERROR(CommitBuckets(*fresh, data_dir_->TablePath(path, fresh->info.id), swap));
  Failpoint("table.after_replace");
  {
    std::lock_guard lock(mutex_);
    tables_by_id_.erase(old->info.id);
    tables_by_id_[fresh->info.id] = fresh;
    tables_[path] = fresh;
  }
  if (old->partitions != nullptr) partitions_->RemoveTable(old->info.id);
  sequences_->Remove(old->info.id);
  RemoveFiles(parts, data_dir_->TablePath(path, old->info.id), has_remote_files ? &name : nullptr);
  return {};
}

}  // namespace forebay::storage
