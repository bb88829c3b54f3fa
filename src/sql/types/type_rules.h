#pragma once

#include <optional>
#include <vector>

#include "model/data_type.h"

// Flink's rules about types (org.apache.flink.table.types.logical.utils.LogicalTypeMerging and
// LogicalTypeCasts). Pure functions; thread-safe.

namespace forebay::sql {

/// DECIMAL that holds every value of the exact numeric `type`: INT is DECIMAL(10, 0), BIGINT
/// DECIMAL(19, 0).
model::DataType DecimalOf(const model::DataType& type);

/// The result of DECIMAL +, -, *, /, % with precision at most 38; when it would be more, the scale
/// gives way down to 6. Never nullable on its own: the caller sets nullability.
model::DataType DecimalPlus(const model::DataType& a, const model::DataType& b);
model::DataType DecimalTimes(const model::DataType& a, const model::DataType& b);
model::DataType DecimalDivide(const model::DataType& a, const model::DataType& b);
model::DataType DecimalMod(const model::DataType& a, const model::DataType& b);
/// ROUND(DECIMAL, digits).
model::DataType DecimalRound(const model::DataType& type, int digits);

/// The type SUM and AVG give for an argument type.
model::DataType SumType(const model::DataType& type);
model::DataType AvgType(const model::DataType& type);

/// The type that values of all `types` have in common (CASE, COALESCE, UNION, IN, VALUES); nullopt:
/// none.
std::optional<model::DataType> CommonType(const std::vector<model::DataType>& types);

bool SupportsImplicitCast(const model::DataType& from, const model::DataType& to);
bool SupportsExplicitCast(const model::DataType& from, const model::DataType& to);

}  // namespace forebay::sql
