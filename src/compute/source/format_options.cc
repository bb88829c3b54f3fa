#include "compute/source/format_options.h"

#include "base/ascii_case.h"
#include "compute/expression/regex.h"

namespace forebay::compute {
namespace {

constexpr std::string_view kFormats =
    "csv, json, parquet, avro, raw, debezium-json, canal-json, maxwell-json and ogg-json";

std::string FormatName(const sql::TableRef& table) {
  const std::string* format = FindOption(table, "format");
  return format == nullptr ? "" : *format;
}

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

Status ReadCharacters(const sql::TableRef& table, format::CsvOptions& options) {
  const std::pair<const char*, char*> kCharacters[] = {
      {"csv.field-delimiter", &options.delimiter},
      {"csv.quote-character", &options.quote},
      {"csv.array-element-delimiter", &options.element_delimiter}};
  for (auto [key, target] : kCharacters) {
    const std::string* value = FindOption(table, key);
    if (value != nullptr) RETURN_IF_ERROR(SetCharacter(key, *value, *target));
  }
  const std::string* escape = FindOption(table, "csv.escape-character");
  if (escape == nullptr) return {};
  options.escape = '\0';
  return SetCharacter("csv.escape-character", *escape, *options.escape);
}

/// SQL's form unless the option says ISO-8601.
Result<bool> HasIsoTimestamps(const sql::TableRef& table, const std::string& format) {
  std::string key = format + ".timestamp-format.standard";
  const std::string* value = FindOption(table, key);
  if (value == nullptr || *value == "SQL") return false;
  if (*value == "ISO-8601") return true;
  return InvalidArgument("'{}' must be SQL or ISO-8601, not '{}'", key, *value);
}

/// Whether the whole text matches, as Java's Pattern.matches.
Result<std::function<bool(std::string_view)>> Matcher(const std::string* pattern) {
  if (pattern == nullptr) return std::function<bool(std::string_view)>();
  ASSIGN_OR_RETURN(std::shared_ptr<Regex> regex, Regex::Compile("^(?:" + *pattern + ")\\z"));
  return std::function<bool(std::string_view)>(
      [regex](std::string_view text) { return regex->Find(text); });
}

}  // namespace

const std::string* FindOption(const sql::TableRef& table, const std::string& key) {
  auto it = table.options.find(key);
  return it == table.options.end() ? nullptr : &it->second;
}

Result<bool> BoolOption(const sql::TableRef& table, const std::string& key, bool fallback) {
  const std::string* value = FindOption(table, key);
  if (value == nullptr) return fallback;
  std::string upper = UpperAscii(*value);
  if (upper == "TRUE") return true;
  if (upper == "FALSE") return false;
  return InvalidArgument("'{}' must be true or false, not '{}'", key, *value);
}

Result<FileFormat> FileFormatOf(const sql::TableRef& table) {
  std::string name = FormatName(table);
  if (name.empty()) {
    Error error = InvalidArgument("table {} has no 'format'", table.path.ToString());
    error.hint = fmt::format("the formats are {}", kFormats);
    return error;
  }
  if (name == "csv") return FileFormat::kCsv;
  if (name == "json") return FileFormat::kJson;
  if (name == "parquet") return FileFormat::kParquet;
  if (name == "avro") return FileFormat::kAvro;
  if (name == "raw") return FileFormat::kRaw;
  if (format::ChangeJsonByName(name).has_value()) return FileFormat::kChangeJson;
  return NotSupported("format '{}': the formats are {}", name, kFormats);
}

Result<format::CsvOptions> CsvOptionsOf(const sql::TableRef& table) {
  format::CsvOptions options;
  options.flink_text = true;
  options.allow_trailing_delimiter = true;
  RETURN_IF_ERROR(ReadCharacters(table, options));
  if (const std::string* null = FindOption(table, "csv.null-literal")) options.null_literal = *null;
  const std::pair<const char*, bool*> kFlags[] = {
      {"csv.allow-comments", &options.allow_comments},
      {"csv.ignore-parse-errors", &options.ignore_parse_errors},
      {"csv.disable-quote-character", &options.disable_quote},
      {"csv.trim-spaces", &options.trim_spaces},
      {"csv.empty-string-as-null", &options.empty_as_null},
      {"csv.ignore-trailing-unmappable", &options.ignore_trailing},
      {"csv.allow-trailing-comma", &options.allow_trailing_delimiter},
      {"csv.fail-on-missing-columns", &options.fail_on_missing}};
  for (auto [key, target] : kFlags) {
    ASSIGN_OR_RETURN(*target, BoolOption(table, key, *target));
  }
  if (options.disable_quote && FindOption(table, "csv.quote-character") != nullptr) {
    return InvalidArgument(
        "'csv.quote-character' and 'csv.disable-quote-character' exclude each other");
  }
  return options;
}

Result<format::JsonReadOptions> JsonReadOptionsOf(const sql::TableRef& table) {
  std::string name = FormatName(table);
  format::JsonReadOptions options;
  options.ignore_unknown_fields = true;
  options.rules = format::JsonRules::kFlink;
  ASSIGN_OR_RETURN(options.iso_timestamps, HasIsoTimestamps(table, name));
  ASSIGN_OR_RETURN(options.ignore_parse_errors,
                   BoolOption(table, name + ".ignore-parse-errors", false));
  ASSIGN_OR_RETURN(options.fail_on_missing_field,
                   BoolOption(table, name + ".fail-on-missing-field", false));
  if (options.fail_on_missing_field && options.ignore_parse_errors) {
    return InvalidArgument(
        "'{0}.fail-on-missing-field' and '{0}.ignore-parse-errors' exclude "
        "each other",
        name);
  }
  return options;
}

Result<format::JsonWriteOptions> JsonWriteOptionsOf(const sql::TableRef& table) {
  std::string name = FormatName(table);
  format::JsonWriteOptions options;
  ASSIGN_OR_RETURN(options.iso_timestamps, HasIsoTimestamps(table, name));
  ASSIGN_OR_RETURN(options.plain_decimals,
                   BoolOption(table, name + ".encode.decimal-as-plain-number", false));
  ASSIGN_OR_RETURN(options.ignore_null_fields,
                   BoolOption(table, name + ".encode.ignore-null-fields", false));
  if (const std::string* literal = FindOption(table, name + ".map-null-key.literal")) {
    options.map_null_key_literal = *literal;
  }
  const std::string* mode = FindOption(table, name + ".map-null-key.mode");
  if (mode == nullptr) return options;
  std::string upper = UpperAscii(*mode);
  if (upper == "DROP") {
    options.map_null_key = format::MapNullKey::kDrop;
  } else if (upper == "LITERAL") {
    options.map_null_key = format::MapNullKey::kLiteral;
  } else if (upper != "FAIL") {
    return InvalidArgument("'{}.map-null-key.mode' must be FAIL, DROP or LITERAL, not '{}'", name,
                           *mode);
  }
  return options;
}

Result<format::ChangeJsonOptions> ChangeJsonOptionsOf(const sql::TableRef& table) {
  std::string name = FormatName(table);
  format::ChangeJsonOptions options;
  options.kind = *format::ChangeJsonByName(name);
  ASSIGN_OR_RETURN(options.iso_timestamps, HasIsoTimestamps(table, name));
  ASSIGN_OR_RETURN(options.ignore_parse_errors,
                   BoolOption(table, name + ".ignore-parse-errors", false));
  ASSIGN_OR_RETURN(options.schema_include, BoolOption(table, name + ".schema-include", false));
  ASSIGN_OR_RETURN(options.database, Matcher(FindOption(table, name + ".database.include")));
  ASSIGN_OR_RETURN(options.table, Matcher(FindOption(table, name + ".table.include")));
  return options;
}

}  // namespace forebay::compute
