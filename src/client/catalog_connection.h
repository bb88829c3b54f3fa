#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "client/key_scans.h"
#include "client/remote_connection.h"
#include "client/table_replacement.h"
#include "client/writer_ids.h"

namespace forebay::client {

/// A catalog other than the local one: how CREATE CATALOG described it.
struct CatalogDefinition {
  std::map<std::string, std::string> properties;  ///< with "type"
  std::string comment;
};

/// The door to the local storage core and to the clusters that catalogs name. Which of them a table
/// or a database belongs to is part of its name (model/catalog_name.h). Definitions are objects of
/// the local storage, so they last; connections are made when they are needed. Thread-safe; must
/// outlive what it opens.
class CatalogConnection : public Connection,
                          public WriterIds,
                          public KeyScans,
                          public TableReplacement {
 public:
  /// Both outlive the connection.
  CatalogConnection(Connection& local, rpc::ClientNetwork& network);
  ~CatalogConnection() override;

  /// kAlreadyExists, kInvalidArgument, kNotSupported. Does not ask the cluster.
  Status CreateCatalog(const std::string& name, const CatalogDefinition& definition);
  /// kNotFound. What was opened goes on.
  Status DropCatalog(const std::string& name);
  /// kNotFound, and what CreateCatalog says. What was opened goes on.
  Status AlterCatalog(const std::string& name, const CatalogDefinition& definition);
  /// The local one and the others.
  Result<std::vector<std::string>> ListCatalogs();
  /// kNotFound.
  Result<CatalogDefinition> GetCatalog(const std::string& name);
  /// Where USE CATALOG begins. kNotFound.
  Result<std::string> DefaultDatabaseOf(const std::string& name);
  Result<std::vector<std::string>> ListDatabasesOf(const std::string& catalog);

  Result<model::TableInfo> ReplaceTable(const model::TablePath& path,
                                        const model::TableDescriptor& descriptor) override;
  Result<int64_t> AllocateWriterIdFor(const model::TablePath& path) override;

  /// Objects are the local ones', and writer ids are; everything else as the names say.
  Admin& admin() override;
  Result<std::unique_ptr<TableWriter>> OpenWriter(const model::TablePath& path,
                                                  std::vector<int> target_columns) override;
  Result<std::unique_ptr<LogScanner>> OpenLogScanner(
      const model::TablePath& path, std::optional<std::vector<int>> projection) override;
  Result<std::unique_ptr<Lookuper>> OpenLookuper(
      const model::TablePath& path, std::optional<std::vector<int>> projection) override;
  Result<std::unique_ptr<SnapshotScanner>> OpenSnapshotScanner(
      const model::TablePath& path, const model::BucketId& bucket,
      std::optional<std::vector<int>> projection) override;

  Result<std::unique_ptr<PrefixLookuper>> OpenPrefixLookuper(const model::TablePath& path,
                                                             Projection projection) override;
  Result<std::optional<model::Batch>> LimitScan(const model::TablePath& path,
                                                const model::BucketId& bucket,
                                                Projection projection, int limit) override;

 private:
  class CatalogAdmin;
  /// Where something is, by the names used there.
  struct Place {
    std::shared_ptr<Connection> connection;
    std::string catalog;
    std::string database;
    /// Says which catalog an error comes from.
    Status InContext(const Status& status) const;
  };
  Result<Place> Find(const std::string& database);
  Result<std::shared_ptr<Connection>> Connect(const std::string& catalog);

  Connection& local_;
  rpc::ClientNetwork& network_;
  const std::unique_ptr<CatalogAdmin> admin_;
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<Connection>> connections_;  ///< guarded by mutex_
};

}  // namespace forebay::client
