#include <algorithm>

#include "serve/materialized/materialized_tables.h"
#include "serve/session/session.h"
#include "serve/session/show_create.h"

// Statements of materialized tables.

namespace forebay::serve {

Result<MaterializedTables*> Session::Materialized() const {
  if (engine_.materialized_tables != nullptr) return engine_.materialized_tables;
  return NotSupported("materialized tables need a server");
}

Result<StatementResult> Session::Run(const sql::CreateMaterializedTableStatement& create) {
  ASSIGN_OR_RETURN(MaterializedTables * tables, Materialized());
  ASSIGN_OR_RETURN(std::string message, tables->Create(create, settings_));
  return StatementResult::Message(std::move(message));
}

Result<StatementResult> Session::Run(const sql::AlterMaterializedTableStatement& alter) {
  RETURN_IF_ERROR(CheckMaterialized(alter.path));
  ASSIGN_OR_RETURN(MaterializedTables * tables, Materialized());
  StatementResult result;
  if (alter.kind == sql::AlterMaterializedTableAst::Kind::kRefresh) {
    ASSIGN_OR_RETURN(result.work, tables->Refresh(alter.path, alter.partition));
    return result;
  }
  ASSIGN_OR_RETURN(result.message, tables->Alter(alter, settings_));
  return result;
}

Status Session::CheckMaterialized(const model::TablePath& path) {
  ASSIGN_OR_RETURN(MaterializedTables * tables, Materialized());
  Status found = tables->Find(path).status();
  if (found.ok()) return found;
  ASSIGN_OR_RETURN(auto table, catalog_.FindTable(path));
  ASSIGN_OR_RETURN(auto view, catalog_.FindView(path));
  if (!table && !view) return found;
  return InvalidArgument(
      "Table {} is not a materialized table, does not support materialized table related "
      "operation.",
      QuotedPath(path));
}

bool Session::IsMaterialized(const model::TablePath& path) const {
  return engine_.materialized_tables != nullptr && engine_.materialized_tables->Exists(path);
}

namespace {

/// The columns that a materialized table stores are those of its query, as in Flink.
Status CheckStoredColumns(const std::vector<std::string>& stored,
                          const std::vector<std::string>& query) {
  for (const std::string& name : stored) {
    if (std::find(query.begin(), query.end(), name) != query.end()) continue;
    return InvalidArgument(
        "Failed to execute ALTER MATERIALIZED TABLE statement.\nInvalid schema change. All "
        "persisted (physical and metadata) columns in the schema part need to be present in the "
        "query part.\nHowever, physical column `{}` could not be found in the query.",
        name);
  }
  for (const std::string& name : query) {
    if (std::find(stored.begin(), stored.end(), name) != stored.end()) continue;
    return InvalidArgument("column `{}` is one of the query's and cannot be dropped", name);
  }
  return Status::Ok();
}

}  // namespace

Status Session::CheckAlterKind(const sql::AlterTableStatement& alter) {
  if (!alter.materialized) {
    if (!IsMaterialized(alter.path)) return Status::Ok();
    return InvalidArgument("ALTER TABLE for a materialized table is not allowed");
  }
  RETURN_IF_ERROR(CheckMaterialized(alter.path));
  if (alter.new_path) return NotSupported("a materialized table cannot be renamed");
  ASSIGN_OR_RETURN(MaterializedTable definition, engine_.materialized_tables->Find(alter.path));
  std::vector<std::string> stored = definition.columns;
  if (alter.altered) {
    stored.clear();
    for (const auto& column : alter.altered->ref.info.descriptor.schema.columns) {
      stored.push_back(column.name);
    }
  }
  for (const auto& column : alter.changes.add_columns) stored.push_back(column.name);
  return CheckStoredColumns(stored, definition.columns);
}

Status Session::CheckReplaceable(const model::TablePath& path) const {
  if (!IsMaterialized(path)) return Status::Ok();
  return InvalidArgument("{} is a materialized table: its query alone replaces its rows",
                         path.ToString());
}

Result<StatementResult> Session::DropMaterialized(const sql::DropStatement& drop) {
  Status checked = CheckMaterialized(drop.path);
  std::string name = "materialized table " + drop.path.ToString();
  if (!checked.ok()) {
    bool lenient = checked.kind() == ErrorKind::kNotFound && drop.if_exists;
    if (lenient) return StatementResult::Message(name + " does not exist");
    return checked;
  }
  RETURN_IF_ERROR(engine_.materialized_tables->Drop(drop.path));
  return StatementResult::Message(name + " dropped");
}

/// Those of a database that goes.
Status Session::DropMaterializedIn(const std::string& database) {
  if (engine_.materialized_tables == nullptr) return Status::Ok();
  for (const MaterializedTable& table : engine_.materialized_tables->List()) {
    if (table.path.database != database) continue;
    RETURN_IF_ERROR(engine_.materialized_tables->Drop(table.path));
  }
  return Status::Ok();
}

std::vector<std::string> Session::MaterializedNames(const std::string& database) const {
  std::vector<std::string> names;
  if (engine_.materialized_tables == nullptr) return names;
  for (const MaterializedTable& table : engine_.materialized_tables->List()) {
    if (table.path.database == database) names.push_back(table.path.table);
  }
  return names;
}

Result<std::string> Session::MaterializedText(const model::TablePath& path) {
  RETURN_IF_ERROR(CheckMaterialized(path));
  ASSIGN_OR_RETURN(MaterializedTable definition, engine_.materialized_tables->Find(path));
  ASSIGN_OR_RETURN(auto table, catalog_.FindTable(path));
  if (!table) return NotFound("the table of {} is gone", path.ToString());
  constexpr std::string_view kCreate = "CREATE ";
  std::string text = CreateTableText(*table);
  text.insert(kCreate.size(), "MATERIALIZED ");
  return text + fmt::format("FRESHNESS = INTERVAL '{}' {}\nREFRESH_MODE = {}\nAS {}\n",
                            definition.freshness.count, definition.freshness.unit,
                            ModeName(definition.mode), definition.query);
}

namespace {

std::string RefreshState(const MaterializedTable& table, bool running) {
  if (running) return "RUNNING";
  if (table.state == MaterializedTable::State::kSuspended) return "SUSPENDED";
  return table.refresh_error.empty() ? "SCHEDULED" : "RESTARTING";
}

}  // namespace

std::vector<Session::RefreshRow> Session::RefreshRows() const {
  std::vector<RefreshRow> rows;
  if (engine_.materialized_tables == nullptr) return rows;
  for (const MaterializedTable& table : engine_.materialized_tables->List()) {
    if (!table.IsFull()) continue;
    bool running = engine_.materialized_tables->IsRefreshing(table.path);
    rows.push_back({table.job_id, RefreshJobName(table), RefreshState(table, running),
                    table.refresh_begin_ms, table.refresh_error});
  }
  return rows;
}

}  // namespace forebay::serve
