#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "sql/plan/expression.h"

namespace forebay::sql {

/// When a function's result may be NULL: as its arguments, always, never.
enum class Nullability : uint8_t { kOfArguments, kAlways, kNever };

/// A built-in scalar function called as name(args). Operators and forms with their own syntax are
/// in expression_analyzer.cc.
///
/// `arguments` has one letter an argument: S character string, I integer (made INT), L integer
/// (made BIGINT), N number, D number (made DOUBLE), B BOOLEAN, Z string or number
/// (made BIGINT, or DOUBLE), G string or number, W string or integer (made INT), T date or
/// timestamp, X character string or date or time, F character string or timestamp, Y bytes or
/// string, R array, M map, Q bitmap, H bytes, U array of INT or narrower integers
/// (made INT) or NULL, A anything; what follows '|' is optional, and a final '*' repeats the
/// letter before it.
struct FunctionSpec {
  std::string_view sql_name;
  std::string_view name;  ///< canonical, in plans
  std::string_view arguments;
  model::DataType (*result)(const std::vector<ExpressionPtr>& args);
  Nullability nullability = Nullability::kOfArguments;
  bool deterministic = true;
};

/// nullptr when there is no such function; `name` in any case.
const FunctionSpec* FindFunction(std::string_view name);
/// Every entry, sorted by SQL name.
std::span<const FunctionSpec> ListedFunctions();
/// Every name that can be called, upper-case and sorted: functions, aggregates and forms with their
/// own syntax.
std::vector<std::string> FunctionNames();
/// Whether `name` (upper-case) is an aggregate function.
bool IsAggregateFunction(std::string_view name);
/// Whether two evaluations may differ (RAND, UUID), by canonical name.
bool IsDeterministic(std::string_view name);

/// A typed call: arguments checked and cast as the entry says. Errors name the function and the
/// argument types.
Result<ExpressionPtr> MakeFunctionCall(const FunctionSpec& spec, std::vector<ExpressionPtr> args);

/// The result type of an aggregate. `may_be_empty`: no GROUP BY, or a FILTER.
Result<model::DataType> AggregateType(std::string_view function,
                                      const std::vector<model::DataType>& args, bool may_be_empty);

/// `expression` as a value of `type` (nullability stays): itself, a folded literal or an explicit
/// CAST.
ExpressionPtr CastTo(ExpressionPtr expression, const model::DataType& type);

/// The candidate nearest to `name` when it is near enough to be a typing mistake.
std::optional<std::string> NearestName(std::string_view name,
                                       const std::vector<std::string>& candidates);

}  // namespace forebay::sql
