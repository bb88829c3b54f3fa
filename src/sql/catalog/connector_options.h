#pragma once

#include "base/result.h"
#include "sql/plan/plan.h"

namespace forebay::sql {

/// Whether the connector takes the table's WITH options (and OPTIONS hints): Flink's check when a
/// table is used. The error lists what the connector takes; its hint names the nearest key. Values
/// are checked by who uses them, but for options of which only one value is there (kNotSupported
/// for others). The `table.*` options of Forebay's own tables are storage's to check, and a
/// connector that nobody knows is execution's.
Status CheckConnectorOptions(const TableRef& table);

/// Marks a scan whose changes may come twice, in the options of its table.
inline constexpr const char* kDuplicatesOption = "source.events-duplicate";
/// Whether the table's 'format' carries changes rather than rows: debezium-json and its kin.
bool IsChangeFormat(const TableRef& table);

}  // namespace forebay::sql
