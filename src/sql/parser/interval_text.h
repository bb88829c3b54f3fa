#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace forebay::sql {

/// An interval literal's amount: months, or milliseconds.
struct IntervalAmount {
  int64_t value = 0;
  bool is_months = false;
};

/// Whether the upper-case word is a unit of an interval, singular or plural.
bool IsIntervalUnit(std::string_view word);

/// "MINUTES" -> "MINUTE".
std::string SingularUnit(std::string_view word);

/// The amount of INTERVAL 'text' unit, e.g. ("1 02:03:04.5", "DAY TO SECOND"). Fractions below a
/// millisecond are cut.
Result<IntervalAmount> ParseIntervalText(std::string_view text, std::string_view unit);

}  // namespace forebay::sql
