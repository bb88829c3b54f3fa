#include "serve/session/show_create.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "model/data_type.h"
#include "model/quoted_text.h"
#include "serve/session/session.h"
#include "sql/catalog/metadata_columns.h"
#include "sql/parser/expression_text.h"
#include "sql/parser/parser.h"

namespace forebay::serve {

using model::QuoteIdentifier;
using model::QuoteText;

namespace {

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

/// The type as Flink's DDL prints it: without STRING and BYTES, and TIMESTAMP_LTZ in full.
std::string SerializableType(const model::DataType& type) {
  std::string text = type.ToString();
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    // Field names stand in backticks, and what is in them stays.
    if (text[i] == '`') {
      size_t end = text.find('`', i + 1);
      out += text.substr(i, end - i + 1);
      i = end;
      continue;
    }
    std::string_view rest = std::string_view(text).substr(i);
    if (rest.starts_with("STRING")) {
      out += "VARCHAR(2147483647)";
      i += 5;
    } else if (rest.starts_with("BYTES")) {
      out += "VARBINARY(2147483647)";
      i += 4;
    } else if (rest.starts_with("TIMESTAMP_LTZ(")) {
      out += fmt::format("TIMESTAMP({}) WITH LOCAL TIME ZONE", rest[14]);
      i += 15;
    } else {
      out += text[i];
    }
  }
  return out;
}

/// " METADATA FROM 'file.size' VIRTUAL".
std::string MetadataText(const sql::MetadataColumn& column) {
  std::string text = "METADATA";
  if (column.key != column.name) text += " FROM " + QuoteText(column.key);
  return column.is_virtual ? text + " VIRTUAL" : text;
}

std::string ColumnText(const sql::CatalogTable& table, const std::string& name) {
  std::string text = "  " + QuoteIdentifier(name);
  if (const sql::MetadataColumn* column = sql::FindMetadata(table.ref, name)) {
    text += " " + SerializableType(column->type) + " " + MetadataText(*column);
    if (!column->comment.empty()) text += " COMMENT " + QuoteText(column->comment);
    return text;
  }
  if (const sql::ComputedColumn* computed = FindComputed(table, name)) {
    text += " AS " + sql::QuoteNamesInExpression(computed->expression);
    if (!computed->comment.empty()) text += " COMMENT " + QuoteText(computed->comment);
    return text;
  }
  const model::Schema& schema = table.ref.info.descriptor.schema;
  int index = schema.IndexOf(name);
  if (index < 0) return text;
  const model::ColumnSpec& column = schema.columns[index];
  text += " " + SerializableType(column.type);
  if (!column.comment.empty()) text += " COMMENT " + QuoteText(column.comment);
  return text;
}

std::string OptionsText(const sql::CatalogTable& table) {
  std::string list;
  for (const auto& [key, value] : table.ref.options) {
    if (!table.ref.IsForeign() && (key == "bucket.num" || key == "bucket.key")) continue;
    list += fmt::format("{}  {} = {}", list.empty() ? "" : ",\n", QuoteText(key),
                        QuoteText(IsSecret(key) ? "******" : value));
  }
  return list.empty() ? "\n" : "\nWITH (\n" + list + "\n)\n";
}

}  // namespace

std::string QuotedPath(const model::TablePath& path) {
  const auto& [catalog, database] = model::SplitDatabase(path.database);
  return fmt::format("{}.{}.{}", QuoteIdentifier(catalog), QuoteIdentifier(database),
                     QuoteIdentifier(path.table));
}

namespace {

/// DISTRIBUTED as it was written, or as the buckets of a stored table are.
std::string DistributionText(const sql::CatalogTable& table) {
  const model::TableDescriptor& descriptor = table.ref.info.descriptor;
  if (table.distribution) {
    std::string text = "\nDISTRIBUTED";
    if (!descriptor.bucket_keys.empty()) {
      text +=
          fmt::format(" BY {}({})", table.distribution->kind, QuoteNames(descriptor.bucket_keys));
    }
    const auto& buckets = table.distribution->buckets;
    return buckets ? fmt::format("{} INTO {} BUCKETS", text, *buckets) : text;
  }
  // DISTRIBUTED says what the options 'bucket.num' and 'bucket.key' say: one of them is enough.
  const auto& options = table.ref.options;
  bool distributed =
      !table.ref.IsForeign() && (descriptor.bucket_count > 1 || options.contains("bucket.num") ||
                                 options.contains("bucket.key"));
  if (!distributed) return "";
  std::string keys;
  if (!descriptor.bucket_keys.empty()) {
    keys = fmt::format(" BY HASH({})", QuoteNames(descriptor.bucket_keys));
  }
  return fmt::format("\nDISTRIBUTED{} INTO {} BUCKETS", keys, descriptor.bucket_count);
}

}  // namespace

std::string CreateTableText(const sql::CatalogTable& table, bool temporary) {
  const model::TableDescriptor& descriptor = table.ref.info.descriptor;
  std::string text = fmt::format("CREATE {}TABLE {} (\n", temporary ? "TEMPORARY " : "",
                                 QuotedPath(table.ref.path));
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
    text += fmt::format("{}  CONSTRAINT {} PRIMARY KEY ({}) NOT ENFORCED", separator,
                        QuoteIdentifier(sql::ConstraintName(table)), keys);
  }
  text += "\n)";
  if (!table.comment.empty()) text += "\nCOMMENT " + QuoteText(table.comment);
  text += DistributionText(table);
  if (descriptor.IsPartitioned()) {
    text += fmt::format("\nPARTITIONED BY ({})", QuoteNames(descriptor.partition_keys));
  }
  return text + OptionsText(table);
}

std::string CreateViewText(const sql::CatalogView& view, const std::vector<std::string>& columns,
                           bool temporary) {
  std::string list;
  for (const std::string& name : columns) {
    list += (list.empty() ? "  " : ",\n  ") + QuoteIdentifier(name);
  }
  std::string comment = view.comment.empty() ? "" : "\nCOMMENT " + QuoteText(view.comment);
  return fmt::format("CREATE {}VIEW {} (\n{}\n){}\nAS {}\n", temporary ? "TEMPORARY " : "",
                     QuotedPath(view.path), list, comment, view.query);
}

std::string CreateModelText(const model::TablePath& path, const std::string& json, bool temporary) {
  auto model = nlohmann::json::parse(json, nullptr, false);
  auto columns = [&](const char* key) {
    std::string list;
    for (const auto& column : model[key]) {
      auto type = sql::ParseType(column["type"].get<std::string>());
      list += fmt::format("{}{} {}", list.empty() ? "" : ", ",
                          QuoteIdentifier(column["name"].get<std::string>()),
                          type.ok() ? SerializableType(*type) : "?");
      std::string comment = column["comment"];
      if (!comment.empty()) list += " COMMENT " + QuoteText(comment);
    }
    return list;
  };
  std::string text =
      fmt::format("CREATE {}MODEL {}", temporary ? "TEMPORARY " : "", QuotedPath(path));
  if (!model["inputs"].empty()) text += fmt::format("\nINPUT ({})", columns("inputs"));
  if (!model["outputs"].empty()) text += fmt::format("\nOUTPUT ({})", columns("outputs"));
  std::string comment = model["comment"];
  if (!comment.empty()) text += "\nCOMMENT " + QuoteText(comment);
  std::string list;
  for (const auto& [key, value] : model["options"].items()) {
    list += fmt::format("{}  {} = {}", list.empty() ? "" : ",\n", QuoteText(key),
                        QuoteText(ShownOption(key, value.get<std::string>())));
  }
  return text + "\nWITH (\n" + list + "\n)\n";
}

std::string ShownOption(const std::string& key, const std::string& value) {
  return IsSecret(key) ? "******" : value;
}

std::string CreateCatalogText(const std::string& name,
                              const client::CatalogDefinition& definition) {
  std::string text = fmt::format("CREATE CATALOG {}", QuoteIdentifier(name));
  if (!definition.comment.empty()) text += "\nCOMMENT " + QuoteText(definition.comment);
  std::string list;
  for (const auto& [key, value] : definition.properties) {
    list += fmt::format("{}  {} = {}", list.empty() ? "" : ",\n", QuoteText(key),
                        QuoteText(ShownOption(key, value)));
  }
  return text + "\nWITH (\n" + list + "\n)\n";
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
  if (const sql::MetadataColumn* column = sql::FindMetadata(table->ref, field.name)) {
    described.extras = MetadataText(*column);
    described.comment = column->comment;
  }
  if (table->watermark && table->watermark->column == field.name) {
    described.watermark = sql::QuoteNamesInExpression(table->watermark->expression);
  }
  const model::Schema& schema = table->ref.info.descriptor.schema;
  int index = schema.IndexOf(field.name);
  if (index >= 0) described.comment = schema.columns[static_cast<size_t>(index)].comment;
  return described;
}

}  // namespace forebay::serve
