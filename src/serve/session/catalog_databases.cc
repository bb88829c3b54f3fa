#include <algorithm>
#include <nlohmann/json.hpp>

#include "model/catalog_name.h"
#include "serve/session/catalog_objects.h"
#include "serve/session/sql_catalog.h"

// Catalogs and databases of a SqlCatalog.

namespace forebay::serve {

namespace {

Error OnlyLocalCatalog() {
  return NotSupported("this process has no catalog but {}", model::kLocalCatalog);
}

bool IsInMemory(const client::CatalogDefinition& definition) {
  auto type = definition.properties.find("type");
  return type != definition.properties.end() && type->second == MemoryCatalogs::kType;
}

std::string DatabaseToJson(const DatabaseDefinition& definition) {
  return nlohmann::json{
      {"version", 1}, {"comment", definition.comment}, {"options", definition.options}}
      .dump();
}

}  // namespace

Status SqlCatalog::CreateCatalog(const std::string& name,
                                 const client::CatalogDefinition& definition) {
  ASSIGN_OR_RETURN(bool exists, CatalogExists(name));
  if (exists) return AlreadyExists("catalog {} exists already", name);
  if (IsInMemory(definition)) {
    std::lock_guard lock(mutex_);
    return memory_.Create(name, definition);
  }
  if (catalogs_ == nullptr) return OnlyLocalCatalog();
  return catalogs_->CreateCatalog(name, definition);
}

Status SqlCatalog::DropCatalog(const std::string& name) {
  {
    std::lock_guard lock(mutex_);
    if (memory_.Has(name)) return memory_.Drop(name);
  }
  if (catalogs_ == nullptr) return OnlyLocalCatalog();
  return catalogs_->DropCatalog(name);
}

Status SqlCatalog::AlterCatalog(const std::string& name,
                                const client::CatalogDefinition& definition) {
  {
    std::lock_guard lock(mutex_);
    if (memory_.Has(name)) return memory_.Alter(name, definition);
  }
  if (catalogs_ == nullptr) return OnlyLocalCatalog();
  return catalogs_->AlterCatalog(name, definition);
}

Result<client::CatalogDefinition> SqlCatalog::GetCatalog(const std::string& name) {
  {
    std::lock_guard lock(mutex_);
    if (client::CatalogDefinition* own = memory_.Find(name)) return *own;
  }
  if (catalogs_ == nullptr) return OnlyLocalCatalog();
  return catalogs_->GetCatalog(name);
}

Result<std::vector<std::string>> SqlCatalog::ListCatalogs() {
  std::vector<std::string> names = {model::kLocalCatalog};
  if (catalogs_ != nullptr) {
    ASSIGN_OR_RETURN(names, catalogs_->ListCatalogs());
  }
  std::lock_guard lock(mutex_);
  for (std::string& name : memory_.Names()) names.push_back(std::move(name));
  std::sort(names.begin(), names.end());
  return names;
}

Result<std::string> SqlCatalog::DefaultDatabaseOf(const std::string& catalog) {
  {
    std::lock_guard lock(mutex_);
    if (memory_.Has(catalog)) return memory_.DefaultDatabase(catalog);
  }
  if (catalogs_ == nullptr) return NotFound("catalog {} does not exist", catalog);
  return catalogs_->DefaultDatabaseOf(catalog);
}

Status SqlCatalog::CreateDatabase(const std::string& database,
                                  const DatabaseDefinition& definition) {
  {
    std::lock_guard lock(mutex_);
    if (memory_.Owns(database)) return memory_.CreateDatabase(database, definition);
  }
  RETURN_IF_ERROR(connection_.admin().CreateDatabase(database, false));
  bool described = !definition.comment.empty() || !definition.options.empty();
  if (!described || !model::IsLocalDatabase(database)) return Status::Ok();
  return connection_.admin().PutObject(kDatabaseObject, database, DatabaseToJson(definition), true);
}

Status SqlCatalog::AlterDatabase(const std::string& database,
                                 const std::map<std::string, std::string>& options) {
  ASSIGN_OR_RETURN(DatabaseDefinition definition, GetDatabase(database));
  for (const auto& [key, value] : options) definition.options[key] = value;
  {
    std::lock_guard lock(mutex_);
    if (DatabaseDefinition* own = memory_.FindDatabase(database)) {
      *own = definition;
      return Status::Ok();
    }
  }
  if (!model::IsLocalDatabase(database)) {
    return NotSupported("a database of another server cannot be altered: {}", database);
  }
  return connection_.admin().PutObject(kDatabaseObject, database, DatabaseToJson(definition), true);
}

Result<DatabaseDefinition> SqlCatalog::GetDatabase(const std::string& database) {
  {
    std::lock_guard lock(mutex_);
    if (DatabaseDefinition* own = memory_.FindDatabase(database)) return *own;
  }
  ASSIGN_OR_RETURN(bool exists, DatabaseExists(database));
  if (!exists) return NotFound("database {} does not exist", database);
  DatabaseDefinition definition;
  if (!model::IsLocalDatabase(database)) return definition;
  auto text = connection_.admin().GetObject(kDatabaseObject, database);
  if (!text.ok() && text.kind() == ErrorKind::kNotFound) return definition;
  if (!text.ok()) return text.status();
  auto json = nlohmann::json::parse(*text, nullptr, false);
  try {
    json.at("comment").get_to(definition.comment);
    json.at("options").get_to(definition.options);
    return definition;
  } catch (const nlohmann::json::exception& error) {
    return Corruption("the stored database {} is damaged: {}", database, error.what());
  }
}

}  // namespace forebay::serve
