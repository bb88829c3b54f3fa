#include "serve/session/sql_catalog.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "format/table_json.h"
#include "model/catalog_name.h"
#include "serve/session/catalog_objects.h"
#include "sql/catalog/connector_options.h"

namespace forebay::serve {

using model::TablePath;
using sql::CatalogTable;
using sql::CatalogView;

namespace {

constexpr const char* kForeignTable = kForeignTableObject;
constexpr const char* kView = kViewObject;

}  // namespace

std::string ViewToJson(const CatalogView& view) {
  return nlohmann::json{{"version", 1},
                        {"query", view.query},
                        {"database", view.database},
                        {"columns", view.columns},
                        {"comment", view.comment}}
      .dump();
}

namespace {

Result<CatalogView> ViewFromJson(const TablePath& path, const std::string& text) {
  auto json = nlohmann::json::parse(text, nullptr, false);
  try {
    CatalogView view;
    view.path = path;
    view.query = json.at("query");
    view.database = json.at("database");
    view.columns = json.at("columns").get<std::vector<std::string>>();
    view.comment = json.value("comment", "");
    return view;
  } catch (const nlohmann::json::exception& error) {
    return Corruption("the stored view {} is damaged: {}", path.ToString(), error.what());
  }
}

/// Views and tables of connectors are kept by this server alone.
Status CheckLocal(const TablePath& path) {
  if (model::IsLocalDatabase(path.database)) return {};
  Error error = NotSupported("{} in catalog {}: it holds the tables of another server only",
                             path.ToString(), model::SplitDatabase(path.database).first);
  error.hint = fmt::format("create it in catalog {}, or as TEMPORARY", model::kLocalCatalog);
  return error;
}

}  // namespace

Result<bool> SqlCatalog::CatalogExists(const std::string& catalog) {
  if (catalog == model::kLocalCatalog) return true;
  {
    std::lock_guard lock(mutex_);
    if (memory_.Has(catalog)) return true;
  }
  if (catalogs_ == nullptr) return false;
  auto found = catalogs_->GetCatalog(catalog);
  if (!found.ok() && found.kind() != ErrorKind::kNotFound) return found.status();
  return found.ok();
}

Result<std::vector<std::string>> SqlCatalog::ListDatabases(const std::string& catalog) {
  if (catalog == model::kLocalCatalog) return connection_.admin().ListDatabases();
  {
    std::lock_guard lock(mutex_);
    if (memory_.Has(catalog)) return memory_.Databases(catalog);
  }
  if (catalogs_ == nullptr) return NotFound("catalog {} does not exist", catalog);
  return catalogs_->ListDatabasesOf(catalog);
}

Result<bool> SqlCatalog::DatabaseExists(const std::string& database) {
  {
    std::lock_guard lock(mutex_);
    if (memory_.Owns(database)) return memory_.FindDatabase(database) != nullptr;
  }
  return connection_.admin().DatabaseExists(database);
}

Result<std::vector<std::string>> SqlCatalog::StoredNames(const std::string& kind,
                                                         const std::string& database) {
  if (!model::IsLocalDatabase(database)) return std::vector<std::string>();
  ASSIGN_OR_RETURN(std::vector<std::string> all, connection_.admin().ListObjects(kind));
  std::vector<std::string> names;
  std::string prefix = database + ".";
  for (const std::string& name : all) {
    if (name.starts_with(prefix)) names.push_back(name.substr(prefix.size()));
  }
  return names;
}

Result<std::vector<std::string>> SqlCatalog::ListTables(const std::string& database) {
  std::vector<std::string> names;
  std::unique_lock memory(mutex_);
  bool in_memory = memory_.Owns(database);
  if (in_memory) names = memory_.Names(database, false);
  memory.unlock();
  if (!in_memory) {
    ASSIGN_OR_RETURN(names, connection_.admin().ListTables(database));
  }
  ASSIGN_OR_RETURN(std::vector<std::string> foreign, StoredNames(kForeignTable, database));
  ASSIGN_OR_RETURN(std::vector<std::string> views, ListViews(database));
  names.insert(names.end(), foreign.begin(), foreign.end());
  names.insert(names.end(), views.begin(), views.end());
  std::lock_guard lock(mutex_);
  for (const auto& [path, table] : temporary_tables_) {
    if (path.database == database) names.push_back(path.table);
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

Result<std::vector<std::string>> SqlCatalog::ListViews(const std::string& database) {
  ASSIGN_OR_RETURN(std::vector<std::string> names, StoredNames(kView, database));
  std::lock_guard lock(mutex_);
  if (memory_.Owns(database)) names = memory_.Names(database, true);
  for (const auto& [path, view] : temporary_views_) {
    if (path.database == database) names.push_back(path.table);
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

Result<std::optional<CatalogTable>> SqlCatalog::FindTable(const TablePath& path) {
  {
    std::lock_guard lock(mutex_);
    auto it = temporary_tables_.find(path);
    if (it != temporary_tables_.end()) return std::optional(it->second);
    if (temporary_views_.contains(path)) return std::optional<CatalogTable>();
    if (memory_.Owns(path.database)) {
      const CatalogTable* table = memory_.FindTable(path);
      return table == nullptr ? std::optional<CatalogTable>() : std::optional(*table);
    }
  }
  auto info = connection_.admin().GetTable(path);
  if (info.ok()) {
    ASSIGN_OR_RETURN(CatalogTable table, sql::FromTableInfo(*info));
    return std::optional(std::move(table));
  }
  if (info.kind() != ErrorKind::kNotFound) return info.status();
  if (!model::IsLocalDatabase(path.database)) return std::optional<CatalogTable>();
  auto text = connection_.admin().GetObject(kForeignTable, path.ToString());
  if (!text.ok()) {
    if (text.kind() == ErrorKind::kNotFound) return std::optional<CatalogTable>();
    return text.status();
  }
  model::TableInfo foreign;
  foreign.path = path;
  ASSIGN_OR_RETURN(foreign.descriptor, format::TableFromJson(*text));
  ASSIGN_OR_RETURN(CatalogTable table, sql::FromTableInfo(foreign));
  return std::optional(std::move(table));
}

Result<std::optional<CatalogView>> SqlCatalog::FindView(const TablePath& path) {
  {
    std::lock_guard lock(mutex_);
    auto it = temporary_views_.find(path);
    if (it != temporary_views_.end()) return std::optional(it->second);
    if (memory_.Owns(path.database)) {
      const CatalogView* view = memory_.FindView(path);
      return view == nullptr ? std::optional<CatalogView>() : std::optional(*view);
    }
  }
  if (!model::IsLocalDatabase(path.database)) return std::optional<CatalogView>();
  auto text = connection_.admin().GetObject(kView, path.ToString());
  if (!text.ok()) {
    if (text.kind() == ErrorKind::kNotFound) return std::optional<CatalogView>();
    return text.status();
  }
  ASSIGN_OR_RETURN(CatalogView view, ViewFromJson(path, *text));
  return std::optional(std::move(view));
}

Status SqlCatalog::CreateTable(const CatalogTable& table, bool temporary) {
  const TablePath& path = table.ref.path;
  bool foreign = table.ref.IsForeign();
  if (temporary) {
    if (!foreign) {
      return NotSupported("a temporary table needs a 'connector': {} would be stored for ever",
                          path.ToString());
    }
    std::lock_guard lock(mutex_);
    if (temporary_views_.contains(path) || !temporary_tables_.emplace(path, table).second) {
      return AlreadyExists("temporary table {} exists already", path.ToString());
    }
    return Status::Ok();
  }
  {
    std::lock_guard lock(mutex_);
    if (memory_.Owns(path.database)) return memory_.PutTable(table, false);
  }
  ASSIGN_OR_RETURN(std::optional<CatalogView> view, FindView(path));
  if (view) return AlreadyExists("{} exists already and is a view", path.ToString());
  ASSIGN_OR_RETURN(std::optional<CatalogTable> existing, FindTable(path));
  if (existing) return AlreadyExists("table {} exists already", path.ToString());
  model::TableDescriptor descriptor = sql::ToDescriptor(table);
  if (!foreign) {
    auto created = connection_.admin().CreateTable(path, descriptor);
    return created.status();
  }
  ASSIGN_OR_RETURN(bool has_database, DatabaseExists(path.database));
  if (!has_database) return NotFound("database {} does not exist", path.database);
  RETURN_IF_ERROR(CheckLocal(path));
  ASSIGN_OR_RETURN(std::string text, format::TableToJson(descriptor));
  return connection_.admin().PutObject(kForeignTable, path.ToString(), text, false);
}

Status SqlCatalog::CreateView(const CatalogView& view, bool temporary, bool replace) {
  if (temporary) {
    std::lock_guard lock(mutex_);
    bool exists =
        temporary_tables_.contains(view.path) || (temporary_views_.contains(view.path) && !replace);
    if (exists) {
      return AlreadyExists("temporary view {} exists already", view.path.ToString());
    }
    temporary_views_[view.path] = view;
    return Status::Ok();
  }
  {
    std::lock_guard lock(mutex_);
    if (memory_.Owns(view.path.database)) return memory_.PutView(view, replace);
  }
  RETURN_IF_ERROR(CheckLocal(view.path));
  ASSIGN_OR_RETURN(std::optional<CatalogTable> table, FindTable(view.path));
  if (table) return AlreadyExists("{} exists already and is a table", view.path.ToString());
  ASSIGN_OR_RETURN(bool has_database, DatabaseExists(view.path.database));
  if (!has_database) return NotFound("database {} does not exist", view.path.database);
  return connection_.admin().PutObject(kView, view.path.ToString(), ViewToJson(view), replace);
}

Status SqlCatalog::DropTable(const TablePath& path, bool temporary) {
  if (temporary) {
    std::lock_guard lock(mutex_);
    if (temporary_tables_.erase(path) > 0) return Status::Ok();
    return NotFound("temporary table {} does not exist", path.ToString());
  }
  RETURN_IF_ERROR(CheckNotShadowed(path, "table"));
  {
    std::lock_guard lock(mutex_);
    if (memory_.Owns(path.database)) {
      if (memory_.DropTable(path)) return Status::Ok();
      return NotFound("table {} does not exist", path.ToString());
    }
  }
  Status status = connection_.admin().DropTable(path);
  if (status.ok() || status.kind() != ErrorKind::kNotFound) return status;
  if (!model::IsLocalDatabase(path.database)) return status;
  Status object = connection_.admin().DropObject(kForeignTable, path.ToString());
  if (object.ok() || object.kind() != ErrorKind::kNotFound) return object;
  return NotFound("table {} does not exist", path.ToString());
}

Status SqlCatalog::DropView(const TablePath& path, bool temporary) {
  if (temporary) {
    std::lock_guard lock(mutex_);
    if (temporary_views_.erase(path) > 0) return Status::Ok();
    return NotFound("temporary view {} does not exist", path.ToString());
  }
  RETURN_IF_ERROR(CheckNotShadowed(path, "view"));
  {
    std::lock_guard lock(mutex_);
    if (memory_.Owns(path.database)) {
      if (memory_.DropView(path)) return Status::Ok();
      return NotFound("view {} does not exist", path.ToString());
    }
  }
  Status status = connection_.admin().DropObject(kView, path.ToString());
  if (!status.ok() && status.kind() == ErrorKind::kNotFound) {
    return NotFound("view {} does not exist", path.ToString());
  }
  return status;
}

Status SqlCatalog::DropDatabase(const std::string& database, bool if_exists, bool cascade) {
  {
    std::lock_guard lock(mutex_);
    if (memory_.Owns(database)) {
      Status dropped = memory_.DropDatabase(database, cascade);
      bool gone = !dropped.ok() && dropped.kind() == ErrorKind::kNotFound && if_exists;
      return gone ? Status::Ok() : dropped;
    }
  }
  ASSIGN_OR_RETURN(std::vector<std::string> foreign, StoredNames(kForeignTable, database));
  ASSIGN_OR_RETURN(std::vector<std::string> views, StoredNames(kView, database));
  if (!cascade && (!foreign.empty() || !views.empty())) {
    Error error = Conflict("database {} is not empty", database);
    error.hint = "DROP DATABASE ... CASCADE drops its tables and views too";
    return error;
  }
  const std::string prefix = database + ".";
  for (const std::string& name : views) {
    RETURN_IF_ERROR(connection_.admin().DropObject(kView, prefix + name));
  }
  for (const std::string& name : foreign) {
    RETURN_IF_ERROR(connection_.admin().DropObject(kForeignTable, prefix + name));
  }
  ASSIGN_OR_RETURN(std::vector<std::string> functions, StoredNames(kFunctionObject, database));
  RETURN_IF_ERROR(connection_.admin().DropDatabase(database, if_exists, cascade));
  for (const std::string& name : functions) {
    RETURN_IF_ERROR(connection_.admin().DropObject(kFunctionObject, prefix + name));
  }
  Status described = connection_.admin().DropObject(kDatabaseObject, database);
  return !described.ok() && described.kind() == ErrorKind::kNotFound ? Status::Ok() : described;
}

}  // namespace forebay::serve
