#pragma once

#include <string_view>

#include "sql/analyzer/query_analyzer.h"

namespace forebay::sql {

/// Checks CREATE TABLE: columns, primary key, computed columns, watermark, LIKE. WITH keys are the
/// connector's business.
Result<CatalogTable> AnalyzeCreateTable(QueryAnalyzer& queries, const CreateTableAst& ast,
                                        std::string_view text);

}  // namespace forebay::sql
