#include "serve/session/show_create.h"

#include <fmt/format.h>

#include <algorithm>

#include "model/data_type.h"
#include "serve/session/session.h"
#include "sql/parser/expression_text.h"

namespace forebay::serve {

using model::QuoteIdentifier;

namespace {

std::string QuotePath(const model::TablePath& path) {
  const auto& [catalog, database] = model::SplitDatabase(path.database);
  return fmt::format("{}.{}.{}", QuoteIdentifier(catalog), QuoteIdentifier(database),
                     QuoteIdentifier(path.table));
}

std::string QuoteString(std::string_view text) {
  std::string quoted = "'";
  for (char c : text) {
    if (c == '\'') quoted += '\'';
    quoted += c;
  }
  return quoted + "'";
}

std::string QuoteNames(const std::vector<std::string>& names) {
  std::string list;
  for (const std::string& name : names) list += (list.empty() ? "" : ", ") + QuoteIdentifier(name);
  return list;
}

/// Options whose values must not be shown.
bool IsSecret(const std::string& key) {
  for (const char* word : {"password", "secret", "token", "credential", "jaas"}) {
    if (key.find(word) != std::string::npos) return true;
  }
  return false;
}

const sql::ComputedColumn* FindComputed(const sql::CatalogTable& table, const std::string& name) {
  for (const sql::ComputedColumn& column : table.computed) {
    if (column.name == name) return &column;
  }
  return nullptr;
}

std::string ColumnText(const sql::CatalogTable& table, const std::string& name) {
  std::string text = "  " + QuoteIdentifier(name);
  if (const sql::ComputedColumn* computed = FindComputed(table, name)) {
    text += " AS " + sql::QuoteNamesInExpression(computed->expression);
    if (!computed->comment.empty()) text += " COMMENT " + QuoteString(computed->comment);
    return text;
  }
  const model::Schema& schema = table.ref.info.descriptor.schema;
  int index = schema.IndexOf(name);
  if (index < 0) return text;
  const model::ColumnSpec& column = schema.columns[index];
  // Flink prints VARCHAR(2147483647) here; STRING means the same and reads better.
  text += " " + column.type.ToString();
  if (!column.comment.empty()) text += " COMMENT " + QuoteString(column.comment);
  return text;
}

std::string OptionsText(const sql::CatalogTable& table) {
  std::string list;
  for (const auto& [key, value] : table.ref.options) {
    if (!table.ref.IsForeign() && (key == "bucket.num" || key == "bucket.key")) continue;
    list += fmt::format("{}  {} = {}", list.empty() ? "" : ",\n", QuoteString(key),
                        QuoteString(IsSecret(key) ? "******" : value));
  }
  return list.empty() ? "" : "WITH (\n" + list + "\n)\n";
}

}  // namespace

std::string CreateTableText(const sql::CatalogTable& table) {
  const model::TableDescriptor& descriptor = table.ref.info.descriptor;
  std::string text = fmt::format("CREATE TABLE {} (\n", QuotePath(table.ref.path));
  std::string separator;
  for (const std::string& name : table.declared_order) {
    text += separator + ColumnText(table, name);
    separator = ",\n";
  }
  if (table.watermark) {
    text += fmt::format("{}  WATERMARK FOR {} AS {}", separator,
                        QuoteIdentifier(table.watermark->column),
                        sql::QuoteNamesInExpression(table.watermark->expression));
  }
  if (!descriptor.schema.primary_key.empty()) {
    std::string keys = QuoteNames(descriptor.schema.primary_key);
    text += fmt::format("{}  PRIMARY KEY ({}) NOT ENFORCED", separator, keys);
  }
  text += "\n)";
  if (!table.comment.empty()) text += " COMMENT " + QuoteString(table.comment);
  // DISTRIBUTED says what the options 'bucket.num' and 'bucket.key' say: one of them is enough.
  const auto& options = table.ref.options;
  bool distributed =
      !table.ref.IsForeign() && (descriptor.bucket_count > 1 || options.contains("bucket.num") ||
                                 options.contains("bucket.key"));
  if (distributed) {
    if (!descriptor.bucket_keys.empty()) {
      text += fmt::format("\nDISTRIBUTED BY HASH({})", QuoteNames(descriptor.bucket_keys));
    } else {
      text += "\nDISTRIBUTED";
    }
    text += fmt::format(" INTO {} BUCKETS", descriptor.bucket_count);
  }
  if (descriptor.IsPartitioned()) {
    text += fmt::format("\nPARTITIONED BY ({})", QuoteNames(descriptor.partition_keys));
  }
  return text + "\n" + OptionsText(table);
}

std::string CreateViewText(const sql::CatalogView& view) {
  std::string columns = view.columns.empty() ? "" : fmt::format(" ({})", QuoteNames(view.columns));
  std::string comment = view.comment.empty() ? "" : "\nCOMMENT " + QuoteString(view.comment);
  return fmt::format("CREATE VIEW {}{}{}\nAS {}\n", QuotePath(view.path), columns, comment,
                     view.query);
}

std::string ShownOption(const std::string& key, const std::string& value) {
  return IsSecret(key) ? "******" : value;
}

std::string CreateCatalogText(const std::string& name,
                              const client::CatalogDefinition& definition) {
  std::string text = fmt::format("CREATE CATALOG {}", QuoteIdentifier(name));
  if (!definition.comment.empty()) text += "\nCOMMENT " + QuoteString(definition.comment);
  std::string list;
  for (const auto& [key, value] : definition.properties) {
    list += fmt::format("{}  {} = {}", list.empty() ? "" : ",\n", QuoteString(key),
                        QuoteString(ShownOption(key, value)));
  }
  return text + " WITH (\n" + list + "\n)\n";
}

DescribedColumn DescribeColumn(const sql::Field& field, const sql::CatalogTable* table,
                               bool streaming) {
  DescribedColumn described;
  described.type = field.type.Nullable().ToString();
  bool rowtime = streaming && field.time_attribute == sql::TimeAttribute::kRowtime;
  if (rowtime) described.type += " *ROWTIME*";
  bool proctime = streaming && field.time_attribute == sql::TimeAttribute::kProctime;
  if (proctime) described.type += " *PROCTIME*";
  if (table == nullptr) return described;
  const std::vector<std::string>& keys = table->ref.info.descriptor.schema.primary_key;
  for (const std::string& key : keys) {
    if (key != field.name) continue;
    std::string list;
    for (const std::string& name : keys) list += (list.empty() ? "" : ", ") + name;
    described.key = fmt::format("PRI({})", list);
  }
  if (const sql::ComputedColumn* computed = FindComputed(*table, field.name)) {
    described.extras = "AS " + sql::QuoteNamesInExpression(computed->expression);
    described.comment = computed->comment;
  }
  if (table->watermark && table->watermark->column == field.name) {
    described.watermark = sql::QuoteNamesInExpression(table->watermark->expression);
  }
  const auto& partition_keys = table->ref.info.descriptor.partition_keys;
  if (std::find(partition_keys.begin(), partition_keys.end(), field.name) != partition_keys.end()) {
    described.extras = "PARTITION KEY";
  }
  const model::Schema& schema = table->ref.info.descriptor.schema;
  int index = schema.IndexOf(field.name);
  if (index >= 0) described.comment = schema.columns[static_cast<size_t>(index)].comment;
  return described;
}

}  // namespace forebay::serve
