#include "serve/session/memory_catalogs.h"

#include "model/catalog_name.h"

namespace forebay::serve {

using model::TablePath;

namespace {

constexpr const char* kDefaultDatabase = "default-database";

Error Empty(const std::string& database) {
  Error error = Conflict("database {} is not empty", database);
  error.hint = "DROP DATABASE ... CASCADE drops its tables and views too";
  return error;
}

}  // namespace

Status MemoryCatalogs::CheckOptions(const client::CatalogDefinition& definition) {
  for (const auto& [key, value] : definition.properties) {
    if (key == "type" || key == kDefaultDatabase) continue;
    return InvalidArgument("a catalog of type '{}' has no option '{}'", kType, key);
  }
  return Status::Ok();
}

Status MemoryCatalogs::Alter(const std::string& name, const client::CatalogDefinition& definition) {
  RETURN_IF_ERROR(CheckOptions(definition));
  if (definition.comment == catalogs_.at(name).comment) RETURN_IF_ERROR(Drop(name));
  if (catalogs_.contains(name)) {
    catalogs_[name] = definition;
    return Status::Ok();
  }
  return Create(name, definition);
}

Status MemoryCatalogs::Create(const std::string& name,
                              const client::CatalogDefinition& definition) {
  RETURN_IF_ERROR(CheckOptions(definition));
  if (!catalogs_.emplace(name, definition).second) {
    return AlreadyExists("catalog {} exists already", name);
  }
  databases_[model::QualifiedDatabase(name, DefaultDatabase(name))] = {};
  return Status::Ok();
}

Status MemoryCatalogs::Drop(const std::string& name) {
  if (catalogs_.erase(name) == 0) return NotFound("catalog {} does not exist", name);
  auto inside = [&](const std::string& database) {
    return model::SplitDatabase(database).first == name;
  };
  std::erase_if(databases_, [&](const auto& entry) { return inside(entry.first); });
  std::erase_if(tables_, [&](const auto& entry) { return inside(entry.first.database); });
  std::erase_if(views_, [&](const auto& entry) { return inside(entry.first.database); });
  return Status::Ok();
}

bool MemoryCatalogs::Owns(const std::string& database) const {
  return !catalogs_.empty() && catalogs_.contains(model::SplitDatabase(database).first);
}

client::CatalogDefinition* MemoryCatalogs::Find(const std::string& name) {
  auto found = catalogs_.find(name);
  return found == catalogs_.end() ? nullptr : &found->second;
}

std::vector<std::string> MemoryCatalogs::Names() const {
  std::vector<std::string> names;
  for (const auto& [name, definition] : catalogs_) names.push_back(name);
  return names;
}

std::string MemoryCatalogs::DefaultDatabase(const std::string& name) const {
  const auto& properties = catalogs_.at(name).properties;
  auto given = properties.find(kDefaultDatabase);
  return given == properties.end() ? "default" : given->second;
}

std::vector<std::string> MemoryCatalogs::Databases(const std::string& catalog) const {
  std::vector<std::string> names;
  for (const auto& [name, definition] : databases_) {
    auto [of, database] = model::SplitDatabase(name);
    if (of == catalog) names.push_back(database);
  }
  return names;
}

DatabaseDefinition* MemoryCatalogs::FindDatabase(const std::string& database) {
  auto found = databases_.find(database);
  return found == databases_.end() ? nullptr : &found->second;
}

Status MemoryCatalogs::CreateDatabase(const std::string& database, DatabaseDefinition definition) {
  if (databases_.emplace(database, std::move(definition)).second) return Status::Ok();
  return AlreadyExists("database {} exists already", database);
}

Status MemoryCatalogs::DropDatabase(const std::string& database, bool cascade) {
  if (!databases_.contains(database)) return NotFound("database {} does not exist", database);
  bool empty = Names(database, false).empty() && Names(database, true).empty();
  if (!empty && !cascade) return Empty(database);
  databases_.erase(database);
  std::erase_if(tables_, [&](const auto& entry) { return entry.first.database == database; });
  std::erase_if(views_, [&](const auto& entry) { return entry.first.database == database; });
  return Status::Ok();
}

std::vector<std::string> MemoryCatalogs::Names(const std::string& database, bool views) const {
  std::vector<std::string> names;
  auto add = [&](const TablePath& path) {
    if (path.database == database) names.push_back(path.table);
  };
  if (views) {
    for (const auto& [path, view] : views_) add(path);
  } else {
    for (const auto& [path, table] : tables_) add(path);
  }
  return names;
}

const sql::CatalogTable* MemoryCatalogs::FindTable(const TablePath& path) const {
  auto found = tables_.find(path);
  return found == tables_.end() ? nullptr : &found->second;
}

const sql::CatalogView* MemoryCatalogs::FindView(const TablePath& path) const {
  auto found = views_.find(path);
  return found == views_.end() ? nullptr : &found->second;
}

Status MemoryCatalogs::CheckNew(const TablePath& path, bool replace) const {
  if (!databases_.contains(path.database)) {
    return NotFound("database {} does not exist", path.database);
  }
  if (replace || (!tables_.contains(path) && !views_.contains(path))) return Status::Ok();
  return AlreadyExists("table or view {} exists already", path.ToString());
}

Status MemoryCatalogs::PutTable(const sql::CatalogTable& table, bool replace) {
  const TablePath& path = table.ref.path;
  if (!table.ref.IsForeign()) {
    return NotSupported("a table of a catalog in memory needs a 'connector': {}", path.ToString());
  }
  RETURN_IF_ERROR(CheckNew(path, replace));
  tables_[path] = table;
  return Status::Ok();
}

Status MemoryCatalogs::PutView(const sql::CatalogView& view, bool replace) {
  RETURN_IF_ERROR(CheckNew(view.path, replace));
  views_[view.path] = view;
  return Status::Ok();
}

}  // namespace forebay::serve
