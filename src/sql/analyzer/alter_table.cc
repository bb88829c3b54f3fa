#include "sql/analyzer/alter_table.h"

#include "sql/diagnostic.h"

namespace forebay::sql {
namespace {

Result<model::ColumnSpec> AddedColumn(const ColumnAst& column) {
  const SourcePosition& position = column.range.position;
  if (column.kind == ColumnAst::Kind::kMetadata) {
    return ErrorAt(NotSupported("SQL-1020 metadata columns are not supported: '{}'", column.name),
                   position);
  }
  if (column.kind == ColumnAst::Kind::kComputed) {
    return ErrorAt(NotSupported("SQL-1020 a computed column cannot be added: '{}'", column.name),
                   position);
  }
  if (column.is_primary_key) {
    return ErrorAt(NotSupported("SQL-1020 a primary key cannot be added: '{}'", column.name),
                   position);
  }
  if (!column.type.nullable()) {
    Error error = InvalidArgument("SQL-1014 Column {} must be nullable.", column.name);
    error.hint = "rows that are there already have NULL in it";
    return ErrorAt(error, position);
  }
  return model::ColumnSpec{column.name, column.type, column.comment};
}

/// What a table is made with and keeps.
Status CheckOption(const std::string& key, SourcePosition position) {
  if (key != "connector" && key != "bucket.num" && key != "bucket.key") return Status::Ok();
  return ErrorAt(
      NotSupported("SQL-1020 The following options are not supported to alter yet: '{}'.", key),
      position);
}

}  // namespace

Result<AlterTableStatement> AnalyzeAlterTable(QueryAnalyzer& queries, const AlterTableAst& ast) {
  AlterTableStatement alter;
  alter.if_exists = ast.if_exists;
  ASSIGN_OR_RETURN(alter.path, queries.Resolve(ast.name));
  for (const ColumnAst& column : ast.columns) {
    for (const model::ColumnSpec& other : alter.changes.add_columns) {
      if (other.name != column.name) continue;
      return ErrorAt(InvalidArgument("SQL-1014 duplicate column '{}'", column.name),
                     column.range.position);
    }
    ASSIGN_OR_RETURN(model::ColumnSpec added, AddedColumn(column));
    alter.changes.add_columns.push_back(std::move(added));
  }
  for (const auto& [key, value] : ast.options) {
    RETURN_IF_ERROR(CheckOption(key, ast.name.range.position));
    alter.changes.set_options[key] = value;
  }
  for (const std::string& key : ast.keys) {
    RETURN_IF_ERROR(CheckOption(key, ast.name.range.position));
    alter.changes.reset_options.insert(key);
  }
  if (ast.kind == AlterTableAst::Kind::kRename) {
    ASSIGN_OR_RETURN(alter.new_path, queries.Resolve(ast.new_name));
  }
  alter.partitions = ast.partitions;
  alter.drops_partitions = ast.kind == AlterTableAst::Kind::kDropPartitions;
  alter.lenient = ast.lenient;
  return alter;
}

}  // namespace forebay::sql
