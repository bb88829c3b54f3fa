#pragma once

#include <map>
#include <mutex>

#include "client/catalog_connection.h"
#include "sql/catalog/catalog.h"

namespace forebay::serve {

/// The SQL catalog of a server: Forebay's tables from storage; tables of other connectors and views
/// as stored objects; and the temporary tables and views of one session, which hide stored ones of
/// the same name. Other catalogs have their own tables only. Thread-safe.
class SqlCatalog : public sql::Catalog {
 public:
  /// Both outlive the catalog; `catalogs` is null when there is only the local one.
  SqlCatalog(client::Connection& connection, client::CatalogConnection* catalogs)
      : connection_(connection), catalogs_(catalogs) {}

  Result<bool> CatalogExists(const std::string& catalog) override;
  Result<std::vector<std::string>> ListDatabases(const std::string& catalog) override;
  Result<bool> DatabaseExists(const std::string& database) override;
  Result<std::vector<std::string>> ListTables(const std::string& database) override;
  Result<std::vector<std::string>> ListViews(const std::string& database) override;
  Result<std::optional<sql::CatalogTable>> FindTable(const model::TablePath& path) override;
  Result<std::optional<sql::CatalogView>> FindView(const model::TablePath& path) override;

  /// kAlreadyExists, kNotFound (database), kInvalidArgument.
  Status CreateTable(const sql::CatalogTable& table, bool temporary);
  Status CreateView(const sql::CatalogView& view, bool temporary, bool replace);
  /// kNotFound.
  Status DropTable(const model::TablePath& path, bool temporary);
  Status DropView(const model::TablePath& path, bool temporary);
  /// Columns and options under the names SQL has for them. kNotFound, kInvalidArgument,
  /// kNotSupported.
  Status AlterTable(const model::TablePath& path, const model::TableChanges& changes);
  /// Only for tables of other connectors: the files of Forebay's own carry their name.
  Status RenameTable(const model::TablePath& path, const model::TablePath& new_path);
  Status DropDatabase(const std::string& database, bool if_exists, bool cascade);

 private:
  Status AlterOwn(const sql::CatalogTable& table, const model::TableChanges& changes);
  Result<std::vector<std::string>> StoredNames(const std::string& kind,
                                               const std::string& database);

  client::Connection& connection_;
  client::CatalogConnection* const catalogs_;
  std::mutex mutex_;  ///< guards the session's own objects
  std::map<model::TablePath, sql::CatalogTable> temporary_tables_;
  std::map<model::TablePath, sql::CatalogView> temporary_views_;
};

}  // namespace forebay::serve
