#include "sql/catalog/schema_options.h"

#include <cctype>

#include "base/name_list.h"

namespace forebay::sql {
namespace {

constexpr std::string_view kFields = "fields.";
constexpr std::string_view kAgg = ".agg";
constexpr std::string_view kAutoIncrement = "auto-increment.fields";

std::string FunctionName(std::string name) {
  for (char& c : name) {
    c = c == '-' ? '_' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  return name;
}

/// "fields.<column>." of the column whose option `key` is; none has two that fit, since the longest
/// is taken.
model::ColumnSpec* ColumnOf(const std::string& key, model::Schema& schema) {
  model::ColumnSpec* found = nullptr;
  for (model::ColumnSpec& column : schema.columns) {
    if (!key.starts_with(fmt::format("{}{}.", kFields, column.name))) continue;
    if (found == nullptr || column.name.size() > found->name.size()) found = &column;
  }
  return found;
}

}  // namespace

bool IsSchemaOption(const std::string& key) {
  return key == kAutoIncrement || key.starts_with(kFields);
}

Status ReadSchemaOptions(const std::map<std::string, std::string>& options, model::Schema& schema) {
  if (auto found = options.find(std::string(kAutoIncrement)); found != options.end()) {
    schema.auto_increment_columns = SplitNames(found->second);
  }
  for (const auto& [key, value] : options) {
    if (!key.starts_with(kFields)) continue;
    model::ColumnSpec* column = ColumnOf(key, schema);
    if (column == nullptr) return InvalidArgument("SQL-1009 option '{}' names no column", key);
    std::string rest = key.substr(kFields.size() + column->name.size());
    if (!column->agg_function) column->agg_function.emplace();
    if (rest == kAgg) {
      column->agg_function->name = FunctionName(value);
      continue;
    }
    size_t dot = rest.find('.', 1);
    if (dot == std::string::npos) return InvalidArgument("SQL-1009 unknown option '{}'", key);
    column->agg_function->parameters[rest.substr(dot + 1)] = value;
  }
  for (const model::ColumnSpec& column : schema.columns) {
    if (!column.agg_function || !column.agg_function->name.empty()) continue;
    return InvalidArgument("SQL-1009 column '{}' has parameters but no 'fields.{}.agg'",
                           column.name, column.name);
  }
  return Status::Ok();
}

void WriteSchemaOptions(const model::Schema& schema, std::map<std::string, std::string>& options) {
  for (const model::ColumnSpec& column : schema.columns) {
    if (!column.agg_function) continue;
    std::string prefix = fmt::format("{}{}", kFields, column.name);
    options[prefix + std::string(kAgg)] = column.agg_function->name;
    for (const auto& [name, value] : column.agg_function->parameters) {
      options[fmt::format("{}.{}.{}", prefix, column.agg_function->name, name)] = value;
    }
  }
  std::string numbered;
  for (const std::string& name : schema.auto_increment_columns) {
    numbered += numbered.empty() ? name : "," + name;
  }
  if (!numbered.empty()) options[std::string(kAutoIncrement)] = numbered;
}

}  // namespace forebay::sql
