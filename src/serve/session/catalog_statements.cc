#include "serve/session/session.h"
#include "serve/session/show_create.h"

// Catalogs: CREATE, DROP, SHOW CREATE, DESCRIBE.

namespace forebay::serve {

namespace {

Error OnlyLocalCatalog() {
  return NotSupported("this process has no catalog but {}", model::kLocalCatalog);
}

}  // namespace

Result<StatementResult> Session::Run(const sql::CreateCatalogStatement& create) {
  if (engine_.catalogs == nullptr) return OnlyLocalCatalog();
  Status status = engine_.catalogs->CreateCatalog(create.catalog, {create.options, create.comment});
  if (!status.ok() && status.kind() == ErrorKind::kAlreadyExists && create.if_not_exists) {
    return StatementResult::Message(fmt::format("catalog {} exists already", create.catalog));
  }
  if (!status.ok()) return status;
  return StatementResult::Message(fmt::format("catalog {} created", create.catalog));
}

Result<StatementResult> Session::DropCatalog(const sql::DropStatement& drop) {
  if (engine_.catalogs == nullptr) return OnlyLocalCatalog();
  if (drop.catalog == model::SplitDatabase(database_).first) {
    return Conflict("{} is the current catalog: USE another one first", drop.catalog);
  }
  Status status = engine_.catalogs->DropCatalog(drop.catalog);
  if (!status.ok() && status.kind() == ErrorKind::kNotFound && drop.if_exists) {
    return StatementResult::Message(fmt::format("catalog {} does not exist", drop.catalog));
  }
  if (!status.ok()) return status;
  return StatementResult::Message(fmt::format("catalog {} dropped", drop.catalog));
}

Result<StatementResult> Session::ShowCreateCatalog(const std::string& name) {
  if (engine_.catalogs == nullptr) return OnlyLocalCatalog();
  ASSIGN_OR_RETURN(client::CatalogDefinition definition, engine_.catalogs->GetCatalog(name));
  StatementResult result;
  result.rows = TextCursor({"result"}, {{CreateCatalogText(name, definition)}});
  return result;
}

Result<StatementResult> Session::DescribeCatalog(const sql::DescribeStatement& describe) {
  if (engine_.catalogs == nullptr) return OnlyLocalCatalog();
  ASSIGN_OR_RETURN(client::CatalogDefinition definition,
                   engine_.catalogs->GetCatalog(describe.name));
  std::vector<std::vector<std::string>> rows = {{"name", describe.name},
                                                {"type", definition.properties["type"]},
                                                {"comment", definition.comment}};
  for (const auto& [key, value] : definition.properties) {
    if (!describe.extended || key == "type") continue;
    rows.push_back({"option:" + key, ShownOption(key, value)});
  }
  StatementResult result;
  result.rows = TextCursor({"info name", "info value"}, rows);
  return result;
}

}  // namespace forebay::serve
