#include "sql/analyzer/materialized_table.h"

#include <algorithm>
#include <set>

#include "sql/analyzer/create_table.h"
#include "sql/diagnostic.h"
#include "sql/optimizer/optimizer.h"

namespace forebay::sql {

namespace {

/// The query alone, as the job that fills the table will see it.
struct DefiningQuery {
  PlanPtr plan;
  MaterializedTableDefinition definition;
};

Result<DefiningQuery> AnalyzeQuery(QueryAnalyzer& queries, const QueryAst& ast, bool streaming,
                                   std::string_view text) {
  AnalyzerOptions options = queries.options();
  options.streaming = streaming;
  QueryAnalyzer own(queries.catalog(), options);
  ASSIGN_OR_RETURN(Relation relation, own.Analyze(ast));
  ASSIGN_OR_RETURN(
      std::vector<PlanPtr> roots,
      Optimize({relation.plan}, options.streaming, options.state_ttl_ms, options.shares_tables));
  DefiningQuery query;
  query.plan = roots[0];
  std::set<std::string> names;
  for (const Field& field : query.plan->output) {
    if (!names.insert(field.name).second) {
      return InvalidArgument("SQL-1014 the query has two columns '{}'", field.name);
    }
    if (field.type.Is(model::TypeRoot::kNull)) {
      Error error = InvalidArgument("SQL-1040 column '{}' of the query has no type", field.name);
      error.hint = "CAST the NULL";
      return error;
    }
    query.definition.columns.push_back(field.name);
  }
  query.definition.query = text.substr(ast.range.begin, ast.range.end - ast.range.begin);
  query.definition.database = options.current_database;
  return query;
}

/// As the refresh mode wants it; while that is open, a query that only a batch can run will do.
Result<DefiningQuery> AnalyzeQuery(QueryAnalyzer& queries, const QueryAst& ast,
                                   std::optional<RefreshMode> mode, std::string_view text) {
  auto query = AnalyzeQuery(queries, ast, mode != RefreshMode::kFull, text);
  if (query.ok() || mode) return query;
  auto batch = AnalyzeQuery(queries, ast, false, text);
  return batch.ok() ? std::move(batch) : std::move(query);
}

const Field* FindField(const std::vector<Field>& fields, const std::string& name) {
  for (const Field& field : fields) {
    if (field.name == name) return &field;
  }
  return nullptr;
}

ColumnAst ColumnOf(const Field& field) {
  ColumnAst column;
  column.name = field.name;
  column.type = field.type;
  return column;
}

/// (a, b): the query's columns in that order.
Result<std::vector<ColumnAst>> Reordered(const std::vector<std::string>& order,
                                         const std::vector<Field>& fields) {
  if (order.size() != fields.size()) {
    return InvalidArgument(
        "SQL-1040 The number of columns in the column list must match the number of columns in "
        "the source schema.");
  }
  std::vector<ColumnAst> columns;
  for (const std::string& name : order) {
    const Field* field = FindField(fields, name);
    if (field == nullptr) {
      return InvalidArgument("SQL-1040 Column '{}' not found in the source schema.", name);
    }
    columns.push_back(ColumnOf(*field));
  }
  return columns;
}

/// What the statement defines comes first, then the query's columns, in the statement's types where
/// it gives them.
Result<std::vector<ColumnAst>> Merged(const std::vector<ColumnAst>& defined,
                                      const std::vector<Field>& fields) {
  std::vector<ColumnAst> columns;
  std::map<std::string, const ColumnAst*> typed;
  for (const ColumnAst& column : defined) {
    bool in_query = FindField(fields, column.name) != nullptr;
    if (column.kind == ColumnAst::Kind::kPhysical && !in_query) {
      return ErrorAt(InvalidArgument("SQL-1040 Invalid as physical column '{}' is defined in the "
                                     "DDL, but is not used in a query column.",
                                     column.name),
                     column.range.position);
    }
    if (column.kind == ColumnAst::Kind::kPhysical) {
      typed[column.name] = &column;
    } else {
      columns.push_back(column);
    }
  }
  for (const Field& field : fields) {
    auto found = typed.find(field.name);
    columns.push_back(found == typed.end() ? ColumnOf(field) : *found->second);
  }
  return columns;
}

/// The smallest key of the query's rows that has no NULLs; empty: there is none.
std::vector<std::string> DerivedKey(const PlanNode& query) {
  std::vector<std::string> best;
  for (const std::vector<int>& key : query.upsert_keys) {
    std::vector<std::string> names;
    bool nullable = key.empty();
    for (int column : key) {
      const Field& field = query.output[static_cast<size_t>(column)];
      nullable = nullable || field.type.nullable();
      names.push_back(field.name);
    }
    if (!nullable && (best.empty() || names.size() < best.size())) best = std::move(names);
  }
  return best;
}

Status SetKey(CreateTableAst& table, const DefiningQuery& query, bool full) {
  bool has_key = !table.primary_key.empty();
  for (const ColumnAst& column : table.columns) has_key = has_key || column.is_primary_key;
  if (has_key || (!full && query.plan->changelog.IsInsertOnly())) return Status::Ok();
  table.primary_key = DerivedKey(*query.plan);
  if (!table.primary_key.empty()) return Status::Ok();
  Error error = InvalidArgument(
      "SQL-1040 {}: the table needs a PRIMARY KEY",
      full ? "a full refresh replaces rows" : "the rows of the query's result change");
  error.hint =
      "name columns that identify a row and are never NULL: CREATE MATERIALIZED TABLE t (PRIMARY "
      "KEY (a) NOT ENFORCED) ... AS SELECT a, ...";
  return ErrorAt(error, table.name.range.position);
}

Status CheckPlace(const model::TablePath& path, const std::map<std::string, std::string>& options) {
  auto connector = options.find("connector");
  if (connector != options.end() && connector->second != "forebay") {
    return NotSupported("SQL-1020 a materialized table of connector '{}': it is stored in Forebay",
                        connector->second);
  }
  if (model::IsLocalDatabase(path.database)) return Status::Ok();
  return NotSupported("SQL-1020 a materialized table in catalog {}: it is stored in catalog {}",
                      model::SplitDatabase(path.database).first, model::kLocalCatalog);
}

Status CheckPartitionKeys(const CreateTableAst& table, const std::vector<std::string>& columns) {
  for (const std::string& key : table.partition_keys) {
    if (std::find(columns.begin(), columns.end(), key) != columns.end()) continue;
    std::string list;
    for (const std::string& name : columns) list += (list.empty() ? "'" : "', '") + name;
    return ErrorAt(InvalidArgument("SQL-1040 Partition column '{}' not defined in the query's "
                                   "schema. Available columns: [{}'].",
                                   key, list),
                   table.name.range.position);
  }
  return Status::Ok();
}

}  // namespace

Result<CreateMaterializedTableStatement> AnalyzeCreateMaterializedTable(
    QueryAnalyzer& queries, const CreateMaterializedTableAst& ast, std::string_view text) {
  CreateMaterializedTableStatement bound;
  bound.or_alter = ast.or_alter;
  ASSIGN_OR_RETURN(DefiningQuery query,
                   AnalyzeQuery(queries, *ast.table.as_query, ast.refresh_mode, text));
  bound.definition = std::move(query.definition);
  bound.definition.freshness = ast.freshness;
  bound.definition.refresh_mode = ast.refresh_mode;
  CreateTableAst table = ast.table;
  table.as_query = nullptr;
  if (ast.column_order.empty()) {
    ASSIGN_OR_RETURN(table.columns, Merged(ast.table.columns, query.plan->output));
  } else {
    ASSIGN_OR_RETURN(table.columns, Reordered(ast.column_order, query.plan->output));
  }
  RETURN_IF_ERROR(CheckPartitionKeys(table, bound.definition.columns));
  RETURN_IF_ERROR(SetKey(table, query, ast.refresh_mode == RefreshMode::kFull));
  ASSIGN_OR_RETURN(bound.table, AnalyzeCreateTable(queries, table, text));
  RETURN_IF_ERROR(CheckPlace(bound.table.ref.path, ast.table.options));
  return bound;
}

Result<AlterMaterializedTableStatement> AnalyzeAlterMaterializedTable(
    QueryAnalyzer& queries, const AlterMaterializedTableAst& ast, std::string_view text) {
  AlterMaterializedTableStatement bound;
  bound.kind = ast.kind;
  ASSIGN_OR_RETURN(bound.path, queries.Resolve(ast.name));
  bound.options = ast.options;
  bound.partition = ast.partition;
  if (ast.query == nullptr) return bound;
  ASSIGN_OR_RETURN(DefiningQuery query, AnalyzeQuery(queries, *ast.query, std::nullopt, text));
  bound.definition = std::move(query.definition);
  bound.output = query.plan->output;
  return bound;
}

}  // namespace forebay::sql
