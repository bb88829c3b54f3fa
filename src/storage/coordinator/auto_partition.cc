#include "storage/coordinator/auto_partition.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <optional>

#include "base/ascii_case.h"
#include "base/time_zone.h"
#include "model/calendar.h"
#include "storage/coordinator/partition_spec.h"

namespace forebay::storage {
namespace {

using Unit = AutoPartition::Unit;

constexpr std::string_view kPrefix = "table.auto-partition.";
constexpr int64_t kSecondsPerDay = 86400;

struct UnitName {
  std::string_view name;
  std::string_view format;
  std::string_view fields;  ///< in Java's letters, one each
};
/// By Unit.
constexpr std::array<UnitName, 5> kUnits = {{{"YEAR", "yyyy", "y"},
                                             {"QUARTER", "yyyyQ", "yQ"},
                                             {"MONTH", "yyyyMM", "yM"},
                                             {"DAY", "yyyyMMdd", "yMd"},
                                             {"HOUR", "yyyyMMddHH", "yMdH"}}};

/// A piece of a format: a field, or text as it stands.
struct Piece {
  char field = 0;  ///< 0: text
  std::string text;
};

/// Fields have one width each, so that texts order as times do.
int WidthOf(char field) { return field == 'y' ? 4 : field == 'Q' ? 1 : 2; }

/// One letter for each field; 0 for a letter that is none.
char FieldOf(char letter) {
  switch (letter) {
    case 'y':
    case 'u': return 'y';
    case 'Q':
    case 'q': return 'Q';
    case 'M':
    case 'L': return 'M';
    case 'd': return 'd';
    case 'H': return 'H';
    default: return 0;
  }
}

bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

/// The text in quotes at `at`, which is moved behind it; '' is a quote.
Result<std::string> QuotedText(std::string_view format, size_t& at) {
  size_t end = format.find('\'', at + 1);
  if (end == std::string_view::npos) return InvalidArgument("a quote is open in '{}'", format);
  std::string text(format.substr(at + 1, end - at - 1));
  at = end + 1;
  return text.empty() ? "'" : text;
}

Result<std::vector<Piece>> ParseFormat(std::string_view format) {
  std::vector<Piece> pieces;
  for (size_t i = 0; i < format.size();) {
    char c = format[i];
    if (c == '\'') {
      ASSIGN_OR_RETURN(std::string text, QuotedText(format, i));
      pieces.push_back({0, std::move(text)});
    } else if (c == '[' || c == ']') {
      return InvalidArgument("the time format '{}' has optional parts", format);
    } else if (!IsLetter(c)) {
      pieces.push_back({0, std::string(1, c)});
      ++i;
    } else {
      char field = FieldOf(c);
      size_t end = format.find_first_not_of(c, i);
      size_t width = std::min(end, format.size()) - i;
      if (field == 0) return InvalidArgument("the time format '{}' has the field '{}'", format, c);
      if (width != static_cast<size_t>(WidthOf(field))) {
        return InvalidArgument("the field '{}' of the time format '{}' must have {} letters", c,
                               format, WidthOf(field));
      }
      pieces.push_back({field, ""});
      i += width;
    }
  }
  return pieces;
}

struct LocalTime {
  model::CivilDate date;
  int hour = 0;
};

LocalTime LocalTimeAt(int64_t ms, const std::string& zone_name) {
  int64_t seconds = model::FloorDiv(ms, 1000);
  auto zone = TimeZone::Find(zone_name);
  if (zone.ok()) seconds += (*zone)->OffsetAt(seconds);
  LocalTime time;
  time.date = model::CivilOfDays(model::FloorDiv(seconds, kSecondsPerDay));
  time.hour = static_cast<int>(model::FloorMod(seconds, kSecondsPerDay) / 3600);
  return time;
}

LocalTime PlusMonths(LocalTime time, int64_t months) {
  int64_t month = time.date.year * 12 + time.date.month - 1 + months;
  time.date.year = model::FloorDiv(month, 12);
  time.date.month = static_cast<int>(model::FloorMod(month, 12)) + 1;
  time.date.day = std::min(time.date.day, model::DaysInMonth(time.date.year, time.date.month));
  return time;
}

/// The value of a field; nullopt when it is none.
std::optional<int> FieldValue(char field, const LocalTime& time) {
  switch (field) {
    case 'y': return static_cast<int>(time.date.year);
    case 'Q': return (time.date.month - 1) / 3 + 1;
    case 'M': return time.date.month;
    case 'd': return time.date.day;
    case 'H': return time.hour;
    default: return std::nullopt;
  }
}

bool IsInRange(char field, int value) {
  switch (field) {
    case 'Q': return value >= 1 && value <= 4;
    case 'M': return value >= 1 && value <= 12;
    case 'd': return value >= 1 && value <= 31;
    case 'H': return value <= 23;
    default: return true;
  }
}

Result<int> ParseCount(const std::string& text) {
  int count = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error == std::errc() && end == text.data() + text.size()) return count;
  return InvalidArgument("'{}' is no number", text);
}

Result<Unit> ParseUnit(std::string text) {
  text = UpperAscii(text);
  for (size_t i = 0; i < kUnits.size(); ++i) {
    if (kUnits[i].name == text) return static_cast<Unit>(i);
  }
  return InvalidArgument("'{}' is none of YEAR, QUARTER, MONTH, DAY, HOUR", text);
}

}  // namespace

Result<bool> AutoPartition::Set(const std::string& name, const std::string& value) {
  if (!name.starts_with(kPrefix)) return false;
  std::string_view option = std::string_view(name).substr(kPrefix.size());
  if (option == "enabled") {
    enabled = value == "true" || value == "TRUE";
    if (!enabled && value != "false" && value != "FALSE") {
      return InvalidArgument("'{}' is neither true nor false", value);
    }
  } else if (option == "key") {
    key = value;
  } else if (option == "time-unit") {
    ASSIGN_OR_RETURN(unit, ParseUnit(value));
  } else if (option == "time-format") {
    format = value;
  } else if (option == "time-zone") {
    RETURN_IF_ERROR(internal::ToStatus(TimeZone::Find(value)));
    time_zone = value;
  } else if (option == "num-precreate") {
    ASSIGN_OR_RETURN(num_precreate, ParseCount(value));
  } else if (option == "num-retention") {
    ASSIGN_OR_RETURN(num_retention, ParseCount(value));
  } else {
    return false;
  }
  return true;
}

std::string_view AutoPartition::Format() const {
  return format.empty() ? kUnits[static_cast<size_t>(unit)].format : std::string_view(format);
}

size_t AutoPartition::KeyIndex(const model::TableDescriptor& table) const {
  auto found = std::find(table.partition_keys.begin(), table.partition_keys.end(), key);
  return found == table.partition_keys.end() ? 0 : found - table.partition_keys.begin();
}

Status AutoPartition::Validate(const model::TableDescriptor& table) const {
  const auto& keys = table.partition_keys;
  if (keys.empty()) {
    if (!enabled) return {};
    return InvalidArgument("'{}enabled' is for partitioned tables only", kPrefix);
  }
  ASSIGN_OR_RETURN(auto pieces, ParseFormat(Format()));
  std::string fields;
  for (const Piece& piece : pieces) fields += piece.field == 0 ? "" : std::string(1, piece.field);
  const UnitName& name = kUnits[static_cast<size_t>(unit)];
  if (fields != name.fields) {
    return InvalidArgument("the time format '{}' must have the fields of '{}' in that order",
                           Format(), name.format);
  }
  constexpr int64_t kSomeTime = 1'731'322'800'000;
  RETURN_IF_ERROR(ValidatePartitionValues({ValueAt(kSomeTime, 0)}, true));
  if (!enabled) return {};
  if (!key.empty() && std::find(keys.begin(), keys.end(), key) == keys.end()) {
    return InvalidArgument("'{}key' = '{}' is no partition key", kPrefix, key);
  }
  if (keys.size() > 1 && key.empty()) {
    return InvalidArgument("a table with several partition keys needs '{}key'", kPrefix);
  }
  if (keys.size() > 1 && num_precreate > 0) {
    return InvalidArgument(
        "partitions by several keys cannot be made ahead: '{}num-precreate' must be 0, not {}",
        kPrefix, num_precreate);
  }
  int column = table.schema.IndexOf(keys[KeyIndex(table)]);
  bool is_date = column >= 0 && table.schema.columns[column].type.Is(model::TypeRoot::kDate);
  if (is_date && (unit != Unit::kDay || format != "yyyy-MM-dd")) {
    return InvalidArgument(
        "a partition key of type DATE needs '{0}time-unit' = 'DAY' and '{0}time-format' = "
        "'yyyy-MM-dd'",
        kPrefix);
  }
  return {};
}

std::string AutoPartition::ValueAt(int64_t now_ms, int offset) const {
  if (unit == Unit::kHour) now_ms += int64_t{offset} * 3'600'000;
  LocalTime time = LocalTimeAt(now_ms, time_zone);
  switch (unit) {
    case Unit::kYear: time = PlusMonths(time, int64_t{12} * offset); break;
    case Unit::kQuarter: time = PlusMonths(time, int64_t{3} * offset); break;
    case Unit::kMonth: time = PlusMonths(time, offset); break;
    case Unit::kDay: time.date = model::CivilOfDays(model::DaysOfCivil(time.date) + offset); break;
    case Unit::kHour: break;
  }
  auto pieces = ParseFormat(Format());
  std::string value;
  for (size_t i = 0; pieces.ok() && i < pieces->size(); ++i) {
    const Piece& piece = (*pieces)[i];
    auto number = FieldValue(piece.field, time);
    value += number ? fmt::format("{:0{}}", *number, WidthOf(piece.field)) : piece.text;
  }
  return value;
}

bool AutoPartition::Matches(std::string_view value) const {
  auto pieces = ParseFormat(Format());
  if (!pieces.ok()) return false;
  for (const Piece& piece : *pieces) {
    size_t width = piece.field == 0 ? piece.text.size() : WidthOf(piece.field);
    std::string_view part = value.substr(0, width);
    value.remove_prefix(part.size());
    if (piece.field == 0) {
      if (part != piece.text) return false;
      continue;
    }
    bool digits = part.size() == width && std::all_of(part.begin(), part.end(),
                                                      [](char c) { return c >= '0' && c <= '9'; });
    if (!digits || !IsInRange(piece.field, std::atoi(std::string(part).c_str()))) return false;
  }
  return value.empty();
}

Status AutoPartition::CheckNew(const model::TableDescriptor& table,
                               const std::vector<std::string>& values, int64_t now_ms) const {
  if (!enabled && format.empty()) return {};
  const std::string& value = values[KeyIndex(table)];
  if (!Matches(value)) {
    return InvalidArgument("the partition value '{}' is no time in the format '{}'", value,
                           Format());
  }
  if (!enabled || num_retention < 0 || !IsExpired(table, values, now_ms)) return {};
  return InvalidArgument("the partition value '{}' is out of date: the oldest that is kept is '{}'",
                         value, ValueAt(now_ms, -num_retention));
}

bool AutoPartition::IsExpired(const model::TableDescriptor& table,
                              const std::vector<std::string>& values, int64_t now_ms) const {
  if (num_retention < 0) return false;
  return values[KeyIndex(table)] < ValueAt(now_ms, -num_retention);
}

}  // namespace forebay::storage
