#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sql/catalog/catalog.h"
#include "sql/parser/ast.h"
#include "sql/plan/expression.h"

namespace forebay::sql {

/// The functions that users made, as a statement's calls name them. Lives as long as the
/// statement's analysis; `catalog` and `settings` must outlive it.
class UserFunctions {
 public:
  /// `settings`: those that start with "python.", which go into calls of Python functions.
  UserFunctions(Catalog& catalog, const std::string& current_database,
                const std::map<std::string, std::string>& settings)
      : catalog_(catalog), current_database_(current_database), settings_(settings) {}

  /// A temporary system function, which hides what is built in.
  Result<std::optional<CatalogFunction>> FindSystem(const std::string& name) const;
  /// Any other one: of the current database.
  Result<std::optional<CatalogFunction>> Find(const std::string& name) const;
  /// Either.
  Result<std::optional<CatalogFunction>> FindAny(const std::string& name) const;

  /// A scalar function's value. kNotSupported for languages nobody runs here.
  Result<ExpressionPtr> Call(const CatalogFunction& function,
                             std::vector<ExpressionPtr> args) const;
  /// A table function's rows as an ARRAY of ROWs.
  Result<ExpressionPtr> TableCall(const CatalogFunction& function,
                                  std::vector<ExpressionPtr> args) const;
  /// The name of an aggregate in plans; `args` are cast to what it declares.
  Result<std::string> AggregateName(const CatalogFunction& function,
                                    std::vector<ExpressionPtr>& args) const;

 private:
  std::string PythonSpec(const CatalogFunction& function) const;

  Catalog& catalog_;
  const std::string& current_database_;
  const std::map<std::string, std::string>& settings_;
};

}  // namespace forebay::sql
