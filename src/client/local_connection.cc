#include "client/local_connection.h"

#include "client/local_admin.h"
#include "client/local_lookup.h"
#include "client/local_scanner.h"
#include "client/local_writer.h"
#include "client/table_replacement.h"
#include "client/writer_memory.h"

namespace forebay::client {
namespace {

using model::TablePath;
using Projection = std::optional<std::vector<int>>;

static_assert(kOneTimeWriterIdMin == storage::WriterStates::kOneTimeIdMin);

/// Projected columns rise and exist.
Status CheckProjection(const Projection& projection, const storage::HostedTable& table) {
  if (!projection.has_value()) return {};
  int columns = static_cast<int>(table.info.descriptor.schema.columns.size());
  int last = -1;
  for (int index : *projection) {
    if (index <= last || index >= columns) {
      return InvalidArgument("a projection of table '{}' must have rising column indexes below {}",
                             table.info.path.ToString(), columns);
    }
    last = index;
  }
  return {};
}

class LocalConnectionImpl : public Connection,
                            public KeyScans,
                            public WriterMemory,
                            public TableReplacement {
 public:
  explicit LocalConnectionImpl(storage::StorageServer& storage)
      : storage_(storage), admin_(storage) {}

  Admin& admin() override { return admin_; }

  Result<model::TableInfo> ReplaceTable(const TablePath& path,
                                        const model::TableDescriptor& descriptor) override {
    return storage_.ReplaceTable(path, descriptor);
  }

  Result<std::unique_ptr<TableWriter>> OpenWriter(const TablePath& path,
                                                  std::vector<int> target_columns) override {
    ASSIGN_OR_RETURN(auto table, storage_.GetTable(path));
    return std::unique_ptr<TableWriter>(
        std::make_unique<LocalTableWriter>(std::move(table), std::move(target_columns)));
  }

  Result<std::unique_ptr<LogScanner>> OpenLogScanner(const TablePath& path,
                                                     Projection projection) override {
    ASSIGN_OR_RETURN(auto table, storage_.GetTable(path));
    RETURN_IF_ERROR(CheckProjection(projection, *table));
    return std::unique_ptr<LogScanner>(
        std::make_unique<LocalLogScanner>(std::move(table), std::move(projection)));
  }

  Result<std::unique_ptr<Lookuper>> OpenLookuper(const TablePath& path,
                                                 Projection projection) override {
    ASSIGN_OR_RETURN(auto table, storage_.GetTable(path));
    RETURN_IF_ERROR(CheckProjection(projection, *table));
    return LocalLookuper::Open(std::move(table), projection);
  }

  Result<std::unique_ptr<PrefixLookuper>> OpenPrefixLookuper(const TablePath& path,
                                                             Projection projection) override {
    ASSIGN_OR_RETURN(auto table, storage_.GetTable(path));
    RETURN_IF_ERROR(CheckProjection(projection, *table));
    return LocalLookuper::OpenPrefix(std::move(table), projection);
  }

  /// A scan here reads no more than it is asked for.
  Result<std::optional<model::Batch>> LimitScan(const TablePath&, const model::BucketId&,
                                                Projection, int) override {
    return std::optional<model::Batch>();
  }

  Result<std::unique_ptr<SnapshotScanner>> OpenSnapshotScanner(const TablePath& path,
                                                               const model::BucketId& bucket,
                                                               Projection projection) override {
    ASSIGN_OR_RETURN(auto root, storage_.GetTable(path));
    RETURN_IF_ERROR(CheckProjection(projection, *root));
    ASSIGN_OR_RETURN(auto table, root->Part(bucket.partition));
    RETURN_IF_ERROR(table->CheckBucket(bucket.bucket));
    if (table->buckets[bucket.bucket].kv == nullptr) {
      return InvalidArgument("table '{}' has no primary key and thus no snapshot", path.ToString());
    }
    ASSIGN_OR_RETURN(auto snapshot, table->buckets[bucket.bucket].kv->Snapshot());
    return std::unique_ptr<SnapshotScanner>(
        std::make_unique<LocalSnapshotScanner>(std::move(table), std::move(snapshot), projection));
  }

  Result<std::optional<int32_t>> LastSequence(const TablePath& path, int64_t writer_id) override {
    ASSIGN_OR_RETURN(auto table, storage_.GetTable(path));
    std::vector<std::shared_ptr<const storage::HostedTable>> parts = {table};
    if (table->partitions != nullptr) {
      for (auto& partition : table->partitions->All()) parts.push_back(std::move(partition));
    }
    for (const auto& part : parts) {
      for (const auto& bucket : part->buckets) {
        if (bucket.log == nullptr) continue;
        auto last = bucket.log->LastSequence(writer_id);
        if (last.has_value()) return last;
      }
    }
    return std::optional<int32_t>();
  }

 private:
  storage::StorageServer& storage_;
  LocalAdmin admin_;
};

}  // namespace

std::unique_ptr<Connection> LocalConnection::Open(storage::StorageServer& storage) {
  return std::make_unique<LocalConnectionImpl>(storage);
}

}  // namespace forebay::client
