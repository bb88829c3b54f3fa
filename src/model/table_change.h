#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/table.h"

namespace forebay::model {

/// What ALTER TABLE changes (org.apache.fluss.metadata.TableChange): columns added behind the last
/// one, options set and taken away. Changes of the schema and of options cannot come together.
struct TableChanges {
  /// Their ids are given by who applies the changes.
  std::vector<ColumnSpec> add_columns;
  /// Options that storage knows ("table.log.ttl") and all others.
  std::map<std::string, std::string> set_options;
  std::set<std::string> reset_options;
};

/// Whether the option `key` of a table may be changed after its creation: those of Fluss's
/// FlussConfigUtils.ALTERABLE_TABLE_OPTIONS, and all that storage does not know.
bool IsAlterableOption(const std::string& key);

/// The highest id of the schema's columns and of the fields of their ROW types, which are numbered
/// by the way; -1 for no columns.
int HighestFieldId(const Schema& schema);

/// The number of ROW fields in `type`, however deep.
int CountRowFields(const DataType& type);

/// `info` as it is after the changes; with a schema id higher by one when columns were added. The
/// same as before when the changes change nothing. kInvalidArgument says in Fluss's words what
/// cannot be done.
Result<TableInfo> ApplyTableChanges(const TableInfo& info, const TableChanges& changes);

}  // namespace forebay::model
