#pragma once

#include "format/csv_rows.h"
#include "sql/plan/plan.h"

namespace forebay::compute {

enum class FileFormat { kCsv, kJson, kParquet };

/// The table's 'format' option. kInvalidArgument when it is missing, kNotSupported for others.
Result<FileFormat> FileFormatOf(const sql::TableRef& table);

/// Flink's csv.* options. kNotSupported for those that are not there, so that none is ignored
/// silently.
Result<format::CsvOptions> CsvOptionsOf(const sql::TableRef& table);

}  // namespace forebay::compute
