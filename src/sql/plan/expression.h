#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/value.h"

namespace forebay::sql {

struct Expression;
using ExpressionPtr = std::shared_ptr<const Expression>;

enum class ExpressionKind : uint8_t {
  kLiteral,  ///< `value` of `type`
  kColumn,   ///< input column `column`
  kCall,     ///< `function` applied to `args`
};

/// A typed scalar expression: the analyzer has resolved names, chosen types by Flink's rules and
/// inserted every implicit cast, so whoever executes it decides nothing. Immutable.
///
/// `function` is the canonical upper-case name of Flink's built-in function ("PLUS", "EQUALS",
/// "CAST", "SUBSTRING"): the list, with argument and result types, is `sql/functions/`. Forms that
/// are no plain calls in SQL are calls here too: CASE is CASE(cond1, value1, cond2, value2, ...,
/// else); AND and OR take two or more arguments; CAST and TRY_CAST take one and convert to `type`;
/// x[i] is ITEM(x, i); row.field is FIELD(row, INT literal index); EXTRACT(unit FROM x) is
/// EXTRACT('UNIT' literal, x); FLOOR/CEIL(x TO unit) are FLOOR/CEIL(x, 'UNIT'); TRIM is
/// TRIM('BOTH'|'LEADING'|'TRAILING', chars, text); IS NULL is IS_NULL(x); a BETWEEN b AND c is
/// expanded; x IN (list) is IN(x, item...); LIKE(x, pattern[, escape]).
struct Expression {
  ExpressionKind kind = ExpressionKind::kLiteral;
  model::DataType type;
  model::Value value;               ///< kLiteral
  int column = -1;                  ///< kColumn
  std::string function;             ///< kCall
  std::vector<ExpressionPtr> args;  ///< kCall

  static ExpressionPtr Literal(model::DataType type, model::Value value);
  static ExpressionPtr Column(model::DataType type, int column);
  static ExpressionPtr Call(model::DataType type, std::string function,
                            std::vector<ExpressionPtr> args);

  /// A readable form with columns as $0, $1, for EXPLAIN and errors.
  std::string ToString() const;
};

/// Equal in structure, types and values.
bool Equal(const Expression& a, const Expression& b);

/// The same expression with every column index i replaced by `mapping[i]`, which must not be
/// negative for used columns.
ExpressionPtr RemapColumns(const ExpressionPtr& expression, const std::vector<int>& mapping);

/// Sets `used[i]` for every column the expression reads.
void CollectColumns(const Expression& expression, std::vector<bool>& used);

/// An aggregate of a group or window.
struct AggregateCall {
  std::string function;   ///< "COUNT", "SUM", "AVG", "MIN", "MAX", "FIRST_VALUE", "LAST_VALUE",
                          ///< "LISTAGG", ...
  std::vector<int> args;  ///< input columns; empty for COUNT(*)
  int filter = -1;        ///< input BOOLEAN column that must be TRUE, or -1
  bool distinct = false;
  model::DataType type;  ///< of the result
  std::string name;      ///< of the output column
  /// MIN or MAX over updates that only lower or raise it: rows taken back change nothing.
  bool one_way = false;
};

}  // namespace forebay::sql
