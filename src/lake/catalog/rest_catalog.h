#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "client/connection.h"
#include "io/file_system.h"
#include "lake/tiering/tiering_service.h"

namespace forebay::lake {

/// An answer of the REST catalog.
struct CatalogResponse {
  int status = 200;
  std::string body;  ///< JSON; empty for 204
};

/// The reading half of Iceberg's REST catalog API over the tiered tables: getConfig,
/// listNamespaces, loadNamespaceMetadata, namespaceExists, listTables, loadTable, tableExists.
/// When Fluss's tiering service writes the tables there is updateTable, too; all other changing
/// calls answer 406: the tables belong to the server. Readers' metrics are taken and forgotten.
/// Functions of the API that are not here answer 404. Thread-safe.
class RestCatalog {
 public:
  /// All outlive the catalog.
  RestCatalog(client::Connection& connection, io::FileSystem& fs, const Clock& clock,
              TieringService& tiering)
      : connection_(connection), fs_(fs), clock_(clock), tiering_(tiering) {}

  /// `path` is what follows the catalog's base, e.g. "/v1/namespaces/shop/tables/clicks".
  CatalogResponse Handle(std::string_view method, std::string_view path, std::string_view body);

 private:
  CatalogResponse Namespaces();
  CatalogResponse Namespace(const std::string& database);
  CatalogResponse Tables(const std::string& database);
  CatalogResponse LoadTable(const std::string& database, const std::string& table);
  CatalogResponse Post(const std::vector<std::string>& parts, std::string_view body);
  CatalogResponse UpdateTable(const std::string& database, const std::string& table,
                              std::string_view body);

  client::Connection& connection_;
  io::FileSystem& fs_;
  const Clock& clock_;
  TieringService& tiering_;
};

}  // namespace forebay::lake
