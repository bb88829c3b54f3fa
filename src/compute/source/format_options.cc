#include "compute/source/format_options.h"

namespace forebay::compute {

Result<FileFormat> FileFormatOf(const sql::TableRef& table) {
  auto it = table.options.find("format");
  if (it == table.options.end()) {
    Error error = InvalidArgument("table {} has no 'format'", table.path.ToString());
    error.hint = "the formats are csv, json and parquet";
    return error;
  }
  if (it->second == "csv") return FileFormat::kCsv;
  if (it->second == "json") return FileFormat::kJson;
  if (it->second == "parquet") return FileFormat::kParquet;
  return NotSupported("format '{}': the formats are csv, json and parquet", it->second);
}

namespace {

Status SetCharacter(const std::string& key, const std::string& value, char& target) {
  if (value == "\\t") {
    target = '\t';
  } else if (value.size() == 1) {
    target = value[0];
  } else {
    return InvalidArgument("'{}' must be one ASCII character, not '{}'", key, value);
  }
  return Status::Ok();
}

}  // namespace

Result<format::CsvOptions> CsvOptionsOf(const sql::TableRef& table) {
  format::CsvOptions options;
  for (const auto& [key, value] : table.options) {
    if (!key.starts_with("csv.")) continue;
    if (key == "csv.field-delimiter") {
      RETURN_IF_ERROR(SetCharacter(key, value, options.delimiter));
    } else if (key == "csv.quote-character") {
      RETURN_IF_ERROR(SetCharacter(key, value, options.quote));
    } else if (key == "csv.null-literal") {
      options.null_literal = value;
    } else if (key == "csv.array-element-delimiter") {
      RETURN_IF_ERROR(SetCharacter(key, value, options.element_delimiter));
    } else if (key == "csv.allow-comments") {
      options.allow_comments = value == "true";
    } else if (key == "csv.ignore-parse-errors") {
      options.ignore_parse_errors = value == "true";
    } else if (value != "false") {
      return NotSupported("option '{}' of table {}", key, table.path.ToString());
    }
  }
  return options;
}

}  // namespace forebay::compute
