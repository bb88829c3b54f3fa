#include "sql/analyzer/query_analyzer.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "sql/analyzer/functions.h"
#include "sql/analyzer/plan_builder.h"
#include "sql/analyzer/select_analyzer.h"
#include "sql/catalog/connector_options.h"
#include "sql/catalog/metadata_columns.h"
#include "sql/diagnostic.h"
#include "sql/functions/function_table.h"
#include "sql/parser/parser.h"
#include "sql/types/type_rules.h"

namespace forebay::sql {

using model::DataType;
using model::TypeRoot;

Relation MakeRelation(PlanPtr plan, const std::string& qualifier) {
  Relation relation;
  for (const Field& field : plan->output) relation.scope.columns.push_back({qualifier, field});
  relation.plan = std::move(plan);
  return relation;
}

namespace {

// A constant count of LIMIT or OFFSET.
Result<int64_t> RowCount(const ExpressionAst& ast, const char* what) {
  if (ast.kind != ExpressionAstKind::kInteger) {
    return ErrorAt(InvalidArgument("SQL-1009 {} must be a number of rows", what),
                   ast.range.position);
  }
  return static_cast<int64_t>(std::strtoll(ast.text.c_str(), nullptr, 10));
}

// Keeps the first `count` columns.
Relation FirstColumns(const Relation& relation, int count) {
  auto projections = IdentityProjections(*relation.plan);
  projections.resize(count);
  Relation first;
  first.plan = MakeCalc(relation.plan, nullptr, projections, OutputNames(*relation.plan));
  first.scope.columns.assign(relation.scope.columns.begin(),
                             relation.scope.columns.begin() + count);
  return first;
}

}  // namespace

Result<Relation> QueryAnalyzer::Analyze(const QueryAst& query) {
  auto outer = ctes_;
  for (const CteAst& cte : query.ctes) {
    ASSIGN_OR_RETURN(Relation relation, Analyze(*cte.query));
    if (!cte.columns.empty() && cte.columns.size() != relation.plan->output.size()) {
      return ErrorAt(InvalidArgument("SQL-1012 '{}' names {} columns, its query has {}", cte.name,
                                     cte.columns.size(), relation.plan->output.size()),
                     cte.range.position);
    }
    if (!cte.columns.empty()) {
      relation.plan =
          MakeCalc(relation.plan, nullptr, IdentityProjections(*relation.plan), cte.columns);
    }
    ctes_[cte.name] = MakeRelation(relation.plan, cte.name);
  }
  auto result = Body(query);
  ctes_ = std::move(outer);
  if (!result.ok()) return ErrorAt(result.error(), query.range.position);
  return result;
}

Result<Relation> QueryAnalyzer::AnalyzeSubquery(const QueryAst& query, const Scope& outer) {
  const Scope* before = std::exchange(outer_scope_, &outer);
  auto relation = Analyze(query);
  outer_scope_ = before;
  return relation;
}

Result<Relation> QueryAnalyzer::Body(const QueryAst& query) {
  if (query.kind == QueryAstKind::kSelect) {
    std::vector<SortKey> order;
    int visible = 0;
    SelectAnalyzer select(*this);
    ASSIGN_OR_RETURN(Relation relation,
                     select.Analyze(query.select, query.order_by, order, visible));
    ASSIGN_OR_RETURN(relation, OrderAndLimit(query, std::move(relation), std::move(order)));
    bool hidden = visible < static_cast<int>(relation.plan->output.size());
    return hidden ? FirstColumns(relation, visible) : relation;
  }
  Relation relation;
  if (query.kind == QueryAstKind::kValues) {
    ASSIGN_OR_RETURN(relation, Values(query));
  } else if (query.kind == QueryAstKind::kNested) {
    ASSIGN_OR_RETURN(relation, Analyze(*query.left));
  } else {
    ASSIGN_OR_RETURN(relation, SetOperationOf(query));
  }
  std::vector<SortKey> order;
  for (const OrderItemAst& item : query.order_by) {
    const ExpressionAst& ast = *item.expression;
    int column = std::atoi(ast.text.c_str()) - 1;
    if (ast.kind != ExpressionAstKind::kInteger) {
      ExpressionAnalyzer analyzer(relation.scope);
      ASSIGN_OR_RETURN(ExpressionPtr key, analyzer.Analyze(ast));
      if (key->kind != ExpressionKind::kColumn) {
        return ErrorAt(NotSupported("SQL-1020 ORDER BY here takes result columns only"),
                       ast.range.position);
      }
      column = key->column;
    }
    if (column < 0 || column >= static_cast<int>(relation.plan->output.size())) {
      return ErrorAt(InvalidArgument("SQL-1004 ORDER BY ordinal out of range: {}", ast.text),
                     ast.range.position);
    }
    order.push_back({column, item.descending, item.nulls_first.value_or(!item.descending)});
  }
  return OrderAndLimit(query, std::move(relation), std::move(order));
}

Result<Relation> QueryAnalyzer::OrderAndLimit(const QueryAst& query, Relation relation,
                                              std::vector<SortKey> order) {
  if (query.limit != nullptr || query.offset != nullptr) {
    auto limit = std::make_shared<LimitNode>();
    limit->output = relation.plan->output;
    limit->order = std::move(order);
    if (query.offset != nullptr) {
      ASSIGN_OR_RETURN(limit->offset, RowCount(*query.offset, "OFFSET"));
    }
    if (query.limit != nullptr) {
      ASSIGN_OR_RETURN(int64_t fetch, RowCount(*query.limit, "LIMIT"));
      limit->fetch = fetch;
    }
    limit->inputs = {relation.plan};
    relation.plan = limit;
  } else if (!order.empty()) {
    const Field& first = relation.plan->output[order[0].column];
    if (options_.streaming &&
        (first.time_attribute == TimeAttribute::kNone || order[0].descending)) {
      Error error = NotSupported(
          "SQL-1020 sort on a non-time-attribute field is not supported in streaming mode");
      error.hint = "add a LIMIT, or SET 'execution.runtime-mode' = 'batch'";
      return error;
    }
    auto sort = std::make_shared<SortNode>();
    sort->output = relation.plan->output;
    sort->order = std::move(order);
    sort->inputs = {relation.plan};
    relation.plan = sort;
  }
  return relation;
}

Result<Relation> QueryAnalyzer::Values(const QueryAst& query) {
  auto node = std::make_shared<ValuesNode>();
  Scope empty;
  empty.functions = &functions_;
  ExpressionAnalyzer analyzer(empty);
  for (const auto& row : query.values) {
    std::vector<ExpressionPtr> cells;
    for (const ExpressionAstPtr& ast : row) {
      ASSIGN_OR_RETURN(ExpressionPtr cell, analyzer.Analyze(*ast));
      cells.push_back(std::move(cell));
    }
    if (!node->rows.empty() && node->rows[0].size() != cells.size()) {
      return InvalidArgument("SQL-1012 VALUES: a row has {} columns, the first has {}",
                             cells.size(), node->rows[0].size());
    }
    node->rows.push_back(std::move(cells));
  }
  for (size_t column = 0; column < node->rows[0].size(); ++column) {
    std::vector<DataType> types;
    for (const auto& row : node->rows) types.push_back(row[column]->type);
    auto common = CommonType(types);
    if (!common) {
      return InvalidArgument("SQL-1011 VALUES: column {} has no common type", column + 1);
    }
    for (auto& row : node->rows) row[column] = CastTo(row[column], *common);
    node->output.push_back({fmt::format("EXPR${}", column), *common});
  }
  return MakeRelation(node, "");
}

Result<Relation> QueryAnalyzer::From(const TableAst& ast) {
  Result<Relation> relation = [&]() -> Result<Relation> {
    switch (ast.kind) {
      case TableAstKind::kNamed: return Table(ast);
      case TableAstKind::kSubquery: {
        ASSIGN_OR_RETURN(Relation query, Analyze(*ast.query));
        return Renamed(MakeRelation(query.plan, ast.alias), ast);
      }
      case TableAstKind::kJoin: return Join(ast);
      case TableAstKind::kFunction: {
        ASSIGN_OR_RETURN(bool table_function, IsTableFunction(*ast.function));
        if (table_function) return Unnest(OneRow(), ast, JoinAstKind::kCross);
        if (IsChangelogFunction(*ast.function)) return ChangelogFunction(ast);
        return WindowFunction(ast);
      }
      case TableAstKind::kUnnest: return Unnest(OneRow(), ast, JoinAstKind::kCross);
      case TableAstKind::kMatchRecognize: return MatchRecognize(ast);
    }
    return Internal("unknown table item");
  }();
  if (!relation.ok()) return ErrorAt(relation.error(), ast.range.position);
  if (ast.sample) return Sampled(*std::move(relation), ast);
  return relation;
}

/// Every row with the same chance.
Result<Relation> QueryAnalyzer::Sampled(Relation relation, const TableAst& ast) {
  std::vector<ExpressionPtr> seed;
  if (ast.sample_seed) {
    auto value = static_cast<int64_t>(*ast.sample_seed);
    seed.push_back(Expression::Literal(DataType::Int().NotNull(), model::Value(value)));
  }
  ASSIGN_OR_RETURN(ExpressionPtr chance, MakeFunctionCall(*FindFunction("RAND"), std::move(seed)));
  ExpressionPtr part = Expression::Literal(DataType::Double().NotNull(), model::Value(*ast.sample));
  ASSIGN_OR_RETURN(ExpressionPtr taken, MakeComparison("LESS_THAN", chance, part));
  relation.plan = MakeCalc(relation.plan, taken, IdentityProjections(*relation.plan),
                           OutputNames(*relation.plan));
  return relation;
}

Result<Relation> QueryAnalyzer::Table(const TableAst& ast) {
  ASSIGN_OR_RETURN(Relation relation, Named(ast));
  std::string alias = ast.alias.empty() ? ast.name.parts.back() : ast.alias;
  return Renamed(MakeRelation(relation.plan, alias), ast);
}

Result<Relation> QueryAnalyzer::Renamed(Relation relation, const TableAst& ast) {
  if (ast.column_aliases.empty()) return relation;
  if (ast.column_aliases.size() != relation.plan->output.size()) {
    return InvalidArgument("SQL-1012 '{}' names {} columns, the table has {}", ast.alias,
                           ast.column_aliases.size(), relation.plan->output.size());
  }
  PlanPtr plan =
      MakeCalc(relation.plan, nullptr, IdentityProjections(*relation.plan), ast.column_aliases);
  return MakeRelation(plan, ast.alias);
}

Error QueryAnalyzer::UnknownTable(const model::TablePath& path, const SourceRange& range) {
  Error error = NotFound("SQL-1001 unknown table '{}'", path.ToString());
  auto exists = catalog_.DatabaseExists(path.database);
  if (exists.ok() && !*exists) {
    error = NotFound("SQL-1002 unknown database '{}'", path.database);
    auto [catalog, database] = model::SplitDatabase(path.database);
    auto databases = catalog_.ListDatabases(catalog);
    if (databases.ok()) {
      if (auto near = NearestName(database, *databases)) {
        error.hint = "did you mean '" + *near + "'?";
      }
    }
  } else if (auto tables = catalog_.ListTables(path.database); tables.ok()) {
    if (auto near = NearestName(path.table, *tables)) error.hint = "did you mean '" + *near + "'?";
  }
  return ErrorAt(error, range.position);
}

Result<CatalogTable> QueryAnalyzer::FindTable(const NameAst& name) {
  ASSIGN_OR_RETURN(model::TablePath path, Resolve(name));
  ASSIGN_OR_RETURN(std::optional<CatalogTable> table, catalog_.FindTable(path));
  if (!table) return UnknownTable(path, name.range);
  return *std::move(table);
}

namespace {

// Cuts "$lake" or "$changelog" off a table name.
ScanPart CutPart(std::string& table) {
  for (auto [suffix, part] :
       {std::pair{"$lake", ScanPart::kLake}, std::pair{"$changelog", ScanPart::kChangelog}}) {
    if (table.ends_with(suffix)) {
      table.resize(table.size() - std::string_view(suffix).size());
      return part;
    }
  }
  return ScanPart::kAll;
}

// The instant of a TIMESTAMP literal in UTC, for time travel.
Result<int64_t> InstantOf(const ExpressionAst& ast, const std::string& time_zone) {
  Scope empty;
  ExpressionAnalyzer analyzer(empty);
  ASSIGN_OR_RETURN(ExpressionPtr e, analyzer.Analyze(ast));
  bool literal = e->kind == ExpressionKind::kLiteral && e->type.IsTimestamp();
  if (!literal) {
    return ErrorAt(NotSupported("SQL-1020 FOR SYSTEM_TIME AS OF takes a TIMESTAMP literal, or the "
                                "PROCTIME() attribute of a lookup join's left side"),
                   ast.range.position);
  }
  if (time_zone != "UTC" && time_zone != "Etc/UTC" && time_zone != "GMT") {
    return ErrorAt(
        NotSupported("SQL-1020 FOR SYSTEM_TIME AS OF a literal with the time zone {}", time_zone),
        ast.range.position);
  }
  int64_t cell = std::get<int64_t>(e->value.data);
  int64_t unit = e->type.precision() <= 3 ? 1 : e->type.precision() <= 6 ? 1000 : 1000000;
  return cell / unit;
}

}  // namespace

Result<Relation> QueryAnalyzer::Named(const TableAst& ast) {
  if (ast.name.parts.size() == 1) {
    auto cte = ctes_.find(ast.name.parts[0]);
    if (cte != ctes_.end()) return cte->second;
  }
  ASSIGN_OR_RETURN(model::TablePath path, Resolve(ast.name));
  if (path.table.ends_with("$snapshots")) return LakeSnapshots(path, ast);
  ScanPart part = CutPart(path.table);
  ASSIGN_OR_RETURN(std::optional<CatalogTable> table, catalog_.FindTable(path));
  if (!table) {
    ASSIGN_OR_RETURN(std::optional<CatalogView> view, catalog_.FindView(path));
    if (view && part == ScanPart::kAll) return View(*view, ast);
    return UnknownTable(path, ast.name.range);
  }
  for (const auto& [key, value] : ast.option_hints) table->ref.options[key] = value;
  // The options of a stored Forebay table were checked when it was created.
  if (table->ref.IsForeign() || !ast.option_hints.empty()) {
    Status status = CheckConnectorOptions(table->ref);
    if (!status.ok()) return ErrorAt(status.error(), ast.name.range.position);
  }
  Status metadata = CheckReadableMetadata(table->ref);
  if (!metadata.ok()) return ErrorAt(metadata.error(), ast.name.range.position);
  std::optional<int64_t> as_of;
  if (ast.as_of != nullptr) {
    ASSIGN_OR_RETURN(int64_t instant, InstantOf(*ast.as_of, options_.time_zone));
    as_of = instant;
    if (part != ScanPart::kLake) {
      Error error =
          NotSupported("SQL-1020 FOR SYSTEM_TIME AS OF a time reads what was in the lake");
      error.hint = "SELECT ... FROM `" + path.table + "$lake` FOR SYSTEM_TIME AS OF ...";
      return ErrorAt(error, ast.as_of->range.position);
    }
  }
  ASSIGN_OR_RETURN(PlanPtr plan, Scan(*table, part, as_of));
  return MakeRelation(plan, "");
}

Result<Relation> QueryAnalyzer::View(const CatalogView& view, const TableAst& ast) {
  if (!open_views_.insert(view.path).second) {
    return ErrorAt(InvalidArgument("SQL-1019 view '{}' refers to itself", view.path.ToString()),
                   ast.name.range.position);
  }
  auto analyze = [&]() -> Result<Relation> {
    FunctionResolver functions(catalog_, options_.current_catalog, options_.current_database);
    ASSIGN_OR_RETURN(StatementAst statement, ParseStatement(view.query, {1, 1}, &functions));
    auto* query = std::get_if<QueryAstPtr>(&statement.node);
    if (query == nullptr) return Corruption("not a query");
    return Analyze(**query);
  };
  // The view's names mean what they meant when it was created: no CTEs of this statement.
  auto ctes = std::exchange(ctes_, {});
  auto database = std::exchange(options_.current_database, view.database);
  auto catalog = std::exchange(options_.current_catalog, model::SplitDatabase(view.database).first);
  const Scope* outer_scope = std::exchange(outer_scope_, nullptr);
  auto relation = analyze();
  outer_scope_ = outer_scope;
  ctes_ = std::move(ctes);
  options_.current_database = std::move(database);
  options_.current_catalog = std::move(catalog);
  open_views_.erase(view.path);
  if (!relation.ok()) {
    Error error = relation.error();
    error.message = fmt::format("{} (in view '{}')", error.message, view.path.ToString());
    error.position = ast.name.range.position;
    return error;
  }
  if (!view.columns.empty()) {
    relation->plan =
        MakeCalc(relation->plan, nullptr, IdentityProjections(*relation->plan), view.columns);
  }
  return MakeRelation(relation->plan, "");
}

namespace {

// What Fluss calls the metadata of a row of t$changelog, in the order of the scan's columns.
std::vector<Field> ChangelogFields() {
  return {{"_change_type", DataType::String().NotNull()},
          {"_log_offset", DataType::Bigint().NotNull()},
          {"_commit_timestamp", DataType::TimestampLtz(3).NotNull()}};
}

Error InTable(Error error, const CatalogTable& table, const std::string& what) {
  error.message =
      fmt::format("{} (in {} of table '{}')", error.message, what, table.ref.path.ToString());
  error.position = {};
  return error;
}

// Declared columns over the physical ones: the projections of the Calc above the scan.
Status DeclaredColumns(const CatalogTable& table, const Scope& physical, FunctionSource& functions,
                       std::vector<ExpressionPtr>& projections, std::vector<std::string>& names) {
  for (const std::string& name : table.declared_order) {
    auto computed = std::find_if(table.computed.begin(), table.computed.end(),
                                 [&](const ComputedColumn& c) { return c.name == name; });
    ExpressionAnalyzer analyzer(physical);
    if (computed == table.computed.end()) {
      ASSIGN_OR_RETURN(ResolvedName column, ResolveName(physical, {name}));
      ExpressionPtr cell =
          Expression::Column(physical.columns[column.column].field.type, column.column);
      const MetadataColumn* metadata = FindMetadata(table.ref, name);
      projections.push_back(metadata == nullptr ? cell : CastTo(cell, metadata->type));
    } else {
      ASSIGN_OR_RETURN(ExpressionAstPtr ast, ParseExpression(computed->expression, &functions));
      auto expression = analyzer.Analyze(*ast);
      if (!expression.ok()) return InTable(expression.error(), table, "column '" + name + "'");
      projections.push_back(*expression);
    }
    names.push_back(name);
  }
  return Status::Ok();
}

Result<PlanPtr> WithWatermark(PlanPtr plan, const CatalogTable& table) {
  Relation relation = MakeRelation(plan, "");
  auto column = ResolveName(relation.scope, {table.watermark->column});
  if (!column.ok()) return InTable(column.status().error(), table, "WATERMARK");
  ASSIGN_OR_RETURN(ExpressionAstPtr ast, ParseExpression(table.watermark->expression));
  ExpressionAnalyzer analyzer(relation.scope);
  auto expression = analyzer.Analyze(*ast);
  if (!expression.ok()) return InTable(expression.error(), table, "WATERMARK");
  auto node = std::make_shared<WatermarkNode>();
  node->output = plan->output;
  node->output[column->column].time_attribute = TimeAttribute::kRowtime;
  node->rowtime = column->column;
  node->expression = CastTo(*expression, plan->output[column->column].type);
  node->inputs = {std::move(plan)};
  return PlanPtr(node);
}

}  // namespace

Result<PlanPtr> QueryAnalyzer::Scan(const CatalogTable& table, ScanPart part,
                                    std::optional<int64_t> as_of_ms) {
  auto scan = std::make_shared<TableScanNode>();
  scan->table = table.ref;
  scan->part = part;
  scan->as_of_ms = as_of_ms;
  const model::Schema& schema = table.ref.info.descriptor.schema;
  if (part == ScanPart::kChangelog) {
    scan->output = ChangelogFields();
    scan->columns = {kChangeTypeColumn, kLogOffsetColumn, kCommitTimestampColumn};
  }
  for (size_t i = 0; i < schema.columns.size(); ++i) {
    scan->columns.push_back(static_cast<int>(i));
    scan->output.push_back({schema.columns[i].name, schema.columns[i].type});
  }
  for (size_t i = 0; part != ScanPart::kChangelog && i < table.ref.metadata.size(); ++i) {
    const MetadataColumn& column = table.ref.metadata[i];
    scan->columns.push_back(kFirstMetadataColumn - static_cast<int>(i));
    model::DataType type = ReadableMetadata(table.ref, column.key).value_or(column.type);
    scan->output.push_back({column.name, column.type.nullable() ? type.Nullable() : type});
  }
  if (options_.cdc_events_duplicate && options_.streaming && IsChangeFormat(table.ref)) {
    if (!table.ref.info.descriptor.HasPrimaryKey()) {
      return InvalidArgument(
          "SQL-1013 'table.exec.source.cdc-events-duplicate' needs a PRIMARY KEY in tables of "
          "changes, such as '{}'",
          table.ref.path.ToString());
    }
    scan->table.options[kDuplicatesOption] = "true";
  }
  PlanPtr plan = scan;
  if (part == ScanPart::kChangelog) return plan;
  if (!table.computed.empty() || !table.ref.metadata.empty()) {
    std::vector<ExpressionPtr> projections;
    std::vector<std::string> names;
    Relation physical = MakeRelation(plan, "");
    physical.scope.functions = &functions_;
    auto [catalog, database] = model::SplitDatabase(table.ref.path.database);
    FunctionResolver functions(catalog_, catalog, table.ref.path.database);
    RETURN_IF_ERROR(DeclaredColumns(table, physical.scope, functions, projections, names));
    plan = MakeCalc(plan, nullptr, std::move(projections), names);
  }
  if (!table.watermark || part != ScanPart::kAll) return plan;
  return WithWatermark(std::move(plan), table);
}

}  // namespace forebay::sql
