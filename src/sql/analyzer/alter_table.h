#pragma once

#include "sql/analyzer/query_analyzer.h"
#include "sql/analyzer/statement.h"

namespace forebay::sql {

/// Checks ALTER TABLE as far as the statement alone goes: which columns there are already, and
/// which options may change, is the catalog's business.
Result<AlterTableStatement> AnalyzeAlterTable(QueryAnalyzer& queries, const AlterTableAst& ast);

}  // namespace forebay::sql
