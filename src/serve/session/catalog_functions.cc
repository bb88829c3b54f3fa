#include <algorithm>
#include <nlohmann/json.hpp>

#include "model/catalog_name.h"
#include "serve/session/catalog_objects.h"
#include "serve/session/sql_catalog.h"
#include "sql/parser/parser.h"

// Functions of a SqlCatalog: stored ones, and temporary ones of the session.

namespace forebay::serve {

using model::TablePath;
using sql::CatalogFunction;

namespace {

std::string FunctionToJson(const CatalogFunction& function) {
  nlohmann::json parameters = nlohmann::json::array();
  for (const auto& parameter : function.parameters) {
    parameters.push_back({{"name", parameter.name}, {"type", parameter.type.ToString()}});
  }
  nlohmann::json json = {{"version", 1},
                         {"language", function.language},
                         {"class", function.class_name},
                         {"kind", static_cast<int>(function.kind)},
                         {"has_parameters", function.has_parameters},
                         {"parameters", parameters},
                         {"body", function.body},
                         {"comment", function.comment},
                         {"deterministic", function.deterministic}};
  if (function.returns) json["returns"] = function.returns->ToString();
  return json.dump();
}

Result<CatalogFunction> FunctionFromJson(const TablePath& path, const std::string& text) {
  auto json = nlohmann::json::parse(text, nullptr, false);
  try {
    CatalogFunction function;
    function.path = path;
    json.at("language").get_to(function.language);
    json.at("class").get_to(function.class_name);
    int kind = json.at("kind");
    if (kind < 0 || kind > static_cast<int>(sql::FunctionKind::kAggregate)) {
      return Corruption("the stored function {} has the kind {}", path.ToString(), kind);
    }
    function.kind = static_cast<sql::FunctionKind>(kind);
    json.at("has_parameters").get_to(function.has_parameters);
    json.at("body").get_to(function.body);
    json.at("comment").get_to(function.comment);
    json.at("deterministic").get_to(function.deterministic);
    for (const auto& parameter : json.at("parameters")) {
      ASSIGN_OR_RETURN(model::DataType type,
                       sql::ParseType(parameter.at("type").get<std::string>()));
      function.parameters.push_back({parameter.at("name"), type});
    }
    if (!json.contains("returns")) return function;
    ASSIGN_OR_RETURN(function.returns, sql::ParseType(json.at("returns").get<std::string>()));
    return function;
  } catch (const nlohmann::json::exception& error) {
    return Corruption("the stored function {} is damaged: {}", path.ToString(), error.what());
  }
}

std::string NameOf(const TablePath& path) {
  return path.database.empty() ? path.table : path.ToString();
}

}  // namespace

Result<std::optional<CatalogFunction>> SqlCatalog::StoredFunction(const TablePath& path) {
  if (path.database.empty() || !model::IsLocalDatabase(path.database)) {
    return std::optional<CatalogFunction>();
  }
  auto text = connection_.admin().GetObject(kFunctionObject, path.ToString());
  if (!text.ok() && text.kind() == ErrorKind::kNotFound) return std::optional<CatalogFunction>();
  if (!text.ok()) return text.status();
  ASSIGN_OR_RETURN(CatalogFunction function, FunctionFromJson(path, *text));
  return std::optional(std::move(function));
}

Result<std::optional<CatalogFunction>> SqlCatalog::FindFunction(const TablePath& path) {
  {
    std::lock_guard lock(mutex_);
    auto temporary = temporary_functions_.find(path);
    if (temporary != temporary_functions_.end()) return std::optional(temporary->second);
  }
  return StoredFunction(path);
}

bool SqlCatalog::IsTemporaryFunction(const TablePath& path) {
  std::lock_guard lock(mutex_);
  return temporary_functions_.contains(path);
}

Status SqlCatalog::CreateFunction(const sql::FunctionStatement& create) {
  const TablePath& path = create.function.path;
  if (create.temporary) {
    std::lock_guard lock(mutex_);
    if (temporary_functions_.emplace(path, create.function).second) return Status::Ok();
    return AlreadyExists("temporary function {} exists already", NameOf(path));
  }
  if (create.system) return InvalidArgument("a system function is TEMPORARY: {}", path.table);
  if (!model::IsLocalDatabase(path.database)) {
    return NotSupported("catalog {} has no functions: {}",
                        model::SplitDatabase(path.database).first, path.ToString());
  }
  ASSIGN_OR_RETURN(bool has_database, DatabaseExists(path.database));
  if (!has_database) return NotFound("database {} does not exist", path.database);
  Status put = connection_.admin().PutObject(kFunctionObject, path.ToString(),
                                             FunctionToJson(create.function), false);
  if (put.ok() || put.kind() != ErrorKind::kAlreadyExists) return put;
  return AlreadyExists("function {} exists already", path.ToString());
}

Status SqlCatalog::AlterFunction(const sql::FunctionStatement& alter) {
  if (alter.temporary || alter.system) {
    return NotSupported("a temporary function is dropped and created, not altered: {}",
                        NameOf(alter.function.path));
  }
  ASSIGN_OR_RETURN(std::optional<CatalogFunction> before, StoredFunction(alter.function.path));
  if (!before) return NotFound("function {} does not exist", alter.function.path.ToString());
  return connection_.admin().PutObject(kFunctionObject, alter.function.path.ToString(),
                                       FunctionToJson(alter.function), true);
}

Status SqlCatalog::DropFunction(const TablePath& path, bool temporary) {
  if (temporary) {
    std::lock_guard lock(mutex_);
    if (temporary_functions_.erase(path) > 0) return Status::Ok();
    return NotFound("temporary function {} does not exist", NameOf(path));
  }
  ASSIGN_OR_RETURN(std::optional<CatalogFunction> before, StoredFunction(path));
  if (!before) return NotFound("function {} does not exist", NameOf(path));
  return connection_.admin().DropObject(kFunctionObject, path.ToString());
}

Result<std::vector<std::string>> SqlCatalog::ListFunctions(const std::string& database) {
  ASSIGN_OR_RETURN(std::vector<std::string> names, StoredNames(kFunctionObject, database));
  std::lock_guard lock(mutex_);
  for (const auto& [path, function] : temporary_functions_) {
    if (path.database.empty() || path.database == database) names.push_back(path.table);
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

}  // namespace forebay::serve
