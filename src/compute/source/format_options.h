#pragma once

#include "base/result.h"
#include "format/text/change_json.h"
#include "format/text/csv_rows.h"
#include "format/text/json_rows.h"
#include "format/text/json_writer.h"
#include "sql/plan/plan.h"

namespace forebay::compute {

enum class FileFormat { kCsv, kJson, kParquet, kAvro, kRaw, kChangeJson };

/// The 'format' option of a table of the filesystem connector; an error that names the formats for
/// others.
Result<FileFormat> FileFormatOf(const sql::TableRef& table);

/// The WITH option, or nullptr.
const std::string* FindOption(const sql::TableRef& table, const std::string& key);
/// "true" or "false" in any case.
Result<bool> BoolOption(const sql::TableRef& table, const std::string& key, bool fallback);

// Flink's format options, 'csv.…', 'json.…', 'debezium-json.…'. kInvalidArgument for values that
// are none.
Result<format::CsvOptions> CsvOptionsOf(const sql::TableRef& table);
Result<format::JsonReadOptions> JsonReadOptionsOf(const sql::TableRef& table);
Result<format::JsonWriteOptions> JsonWriteOptionsOf(const sql::TableRef& table);
Result<format::ChangeJsonOptions> ChangeJsonOptionsOf(const sql::TableRef& table);

}  // namespace forebay::compute
