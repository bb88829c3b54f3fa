#include <algorithm>
#include <charconv>
#include <limits>

#include "base/ascii_case.h"
#include "model/calendar.h"
#include "model/value_text.h"

namespace forebay::model {

namespace {

/// As Java's String.trim: everything up to the space.
std::string_view Trim(std::string_view text) {
  auto is_space = [](char c) { return static_cast<uint8_t>(c) <= ' '; };
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

/// The whole text, trimmed, as an integer with an optional sign.
std::optional<int> ParseField(std::string_view text) {
  text = Trim(text);
  if (text.starts_with('+')) text.remove_prefix(1);
  int value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return {};
  return value;
}

/// Reads between digits_min and digits_max digits and removes them.
std::optional<int> TakeDigits(std::string_view& text, size_t digits_min, size_t digits_max) {
  size_t count = 0;
  int value = 0;
  while (count < text.size() && count < digits_max && IsDigit(text[count])) {
    value = value * 10 + (text[count++] - '0');
  }
  if (count < digits_min) return {};
  text.remove_prefix(count);
  return value;
}

bool Take(std::string_view& text, char c) {
  if (!text.starts_with(c)) return false;
  text.remove_prefix(1);
  return true;
}

struct Moment {
  int64_t seconds = 0;
  int nanos = 0;
};

/// Up to nine digits behind a point.
bool TakeNanos(std::string_view& text, int& nanos) {
  nanos = 0;
  if (!Take(text, '.')) return true;
  size_t digits = 0;
  for (; digits < 9 && !text.empty() && IsDigit(text[0]); ++digits) {
    nanos = nanos * 10 + (text[0] - '0');
    text.remove_prefix(1);
  }
  for (size_t i = digits; i < 9; ++i) nanos *= 10;
  return true;
}

/// "2024-2-9"; a day beyond the month's end becomes its last day, as java.time's smart resolver
/// does.
bool TakeDay(std::string_view& text, int64_t& days) {
  std::optional<int> year = TakeDigits(text, 4, 4);
  if (!year || !Take(text, '-')) return false;
  std::optional<int> month = TakeDigits(text, 1, 2);
  if (!month || *month < 1 || *month > 12 || !Take(text, '-')) return false;
  std::optional<int> day = TakeDigits(text, 1, 2);
  if (!day || *day < 1 || *day > 31) return false;
  days = DaysOfCivil(*year, *month, std::min(*day, DaysInMonth(*year, *month)));
  return true;
}

bool TakeClock(std::string_view& text, bool needs_seconds, Moment& moment) {
  std::optional<int> hour = TakeDigits(text, 1, 2);
  if (!hour || *hour > 23 || !Take(text, ':')) return false;
  std::optional<int> minute = TakeDigits(text, 1, 2);
  if (!minute || *minute > 59) return false;
  moment.seconds += *hour * 3600 + *minute * 60;
  if (!Take(text, ':')) return !needs_seconds;
  std::optional<int> second = TakeDigits(text, 1, 2);
  if (!second || *second > 59) return false;
  moment.seconds += *second;
  return TakeNanos(text, moment.nanos);
}

std::optional<int64_t> InUnitOf(const Moment& moment, int precision) {
  int64_t factor = precision <= 3 ? 1000 : (precision <= 6 ? 1000000 : 1000000000);
  // Digits beyond the precision are cut off.
  int64_t step = 1;
  for (int i = precision; i < 9; ++i) step *= 10;
  int64_t nanos = moment.nanos / step * step;
  int64_t value = 0;
  if (__builtin_mul_overflow(moment.seconds, factor, &value) ||
      __builtin_add_overflow(value, nanos / (1000000000 / factor), &value)) {
    return {};
  }
  return value;
}

/// 'Z' or +hh[:mm].
bool TakeZone(std::string_view& text, int64_t& offset_seconds) {
  offset_seconds = 0;
  if (Take(text, 'Z') || Take(text, 'z')) return true;
  bool negative = text.starts_with('-');
  if (!Take(text, '+') && !Take(text, '-')) return false;
  std::optional<int> hours = TakeDigits(text, 2, 2);
  if (!hours || *hours > 18) return false;
  Take(text, ':');
  int minutes = text.empty() ? 0 : TakeDigits(text, 2, 2).value_or(60);
  if (minutes > 59) return false;
  offset_seconds = (*hours * 3600 + minutes * 60) * (negative ? -1 : 1);
  return true;
}

template <typename T>
std::optional<T> ParseFloating(std::string_view text) {
  text = Trim(text);
  bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  if (text == "NaN") return std::numeric_limits<T>::quiet_NaN();
  T value = 0;
  if (text == "Infinity") {
    value = std::numeric_limits<T>::infinity();
  } else {
    // Java takes a type suffix.
    if (!text.empty() && std::string_view("dDfF").find(text.back()) != std::string_view::npos) {
      text.remove_suffix(1);
    }
    if (text.empty() || (!IsDigit(text[0]) && text[0] != '.')) return {};
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (end != text.data() + text.size()) return {};
    if (error == std::errc::result_out_of_range) {
      // Too small gives 0 and too large infinity in Java; the sign of the exponent tells which.
      size_t e = text.find_first_of("eE");
      bool small = e != std::string_view::npos ? text.substr(e + 1).starts_with('-')
                                               : text.starts_with("0.") || text[0] == '.';
      value = small ? T{0} : std::numeric_limits<T>::infinity();
    } else if (error != std::errc()) {
      return {};
    }
  }
  return negative ? -value : value;
}

/// The parts of a decimal number in text.
struct DecimalText {
  bool negative = false;
  std::string digits;  ///< without leading zeros
  int64_t scale = 0;   ///< how many of them stand behind the point; may be negative
};

bool ReadDecimal(std::string_view text, DecimalText& out) {
  text = Trim(text);
  out.negative = text.starts_with('-');
  if (out.negative || text.starts_with('+')) text.remove_prefix(1);
  bool point = false, any = false;
  size_t i = 0;
  for (; i < text.size() && (IsDigit(text[i]) || (text[i] == '.' && !point)); ++i) {
    if (text[i] == '.') {
      point = true;
      continue;
    }
    any = true;
    out.scale += point ? 1 : 0;
    if (text[i] != '0' || !out.digits.empty()) out.digits += text[i];
  }
  if (!any) return false;
  if (i == text.size()) return true;
  if (text[i] != 'e' && text[i] != 'E') return false;
  std::optional<int> exponent = ParseField(text.substr(i + 1));
  if (!exponent || text.back() == ' ') return false;
  out.scale -= *exponent;
  return true;
}

}  // namespace

std::optional<bool> ParseBoolean(std::string_view text) {
  text = Trim(text);
  for (std::string_view yes : {"t", "true", "y", "yes", "1"}) {
    if (EqualsIgnoringCase(text, yes)) return true;
  }
  for (std::string_view no : {"f", "false", "n", "no", "0"}) {
    if (EqualsIgnoringCase(text, no)) return false;
  }
  return {};
}

std::optional<int64_t> ParseInteger(std::string_view text) {
  text = Trim(text);
  if (text.starts_with('+')) {
    text.remove_prefix(1);
    if (text.starts_with('-')) return {};
  }
  int64_t value = 0;
  const char* end = text.data() + text.size();
  auto [at, error] = std::from_chars(text.data(), end, value);
  if (error == std::errc::invalid_argument) {
    // ".5" and "-.5" are 0.
    at = text.data() + (text.starts_with('-') ? 1 : 0);
    if (end - at < 2 || *at != '.') return {};
  } else if (error != std::errc()) {
    return {};
  }
  if (at == end) return value;
  if (*at++ != '.' || !std::all_of(at, end, IsDigit)) return {};
  return value;
}

std::optional<Int128> ParseDecimal(std::string_view text, int precision, int scale) {
  DecimalText parts;
  if (!ReadDecimal(text, parts)) return {};
  if (parts.digits.empty()) return Int128{0};
  int64_t wanted = static_cast<int64_t>(parts.digits.size()) - (parts.scale - scale);
  if (wanted > precision) return {};
  Int128 value = 0;
  for (int64_t i = 0; i < wanted; ++i) {
    bool inside = i < static_cast<int64_t>(parts.digits.size());
    value = value * 10 + (inside ? parts.digits[static_cast<size_t>(i)] - '0' : 0);
  }
  bool has_next = wanted >= 0 && wanted < static_cast<int64_t>(parts.digits.size());
  if (has_next && parts.digits[static_cast<size_t>(wanted)] >= '5') ++value;
  Int128 limit = 1;
  for (int i = 0; i < precision; ++i) limit *= 10;
  if (value >= limit) return {};
  return parts.negative ? -value : value;
}

std::optional<double> ParseDouble(std::string_view text) { return ParseFloating<double>(text); }
std::optional<float> ParseFloat(std::string_view text) { return ParseFloating<float>(text); }

std::optional<int32_t> ParseDate(std::string_view text) {
  size_t space = text.find(' ');
  if (space != std::string_view::npos && space > 0) text = text.substr(0, space);
  std::optional<int> parts[3] = {{}, 1, 1};
  for (int i = 0; i < 3; ++i) {
    size_t hyphen = i < 2 ? text.find('-') : std::string_view::npos;
    parts[i] = ParseField(text.substr(0, hyphen));
    if (!parts[i]) return {};
    if (hyphen == std::string_view::npos) break;
    text.remove_prefix(hyphen + 1);
  }
  int year = *parts[0], month = *parts[1], day = *parts[2];
  if (year < 0 || year > 9999 || month < 1 || month > 12 || day < 1) return {};
  if (day > DaysInMonth(year, month)) return {};
  return static_cast<int32_t>(DaysOfCivil(year, month, day));
}

namespace {

/// Milliseconds from the digits behind the point, rounded by the fourth.
int ParseMillis(std::string_view digits) {
  int millis = 0, weight = 100;
  for (size_t i = 0; i < digits.size() && weight > 0; ++i, weight /= 10) {
    millis += IsDigit(digits[i]) ? (digits[i] - '0') * weight : 0;
    if (weight == 1 && i + 1 < digits.size() && digits[i + 1] >= '5') ++millis;
  }
  return millis;
}

/// "h[:m[:s]]" into `fields`; what is missing stays.
bool ParseFields(std::string_view text, int* fields, int count) {
  for (int i = 0; i < count; ++i) {
    size_t colon = i + 1 < count ? text.find(':') : std::string_view::npos;
    std::optional<int> field = ParseField(text.substr(0, colon));
    // Flink takes any number here; a field beyond a day's seconds could only overflow.
    if (!field || *field < -86400 || *field > 86400) return false;
    fields[i] = *field;
    if (colon == std::string_view::npos) break;
    text.remove_prefix(colon + 1);
  }
  return true;
}

}  // namespace

std::optional<int32_t> ParseTime(std::string_view text) {
  int zone[2] = {0, 0};
  int sign = -1;
  size_t zone_at = text.find('-');
  if (zone_at == std::string_view::npos) {
    zone_at = text.find('+');
    sign = 1;
  }
  if (zone_at != std::string_view::npos) {
    if (!ParseFields(text.substr(zone_at + 1), zone, 2)) return {};
    text = text.substr(0, zone_at);
  }
  int millis = 0;
  size_t dot = text.find('.');
  if (dot != std::string_view::npos) {
    millis = ParseMillis(Trim(text.substr(dot + 1)));
    text = text.substr(0, dot);
  }
  int fields[3] = {0, 0, 0};
  if (!ParseFields(text, fields, 3)) return {};
  int64_t minutes = (fields[0] + sign * zone[0]) * int64_t{60} + fields[1] + sign * zone[1];
  return static_cast<int32_t>(minutes * 60000 + fields[2] * int64_t{1000} + millis);
}

std::optional<int64_t> ParseTimestamp(std::string_view text, int precision) {
  int64_t days = 0;
  if (!TakeDay(text, days)) return {};
  Moment moment{days * 86400, 0};
  if (!text.empty()) {
    if (!Take(text, ' ') || !TakeClock(text, true, moment) || !text.empty()) return {};
  }
  return InUnitOf(moment, precision);
}

std::optional<int64_t> ParseIsoTimestamp(std::string_view text, int precision, bool needs_zone) {
  int64_t days = 0;
  if (!TakeDay(text, days)) return {};
  Moment moment{days * 86400, 0};
  if (!Take(text, 'T') || !TakeClock(text, false, moment)) return {};
  if (needs_zone) {
    int64_t offset = 0;
    if (!TakeZone(text, offset)) return {};
    moment.seconds -= offset;
  }
  if (!text.empty()) return {};
  return InUnitOf(moment, precision);
}

}  // namespace forebay::model
