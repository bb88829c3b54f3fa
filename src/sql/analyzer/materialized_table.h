#pragma once

#include <string_view>

#include "sql/analyzer/query_analyzer.h"
#include "sql/analyzer/statement.h"

namespace forebay::sql {

/// Checks CREATE MATERIALIZED TABLE and derives the table from the query, as Flink's
/// SqlCreateOrAlterMaterializedTableConverter does: the columns of the query with their
/// nullability, before them what the statement itself defines. Beyond Flink: a table without a
/// PRIMARY KEY over a query whose rows change gets the key of the query's result, when that is NOT
/// NULL.
Result<CreateMaterializedTableStatement> AnalyzeCreateMaterializedTable(
    QueryAnalyzer& queries, const CreateMaterializedTableAst& ast, std::string_view text);

/// Checks what of ALTER MATERIALIZED TABLE the statement alone can say.
Result<AlterMaterializedTableStatement> AnalyzeAlterMaterializedTable(
    QueryAnalyzer& queries, const AlterMaterializedTableAst& ast, std::string_view text);

}  // namespace forebay::sql
