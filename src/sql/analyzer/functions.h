#pragma once

#include <string>

#include "sql/analyzer/query_analyzer.h"
#include "sql/analyzer/statement.h"
#include "sql/parser/parser.h"

namespace forebay::sql {

/// Finds the catalog's functions by the names of a statement, in Flink's order: temporary system
/// functions, Flink's own, the catalog's. Lives as long as a statement's parsing.
class FunctionResolver : public FunctionSource {
 public:
  /// `database` is qualified. `catalog` outlives the resolver.
  FunctionResolver(Catalog& catalog, std::string current_catalog, std::string database)
      : catalog_(catalog),
        current_catalog_(std::move(current_catalog)),
        database_(std::move(database)) {}

  Result<std::optional<SqlFunction>> Find(const std::vector<std::string>& names) override;

 private:
  Result<std::optional<CatalogFunction>> FindAny(const std::vector<std::string>& names);

  Catalog& catalog_;
  const std::string current_catalog_;
  const std::string database_;
};

/// The path under which a function is kept: its name in lower case, without a database when it is a
/// system function.
Result<model::TablePath> FunctionPath(const QueryAnalyzer& queries, const NameAst& name,
                                      bool system);

/// Checks CREATE and ALTER FUNCTION: the language, and that the body is an expression over the
/// parameters that gives the declared type.
Result<FunctionStatement> AnalyzeFunction(QueryAnalyzer& queries, const FunctionAst& ast);

}  // namespace forebay::sql
