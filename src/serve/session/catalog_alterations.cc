
#include "format/table_json.h"
#include "model/catalog_name.h"
#include "serve/session/catalog_objects.h"
#include "serve/session/sql_catalog.h"
#include "sql/catalog/connector_options.h"

// What ALTER and REPLACE do to tables and views of a SqlCatalog.

namespace forebay::serve {

using model::TablePath;
using sql::CatalogTable;
using sql::CatalogView;

namespace {

Error NoTable(const TablePath& path) {
  return NotFound("table {} does not exist", path.ToString());
}

/// That the stored columns stay as they are, with others behind them.
Status CheckStoredColumns(const CatalogTable& before, const CatalogTable& after) {
  const auto& had = before.ref.info.descriptor.schema.columns;
  const auto& has = after.ref.info.descriptor.schema.columns;
  bool keeps = had.size() <= has.size();
  for (size_t i = 0; keeps && i < had.size(); ++i) {
    keeps = had[i].name == has[i].name && had[i].type == has[i].type &&
            had[i].comment == has[i].comment;
  }
  if (keeps) return Status::Ok();
  Error error = NotSupported(
      "the columns of a table that Forebay stores are neither modified, renamed, moved nor "
      "dropped, and new ones come last: {}",
      before.ref.path.ToString());
  error.hint = "CREATE TABLE ... AS SELECT makes another table";
  return error;
}

Status CheckStored(const CatalogTable& before, const CatalogTable& after) {
  RETURN_IF_ERROR(CheckStoredColumns(before, after));
  const model::TableDescriptor& had = before.ref.info.descriptor;
  const model::TableDescriptor& has = after.ref.info.descriptor;
  if (had.schema.primary_key != has.schema.primary_key || before.constraint != after.constraint) {
    return NotSupported("the primary key of a table that Forebay stores stays as it is: {}",
                        before.ref.path.ToString());
  }
  if (had.bucket_count != has.bucket_count || had.bucket_keys != has.bucket_keys ||
      before.distribution.has_value() != after.distribution.has_value()) {
    return NotSupported("the distribution of a table that Forebay stores stays as it is: {}",
                        before.ref.path.ToString());
  }
  for (size_t i = had.schema.columns.size(); i < has.schema.columns.size(); ++i) {
    const model::ColumnSpec& column = has.schema.columns[i];
    if (column.type.nullable()) continue;
    Error error = InvalidArgument("SQL-1014 Column {} must be nullable.", column.name);
    error.hint = "rows that are there already have NULL in it";
    return error;
  }
  return Status::Ok();
}

/// What SQL keeps beside the schema: computed columns, the watermark, the declared order.
std::map<std::string, std::string> SqlProperties(const CatalogTable& table) {
  std::map<std::string, std::string> properties;
  for (const auto& [key, value] : sql::ToDescriptor(table).custom_properties) {
    if (key.starts_with("sql.")) properties[key] = value;
  }
  return properties;
}

/// The declared order when all columns that `after` adds were plain ones behind the others.
bool OnlyAppends(const CatalogTable& before, const CatalogTable& after) {
  std::vector<std::string> order = before.declared_order;
  const auto& columns = after.ref.info.descriptor.schema.columns;
  for (size_t i = before.ref.info.descriptor.schema.columns.size(); i < columns.size(); ++i) {
    order.push_back(columns[i].name);
  }
  return order == after.declared_order;
}

}  // namespace

Result<std::vector<sql::LakeSnapshot>> SqlCatalog::LakeSnapshots(const CatalogTable& table) {
  if (lake_parts_ == nullptr || !model::IsLocalDatabase(table.ref.path.database)) {
    return NotSupported("the lake snapshots of {}", table.ref.path.ToString());
  }
  return lake_parts_->Snapshots(table.ref.info);
}

bool SqlCatalog::IsTemporary(const TablePath& path) {
  std::lock_guard lock(mutex_);
  return temporary_tables_.contains(path) || temporary_views_.contains(path);
}

/// A temporary object hides the other one of its name.
Status SqlCatalog::CheckNotShadowed(const TablePath& path, const char* what) {
  if (!IsTemporary(path)) return Status::Ok();
  return InvalidArgument("a temporary {} {} exists: drop it first", what, path.ToString());
}

Status SqlCatalog::AlterOwn(const CatalogTable& table, const model::TableChanges& changes) {
  model::TableChanges stored;
  stored.add_columns = changes.add_columns;
  for (const auto& [key, value] : changes.set_options) {
    stored.set_options[sql::DescriptorKeyOf(key)] = value;
  }
  for (const std::string& key : changes.reset_options) {
    stored.reset_options.insert(sql::DescriptorKeyOf(key));
  }
  return connection_.admin().AlterTable(table.ref.path, stored).status();
}

Result<CatalogTable> SqlCatalog::AlterableTable(const TablePath& path) {
  if (IsTemporary(path)) {
    return NotFound("table {} does not exist or is a temporary table", path.ToString());
  }
  ASSIGN_OR_RETURN(std::optional<CatalogTable> table, FindTable(path));
  if (table) return *std::move(table);
  ASSIGN_OR_RETURN(std::optional<CatalogView> view, FindView(path));
  if (view) return InvalidArgument("{} is a view, not a table", path.ToString());
  return NoTable(path);
}

Status SqlCatalog::PutForeign(const CatalogTable& table, bool replace) {
  {
    std::lock_guard lock(mutex_);
    if (memory_.Owns(table.ref.path.database)) return memory_.PutTable(table, replace);
  }
  ASSIGN_OR_RETURN(std::string text, format::TableToJson(sql::ToDescriptor(table)));
  return connection_.admin().PutObject(kForeignTableObject, table.ref.path.ToString(), text,
                                       replace);
}

Status SqlCatalog::AlterTable(const TablePath& path, const model::TableChanges& changes) {
  ASSIGN_OR_RETURN(CatalogTable altered, AlterableTable(path));
  CatalogTable before = altered;
  for (const auto& [key, value] : changes.set_options) altered.ref.options[key] = value;
  for (const std::string& key : changes.reset_options) altered.ref.options.erase(key);
  if (before.ref.IsForeign()) return PutForeign(altered, true);
  RETURN_IF_ERROR(sql::CheckConnectorOptions(altered.ref));
  return AlterOwn(before, changes);
}

Status SqlCatalog::AlterSchema(const CatalogTable& altered) {
  ASSIGN_OR_RETURN(CatalogTable before, AlterableTable(altered.ref.path));
  if (before.ref.IsForeign()) return PutForeign(altered, true);
  RETURN_IF_ERROR(CheckStored(before, altered));
  model::TableChanges columns;
  const auto& has = altered.ref.info.descriptor.schema.columns;
  size_t had = before.ref.info.descriptor.schema.columns.size();
  columns.add_columns.assign(has.begin() + static_cast<ptrdiff_t>(had), has.end());
  if (!columns.add_columns.empty()) {
    RETURN_IF_ERROR(connection_.admin().AlterTable(altered.ref.path, columns).status());
  }
  std::map<std::string, std::string> kept = SqlProperties(before);
  std::map<std::string, std::string> wanted = SqlProperties(altered);
  // A reader of the table puts columns that the order does not name behind the others.
  if (OnlyAppends(before, altered)) wanted["sql.columns"] = kept["sql.columns"];
  model::TableChanges properties;
  for (const auto& [key, value] : wanted) {
    if (!kept.contains(key) || kept[key] != value) properties.set_options[key] = value;
  }
  for (const auto& [key, value] : kept) {
    if (!wanted.contains(key)) properties.reset_options.insert(key);
  }
  if (properties.set_options.empty() && properties.reset_options.empty()) return Status::Ok();
  return connection_.admin().AlterTable(altered.ref.path, properties).status();
}

Status SqlCatalog::RenameTable(const TablePath& path, const TablePath& new_path) {
  ASSIGN_OR_RETURN(CatalogTable renamed, AlterableTable(path));
  if (!renamed.ref.IsForeign()) {
    Error error =
        NotSupported("a table that Forebay stores cannot be renamed: {}", path.ToString());
    error.hint = "create a view of the new name, or another table and INSERT INTO it";
    return error;
  }
  renamed.ref.path = renamed.ref.info.path = new_path;
  RETURN_IF_ERROR(CreateTable(renamed, false));
  return DropTable(path, false);
}

Status SqlCatalog::ReplaceTable(const CatalogTable& table) {
  const TablePath& path = table.ref.path;
  ASSIGN_OR_RETURN(CatalogTable before, AlterableTable(path));
  if (before.ref.IsForeign() && table.ref.IsForeign()) return PutForeign(table, true);
  if (!before.ref.IsForeign() && !table.ref.IsForeign()) {
    auto* stored = dynamic_cast<client::TableReplacement*>(&connection_);
    if (stored == nullptr) {
      return NotSupported("table {} cannot be replaced or emptied here", path.ToString());
    }
    return stored->ReplaceTable(path, sql::ToDescriptor(table)).status();
  }
  RETURN_IF_ERROR(DropTable(path, false));
  return CreateTable(table, false);
}

Status SqlCatalog::AlterView(const CatalogView& view) {
  if (IsTemporary(view.path)) {
    return NotFound("view {} does not exist or is a temporary view", view.path.ToString());
  }
  ASSIGN_OR_RETURN(std::optional<CatalogTable> table, FindTable(view.path));
  if (table) return InvalidArgument("{} is a table, not a view", view.path.ToString());
  ASSIGN_OR_RETURN(std::optional<CatalogView> before, FindView(view.path));
  if (!before) return NotFound("view {} does not exist", view.path.ToString());
  CatalogView altered = view;
  altered.comment = before->comment;
  return CreateView(altered, false, true);
}

Status SqlCatalog::RenameView(const TablePath& path, const TablePath& new_path) {
  if (IsTemporary(path)) {
    return NotFound("view {} does not exist or is a temporary view", path.ToString());
  }
  ASSIGN_OR_RETURN(std::optional<CatalogTable> table, FindTable(path));
  if (table) return InvalidArgument("{} is a table, not a view", path.ToString());
  ASSIGN_OR_RETURN(std::optional<CatalogView> view, FindView(path));
  if (!view) return NotFound("view {} does not exist", path.ToString());
  view->path = new_path;
  RETURN_IF_ERROR(CreateView(*view, false, false));
  return DropView(path, false);
}

}  // namespace forebay::serve
