#pragma once

#include "sql/parser/ast.h"

namespace forebay::sql {

/// Checks the hints behind SELECT: that they are Flink's, that they name tables of FROM, and that
/// STATE_TTL gives durations. Joins are planned without them.
Status CheckHints(const SelectAst& select, bool streaming);

}  // namespace forebay::sql
