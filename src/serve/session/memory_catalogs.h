#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "client/catalog_connection.h"
#include "sql/catalog/catalog.h"

namespace forebay::serve {

/// What CREATE DATABASE says of a database besides its name.
struct DatabaseDefinition {
  std::string comment;
  std::map<std::string, std::string> options;
};

/// Flink's 'generic_in_memory' catalogs of one session, which end with it: databases, views and
/// tables of connectors. Everything in them goes by names that are qualified by the catalog.
/// Thread-compatible: SqlCatalog guards them.
class MemoryCatalogs {
 public:
  static constexpr const char* kType = "generic_in_memory";

  /// kAlreadyExists, kInvalidArgument.
  Status Create(const std::string& name, const client::CatalogDefinition& definition);
  Status Drop(const std::string& name);
  /// As in Flink the catalog is made anew: what is in it is gone. kInvalidArgument.
  Status Alter(const std::string& name, const client::CatalogDefinition& definition);
  bool Has(const std::string& name) const { return catalogs_.contains(name); }
  /// Whether the (qualified) database would be in one of these catalogs.
  bool Owns(const std::string& database) const;
  client::CatalogDefinition* Find(const std::string& name);
  std::vector<std::string> Names() const;
  std::string DefaultDatabase(const std::string& name) const;

  std::vector<std::string> Databases(const std::string& catalog) const;
  DatabaseDefinition* FindDatabase(const std::string& database);
  Status CreateDatabase(const std::string& database, DatabaseDefinition definition);
  /// kNotFound; kConflict when there is something in it, unless `cascade`.
  Status DropDatabase(const std::string& database, bool cascade);

  /// Names of tables, or of views, in `database`.
  std::vector<std::string> Names(const std::string& database, bool views) const;
  const sql::CatalogTable* FindTable(const model::TablePath& path) const;
  const sql::CatalogView* FindView(const model::TablePath& path) const;
  /// kNotFound (database), kAlreadyExists unless `replace`, kNotSupported: a table without a
  /// connector.
  Status PutTable(const sql::CatalogTable& table, bool replace);
  Status PutView(const sql::CatalogView& view, bool replace);
  /// False: there is none.
  bool DropTable(const model::TablePath& path) { return tables_.erase(path) > 0; }
  bool DropView(const model::TablePath& path) { return views_.erase(path) > 0; }

 private:
  static Status CheckOptions(const client::CatalogDefinition& definition);
  Status CheckNew(const model::TablePath& path, bool replace) const;

  std::map<std::string, client::CatalogDefinition> catalogs_;
  std::map<std::string, DatabaseDefinition> databases_;
  std::map<model::TablePath, sql::CatalogTable> tables_;
  std::map<model::TablePath, sql::CatalogView> views_;
};

}  // namespace forebay::serve
