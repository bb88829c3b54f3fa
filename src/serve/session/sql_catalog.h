#pragma once

#include <map>
#include <mutex>

#include "client/catalog_connection.h"
#include "compute/source/lake_part.h"
#include "serve/session/memory_catalogs.h"
#include "sql/analyzer/statement.h"
#include "sql/catalog/catalog.h"

namespace forebay::serve {

/// The SQL catalog of a server: Forebay's tables from storage; tables of other connectors and views
/// as stored objects; and the temporary tables and views of one session, which hide stored ones of
/// the same name. Other catalogs have their own tables only. Thread-safe.
class SqlCatalog : public sql::Catalog {
 public:
  /// All outlive the catalog; `catalogs` is null when there is only the local one, `lake_parts`
  /// when there is no lake.
  SqlCatalog(client::Connection& connection, client::CatalogConnection* catalogs,
             compute::LakePartFactory* lake_parts = nullptr)
      : connection_(connection), catalogs_(catalogs), lake_parts_(lake_parts) {}

  Result<bool> CatalogExists(const std::string& catalog) override;
  Result<std::vector<std::string>> ListDatabases(const std::string& catalog) override;
  Result<bool> DatabaseExists(const std::string& database) override;
  Result<std::vector<std::string>> ListTables(const std::string& database) override;
  Result<std::vector<std::string>> ListViews(const std::string& database) override;
  Result<std::optional<sql::CatalogTable>> FindTable(const model::TablePath& path) override;
  Result<std::optional<sql::CatalogView>> FindView(const model::TablePath& path) override;
  Result<std::vector<sql::LakeSnapshot>> LakeSnapshots(const sql::CatalogTable& table) override;
  Result<std::optional<sql::CatalogFunction>> FindFunction(const model::TablePath& path) override;

  // Catalogs. kAlreadyExists, kNotFound, kInvalidArgument, kNotSupported.
  Status CreateCatalog(const std::string& name, const client::CatalogDefinition& definition);
  Status DropCatalog(const std::string& name);
  Status AlterCatalog(const std::string& name, const client::CatalogDefinition& definition);
  Result<client::CatalogDefinition> GetCatalog(const std::string& name);
  Result<std::vector<std::string>> ListCatalogs();
  Result<std::string> DefaultDatabaseOf(const std::string& catalog);

  Status CreateDatabase(const std::string& database, const DatabaseDefinition& definition);
  Status AlterDatabase(const std::string& database,
                       const std::map<std::string, std::string>& options);
  /// kNotFound.
  Result<DatabaseDefinition> GetDatabase(const std::string& database);

  /// Functions. A path without a database is a system function's, which is temporary. kNotFound,
  /// kAlreadyExists.
  Status CreateFunction(const sql::FunctionStatement& create);
  Status AlterFunction(const sql::FunctionStatement& alter);
  Status DropFunction(const model::TablePath& path, bool temporary);
  bool IsTemporaryFunction(const model::TablePath& path);
  /// Those of `database`, temporary ones and system functions.
  Result<std::vector<std::string>> ListFunctions(const std::string& database);

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
  /// Makes the table what `altered` says. kNotFound; kNotSupported for what a stored table cannot
  /// become.
  Status AlterSchema(const sql::CatalogTable& altered);
  /// Puts a new table in the place of one: atomically when both are stored here.
  Status ReplaceTable(const sql::CatalogTable& table);
  Status RenameView(const model::TablePath& path, const model::TablePath& new_path);
  /// ALTER VIEW ... AS. kNotFound.
  Status AlterView(const sql::CatalogView& view);
  /// Whether there is a temporary table or view of that name.
  bool IsTemporary(const model::TablePath& path);
  Status DropDatabase(const std::string& database, bool if_exists, bool cascade);

 private:
  Status CheckNotShadowed(const model::TablePath& path, const char* what);
  Result<std::optional<sql::CatalogFunction>> StoredFunction(const model::TablePath& path);
  Result<sql::CatalogTable> AlterableTable(const model::TablePath& path);
  Status PutForeign(const sql::CatalogTable& table, bool replace);
  Status AlterOwn(const sql::CatalogTable& table, const model::TableChanges& changes);
  Result<std::vector<std::string>> StoredNames(const std::string& kind,
                                               const std::string& database);

  client::Connection& connection_;
  client::CatalogConnection* const catalogs_;
  compute::LakePartFactory* const lake_parts_;
  std::mutex mutex_;  ///< guards the session's own objects
  std::map<model::TablePath, sql::CatalogTable> temporary_tables_;
  std::map<model::TablePath, sql::CatalogView> temporary_views_;
  std::map<model::TablePath, sql::CatalogFunction> temporary_functions_;
  MemoryCatalogs memory_;
};

}  // namespace forebay::serve
