#pragma once

#include <optional>
#include <string>

#include "sql/analyzer/query_analyzer.h"
#include "sql/parser/ast.h"

// Temporal table functions (Flink's TemporalTableFunction): LATERAL TABLE(rates(o.ts)) gives of
// each key of a table that only grows the row that was its last one at the time o.ts.
//
// Flink makes them in Java alone; here it is
//   CREATE FUNCTION rates LANGUAGE TEMPORAL AS 'history'
//   WITH ('time-attribute' = 'ts', 'primary-key' = 'currency')

namespace forebay::sql {

/// What the catalog keeps of such a function: {"table": ["catalog", "database", "table"],
/// "time-attribute": "ts", "primary-key": "currency"}, after checking that it all is there.
Result<std::string> TemporalBody(QueryAnalyzer& queries, const FunctionAst& ast);

/// The temporal table function that the call means; nothing when it means something else.
Result<std::optional<CatalogFunction>> TemporalFunctionOf(const ExpressionAst& call,
                                                          const UserFunctions& functions);

}  // namespace forebay::sql
