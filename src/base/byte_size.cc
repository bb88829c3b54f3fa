#include "base/byte_size.h"

#include <algorithm>
#include <charconv>

#include "base/ascii_case.h"

namespace forebay {

namespace {

struct Prefix {
  char letter;
  std::string_view long_unit;
};
constexpr Prefix kPrefixes[] = {
    {'k', "kibibytes"}, {'m', "mebibytes"}, {'g', "gibibytes"}, {'t', "tebibytes"}};

/// How far the number is shifted; -1: there is no such unit.
int ShiftOf(std::string_view unit) {
  if (unit.empty() || unit == "b" || unit == "bytes") return 0;
  int shift = 0;
  for (const Prefix& prefix : kPrefixes) {
    shift += 10;
    if (unit[0] != prefix.letter) continue;
    std::string_view rest = unit.substr(1);
    bool known = rest.empty() || rest == "b" || rest == "ib" || unit == prefix.long_unit;
    return known ? shift : -1;
  }
  return -1;
}

}  // namespace

Result<int64_t> ParseByteSize(std::string_view text) {
  std::string_view rest = text.substr(std::min(text.find_first_not_of(' '), text.size()));
  int64_t number = 0;
  auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
  if (error == std::errc::result_out_of_range) return InvalidArgument("'{}' is too large", text);
  std::string unit(end, rest.data() + rest.size());
  std::erase(unit, ' ');
  int shift = ShiftOf(LowerAscii(unit));
  if (error != std::errc() || number < 0 || shift < 0) {
    return InvalidArgument("'{}' is not a size such as '64mb'", text);
  }
  if (number > INT64_MAX >> shift) return InvalidArgument("'{}' is too large", text);
  return number << shift;
}

}  // namespace forebay
