#pragma once

#include <map>
#include <string>

#include "base/result.h"
#include "model/table.h"

namespace forebay::sql {

// WITH options that are part of a table's schema in storage, named as Fluss's Flink connector names
// them: 'fields.<column>.agg', 'fields.<column>.<function>.<parameter>', 'auto-increment.fields'.

bool IsSchemaOption(const std::string& key);
/// Puts what `options` say into the schema. SQL-1009.
Status ReadSchemaOptions(const std::map<std::string, std::string>& options, model::Schema& schema);
/// The options that say what the schema has.
void WriteSchemaOptions(const model::Schema& schema, std::map<std::string, std::string>& options);

}  // namespace forebay::sql
