#include "sql/analyzer/create_table.h"

#include <algorithm>
#include <charconv>
#include <set>

#include "base/name_list.h"
#include "sql/analyzer/table_like.h"
#include "sql/catalog/connector_options.h"
#include "sql/catalog/metadata_columns.h"
#include "sql/catalog/schema_options.h"
#include "sql/diagnostic.h"
#include "sql/functions/function_table.h"
#include "sql/types/type_rules.h"

namespace forebay::sql {
namespace {

using model::DataType;

// CREATE TABLE (a DOUBLE) AS SELECT a: the query's column with another type.
Status RedefineColumn(const ColumnAst& column, CatalogTable& table) {
  model::Schema& schema = table.ref.info.descriptor.schema;
  model::ColumnSpec& spec = schema.columns[schema.IndexOf(column.name)];
  if (column.kind != ColumnAst::Kind::kPhysical) {
    return ErrorAt(
        InvalidArgument("SQL-1014 column '{}' of the query cannot be declared so", column.name),
        column.range.position);
  }
  if (!SupportsImplicitCast(spec.type, column.type)) {
    return ErrorAt(InvalidArgument("SQL-1012 incompatible types for sink column '{}': the query "
                                   "gives {}, the column is {}",
                                   column.name, spec.type.ToString(), column.type.ToString()),
                   column.range.position);
  }
  spec.type = column.type;
  if (!column.comment.empty()) spec.comment = column.comment;
  return Status::Ok();
}

Status AddMetadata(const ColumnAst& column, CatalogTable& table) {
  const std::string& key = column.metadata_key.empty() ? column.name : column.metadata_key;
  for (const MetadataColumn& other : table.ref.metadata) {
    if (other.key != key) continue;
    return ErrorAt(InvalidArgument("SQL-1014 columns '{}' and '{}' are both of the metadata '{}'",
                                   other.name, column.name, key),
                   column.range.position);
  }
  table.ref.metadata.push_back({column.name, key, column.type, column.is_virtual, column.comment});
  return Status::Ok();
}

Status AddColumns(const CreateTableAst& ast, std::string_view text, CatalogTable& table) {
  std::set<std::string> names(table.declared_order.begin(), table.declared_order.end());
  std::set<std::string> of_query;
  if (ast.as_query != nullptr) {
    for (const auto& column : table.ref.info.descriptor.schema.columns) {
      of_query.insert(column.name);
    }
    names = of_query;
  }
  model::Schema& schema = table.ref.info.descriptor.schema;
  for (const ColumnAst& column : ast.columns) {
    bool redefines = of_query.erase(column.name) > 0;
    if (!redefines && !names.insert(column.name).second) {
      return ErrorAt(InvalidArgument("SQL-1014 duplicate column '{}'", column.name),
                     column.range.position);
    }
    if (redefines) {
      RETURN_IF_ERROR(RedefineColumn(column, table));
      continue;
    }
    if (ast.as_query == nullptr) table.declared_order.push_back(column.name);
    if (column.kind == ColumnAst::Kind::kMetadata) {
      RETURN_IF_ERROR(AddMetadata(column, table));
      continue;
    }
    if (column.kind == ColumnAst::Kind::kComputed) {
      table.computed.push_back(
          {column.name, TextOf(column.expression->range, text), column.comment});
    } else {
      schema.columns.push_back(
          {column.name, column.type, column.comment, static_cast<int>(schema.columns.size())});
    }
  }
  if (schema.columns.empty()) {
    return ErrorAt(InvalidArgument("SQL-1014 a table needs at least one physical column"),
                   ast.name.range.position);
  }
  return Status::Ok();
}

Status SetPrimaryKey(const CreateTableAst& ast, CatalogTable& table) {
  std::vector<std::string> key = ast.primary_key;
  SourcePosition position = ast.primary_key_range.position;
  for (const ColumnAst& column : ast.columns) {
    if (!column.is_primary_key) continue;
    if (!key.empty()) {
      return ErrorAt(InvalidArgument("SQL-1015 a table has one PRIMARY KEY"),
                     column.range.position);
    }
    key.push_back(column.name);
    position = column.range.position;
  }
  if (key.empty()) return Status::Ok();
  if (ast.primary_key_enforced) {
    Error error = InvalidArgument("SQL-1015 a PRIMARY KEY cannot be ENFORCED");
    error.hint = "write PRIMARY KEY (...) NOT ENFORCED";
    return ErrorAt(error, position);
  }
  model::Schema& schema = table.ref.info.descriptor.schema;
  std::set<std::string> seen;
  for (const std::string& name : key) {
    int index = schema.IndexOf(name);
    if (index < 0) {
      Error error = NotFound("SQL-1015 PRIMARY KEY column '{}' is no physical column", name);
      if (auto near = NearestName(name, table.declared_order)) {
        error.hint = "did you mean '" + *near + "'?";
      }
      return ErrorAt(error, position);
    }
    if (!seen.insert(name).second) {
      return ErrorAt(InvalidArgument("SQL-1015 PRIMARY KEY names column '{}' twice", name),
                     position);
    }
    bool declared = std::any_of(ast.columns.begin(), ast.columns.end(),
                                [&](const ColumnAst& column) { return column.name == name; });
    if (!declared && schema.columns[index].type.nullable()) {
      return ErrorAt(
          InvalidArgument("SQL-1015 Invalid primary key '{}'. Column '{}' is nullable.",
                          ast.primary_key_name.empty() ? "PK_" + name : ast.primary_key_name, name),
          position);
    }
    schema.columns[index].type = schema.columns[index].type.NotNull();
  }
  table.constraint = ast.primary_key_name;
  schema.primary_key = std::move(key);
  return Status::Ok();
}

Status SetWatermark(const CreateTableAst& ast, std::string_view text, CatalogTable& table) {
  if (!ast.watermark) return Status::Ok();
  if (ast.watermark->column.parts.size() != 1) {
    return ErrorAt(NotSupported("SQL-1016 a WATERMARK on a nested field is not supported"),
                   ast.watermark->column.range.position);
  }
  table.watermark =
      WatermarkSpec{ast.watermark->column.parts[0], TextOf(ast.watermark->expression->range, text)};
  return Status::Ok();
}

}  // namespace

std::string TextOf(const SourceRange& range, std::string_view text) {
  return std::string(text.substr(range.begin, range.end - range.begin));
}

Status CheckExpressions(QueryAnalyzer& queries, const CreateTableAst& ast,
                        const CatalogTable& table) {
  ASSIGN_OR_RETURN(PlanPtr plan, queries.Scan(table, ScanPart::kAll, std::nullopt));
  if (!table.watermark) return Status::Ok();
  for (const Field& field : plan->output) {
    if (field.name != table.watermark->column) continue;
    if (!field.type.IsTimestamp() || field.type.precision() > 3) {
      Error error = InvalidArgument(
          "SQL-1016 the WATERMARK column '{}' must be TIMESTAMP(p) or TIMESTAMP_LTZ(p) with p <= "
          "3, "
          "not {}",
          field.name, field.type.ToString());
      return ErrorAt(
          error, ast.watermark ? ast.watermark->column.range.position : ast.name.range.position);
    }
  }
  return Status::Ok();
}

namespace {

// Fluss's 'bucket.num' and 'bucket.key', or DISTRIBUTED BY.
Status SetBuckets(const CreateTableAst& ast, CatalogTable& table) {
  model::TableDescriptor& descriptor = table.ref.info.descriptor;
  if (auto it = ast.options.find("bucket.num"); it != ast.options.end()) {
    const std::string& text = it->second;
    auto [end, error] =
        std::from_chars(text.data(), text.data() + text.size(), descriptor.bucket_count);
    if (error != std::errc() || end != text.data() + text.size()) {
      return InvalidArgument("SQL-1009 'bucket.num' must be a number: '{}'", text);
    }
  }
  if (auto it = ast.options.find("bucket.key"); it != ast.options.end()) {
    descriptor.bucket_keys = SplitNames(it->second);
  }
  if (!ast.bucket_keys.empty()) descriptor.bucket_keys = ast.bucket_keys;
  if (ast.bucket_count) descriptor.bucket_count = *ast.bucket_count;
  if (ast.distributed) {
    table.distribution = DistributionSpec{ast.distribution_kind, ast.bucket_count};
  }
  bool ranges = table.distribution && table.distribution->kind == "RANGE";
  if (ranges && !table.ref.IsForeign()) {
    return ErrorAt(NotSupported("SQL-1020 DISTRIBUTED BY RANGE: rows are distributed by HASH"),
                   ast.name.range.position);
  }
  if (descriptor.bucket_count < 1) {
    return InvalidArgument("SQL-1009 the number of buckets must be at least 1: {}",
                           descriptor.bucket_count);
  }
  if (!ast.partition_keys.empty()) descriptor.partition_keys = ast.partition_keys;
  for (const auto* list : {&descriptor.bucket_keys, &descriptor.partition_keys}) {
    for (const std::string& name : *list) {
      if (descriptor.schema.IndexOf(name) < 0) {
        return ErrorAt(NotFound("SQL-1004 unknown column '{}'", name), ast.name.range.position);
      }
    }
  }
  return Status::Ok();
}

// The columns of the query of CREATE TABLE ... AS, in the order of `column_order` when that is
// given. What is declared besides comes in front of them.
Status AddQueryColumns(QueryAnalyzer& queries, const CreateTableAst& ast, CatalogTable& table) {
  if (ast.temporary) {
    return ErrorAt(NotSupported("SQL-1020 CREATE TABLE ... AS does not make temporary tables"),
                   ast.name.range.position);
  }
  ASSIGN_OR_RETURN(Relation query, queries.Analyze(*ast.as_query));
  std::map<std::string, model::DataType> types;
  std::vector<std::string> order;
  for (const Field& field : query.plan->output) {
    order.push_back(field.name);
    if (types.emplace(field.name, field.type).second) continue;
    return ErrorAt(InvalidArgument("SQL-1014 the query has two columns '{}'", field.name),
                   ast.name.range.position);
  }
  if (!ast.column_order.empty()) {
    if (ast.column_order.size() != order.size()) {
      return ErrorAt(InvalidArgument("SQL-1012 the column list names {} columns, the query has {}",
                                     ast.column_order.size(), order.size()),
                     ast.name.range.position);
    }
    order = ast.column_order;
  }
  for (const ColumnAst& column : ast.columns) {
    if (!types.contains(column.name)) table.declared_order.push_back(column.name);
  }
  model::Schema& schema = table.ref.info.descriptor.schema;
  for (const std::string& name : order) {
    auto type = types.find(name);
    if (type == types.end()) {
      return ErrorAt(NotFound("SQL-1004 column '{}' is not in the query", name),
                     ast.name.range.position);
    }
    table.declared_order.push_back(name);
    schema.columns.push_back({name, type->second});
    types.erase(type);
  }
  return Status::Ok();
}

// Of CREATE TABLE ... AS: physical columns in declared order, which they came in out of.
void OrderPhysicalColumns(CatalogTable& table) {
  auto place = [&](const model::ColumnSpec& column) {
    const auto& order = table.declared_order;
    return std::find(order.begin(), order.end(), column.name) - order.begin();
  };
  auto& columns = table.ref.info.descriptor.schema.columns;
  std::stable_sort(columns.begin(), columns.end(),
                   [&](const auto& a, const auto& b) { return place(a) < place(b); });
  for (size_t i = 0; i < columns.size(); ++i) columns[i].id = static_cast<int>(i);
}

}  // namespace

std::shared_ptr<const InsertAst> FillOf(const CreateTableAst& ast) {
  if (ast.as_query == nullptr) return nullptr;
  auto insert = std::make_shared<InsertAst>();
  insert->table = ast.name;
  insert->query = ast.as_query;
  insert->by_name = true;
  return insert;
}

Result<CatalogTable> AnalyzeCreateTable(QueryAnalyzer& queries, const CreateTableAst& ast,
                                        std::string_view text) {
  if (ast.as_query == nullptr && (ast.or_replace || !ast.column_order.empty())) {
    return ErrorAt(InvalidArgument("SQL-1006 {} needs AS and a query",
                                   ast.or_replace ? "REPLACE TABLE" : "a list of column names"),
                   ast.name.range.position);
  }
  CatalogTable table;
  CreateTableAst own = ast;
  if (ast.like) {
    ASSIGN_OR_RETURN(table, LikeBase(queries, own, text));
  } else if (ast.as_query != nullptr) {
    RETURN_IF_ERROR(AddQueryColumns(queries, ast, table));
  }
  ASSIGN_OR_RETURN(table.ref.path, queries.Resolve(ast.name));
  table.ref.info.path = table.ref.path;
  RETURN_IF_ERROR(AddColumns(own, text, table));
  if (ast.as_query != nullptr) OrderPhysicalColumns(table);
  RETURN_IF_ERROR(SetPrimaryKey(ast, table));
  RETURN_IF_ERROR(SetWatermark(ast, text, table));
  table.comment = ast.comment;
  for (const auto& [key, value] : ast.options) table.ref.options[key] = value;
  if (table.ref.connector() == "forebay") {
    table.ref.options.erase("connector");
    // Flink looks at other connectors' options when the table is used.
    Status status = CheckConnectorOptions(table.ref);
    if (status.ok()) status = CheckReadableMetadata(table.ref);
    if (status.ok()) {
      status = ReadSchemaOptions(table.ref.options, table.ref.info.descriptor.schema);
    }
    if (!status.ok()) return ErrorAt(status.error(), ast.name.range.position);
  }
  RETURN_IF_ERROR(SetBuckets(ast, table));
  RETURN_IF_ERROR(CheckExpressions(queries, ast, table));
  table.ref.info.descriptor = ToDescriptor(table);
  return table;
}

}  // namespace forebay::sql
