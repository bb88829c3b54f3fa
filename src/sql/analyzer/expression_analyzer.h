#pragma once

#include <functional>
#include <string>
#include <vector>

#include "sql/analyzer/user_functions.h"
#include "sql/parser/ast.h"
#include "sql/plan/expression.h"
#include "sql/plan/plan.h"

namespace forebay::sql {

/// A column that names can refer to: `qualifier` is the table's alias, empty for none.
struct ScopeColumn {
  std::string qualifier;
  Field field;
};

/// The columns an expression may read, in the order of the input's output.
struct Scope {
  std::vector<ScopeColumn> columns;
  /// Of the query around a subquery: where names are looked for next. Outlives this one's analysis.
  const Scope* outer = nullptr;
  /// What users' functions may be called; null: none. Outlives the scope.
  const UserFunctions* functions = nullptr;
  /// Where set, a name without a qualifier is looked for under this one only.
  const char* bare_qualifier = nullptr;
};

/// Turns syntax trees into typed expressions over a scope by Flink's rules: names resolved, types
/// chosen, casts made explicit. Lives as long as one SELECT's analysis; not thread-safe.
class ExpressionAnalyzer {
 public:
  /// Asked first about every call and subquery; returns null for calls that are plain functions.
  /// Aggregates, OVER and group windows, EXISTS, IN and scalar subqueries.
  using CallHook = std::function<Result<ExpressionPtr>(const ExpressionAst&)>;

  explicit ExpressionAnalyzer(const Scope& scope, CallHook hook = nullptr)
      : scope_(scope), hook_(std::move(hook)) {}

  Result<ExpressionPtr> Analyze(const ExpressionAst& ast);
  /// Analyzes a predicate: an error unless it is BOOLEAN.
  Result<ExpressionPtr> AnalyzeCondition(const ExpressionAst& ast);
  /// A call of a user's table function as an ARRAY of its rows; null when `ast` is none.
  Result<ExpressionPtr> AnalyzeTableCall(const ExpressionAst& ast);

 private:
  Result<ExpressionPtr> Dispatch(const ExpressionAst& ast);
  Result<ExpressionPtr> Name(const ExpressionAst& ast);
  Result<ExpressionPtr> OuterName(const ExpressionAst& ast);
  Result<ExpressionPtr> Subquery(const ExpressionAst& ast);
  Result<ExpressionPtr> Call(const ExpressionAst& ast);
  Result<ExpressionPtr> Function(const ExpressionAst& ast, const std::string& name);
  Result<ExpressionPtr> UserCall(const ExpressionAst& ast, const CatalogFunction& function);
  Result<ExpressionPtr> Case(const ExpressionAst& ast);
  Result<ExpressionPtr> Cast(const ExpressionAst& ast);
  Result<ExpressionPtr> FunctionCast(const ExpressionAst& ast, ExpressionPtr arg);
  Result<ExpressionPtr> Between(const ExpressionAst& ast);
  Result<ExpressionPtr> In(const ExpressionAst& ast);
  Result<ExpressionPtr> Like(const ExpressionAst& ast);
  Result<ExpressionPtr> Is(const ExpressionAst& ast);
  Result<ExpressionPtr> Item(const ExpressionAst& ast);
  Result<ExpressionPtr> Construct(const ExpressionAst& ast);
  Result<std::vector<ExpressionPtr>> AnalyzeAll(const std::vector<ExpressionAstPtr>& args);

  const Scope& scope_;
  CallHook hook_;
};

/// The index of the column `names` refers to (qualified or not) and how many of the names it took;
/// errors for unknown
/// ("did you mean") and ambiguous ones.
struct ResolvedName {
  int column = 0;
  size_t parts = 0;
};
Result<ResolvedName> ResolveName(const Scope& scope, const std::vector<std::string>& names);

/// A field of a ROW.
ExpressionPtr FieldAt(const ExpressionPtr& row, size_t index);
ExpressionPtr BooleanLiteral(bool value);
/// a AND b AND ..., null when empty.
ExpressionPtr Conjunction(const std::vector<ExpressionPtr>& conjuncts);
/// The operands of nested ANDs.
void SplitConjuncts(const ExpressionPtr& expression, std::vector<ExpressionPtr>& conjuncts);

/// The canonical name of the comparison written as `text`; empty when it is none.
std::string_view ComparisonName(const std::string& text);
/// A comparison with its operands made comparable, or the error Flink gives.
Result<ExpressionPtr> MakeComparison(const std::string& function, ExpressionPtr a, ExpressionPtr b);
/// PLUS, MINUS, TIMES, DIVIDE or MOD over numbers, times and intervals.
Result<ExpressionPtr> MakeArithmetic(const std::string& function, ExpressionPtr a, ExpressionPtr b);
/// Calls whose words or argument order differ from plain functions (EXTRACT, TRIM, IF, ...); null
/// when `name` is none of them.
Result<ExpressionPtr> MakeSpecialCall(const std::string& name, const ExpressionAst& ast,
                                      std::vector<ExpressionPtr> args);
/// A call of a JSON function that has clauses.
Result<ExpressionPtr> JsonCall(const std::string& name, const ExpressionAst& ast,
                               std::vector<ExpressionPtr> args);
/// All cast to their common type; an error naming `what` when there is none.
Result<std::vector<ExpressionPtr>> ToCommonType(std::vector<ExpressionPtr> values,
                                                const std::string& what);
/// A literal's expression: numbers, strings, dates, intervals.
Result<ExpressionPtr> AnalyzeLiteral(const ExpressionAst& ast);

}  // namespace forebay::sql
