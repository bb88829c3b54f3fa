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
/// Changing calls answer 406: the tables belong to the server. Functions of the API that are not
/// here answer 404. Thread-safe.
class RestCatalog {
 public:
  /// All outlive the catalog.
  RestCatalog(client::Connection& connection, io::FileSystem& fs, const Clock& clock,
              const TieringService& tiering)
      : connection_(connection), fs_(fs), clock_(clock), tiering_(tiering) {}

  /// `path` is what follows the catalog's base, e.g. "/v1/namespaces/shop/tables/clicks".
  CatalogResponse Handle(std::string_view method, std::string_view path);

 private:
  CatalogResponse Namespaces();
  CatalogResponse Namespace(const std::string& database);
  CatalogResponse Tables(const std::string& database);
  CatalogResponse LoadTable(const std::string& database, const std::string& table);

  client::Connection& connection_;
  io::FileSystem& fs_;
  const Clock& clock_;
  const TieringService& tiering_;
};

}  // namespace forebay::lake
