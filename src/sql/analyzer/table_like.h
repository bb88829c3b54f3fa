#pragma once

#include <string_view>

#include "sql/analyzer/query_analyzer.h"

namespace forebay::sql {

/// What CREATE TABLE ... LIKE takes over from the other table by Flink's rules for INCLUDING,
/// EXCLUDING and OVERWRITING. Columns of `ast` that replace taken ones are taken out of it.
Result<CatalogTable> LikeBase(QueryAnalyzer& queries, CreateTableAst& ast, std::string_view text);

}  // namespace forebay::sql
