#include "sql/analyzer/statistics.h"

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

}  // namespace forebay::sql
