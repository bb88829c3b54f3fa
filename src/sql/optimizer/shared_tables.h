#pragma once

#include "sql/plan/plan.h"

namespace forebay::sql {

/// Whether a join finds its rows by equal keys and keeps them for ever: neither a window, nor an
/// interval, nor a version bounds them. Only such joins may share the rows of a table.
bool JoinsByKeys(const JoinNode& join);

/// Whether the rows of input `side` that match nothing are neither sent nor counted: then a row
/// that is filtered out below the join and one that fails its condition are the same.
bool IsUnpadded(JoinKind kind, size_t side);

/// Whether a scan reads all rows, in columns that are stored, of a table with a primary key and a
/// full changelog: then joins of several jobs may share an index of them.
bool IsSharable(const TableScanNode& scan);

}  // namespace forebay::sql
