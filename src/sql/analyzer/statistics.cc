// STDDEV_POP, STDDEV_SAMP, VAR_POP and VAR_SAMP as expressions over SUM and COUNT, as Flink
// rewrites them.

#include "sql/analyzer/select_analyzer.h"
#include "sql/functions/function_table.h"

namespace forebay::sql {

using model::DataType;
using model::Value;

namespace {

ExpressionPtr DoubleLiteral(double value) {
  return Expression::Literal(DataType::Double().NotNull(), Value(value));
}

// The variance from n, the sum and the sum of the squares, all DOUBLE: (squares - sum * sum / n) /
// n, or / (n - 1) and NULL for a single value.
Result<ExpressionPtr> Variance(const ExpressionPtr& n, const ExpressionPtr& sum,
                               const ExpressionPtr& squares, bool of_sample) {
  ASSIGN_OR_RETURN(ExpressionPtr square, MakeArithmetic("TIMES", sum, sum));
  ASSIGN_OR_RETURN(ExpressionPtr mean, MakeArithmetic("DIVIDE", square, n));
  ASSIGN_OR_RETURN(ExpressionPtr spread, MakeArithmetic("MINUS", squares, mean));
  if (!of_sample) return MakeArithmetic("DIVIDE", spread, n);
  ASSIGN_OR_RETURN(ExpressionPtr single, MakeComparison("EQUALS", n, DoubleLiteral(1)));
  ASSIGN_OR_RETURN(ExpressionPtr less, MakeArithmetic("MINUS", n, DoubleLiteral(1)));
  ExpressionPtr divisor = Expression::Call(
      DataType::Double(), "CASE", {single, Expression::Literal(DataType::Double(), Value()), less});
  return MakeArithmetic("DIVIDE", spread, divisor);
}

}  // namespace

Result<ExpressionPtr> SelectAnalyzer::StatisticOf(const Aggregate& of, const std::string& name,
                                                  bool may_be_empty) {
  ASSIGN_OR_RETURN(DataType type, AggregateType(name, {of.args[0]->type}, may_be_empty));
  ExpressionPtr value = CastTo(of.args[0], DataType::Double());
  Aggregate sum = of;
  sum.args = {value};
  Aggregate squares = of;
  ASSIGN_OR_RETURN(ExpressionPtr square, MakeArithmetic("TIMES", value, value));
  squares.args = {square};
  ASSIGN_OR_RETURN(ExpressionPtr total, AddAggregate(sum, "SUM", may_be_empty));
  ASSIGN_OR_RETURN(ExpressionPtr total_squares, AddAggregate(squares, "SUM", may_be_empty));
  ASSIGN_OR_RETURN(ExpressionPtr count, AddAggregate(sum, "COUNT", may_be_empty));
  ASSIGN_OR_RETURN(ExpressionPtr result, Variance(CastTo(count, DataType::Double()), total,
                                                  total_squares, name.ends_with("_SAMP")));
  if (name.starts_with("STDDEV")) {
    ASSIGN_OR_RETURN(result,
                     MakeFunctionCall(*FindFunction("POWER"), {result, DoubleLiteral(0.5)}));
  }
  return CastTo(std::move(result), type);
}

}  // namespace forebay::sql
