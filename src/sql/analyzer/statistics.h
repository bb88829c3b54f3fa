#pragma once

#include <string_view>

#include "base/result.h"
#include "sql/plan/expression.h"

namespace forebay::sql {

/// STDDEV_POP, STDDEV_SAMP (or STDDEV), VAR_POP and VAR_SAMP (or VARIANCE): the variance of DOUBLEs
/// is an aggregate of its own, the deviation its root, as Flink rewrites them.
bool IsStatistic(std::string_view name);

/// The aggregate that the statistic `name` is made of.
const char* VarianceFunction(std::string_view name);

/// The statistic `name` of type `type`, from its aggregate's result.
Result<ExpressionPtr> StatisticFrom(ExpressionPtr variance, std::string_view name,
                                    const model::DataType& type);

/// What a statistic over a window is made of: SUM(x * x), SUM(x) and COUNT(x).
struct StatisticSums {
  ExpressionPtr squares;
  ExpressionPtr values;
  ExpressionPtr count;
};

/// The statistic `name` of type `type` over a window. Flink has it made of sums in the argument's
/// own arithmetic, so that whole numbers are divided as such (Calcite's AvgVarianceConvertlet),
/// which differs from what the same name gives in a GROUP BY.
Result<ExpressionPtr> StatisticFromSums(const StatisticSums& sums, std::string_view name,
                                        const model::DataType& type);

}  // namespace forebay::sql
