#pragma once

#include <optional>

#include "model/column.h"

namespace forebay::storage {

// Arithmetic on unscaled DECIMALs of one type, whose result has that type, as Fluss's merge engine
// does it. nullopt when it does not fit.

/// Up to precision 18 only the eight bytes of the sum are a bound, not its digits.
std::optional<model::Int128> AddDecimals(model::Int128 a, model::Int128 b, int precision);
/// Rounded half up.
std::optional<model::Int128> MultiplyDecimals(model::Int128 a, model::Int128 b, int precision,
                                              int scale);

}  // namespace forebay::storage
