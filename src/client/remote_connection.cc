#include "client/remote_connection.h"

#include "client/changelog_snapshot.h"
#include "client/remote_admin.h"
#include "client/remote_rows.h"
#include "client/remote_scanner.h"
#include "client/remote_writer.h"

namespace forebay::client {
namespace {

using model::TablePath;
using Projection = std::optional<std::vector<int>>;

class RemoteConnectionImpl : public Connection, public KeyScans {
 public:
  RemoteConnectionImpl(const RemoteOptions& options, rpc::ClientNetwork& network)
      : cluster_(std::make_shared<RemoteCluster>(options, network)), admin_(cluster_) {}

  Admin& admin() override { return admin_; }

  Result<std::unique_ptr<TableWriter>> OpenWriter(const TablePath& path,
                                                  std::vector<int> target_columns) override {
    ASSIGN_OR_RETURN(auto table, cluster_->FetchTable(path));
    return std::unique_ptr<TableWriter>(
        std::make_unique<RemoteTableWriter>(cluster_, std::move(table), std::move(target_columns)));
  }

  Result<std::unique_ptr<LogScanner>> OpenLogScanner(const TablePath& path,
                                                     Projection projection) override {
    ASSIGN_OR_RETURN(auto table, cluster_->FetchTable(path));
    RETURN_IF_ERROR(table->CheckProjection(projection));
    return std::unique_ptr<LogScanner>(
        std::make_unique<RemoteLogScanner>(cluster_, std::move(table), std::move(projection)));
  }

  Result<std::unique_ptr<Lookuper>> OpenLookuper(const TablePath& path,
                                                 Projection projection) override {
    ASSIGN_OR_RETURN(auto table, cluster_->FetchTable(path));
    RETURN_IF_ERROR(table->CheckProjection(projection));
    if (!table->HasPrimaryKey()) {
      return InvalidArgument("table '{}' has no primary key to look rows up by", path.ToString());
    }
    LookupKeys keys(table->info);
    return std::unique_ptr<Lookuper>(std::make_unique<RemoteLookuper>(
        cluster_, std::move(table), std::move(projection), std::move(keys)));
  }

  Result<std::unique_ptr<PrefixLookuper>> OpenPrefixLookuper(const TablePath& path,
                                                             Projection projection) override {
    ASSIGN_OR_RETURN(auto table, cluster_->FetchTable(path));
    RETURN_IF_ERROR(table->CheckProjection(projection));
    ASSIGN_OR_RETURN(LookupKeys keys, LookupKeys::OfPrefix(table->info));
    return std::unique_ptr<PrefixLookuper>(std::make_unique<RemoteLookuper>(
        cluster_, std::move(table), std::move(projection), std::move(keys)));
  }

  Result<std::optional<model::Batch>> LimitScan(const TablePath& path,
                                                const model::BucketId& bucket,
                                                Projection projection, int limit) override {
    ASSIGN_OR_RETURN(auto table, cluster_->FetchTable(path));
    RETURN_IF_ERROR(table->CheckProjection(projection));
    RETURN_IF_ERROR(table->CheckBucket(bucket));
    if (!table->HasPrimaryKey()) return std::optional<model::Batch>();
    return RemoteLimitScan(cluster_, std::move(table), bucket, projection, limit);
  }

  Result<std::unique_ptr<SnapshotScanner>> OpenSnapshotScanner(const TablePath& path,
                                                               const model::BucketId& bucket,
                                                               Projection projection) override {
    ASSIGN_OR_RETURN(auto table, cluster_->FetchTable(path));
    RETURN_IF_ERROR(table->CheckProjection(projection));
    RETURN_IF_ERROR(table->CheckBucket(bucket));
    if (!table->HasPrimaryKey()) {
      return InvalidArgument("table '{}' has no primary key and thus no snapshot", path.ToString());
    }
    auto scanner = RemoteSnapshotScanner::Open(cluster_, table, bucket, projection);
    // Servers before 1.0 have no such scans; their changelogs have it all unless rows expired.
    if (!scanner.ok() && scanner.kind() == ErrorKind::kNotSupported) {
      return ChangelogSnapshot::Read(cluster_, table, bucket, projection);
    }
    return scanner;
  }

 private:
  const std::shared_ptr<RemoteCluster> cluster_;
  RemoteAdmin admin_;
};

}  // namespace

std::unique_ptr<Connection> RemoteConnection::Open(const RemoteOptions& options,
                                                   rpc::ClientNetwork& network) {
  return std::make_unique<RemoteConnectionImpl>(options, network);
}

}  // namespace forebay::client
