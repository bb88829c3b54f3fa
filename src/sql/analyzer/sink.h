#pragma once

#include "sql/analyzer/query_analyzer.h"

namespace forebay::sql {

/// INSERT: the query's columns mapped to the table's by position or by the column list, cast where
/// Flink casts implicitly, NULL where a column is not named. Errors name table, column and types.
/// `target`: the table, when it is not in the catalog yet.
Result<PlanPtr> AnalyzeInsert(QueryAnalyzer& queries, const InsertAst& insert,
                              const CatalogTable* target = nullptr);

}  // namespace forebay::sql
