#pragma once

#include "sql/analyzer/query_analyzer.h"
#include "sql/analyzer/statement.h"

namespace forebay::sql {

/// UPDATE as the rows to write, DELETE as the keys to delete, TRUNCATE TABLE: all in batch mode and
/// over Forebay's own tables, UPDATE and DELETE over those with a primary key.
Result<ChangeStatement> AnalyzeUpdate(QueryAnalyzer& queries, const UpdateAst& ast);
Result<ChangeStatement> AnalyzeDelete(QueryAnalyzer& queries, const DeleteAst& ast);
Result<ChangeStatement> AnalyzeTruncate(QueryAnalyzer& queries, const TruncateAst& ast);

}  // namespace forebay::sql
