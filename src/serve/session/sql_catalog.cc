#include "serve/session/sql_catalog.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "format/table_json.h"
#include "model/catalog_name.h"
#include "sql/catalog/connector_options.h"

namespace forebay::serve {

using model::TablePath;
using sql::CatalogTable;
using sql::CatalogView;

namespace {

constexpr const char* kForeignTable = "foreign_table";
constexpr const char* kView = "view";

std::string ViewToJson(const CatalogView& view) {
  return nlohmann::json{{"version", 1},
                        {"query", view.query},
                        {"database", view.database},
                        {"columns", view.columns},
                        {"comment", view.comment}}
      .dump();
}

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
  if (catalogs_ == nullptr) return false;
  auto found = catalogs_->GetCatalog(catalog);
  if (!found.ok() && found.kind() != ErrorKind::kNotFound) return found.status();
  return found.ok();
}

Result<std::vector<std::string>> SqlCatalog::ListDatabases(const std::string& catalog) {
  if (catalog == model::kLocalCatalog) return connection_.admin().ListDatabases();
  if (catalogs_ == nullptr) return NotFound("catalog {} does not exist", catalog);
  return catalogs_->ListDatabasesOf(catalog);
}

Result<bool> SqlCatalog::DatabaseExists(const std::string& database) {
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
  ASSIGN_OR_RETURN(std::vector<std::string> names, connection_.admin().ListTables(database));
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
    if (!temporary_tables_.emplace(path, table).second) {
      return AlreadyExists("temporary table {} exists already", path.ToString());
    }
    return Status::Ok();
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
    if (temporary_views_.contains(view.path) && !replace) {
      return AlreadyExists("temporary view {} exists already", view.path.ToString());
    }
    temporary_views_[view.path] = view;
    return Status::Ok();
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
  Status status = connection_.admin().DropTable(path);
  if (status.ok() || status.kind() != ErrorKind::kNotFound) return status;
  if (!model::IsLocalDatabase(path.database)) return status;
  Status object = connection_.admin().DropObject(kForeignTable, path.ToString());
  if (object.ok() || object.kind() != ErrorKind::kNotFound) return object;
  return NotFound("table {} does not exist", path.ToString());
}

Status SqlCatalog::AlterOwn(const CatalogTable& table, const model::TableChanges& changes) {
  model::TableChanges stored;
  stored.add_columns = changes.add_columns;
  for (const auto& [key, value] : changes.set_options) {
    stored.set_options[sql::DescriptorKeyOf(key)] = value;
  }
  for (const std::string& key : changes.reset_options) {
    stored.reset_options.insert(sql::DescriptorKeyOf(key));
  }
  return connection_.admin().AlterTable(table.ref.path, stored).status();
}

Status SqlCatalog::AlterTable(const TablePath& path, const model::TableChanges& changes) {
  ASSIGN_OR_RETURN(std::optional<CatalogTable> table, FindTable(path));
  if (!table) {
    ASSIGN_OR_RETURN(std::optional<CatalogView> view, FindView(path));
    if (view) return InvalidArgument("{} is a view, not a table", path.ToString());
    return NotFound("table {} does not exist", path.ToString());
  }
  for (const model::ColumnSpec& column : changes.add_columns) {
    const auto& names = table->declared_order;
    if (std::find(names.begin(), names.end(), column.name) == names.end()) continue;
    return InvalidArgument("Try to add a column `{}` which already exists in the table.",
                           column.name);
  }
  CatalogTable altered = *table;
  for (const auto& [key, value] : changes.set_options) altered.ref.options[key] = value;
  for (const std::string& key : changes.reset_options) altered.ref.options.erase(key);
  RETURN_IF_ERROR(sql::CheckConnectorOptions(altered.ref));
  if (!table->ref.IsForeign()) return AlterOwn(*table, changes);
  for (model::ColumnSpec column : changes.add_columns) {
    model::Schema& schema = altered.ref.info.descriptor.schema;
    column.id = model::HighestFieldId(schema) + 1;
    schema.columns.push_back(column);
    altered.declared_order.push_back(column.name);
  }
  {
    std::lock_guard lock(mutex_);
    auto own = temporary_tables_.find(path);
    if (own != temporary_tables_.end()) {
      own->second = altered;
      return Status::Ok();
    }
  }
  ASSIGN_OR_RETURN(std::string text, format::TableToJson(sql::ToDescriptor(altered)));
  return connection_.admin().PutObject(kForeignTable, path.ToString(), text, true);
}

Status SqlCatalog::RenameTable(const TablePath& path, const TablePath& new_path) {
  ASSIGN_OR_RETURN(std::optional<CatalogTable> table, FindTable(path));
  if (!table) return NotFound("table {} does not exist", path.ToString());
  if (!table->ref.IsForeign()) {
    Error error =
        NotSupported("a table that Forebay stores cannot be renamed: {}", path.ToString());
    error.hint = "create a view of the new name, or another table and INSERT INTO it";
    return error;
  }
  CatalogTable renamed = *table;
  renamed.ref.path = renamed.ref.info.path = new_path;
  bool temporary = false;
  {
    std::lock_guard lock(mutex_);
    temporary = temporary_tables_.contains(path);
  }
  RETURN_IF_ERROR(CreateTable(renamed, temporary));
  return DropTable(path, temporary);
}

Status SqlCatalog::DropView(const TablePath& path, bool temporary) {
  if (temporary) {
    std::lock_guard lock(mutex_);
    if (temporary_views_.erase(path) > 0) return Status::Ok();
    return NotFound("temporary view {} does not exist", path.ToString());
  }
  Status status = connection_.admin().DropObject(kView, path.ToString());
  if (!status.ok() && status.kind() == ErrorKind::kNotFound) {
    return NotFound("view {} does not exist", path.ToString());
  }
  return status;
}

Status SqlCatalog::DropDatabase(const std::string& database, bool if_exists, bool cascade) {
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
  return connection_.admin().DropDatabase(database, if_exists, cascade);
}

}  // namespace forebay::serve
