#pragma once

#include <string_view>

#include "sql/analyzer/query_analyzer.h"
#include "sql/analyzer/statement.h"

namespace forebay::sql {

/// Checks ALTER TABLE against the table as it is. Which options may change is the catalog's
/// business, and so is which changes of the schema a stored table can take.
Result<AlterTableStatement> AnalyzeAlterTable(QueryAnalyzer& queries, const AlterTableAst& ast,
                                              std::string_view text);

/// ADD, MODIFY, DROP and RENAME of columns, the primary key, the watermark and the distribution:
/// `table` as it is afterwards. Errors are Flink's.
Result<CatalogTable> AlterSchema(QueryAnalyzer& queries, const CatalogTable& table,
                                 const AlterTableAst& ast, std::string_view text);

}  // namespace forebay::sql
