#include <fmt/format.h>

#include "model/quoted_text.h"
#include "sql/analyzer/query_analyzer.h"
#include "sql/diagnostic.h"
#include "sql/parser/parser.h"

// t$snapshots: what Iceberg's metadata table of that name shows.

namespace forebay::sql {

namespace {

std::string RowText(const LakeSnapshot& snapshot) {
  std::string parent = "CAST(NULL AS BIGINT)";
  if (snapshot.parent_id) parent = fmt::format("CAST({} AS BIGINT)", *snapshot.parent_id);
  std::string summary;
  for (const auto& [key, value] : snapshot.summary) {
    summary += fmt::format("{}CAST({} AS STRING), CAST({} AS STRING)", summary.empty() ? "" : ", ",
                           model::QuoteText(key), model::QuoteText(value));
  }
  // An empty map has no types of its own.
  summary = summary.empty() ? "CAST(NULL AS MAP<STRING, STRING>)" : "MAP[" + summary + "]";
  return fmt::format(
      "(TO_TIMESTAMP_LTZ({}, 3), CAST({} AS BIGINT), {}, CAST({} AS STRING), CAST({} AS STRING), "
      "{})",
      snapshot.committed_ms, snapshot.id, parent, model::QuoteText(snapshot.operation),
      model::QuoteText(snapshot.manifest_list), summary);
}

}  // namespace

/// Which snapshots there are is what there is when the query is planned.
Result<Relation> QueryAnalyzer::LakeSnapshots(const model::TablePath& path, const TableAst& ast) {
  model::TablePath of = path;
  of.table.resize(of.table.size() - std::string_view("$snapshots").size());
  if (of.table.ends_with("$lake")) of.table.resize(of.table.size() - 5);
  ASSIGN_OR_RETURN(std::optional<CatalogTable> table, catalog_.FindTable(of));
  if (!table || table->ref.IsForeign()) return UnknownTable(of, ast.name.range);
  ASSIGN_OR_RETURN(std::vector<LakeSnapshot> snapshots, catalog_.LakeSnapshots(*table));
  std::string rows;
  for (const LakeSnapshot& snapshot : snapshots) {
    rows += (rows.empty() ? "" : ", ") + RowText(snapshot);
  }
  bool none = snapshots.empty();
  std::string text = fmt::format(
      "SELECT * FROM (VALUES {}) AS s(committed_at, snapshot_id, parent_id, operation, "
      "manifest_list, summary){}",
      none ? RowText({}) : rows, none ? " WHERE FALSE" : "");
  ASSIGN_OR_RETURN(StatementAst statement, ParseStatement(text));
  ASSIGN_OR_RETURN(Relation relation, Analyze(*std::get<QueryAstPtr>(statement.node)));
  return MakeRelation(relation.plan, "");
}

}  // namespace forebay::sql
