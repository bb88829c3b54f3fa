#include "sql/analyzer/change.h"

#include <algorithm>

#include "sql/analyzer/sink.h"
#include "sql/diagnostic.h"
#include "sql/functions/function_table.h"

namespace forebay::sql {

namespace {

ExpressionAstPtr ColumnName(const std::string& name, const SourceRange& range) {
  auto ast = std::make_shared<ExpressionAst>();
  ast->kind = ExpressionAstKind::kName;
  ast->names = {name};
  ast->range = range;
  return ast;
}

/// SELECT columns FROM table WHERE condition.
InsertAst RewrittenInsert(const TableAst& table, std::vector<SelectItemAst> items,
                          ExpressionAstPtr where) {
  auto query = std::make_shared<QueryAst>();
  query->range = table.range;
  query->select.range = table.range;
  query->select.items = std::move(items);
  query->select.from = std::make_shared<const TableAst>(table);
  query->select.where = std::move(where);
  InsertAst insert;
  insert.table = table.name;
  insert.option_hints = table.option_hints;
  insert.query = std::move(query);
  return insert;
}

/// That `what` can be done to the table.
Status CheckChange(const QueryAnalyzer& queries, const CatalogTable& table, const char* what,
                   bool by_key) {
  if (queries.options().streaming) {
    Error error =
        NotSupported("SQL-1020 {} statement is not supported for streaming mode now", what);
    error.hint = "SET 'execution.runtime-mode' = 'batch'";
    return error;
  }
  const std::string name = table.ref.path.ToString();
  if (table.ref.IsForeign()) {
    return NotSupported("SQL-1020 connector '{}' of table '{}' does not support {}",
                        table.ref.connector(), name, what);
  }
  if (!by_key) return Status::Ok();
  if (!table.ref.info.descriptor.HasPrimaryKey()) {
    return NotSupported(
        "SQL-1020 {} is for tables with a primary key: '{}' is a log table, whose rows stay", what,
        name);
  }
  auto engine = table.ref.options.find("table.merge-engine");
  if (engine == table.ref.options.end()) return Status::Ok();
  return NotSupported("SQL-1020 table '{}' uses the merge engine {}, which takes no {}", name,
                      engine->second, what);
}

/// A primary key stays, and so does what is computed.
Status CheckAssignment(const CatalogTable& table, const std::string& column) {
  const model::Schema& schema = table.ref.info.descriptor.schema;
  if (schema.IndexOf(column) < 0) {
    Error error =
        NotFound("SQL-1004 unknown column '{}' in table '{}'", column, table.ref.path.ToString());
    if (auto near = NearestName(column, table.declared_order)) {
      error.hint = "did you mean '" + *near + "'?";
    }
    return error;
  }
  const auto& keys = schema.primary_key;
  if (std::find(keys.begin(), keys.end(), column) == keys.end()) return Status::Ok();
  return NotSupported("SQL-1020 a primary key cannot be updated: column '{}' of table '{}'", column,
                      table.ref.path.ToString());
}

Result<ChangeStatement> Bound(QueryAnalyzer& queries, ChangeStatement::Kind kind,
                              CatalogTable table, const InsertAst& insert) {
  ChangeStatement bound;
  bound.kind = kind;
  bound.table = std::move(table);
  ASSIGN_OR_RETURN(bound.sink, AnalyzeInsert(queries, insert));
  return bound;
}

}  // namespace

Result<ChangeStatement> AnalyzeUpdate(QueryAnalyzer& queries, const UpdateAst& ast) {
  ASSIGN_OR_RETURN(CatalogTable table, queries.FindTable(ast.table.name));
  Status allowed = CheckChange(queries, table, "UPDATE", true);
  std::map<std::string, ExpressionAstPtr> values;
  for (const auto& [column, value] : ast.assignments) {
    if (allowed.ok()) allowed = CheckAssignment(table, column);
    if (values.emplace(column, value).second || !allowed.ok()) continue;
    allowed = InvalidArgument("SQL-1014 column '{}' is set twice", column);
  }
  if (!allowed.ok()) return ErrorAt(allowed.error(), ast.table.range.position);
  std::vector<SelectItemAst> items;
  for (const model::ColumnSpec& column : table.ref.info.descriptor.schema.columns) {
    auto value = values.find(column.name);
    items.push_back(
        {value == values.end() ? ColumnName(column.name, ast.table.range) : value->second, ""});
  }
  InsertAst insert = RewrittenInsert(ast.table, std::move(items), ast.where);
  return Bound(queries, ChangeStatement::Kind::kUpdate, std::move(table), insert);
}

Result<ChangeStatement> AnalyzeDelete(QueryAnalyzer& queries, const DeleteAst& ast) {
  ASSIGN_OR_RETURN(CatalogTable table, queries.FindTable(ast.table.name));
  Status allowed = CheckChange(queries, table, "DELETE", true);
  if (!allowed.ok()) return ErrorAt(allowed.error(), ast.table.range.position);
  std::vector<SelectItemAst> items;
  for (const model::ColumnSpec& column : table.ref.info.descriptor.schema.columns) {
    items.push_back({ColumnName(column.name, ast.table.range), ""});
  }
  InsertAst insert = RewrittenInsert(ast.table, std::move(items), ast.where);
  return Bound(queries, ChangeStatement::Kind::kDelete, std::move(table), insert);
}

Result<ChangeStatement> AnalyzeTruncate(QueryAnalyzer& queries, const TruncateAst& ast) {
  ASSIGN_OR_RETURN(CatalogTable table, queries.FindTable(ast.table));
  Status allowed = CheckChange(queries, table, "TRUNCATE TABLE", false);
  if (!allowed.ok()) return ErrorAt(allowed.error(), ast.table.range.position);
  ChangeStatement bound;
  bound.kind = ChangeStatement::Kind::kTruncate;
  bound.table = std::move(table);
  return bound;
}

}  // namespace forebay::sql
