#include "sql/analyzer/functions.h"

#include "base/ascii_case.h"
#include "sql/analyzer/temporal_function.h"
#include "sql/diagnostic.h"
#include "sql/functions/function_table.h"
#include "sql/types/type_rules.h"

namespace forebay::sql {

namespace {

bool IsBuiltIn(const std::string& name) { return FindFunction(UpperAscii(name)) != nullptr; }

/// The scope that a body sees: the parameters.
Scope ScopeOf(const std::vector<FunctionAst::Parameter>& parameters) {
  Scope scope;
  for (const FunctionAst::Parameter& parameter : parameters) {
    scope.columns.push_back({"", Field{parameter.name, parameter.type}});
  }
  return scope;
}

Status CheckBody(QueryAnalyzer& queries, const FunctionAst& ast) {
  const AnalyzerOptions& options = queries.options();
  FunctionResolver functions(queries.catalog(), options.current_catalog, options.current_database);
  ASSIGN_OR_RETURN(ExpressionAstPtr body, ParseExpression(ast.body, &functions));
  Scope scope = ScopeOf(ast.parameters);
  ExpressionAnalyzer analyzer(scope);
  ASSIGN_OR_RETURN(ExpressionPtr value, analyzer.Analyze(*body));
  if (SupportsImplicitCast(value->type, *ast.returns)) return Status::Ok();
  return InvalidArgument("SQL-1006 the body gives {}, not {}", value->type.ToString(),
                         ast.returns->ToString());
}

}  // namespace

Result<std::optional<SqlFunction>> FunctionResolver::Find(const std::vector<std::string>& names) {
  ASSIGN_OR_RETURN(std::optional<CatalogFunction> function, FindAny(names));
  if (!function || function->language != "SQL") return std::optional<SqlFunction>();
  SqlFunction found{{}, *function->returns, function->body};
  for (const CatalogFunction::Parameter& parameter : function->parameters) {
    found.parameters.push_back({parameter.name, parameter.type});
  }
  return std::optional(std::move(found));
}

Result<std::optional<CatalogFunction>> FunctionResolver::FindAny(
    const std::vector<std::string>& names) {
  std::string name = LowerAscii(names.back());
  if (names.size() == 1) {
    ASSIGN_OR_RETURN(std::optional<CatalogFunction> system, catalog_.FindFunction({"", name}));
    if (system || IsBuiltIn(names[0])) return system;
    return catalog_.FindFunction({database_, name});
  }
  if (names.size() > 3) return std::optional<CatalogFunction>();
  const std::string& catalog = names.size() == 3 ? names[0] : current_catalog_;
  return catalog_.FindFunction({model::QualifiedDatabase(catalog, names[names.size() - 2]), name});
}

Result<model::TablePath> FunctionPath(const QueryAnalyzer& queries, const NameAst& name,
                                      bool system) {
  if (system) return model::TablePath{"", LowerAscii(name.parts.back())};
  ASSIGN_OR_RETURN(model::TablePath path, queries.Resolve(name));
  path.table = LowerAscii(path.table);
  return path;
}

Result<FunctionStatement> AnalyzeFunction(QueryAnalyzer& queries, const FunctionAst& ast) {
  bool is_temporal = ast.language == "TEMPORAL";
  if (ast.language != "SQL" && ast.language != "PYTHON" && !is_temporal) {
    Error error = NotSupported("SQL-1020 functions in {} are not supported: '{}'",
                               ast.language.empty() ? "JAVA" : ast.language, ast.class_name);
    error.hint = "CREATE FUNCTION f(a INT) RETURNS INT LANGUAGE SQL AS 'a + 1'";
    return ErrorAt(error, ast.range.position);
  }
  FunctionStatement bound;
  ASSIGN_OR_RETURN(bound.function.path, FunctionPath(queries, ast.name, ast.system));
  bound.alter = ast.alter;
  bound.temporary = ast.temporary;
  bound.system = ast.system;
  bound.lenient = ast.lenient;
  bound.function.language = ast.language;
  bound.function.class_name = ast.class_name;
  // What a signature in SQL says of a function in Python goes before what the object declares.
  bound.function.has_parameters = ast.language == "SQL" || !ast.parameters.empty();
  if (ast.returns) bound.function.returns = ast.returns->Nullable();
  for (size_t i = 0; i < ast.parameters.size(); ++i) {
    for (size_t other = 0; other < i; ++other) {
      if (ast.parameters[i].name != ast.parameters[other].name) continue;
      return ErrorAt(InvalidArgument("SQL-1014 two parameters '{}'", ast.parameters[i].name),
                     ast.range.position);
    }
  }
  Status body = ast.language == "SQL" ? CheckBody(queries, ast) : Status::Ok();
  if (!body.ok()) {
    Error error = body.error();
    error.message += " (in function '" + ast.name.parts.back() + "')";
    error.position = ast.range.position;
    return error;
  }
  for (const FunctionAst::Parameter& parameter : ast.parameters) {
    bound.function.parameters.push_back({parameter.name, parameter.type});
  }
  bound.function.body = ast.body;
  if (is_temporal) {
    auto history = TemporalBody(queries, ast);
    if (!history.ok()) return ErrorAt(history.status().error(), ast.range.position);
    bound.function.body = *history;
  }
  return bound;
}

}  // namespace forebay::sql
