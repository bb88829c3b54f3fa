#pragma once

#include <string_view>

#include "sql/analyzer/query_analyzer.h"
#include "sql/analyzer/statement.h"

namespace forebay::sql {

/// Analyzes one parsed statement. `text` is what it was parsed from: views, computed columns and
/// watermarks are kept as the text the user wrote. Errors carry a code at the message's front, a
/// position and often a hint (docs/sql/errors.md).
Result<BoundStatement> AnalyzeStatement(const StatementAst& statement, std::string_view text,
                                        Catalog& catalog, const AnalyzerOptions& options);

/// Parses and analyzes one statement.
Result<BoundStatement> AnalyzeSql(std::string_view text, Catalog& catalog,
                                  const AnalyzerOptions& options, SourcePosition origin = {1, 1});

}  // namespace forebay::sql
