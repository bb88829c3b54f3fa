#include "format/batch/batch_filter.h"

#include <algorithm>
#include <cmath>
#include <optional>

namespace forebay::format {

using model::Column;
using model::Int128;
using model::PhysicalType;
using model::Value;
using Operator = BatchFilter::Operator;

namespace {

int Sign(bool below, bool above) { return below ? -1 : above ? 1 : 0; }

/// As Java's Double.compare.
int CompareDoubles(double a, double b) {
  if (std::isnan(a) || std::isnan(b)) return std::isnan(a) - std::isnan(b);
  if (a == b) return std::signbit(b) - std::signbit(a);
  return a < b ? -1 : 1;
}

/// Nanoseconds of a timestamp; other integers as they are.
Int128 WideValue(const Column& column, int row) {
  switch (column.physical()) {
    case PhysicalType::kInt8: return column.Get<int8_t>(row);
    case PhysicalType::kInt16: return column.Get<int16_t>(row);
    case PhysicalType::kInt32: return column.Get<int32_t>(row);
    case PhysicalType::kInt128: return column.Get<Int128>(row);
    default: break;
  }
  Int128 value = column.Get<int64_t>(row);
  if (!column.type().IsTimestamp()) return value;
  switch (column.type().time_unit()) {
    case model::TimeUnit::kMilli: return value * 1000000;
    case model::TimeUnit::kMicro: return value * 1000;
    case model::TimeUnit::kNano: break;
  }
  return value;
}

std::optional<Int128> WideLiteral(const Value& literal) {
  if (const auto* wide = std::get_if<Int128>(&literal.data)) return *wide;
  if (const auto* narrow = std::get_if<int64_t>(&literal.data)) return *narrow;
  return std::nullopt;
}

/// The sign of literal - bound; nullopt when they cannot be compared.
std::optional<int> Compare(const Value& literal, const Column& bounds, int row) {
  switch (bounds.physical()) {
    case PhysicalType::kBool: {
      const auto* value = std::get_if<bool>(&literal.data);
      if (value == nullptr) return std::nullopt;
      return static_cast<int>(*value) - (bounds.Get<uint8_t>(row) != 0 ? 1 : 0);
    }
    case PhysicalType::kFloat:
    case PhysicalType::kDouble: {
      const auto* value = std::get_if<double>(&literal.data);
      if (value == nullptr) return std::nullopt;
      bool is_float = bounds.physical() == PhysicalType::kFloat;
      return CompareDoubles(*value, is_float ? bounds.Get<float>(row) : bounds.Get<double>(row));
    }
    case PhysicalType::kString: {
      const auto* value = std::get_if<std::string>(&literal.data);
      if (value == nullptr) return std::nullopt;
      int order = std::string_view(*value).compare(bounds.GetString(row));
      return Sign(order < 0, order > 0);
    }
    case PhysicalType::kInt8:
    case PhysicalType::kInt16:
    case PhysicalType::kInt32:
    case PhysicalType::kInt64:
    case PhysicalType::kInt128: {
      std::optional<Int128> value = WideLiteral(literal);
      if (!value) return std::nullopt;
      Int128 bound = WideValue(bounds, row);
      return Sign(*value<bound, *value> bound);
    }
    default: return std::nullopt;
  }
}

/// Some strings in [lowest, highest] may begin with `prefix`.
bool MayStartWith(const Value& prefix, const Column& bounds) {
  const auto* text = std::get_if<std::string>(&prefix.data);
  if (text == nullptr || bounds.physical() != PhysicalType::kString) return true;
  std::string_view lowest = bounds.GetString(0), highest = bounds.GetString(1);
  return (lowest.starts_with(*text) || lowest <= *text) &&
         (highest.starts_with(*text) || highest >= *text);
}

bool MayMatchBounds(Operator op, const Value& literal, const Column& bounds) {
  if (op == Operator::kStartsWith) return MayStartWith(literal, bounds);
  std::optional<int> low = Compare(literal, bounds, 0), high = Compare(literal, bounds, 1);
  if (!low || !high) return true;
  switch (op) {
    case Operator::kEqual: return *low >= 0 && *high <= 0;
    case Operator::kNotEqual: return *low != 0 || *high != 0;
    case Operator::kLess: return *low > 0;
    case Operator::kLessOrEqual: return *low >= 0;
    case Operator::kGreater: return *high < 0;
    case Operator::kGreaterOrEqual: return *high <= 0;
    default: return true;
  }
}

/// A comparison of a column whose bounds are known.
bool MayMatchLiterals(const BatchFilter& filter, const Column& bounds) {
  auto may = [&](Operator op) {
    return [&bounds, op](const Value& literal) {
      return !literal.IsNull() && MayMatchBounds(op, literal, bounds);
    };
  };
  const std::vector<Value>& literals = filter.literals;
  if (filter.op == Operator::kIn) {
    return std::any_of(literals.begin(), literals.end(), may(Operator::kEqual));
  }
  if (filter.op == Operator::kNotIn) {
    return std::all_of(literals.begin(), literals.end(), may(Operator::kNotEqual));
  }
  return literals.empty() || may(filter.op)(literals[0]);
}

bool MayMatchLeaf(const BatchFilter& filter, const BatchStatistics& statistics, int64_t num_rows) {
  auto found = std::find(statistics.columns.begin(), statistics.columns.end(), filter.column);
  if (found == statistics.columns.end()) return true;
  auto index = static_cast<size_t>(found - statistics.columns.begin());
  int null_count = statistics.null_counts[index];
  // A negative number means that nobody has counted.
  if (filter.op == Operator::kIsNull) return null_count != 0;
  bool all_null = null_count >= 0 && null_count == num_rows;
  if (all_null || filter.op == Operator::kIsNotNull) return !all_null;
  const Column& bounds = statistics.bounds.columns[index];
  if (bounds.IsNull(0) || bounds.IsNull(1)) return true;
  return MayMatchLiterals(filter, bounds);
}

}  // namespace

bool MayMatch(const BatchFilter& filter, const BatchStatistics& statistics, int64_t num_rows) {
  auto may = [&](const BatchFilter& child) { return MayMatch(child, statistics, num_rows); };
  const std::vector<BatchFilter>& children = filter.children;
  switch (filter.op) {
    case Operator::kAnd: return std::all_of(children.begin(), children.end(), may);
    case Operator::kOr: return std::any_of(children.begin(), children.end(), may);
    default: return MayMatchLeaf(filter, statistics, num_rows);
  }
}

}  // namespace forebay::format
