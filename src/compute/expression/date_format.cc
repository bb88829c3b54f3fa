#include "compute/expression/date_format.h"

#include <algorithm>
#include <span>

namespace forebay::compute {

namespace {

constexpr std::string_view kMonths[] = {"January",   "February", "March",    "April",
                                        "May",       "June",     "July",     "August",
                                        "September", "October",  "November", "December"};
constexpr std::string_view kDays[] = {"Monday", "Tuesday",  "Wednesday", "Thursday",
                                      "Friday", "Saturday", "Sunday"};
constexpr int64_t kNanosPerSecond = 1'000'000'000;

void AppendNumber(std::string& out, int64_t value, int width) {
  std::string digits = std::to_string(value < 0 ? -value : value);
  if (value < 0) out += '-';
  if (static_cast<int>(digits.size()) < width) {
    out.append(static_cast<size_t>(width) - digits.size(), '0');
  }
  out += digits;
}

void AppendYear(std::string& out, int64_t year, int count) {
  count == 2 ? AppendNumber(out, FloorMod(year, 100), 2) : AppendNumber(out, year, count);
}

void AppendName(std::string& out, std::string_view name, int count) {
  out += count == 4 ? name : name.substr(0, 3);
}

void AppendFraction(std::string& out, int64_t nanos, int count) {
  std::string digits = std::to_string(kNanosPerSecond + nanos).substr(1);
  digits.resize(static_cast<size_t>(count), '0');
  out += digits;
}

/// Weeks as Flink's formatter counts them, which is in the locale en_US: from Sunday on, and the
/// first has January 1st.
IsoWeek UsWeekOf(int64_t days) {
  int64_t saturday = days + 6 - IsoDayOfWeek(days) % 7;
  int64_t year = model::CivilOfDays(saturday).year;
  return {year, static_cast<int>((saturday - model::DaysOfCivil(year, 1, 1)) / 7) + 1};
}

constexpr std::string_view kLetters = "yuYMLdDHhkKmsSnEaweQq";

}  // namespace

Result<DateFormat> DateFormat::Compile(std::string_view pattern) {
  DateFormat format;
  auto literal = [&](char c) {
    if (format.items_.empty() || format.items_.back().letter != 0) format.items_.emplace_back();
    format.items_.back().text += c;
  };
  for (size_t i = 0; i < pattern.size(); ++i) {
    char c = pattern[i];
    if (c == '\'') {
      size_t end = pattern.find('\'', i + 1);
      if (end == std::string_view::npos) {
        return InvalidArgument("date format ends within a quotation: '{}'", pattern);
      }
      if (end == i + 1) literal('\'');
      for (size_t k = i + 1; k < end; ++k) literal(pattern[k]);
      i = end;
    } else if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) {
      if (kLetters.find(c) == std::string_view::npos) {
        return NotSupported("date format letter {} in '{}'", c, pattern);
      }
      if (format.items_.empty() || format.items_.back().letter != c || pattern[i - 1] != c) {
        format.items_.push_back({c, 0, {}});
      }
      if (++format.items_.back().count > 19) {
        return InvalidArgument("date format has too many letters {}: '{}'", c, pattern);
      }
    } else {
      literal(c);
    }
  }
  return format;
}

void DateFormat::AppendItem(std::string& out, const Item& item, const CivilDate& date,
                            const DayTime& time) {
  int64_t seconds = time.nanos / kNanosPerSecond, hour = seconds / 3600;
  int weekday = IsoDayOfWeek(time.days);
  switch (item.letter) {
    case 0: out += item.text; return;
    case 'y':
    case 'u': return AppendYear(out, date.year, item.count);
    case 'Y': return AppendYear(out, UsWeekOf(time.days).year, item.count);
    case 'M':
    case 'L':
      if (item.count >= 3) return AppendName(out, kMonths[date.month - 1], item.count);
      return AppendNumber(out, date.month, item.count);
    case 'Q':
    case 'q': return AppendNumber(out, (date.month + 2) / 3, item.count);
    case 'd': return AppendNumber(out, date.day, item.count);
    case 'D':
      return AppendNumber(out, time.days - model::DaysOfCivil(date.year, 1, 1) + 1, item.count);
    case 'w': return AppendNumber(out, UsWeekOf(time.days).week, item.count);
    case 'e': return AppendNumber(out, weekday % 7 + 1, item.count);
    case 'E': return AppendName(out, kDays[weekday - 1], item.count);
    case 'a': out += hour < 12 ? "AM" : "PM"; return;
    case 'H': return AppendNumber(out, hour, item.count);
    case 'k': return AppendNumber(out, hour == 0 ? 24 : hour, item.count);
    case 'K': return AppendNumber(out, hour % 12, item.count);
    case 'h': return AppendNumber(out, hour % 12 == 0 ? 12 : hour % 12, item.count);
    case 'm': return AppendNumber(out, seconds / 60 % 60, item.count);
    case 's': return AppendNumber(out, seconds % 60, item.count);
    case 'S': return AppendFraction(out, time.nanos % kNanosPerSecond, item.count);
    case 'n': return AppendNumber(out, time.nanos % kNanosPerSecond, item.count);
    default: return;
  }
}

void DateFormat::Append(std::string& out, const DayTime& time) const {
  CivilDate date = model::CivilOfDays(time.days);
  for (const Item& item : items_) AppendItem(out, item, date, time);
}

int64_t DateFormat::SecondsOfEqualText() const {
  constexpr std::string_view kDateLetters = "yuYMLdDEweQq";
  int64_t seconds = 86400;
  for (const Item& item : items_) {
    if (item.letter == 'S' || item.letter == 'n') return 0;
    bool of_date = item.letter == 0 || kDateLetters.find(item.letter) != std::string_view::npos;
    if (!of_date) seconds = 1;
  }
  return seconds;
}

struct DateFormat::Fields {
  int64_t year = 1970, month = 1, day = 1, hour = 0, minute = 0, second = 0, nanos = 0;
  int64_t day_of_year = 0;
  bool half_day = false, afternoon = false;
};

namespace {

bool TakeName(std::string_view& text, std::span<const std::string_view> names, int count,
              int64_t& index) {
  for (size_t i = 0; i < names.size(); ++i) {
    std::string_view name = count == 4 ? names[i] : names[i].substr(0, 3);
    if (!text.starts_with(name)) continue;
    text.remove_prefix(name.size());
    index = static_cast<int64_t>(i) + 1;
    return true;
  }
  return false;
}

bool TakeDigits(std::string_view& text, size_t min, size_t max, int64_t& value) {
  size_t count = 0;
  value = 0;
  while (count < std::min(max, text.size()) && text[count] >= '0' && text[count] <= '9') {
    value = value * 10 + (text[count++] - '0');
  }
  text.remove_prefix(count);
  return count >= min;
}

/// The year of four letters or more, of as many digits; with a sign of more
/// (SignStyle.EXCEEDS_PAD).
bool TakeLongYear(std::string_view& text, size_t letters, int64_t& year) {
  bool plus = text.starts_with('+');
  if (plus) text.remove_prefix(1);
  size_t before = text.size();
  if (!TakeDigits(text, letters, 9, year)) return false;
  return plus == (before - text.size() > letters);
}

}  // namespace

bool DateFormat::ParseItem(size_t index, std::string_view& text, Fields& fields) const {
  const Item& item = items_[index];
  int64_t value = 0;
  if (item.letter == 0) {
    if (!text.starts_with(item.text)) return false;
    text.remove_prefix(item.text.size());
    return true;
  }
  if (item.letter == 'a') {
    fields.afternoon = text.starts_with("PM");
    bool known = fields.afternoon || text.starts_with("AM");
    if (known) text.remove_prefix(2);
    return known;
  }
  if (item.letter == 'E') return TakeName(text, kDays, item.count, value);
  bool month = item.letter == 'M' || item.letter == 'L';
  if (month && item.count >= 3) return TakeName(text, kMonths, item.count, fields.month);
  // Digits of a number that another number follows are as many as the letters.
  bool adjacent = index + 1 < items_.size() && items_[index + 1].letter != 0;
  size_t count = static_cast<size_t>(item.count);
  bool year = item.letter == 'y' || item.letter == 'u';
  bool wide = (count == 1 || (item.letter == 'y' && count > 2)) && !adjacent;
  bool taken = year && count > 3 && !adjacent ? TakeLongYear(text, count, value)
                                              : TakeDigits(text, count, wide ? 9 : count, value);
  if (!taken) return false;
  switch (item.letter) {
    case 'y':
    case 'u':
      fields.year = count == 2 ? 2000 + value : value;
      return item.letter == 'u' || fields.year > 0;  // there is no year 0 of an era
    case 'M':
    case 'L': fields.month = value; return value >= 1 && value <= 12;
    case 'd': fields.day = value; return value >= 1 && value <= 31;
    case 'D': fields.day_of_year = value; return value >= 1 && value <= 366;
    case 'H':
    case 'k': fields.hour = value % 24; return value <= 24;
    case 'K':
    case 'h':
      fields.half_day = true;
      fields.hour = value % 12;
      return value <= 12;
    case 'm': fields.minute = value; return value <= 59;
    case 's': fields.second = value; return value <= 59;
    case 'S':
      for (size_t i = count; i < 9; ++i) value *= 10;
      fields.nanos = value;
      return count <= 9;
    default: return false;
  }
}

std::optional<DayTime> DateFormat::Parse(std::string_view text) const {
  Fields fields;
  for (size_t i = 0; i < items_.size(); ++i) {
    if (!ParseItem(i, text, fields)) return std::nullopt;
  }
  if (!text.empty()) return std::nullopt;
  int month = static_cast<int>(fields.month);
  int64_t day = std::min<int64_t>(fields.day, DaysInMonth(fields.year, month));
  int64_t days = fields.day_of_year > 0
                     ? model::DaysOfCivil(fields.year, 1, 1) + fields.day_of_year - 1
                     : model::DaysOfCivil(fields.year, month, static_cast<int>(day));
  int64_t hour = fields.hour + (fields.half_day && fields.afternoon ? 12 : 0);
  int64_t seconds = (hour * 60 + fields.minute) * 60 + fields.second;
  return DayTime{days, seconds * kNanosPerSecond + fields.nanos};
}

namespace {

/// Days since 1970-01-01 of a day whose month and day may lie outside of their ranges, in the
/// Julian calendar before 1582-10-15 if `julian`, as java.util.GregorianCalendar counts.
int64_t LenientDays(int64_t year, int64_t month, int64_t day, bool julian) {
  year += FloorDiv(month - 1, 12);
  month = FloorMod(month - 1, 12) + 1;
  int64_t days = model::DaysOfCivil(year, static_cast<int>(month), 1) + day - 1;
  constexpr int64_t kGregorianStart = -141'427;
  if (!julian || days >= kGregorianStart) return days;
  int64_t from_march = month > 2 ? year : year - 1;
  return days - (2 - FloorDiv(from_march, 100) + FloorDiv(FloorDiv(from_march, 100), 4));
}

}  // namespace

std::optional<DayTime> DateFormat::ParseLenient(std::string_view text, bool julian) const {
  Fields fields;
  for (size_t i = 0; i < items_.size(); ++i) {
    const Item& item = items_[i];
    bool number = std::string_view("yuMLdDHkmsS").find(item.letter) != std::string_view::npos &&
                  !((item.letter == 'M' || item.letter == 'L') && item.count >= 3);
    if (item.letter == 0 || !number) {
      if (!ParseItem(i, text, fields)) return std::nullopt;
      continue;
    }
    while (!text.empty() && (text[0] == ' ' || text[0] == '\t')) text.remove_prefix(1);
    bool adjacent = i + 1 < items_.size() && items_[i + 1].letter != 0;
    int64_t value = 0;
    bool negative = !adjacent && text.starts_with('-');
    if (negative) text.remove_prefix(1);
    size_t digits = text.size();
    if (!TakeDigits(text, 1, adjacent ? static_cast<size_t>(item.count) : 9, value)) {
      return std::nullopt;
    }
    digits -= text.size();
    if (negative) value = -value;
    switch (item.letter) {
      case 'y':
      case 'u': fields.year = item.count == 2 && digits == 2 ? 2000 + value : value; break;
      case 'M':
      case 'L': fields.month = value; break;
      case 'd': fields.day = value; break;
      case 'D': fields.day_of_year = value; break;
      case 'm': fields.minute = value; break;
      case 's': fields.second = value; break;
      case 'S': fields.nanos = value * 1'000'000; break;  // milliseconds, however many digits
      default: fields.hour = item.letter == 'k' && value == 24 ? 0 : value;
    }
  }
  int64_t days = fields.day_of_year > 0
                     ? LenientDays(fields.year, 1, fields.day_of_year, julian)
                     : LenientDays(fields.year, fields.month, fields.day, julian);
  if (fields.half_day && fields.afternoon) fields.hour += 12;
  int64_t seconds = (fields.hour * 60 + fields.minute) * 60 + fields.second;
  seconds += FloorDiv(fields.nanos, kNanosPerSecond);
  return DayTime{days + FloorDiv(seconds, 86'400), FloorMod(seconds, 86'400) * kNanosPerSecond +
                                                       FloorMod(fields.nanos, kNanosPerSecond)};
}

}  // namespace forebay::compute
