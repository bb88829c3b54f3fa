#include "sql/analyzer/statistics.h"

#include "sql/analyzer/expression_analyzer.h"
#include "sql/functions/function_table.h"

namespace forebay::sql {

using model::DataType;

bool IsStatistic(std::string_view name) {
  return name.starts_with("STDDEV") || name.starts_with("VAR");
}

const char* VarianceFunction(std::string_view name) {
  return name.ends_with("_POP") ? "VAR_POP" : "VAR_SAMP";
}

Result<ExpressionPtr> StatisticFrom(ExpressionPtr variance, std::string_view name,
                                    const DataType& type) {
  if (name.starts_with("STDDEV")) {
    ExpressionPtr half = Expression::Literal(DataType::Double().NotNull(), model::Value(0.5));
    ASSIGN_OR_RETURN(variance, MakeFunctionCall(*FindFunction("POWER"), {variance, half}));
  }
  return CastTo(std::move(variance), type);
}

Result<ExpressionPtr> StatisticFromSums(const StatisticSums& sums, std::string_view name,
                                        const DataType& type) {
  ExpressionPtr count = CastTo(sums.count, type);
  ASSIGN_OR_RETURN(ExpressionPtr squared, MakeArithmetic("TIMES", sums.values, sums.values));
  ASSIGN_OR_RETURN(ExpressionPtr mean, MakeArithmetic("DIVIDE", squared, count));
  ASSIGN_OR_RETURN(ExpressionPtr difference, MakeArithmetic("MINUS", sums.squares, mean));
  ExpressionPtr divisor = count;
  if (!name.ends_with("_POP")) {
    ExpressionPtr one = CastTo(
        Expression::Literal(DataType::Bigint().NotNull(), model::Value(int64_t{1})), type);
    ASSIGN_OR_RETURN(ExpressionPtr single, MakeComparison("EQUALS", count, one));
    ASSIGN_OR_RETURN(ExpressionPtr less, MakeArithmetic("MINUS", count, one));
    ExpressionPtr none = Expression::Literal(less->type.Nullable(), model::Value());
    divisor = Expression::Call(none->type, "CASE", {single, none, less});
  }
  ASSIGN_OR_RETURN(ExpressionPtr variance, MakeArithmetic("DIVIDE", difference, divisor));
  return StatisticFrom(std::move(variance), name, type);
}

}  // namespace forebay::sql
