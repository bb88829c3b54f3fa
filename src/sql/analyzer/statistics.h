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

}  // namespace forebay::sql
