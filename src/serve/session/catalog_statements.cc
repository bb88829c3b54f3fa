#include "compute/python/python_function.h"
#include "serve/session/session.h"
#include "serve/session/show_create.h"

// Catalogs, databases, views and functions: CREATE, ALTER, DROP, SHOW CREATE, DESCRIBE.

namespace forebay::serve {

namespace {

using Rows = std::vector<std::vector<std::string>>;

StatementResult InfoRows(const Rows& rows) {
  StatementResult result;
  result.rows = TextCursor({"info name", "info value"}, rows);
  return result;
}

/// A statement that may find the thing it makes there already, or the thing it changes not.
Result<StatementResult> Answer(const Status& status, ErrorKind lenient_kind, bool lenient,
                               const std::string& what, const char* done) {
  if (status.ok()) return StatementResult::Message(fmt::format("{} {}", what, done));
  if (!lenient || status.kind() != lenient_kind) return status;
  return StatementResult::Message(fmt::format(
      "{} {}", what, lenient_kind == ErrorKind::kNotFound ? "does not exist" : "exists already"));
}

std::string FunctionText(const model::TablePath& path) {
  return "function " + (path.database.empty() ? path.table : path.ToString());
}

}  // namespace

Result<StatementResult> Session::Run(const sql::CreateCatalogStatement& create) {
  Status status = catalog_.CreateCatalog(create.catalog, {create.options, create.comment});
  return Answer(status, ErrorKind::kAlreadyExists, create.if_not_exists,
                "catalog " + create.catalog, "created");
}

Result<StatementResult> Session::Run(const sql::AlterCatalogStatement& alter) {
  ASSIGN_OR_RETURN(client::CatalogDefinition definition, catalog_.GetCatalog(alter.catalog));
  for (const auto& [key, value] : alter.set_options) definition.properties[key] = value;
  for (const std::string& key : alter.reset_options) definition.properties.erase(key);
  if (alter.comment) definition.comment = *alter.comment;
  RETURN_IF_ERROR(catalog_.AlterCatalog(alter.catalog, definition));
  return StatementResult::Message(fmt::format("catalog {} altered", alter.catalog));
}

Result<StatementResult> Session::DropCatalog(const sql::DropStatement& drop) {
  if (drop.catalog == model::SplitDatabase(database_).first) {
    return Conflict("{} is the current catalog: USE another one first", drop.catalog);
  }
  return Answer(catalog_.DropCatalog(drop.catalog), ErrorKind::kNotFound, drop.if_exists,
                "catalog " + drop.catalog, "dropped");
}

Result<StatementResult> Session::ShowCreateCatalog(const std::string& name) {
  ASSIGN_OR_RETURN(client::CatalogDefinition definition, catalog_.GetCatalog(name));
  StatementResult result;
  result.rows = TextCursor({"result"}, {{CreateCatalogText(name, definition)}});
  return result;
}

Result<StatementResult> Session::DescribeCatalog(const sql::DescribeStatement& describe) {
  ASSIGN_OR_RETURN(client::CatalogDefinition definition, catalog_.GetCatalog(describe.name));
  Rows rows = {{"name", describe.name},
               {"type", definition.properties["type"]},
               {"comment", definition.comment}};
  for (const auto& [key, value] : definition.properties) {
    if (!describe.extended || key == "type") continue;
    rows.push_back({"option:" + key, ShownOption(key, value)});
  }
  return InfoRows(rows);
}

Result<StatementResult> Session::Run(const sql::CreateDatabaseStatement& create) {
  Status status = catalog_.CreateDatabase(create.database, {create.comment, create.options});
  return Answer(status, ErrorKind::kAlreadyExists, create.if_not_exists,
                "database " + create.database, "created");
}

Result<StatementResult> Session::Run(const sql::AlterDatabaseStatement& alter) {
  RETURN_IF_ERROR(catalog_.AlterDatabase(alter.database, alter.options));
  return StatementResult::Message(fmt::format("database {} altered", alter.database));
}

Result<StatementResult> Session::DescribeDatabase(const sql::DescribeStatement& describe) {
  ASSIGN_OR_RETURN(DatabaseDefinition definition, catalog_.GetDatabase(describe.name));
  Rows rows = {{"name", model::SplitDatabase(describe.name).second},
               {"comment", definition.comment}};
  for (const auto& [key, value] : definition.options) {
    if (describe.extended) rows.push_back({"option:" + key, ShownOption(key, value)});
  }
  return InfoRows(rows);
}

Result<StatementResult> Session::Run(const sql::AlterViewStatement& alter) {
  Status status = alter.view ? catalog_.AlterView(*alter.view)
                             : catalog_.RenameView(alter.path, *alter.new_path);
  return Answer(status, ErrorKind::kNotFound, alter.if_exists, "view " + alter.path.ToString(),
                "altered");
}

Result<StatementResult> Session::Run(const sql::FunctionStatement& statement) {
  sql::FunctionStatement function = statement;
  if (function.function.language == "PYTHON") {
    RETURN_IF_ERROR(compute::DescribePythonFunction(settings_, function.function));
  }
  if (function.alter) {
    return Answer(catalog_.AlterFunction(function), ErrorKind::kNotFound, function.lenient,
                  FunctionText(function.function.path), "altered");
  }
  return Answer(catalog_.CreateFunction(function), ErrorKind::kAlreadyExists, function.lenient,
                FunctionText(function.function.path), "created");
}

Result<StatementResult> Session::DropFunction(const sql::DropStatement& drop) {
  bool temporary = drop.temporary || drop.system;
  return Answer(catalog_.DropFunction(drop.path, temporary), ErrorKind::kNotFound, drop.if_exists,
                FunctionText(drop.path), "dropped");
}

Result<StatementResult> Session::DescribeFunction(const sql::DescribeStatement& describe) {
  model::TablePath path = describe.path;
  ASSIGN_OR_RETURN(std::optional<sql::CatalogFunction> function,
                   catalog_.FindFunction({"", path.table}));
  bool system = function.has_value();
  if (!system) {
    ASSIGN_OR_RETURN(function, catalog_.FindFunction(path));
  }
  Rows rows;
  if (!function) {
    if (!IsBuiltInFunction(path.table)) return NotFound("function {} does not exist", path.table);
    rows = {{"is system function", "true"}, {"is temporary", "false"}};
    return InfoRows(rows);
  }
  std::string parameters;
  for (const auto& parameter : function->parameters) {
    parameters += fmt::format("{}{} {}", parameters.empty() ? "" : ", ", parameter.name,
                              parameter.type.ToString());
  }
  rows = {{"is system function", system ? "true" : "false"},
          {"is temporary", system || catalog_.IsTemporaryFunction(path) ? "true" : "false"},
          {"function language", function->language}};
  if (!function->class_name.empty()) rows.push_back({"class name", function->class_name});
  if (describe.extended && function->returns) {
    rows.push_back({"signature", fmt::format("{}({}) -> {}", path.table, parameters,
                                             function->returns->ToString())});
    rows.push_back({"body", function->body});
  }
  return InfoRows(rows);
}

}  // namespace forebay::serve
