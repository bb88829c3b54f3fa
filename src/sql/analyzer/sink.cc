#include "sql/analyzer/sink.h"

#include <algorithm>

#include "sql/analyzer/plan_builder.h"
#include "sql/catalog/connector_options.h"
#include "sql/diagnostic.h"
#include "sql/functions/function_table.h"
#include "sql/types/type_rules.h"

namespace forebay::sql {
namespace {

// For each physical column of the table: the query's column, or -1.
Result<std::vector<int>> ColumnMapping(const model::Schema& schema, const InsertAst& insert,
                                       const std::string& table) {
  std::vector<int> mapping(schema.columns.size(), -1);
  if (insert.columns.empty()) {
    for (size_t i = 0; i < mapping.size(); ++i) mapping[i] = static_cast<int>(i);
    return mapping;
  }
  std::vector<std::string> known;
  for (const auto& column : schema.columns) known.push_back(column.name);
  for (size_t i = 0; i < insert.columns.size(); ++i) {
    int target = schema.IndexOf(insert.columns[i]);
    if (target < 0) {
      Error error =
          NotFound("SQL-1004 unknown column '{}' in table '{}'", insert.columns[i], table);
      if (auto near = NearestName(insert.columns[i], known)) {
        error.hint = "did you mean '" + *near + "'?";
      }
      return error;
    }
    if (mapping[target] >= 0) {
      return InvalidArgument("SQL-1014 column '{}' is named twice", insert.columns[i]);
    }
    mapping[target] = static_cast<int>(i);
  }
  return mapping;
}

Result<ExpressionPtr> SinkColumn(const model::ColumnSpec& column, int source, const PlanNode& query,
                                 const std::string& table) {
  if (source < 0) {
    if (!column.type.nullable()) {
      return InvalidArgument("SQL-1012 column '{}' of table '{}' is NOT NULL and must be given",
                             column.name, table);
    }
    return Expression::Literal(column.type, model::Value());
  }
  const Field& field = query.output[source];
  if (!SupportsImplicitCast(field.type, column.type)) {
    Error error = InvalidArgument(
        "SQL-1012 column types of query result and sink '{}' do not match: column '{}' at position "
        "{} is {}, the query gives {} ('{}')",
        table, column.name, source + 1, column.type.ToString(), field.type.ToString(), field.name);
    error.hint = "CAST the value to " + column.type.Nullable().ToString();
    return error;
  }
  if (field.type.Is(model::TypeRoot::kNull)) {
    return Expression::Literal(column.type.Nullable(), model::Value());
  }
  return CastTo(Expression::Column(field.type, source), column.type);
}

}  // namespace

Result<PlanPtr> AnalyzeInsert(QueryAnalyzer& queries, const InsertAst& insert) {
  ASSIGN_OR_RETURN(CatalogTable table, queries.FindTable(insert.table));
  for (const auto& [key, value] : insert.option_hints) table.ref.options[key] = value;
  const model::Schema& schema = table.ref.info.descriptor.schema;
  std::string name = table.ref.path.ToString();
  auto located = [&](const Error& error) { return ErrorAt(error, insert.table.range.position); };
  if (table.ref.IsForeign() || !insert.option_hints.empty()) {
    Status options = CheckConnectorOptions(table.ref);
    if (!options.ok()) return located(options.error());
  }
  auto mapping = ColumnMapping(schema, insert, name);
  if (!mapping.ok()) return located(mapping.status().error());
  ASSIGN_OR_RETURN(Relation query, queries.Analyze(*insert.query));
  size_t expected = insert.columns.empty() ? schema.columns.size() : insert.columns.size();
  size_t given = query.plan->output.size();
  if (given != expected) {
    return located(InvalidArgument(
        "SQL-1012 column types of query result and sink '{}' do not match: the sink takes {} "
        "columns, the query gives {}",
        name, expected, given));
  }
  std::vector<ExpressionPtr> projections;
  std::vector<std::string> names;
  for (size_t i = 0; i < schema.columns.size(); ++i) {
    auto column = SinkColumn(schema.columns[i], (*mapping)[i], *query.plan, name);
    if (!column.ok()) return located(column.status().error());
    projections.push_back(*column);
    names.push_back(schema.columns[i].name);
  }
  auto sink = std::make_shared<SinkNode>();
  PlanPtr input = MakeCalc(query.plan, nullptr, std::move(projections), names);
  sink->output = input->output;
  sink->inputs = {std::move(input)};
  sink->table = std::move(table.ref);
  sink->overwrite = insert.overwrite;
  return PlanPtr(sink);
}

}  // namespace forebay::sql
