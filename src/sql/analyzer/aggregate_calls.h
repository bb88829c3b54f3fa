#pragma once

#include <string>
#include <vector>

#include "sql/parser/ast.h"
#include "sql/plan/expression.h"

namespace forebay::sql {

/// The canonical name of the aggregate that `call` writes as `name`, with `args` checked and cast
/// as its accumulator takes them: JSON_ARRAYAGG and JSON_OBJECTAGG get the clause on NULLs in their
/// name and JSON text as values, PERCENTILE its shares as DOUBLEs. Others stay as they are.
Result<std::string> PrepareAggregate(const std::string& name, const ExpressionAst& call,
                                     std::vector<ExpressionPtr>& args);

/// Whether `call` of the aggregate `name` takes equal values once: for MIN and MAX, DISTINCT
/// changes nothing.
bool CountsDistinct(const ExpressionAst& call, const std::string& name);

}  // namespace forebay::sql
