#include "sql/catalog/materialized_table.h"

#include <fmt/format.h>

#include "base/check.h"

namespace forebay::sql {

namespace {

constexpr int64_t kSecondMs = 1000;
constexpr int64_t kDayMs = 24 * 60 * 60 * kSecondMs;

}  // namespace

int64_t Freshness::Milliseconds() const {
  if (unit == "SECOND") return count * kSecondMs;
  if (unit == "MINUTE") return count * 60 * kSecondMs;
  if (unit == "HOUR") return count * 60 * 60 * kSecondMs;
  return count * (unit == "WEEK" ? 7 * kDayMs : kDayMs);
}

std::string FullRefreshProblem(const Freshness& freshness) {
  if (freshness.unit == "DAY" || freshness.unit == "WEEK") {
    if (freshness.unit == "DAY" && freshness.count == 1) return "";
    return "In full refresh mode, freshness must be 1 when the time unit is DAY.";
  }
  int64_t bound = freshness.unit == "HOUR" ? 24 : 60;
  if (freshness.count >= bound) {
    return fmt::format(
        "In full refresh mode, freshness must be less than {} when the time unit is {}.", bound,
        freshness.unit);
  }
  if (bound % freshness.count == 0) return "";
  return fmt::format(
      "In full refresh mode, only freshness that are factors of {} are currently supported when "
      "the time unit is {}.",
      bound, freshness.unit);
}

}  // namespace forebay::sql
