// Names of tables, views, functions and databases: what they mean where the session is.

#include "model/catalog_name.h"
#include "sql/analyzer/query_analyzer.h"
#include "sql/diagnostic.h"

namespace forebay::sql {

Result<model::TablePath> QueryAnalyzer::Resolve(const NameAst& name) const {
  if (name.parts.size() == 1) return model::TablePath{options_.current_database, name.parts[0]};
  if (name.parts.size() == 2) {
    return model::TablePath{model::QualifiedDatabase(options_.current_catalog, name.parts[0]),
                            name.parts[1]};
  }
  RETURN_IF_ERROR(CheckCatalog(name));
  if (name.parts.size() != 3) {
    return ErrorAt(InvalidArgument("SQL-1001 a table's name has at most three parts"),
                   name.range.position);
  }
  return model::TablePath{model::QualifiedDatabase(name.parts[0], name.parts[1]), name.parts[2]};
}

Result<model::TablePath> QueryAnalyzer::ResolveRename(const model::TablePath& path,
                                                      const NameAst& name) const {
  if (name.parts.size() == 1) return model::TablePath{path.database, name.parts[0]};
  return Resolve(name);
}

Result<std::string> QueryAnalyzer::ResolveDatabase(const NameAst& name) const {
  if (name.parts.size() == 1) {
    return model::QualifiedDatabase(options_.current_catalog, name.parts[0]);
  }
  RETURN_IF_ERROR(CheckCatalog(name));
  if (name.parts.size() != 2) {
    return ErrorAt(InvalidArgument("SQL-1001 a database's name has at most two parts"),
                   name.range.position);
  }
  return model::QualifiedDatabase(name.parts[0], name.parts[1]);
}

/// That a catalog of the first name exists.
Status QueryAnalyzer::CheckCatalog(const NameAst& name) const {
  ASSIGN_OR_RETURN(bool exists, catalog_.CatalogExists(name.parts[0]));
  if (exists) return Status::Ok();
  return ErrorAt(NotFound("SQL-1001 unknown catalog '{}'", name.parts[0]), name.range.position);
}

}  // namespace forebay::sql
