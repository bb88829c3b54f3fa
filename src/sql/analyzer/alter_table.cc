#include "sql/analyzer/alter_table.h"

#include "sql/diagnostic.h"

namespace forebay::sql {
namespace {

/// What a table is made with and keeps.
Status CheckOption(const std::string& key, SourcePosition position) {
  if (key != "connector" && key != "bucket.num" && key != "bucket.key") return Status::Ok();
  return ErrorAt(
      NotSupported("SQL-1020 The following options are not supported to alter yet: '{}'.", key),
      position);
}

bool ChangesSchema(AlterTableAst::Kind kind) {
  using Kind = AlterTableAst::Kind;
  return kind != Kind::kSetOptions && kind != Kind::kResetOptions && kind != Kind::kRename &&
         kind != Kind::kAddPartitions && kind != Kind::kDropPartitions;
}

}  // namespace

Result<AlterTableStatement> AnalyzeAlterTable(QueryAnalyzer& queries, const AlterTableAst& ast,
                                              std::string_view text) {
  AlterTableStatement alter;
  alter.if_exists = ast.if_exists;
  ASSIGN_OR_RETURN(alter.path, queries.Resolve(ast.name));
  for (const auto& [key, value] : ast.options) {
    RETURN_IF_ERROR(CheckOption(key, ast.name.range.position));
    alter.changes.set_options[key] = value;
  }
  for (const std::string& key : ast.keys) {
    RETURN_IF_ERROR(CheckOption(key, ast.name.range.position));
    alter.changes.reset_options.insert(key);
  }
  if (ast.kind == AlterTableAst::Kind::kRename) {
    ASSIGN_OR_RETURN(alter.new_path, queries.ResolveRename(alter.path, ast.new_name));
  }
  alter.partitions = ast.partitions;
  alter.drops_partitions = ast.kind == AlterTableAst::Kind::kDropPartitions;
  alter.lenient = ast.lenient;
  if (!ChangesSchema(ast.kind)) return alter;
  auto table = queries.FindTable(ast.name);
  // That there is no table is said when the statement runs, which knows of IF EXISTS.
  if (!table.ok() && table.kind() == ErrorKind::kNotFound && ast.if_exists) return alter;
  if (!table.ok()) return table.status();
  auto altered = AlterSchema(queries, *table, ast, text);
  if (!altered.ok()) return ErrorAt(altered.status().error(), ast.name.range.position);
  alter.altered = *std::move(altered);
  return alter;
}

}  // namespace forebay::sql
