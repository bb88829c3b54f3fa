#pragma once

#include <map>
#include <string>

#include "sql/analyzer/analyzer.h"
#include "sql/catalog/catalog.h"

namespace forebay::sql {

/// A catalog of maps, filled by running DDL through the analyzer.
class MapCatalog : public Catalog {
 public:
  Result<bool> CatalogExists(const std::string& catalog) override {
    return catalog == model::kLocalCatalog;
  }
  Result<std::vector<std::string>> ListDatabases(const std::string&) override {
    return std::vector<std::string>{"default_database"};
  }
  Result<bool> DatabaseExists(const std::string& database) override {
    return database == "default_database";
  }
  Result<std::vector<std::string>> ListTables(const std::string&) override {
    std::vector<std::string> names;
    for (const auto& [path, table] : tables) names.push_back(path.table);
    for (const auto& [path, view] : views) names.push_back(path.table);
    return names;
  }
  Result<std::vector<std::string>> ListViews(const std::string&) override {
    return std::vector<std::string>{};
  }
  Result<std::optional<CatalogTable>> FindTable(const model::TablePath& path) override {
    auto it = tables.find(path);
    if (it == tables.end()) return std::optional<CatalogTable>();
    return std::optional<CatalogTable>(it->second);
  }
  Result<std::optional<CatalogView>> FindView(const model::TablePath& path) override {
    auto it = views.find(path);
    if (it == views.end()) return std::optional<CatalogView>();
    return std::optional<CatalogView>(it->second);
  }

  /// Carries out CREATE TABLE and CREATE VIEW; a table goes through its stored form and back.
  Status Run(std::string_view sql) {
    ASSIGN_OR_RETURN(BoundStatement statement, AnalyzeSql(sql, *this, {}));
    if (auto* create = std::get_if<CreateTableStatement>(&statement)) {
      model::TableInfo info = create->table.ref.info;
      info.id = model::TableId(static_cast<int64_t>(tables.size()) + 1);
      ASSIGN_OR_RETURN(tables[info.path], FromTableInfo(info));
    } else if (auto* view = std::get_if<CreateViewStatement>(&statement)) {
      views[view->view.path] = view->view;
    }
    return Status::Ok();
  }

  std::map<model::TablePath, CatalogTable> tables;
  std::map<model::TablePath, CatalogView> views;
};

}  // namespace forebay::sql
