// STDDEV_POP, STDDEV_SAMP (or STDDEV), VAR_POP and VAR_SAMP (or VARIANCE): the variance of DOUBLEs
// is an aggregate of its own, the deviation its root, as Flink rewrites them.

#include "sql/analyzer/select_analyzer.h"
#include "sql/functions/function_table.h"

namespace forebay::sql {

using model::DataType;
using model::Value;

Result<ExpressionPtr> SelectAnalyzer::StatisticOf(const Aggregate& of, const std::string& name,
                                                  bool may_be_empty) {
  ASSIGN_OR_RETURN(DataType type, AggregateType(name, {of.args[0]->type}, may_be_empty));
  Aggregate variance = of;
  variance.args = {CastTo(of.args[0], DataType::Double())};
  const char* function = name.ends_with("_POP") ? "VAR_POP" : "VAR_SAMP";
  ASSIGN_OR_RETURN(ExpressionPtr result, AddAggregate(variance, function, may_be_empty));
  if (name.starts_with("STDDEV")) {
    ExpressionPtr half = Expression::Literal(DataType::Double().NotNull(), Value(0.5));
    ASSIGN_OR_RETURN(result, MakeFunctionCall(*FindFunction("POWER"), {result, half}));
  }
  return CastTo(std::move(result), type);
}

}  // namespace forebay::sql
