#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "compute/expression/civil_time.h"

namespace forebay::compute {

/// A compiled pattern of java.time.format.DateTimeFormatter. Thread-safe.
class DateFormat {
 public:
  static Result<DateFormat> Compile(std::string_view pattern);

  void Append(std::string& out, const DayTime& time) const;
  /// The text is the same within a day, or within a second; 0 when it may change with every
  /// nanosecond.
  int64_t SecondsOfEqualText() const;
  /// Missing fields are those of 1970-01-01 00:00:00. Text must be used up.
  std::optional<DayTime> Parse(std::string_view text) const;
  /// As java.text.SimpleDateFormat: what follows the fields does not matter, nor blanks before
  /// numbers, and a 13th month is the next year's first. Days before 1582-10-15 are of the Julian
  /// calendar if `julian`.
  std::optional<DayTime> ParseLenient(std::string_view text, bool julian = true) const;

 private:
  /// A run of one letter, or literal text (letter 0).
  struct Item {
    char letter = 0;
    int count = 0;
    std::string text;
  };
  struct Fields;

  static void AppendItem(std::string& out, const Item& item, const CivilDate& date,
                         const DayTime& time);
  bool ParseItem(size_t index, std::string_view& text, Fields& fields) const;

  std::vector<Item> items_;
};

}  // namespace forebay::compute
