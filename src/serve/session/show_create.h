#pragma once

#include <string>

#include "client/catalog_connection.h"
#include "sql/catalog/catalog.h"

namespace forebay::serve {

/// `catalog`.`database`.`table`
std::string QuotedPath(const model::TablePath& path);

/// The statement that creates the table or view, as Flink's SHOW CREATE prints it.
std::string CreateTableText(const sql::CatalogTable& table, bool temporary = false);
/// `columns` are the names of the view's.
std::string CreateViewText(const sql::CatalogView& view, const std::vector<std::string>& columns,
                           bool temporary = false);

/// Of the JSON that is kept of a model.
std::string CreateModelText(const model::TablePath& path, const std::string& json, bool temporary);

std::string CreateCatalogText(const std::string& name, const client::CatalogDefinition& definition);
/// An option's value as it may be shown: passwords and the like are not.
std::string ShownOption(const std::string& key, const std::string& value);

/// What DESCRIBE says of a column besides its name and nullability; empty texts are NULL.
struct DescribedColumn {
  std::string type;
  std::string key;
  std::string extras;
  std::string watermark;
  std::string comment;
};
/// `table` is null for views. Only a streaming session shows time attributes.
DescribedColumn DescribeColumn(const sql::Field& field, const sql::CatalogTable* table,
                               bool streaming);

}  // namespace forebay::serve
