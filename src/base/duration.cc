#include "base/duration.h"

#include <cctype>
#include <charconv>
#include <string>
#include <utility>

namespace forebay {

Result<int64_t> ParseDurationMs(std::string_view text) {
  static constexpr std::pair<std::string_view, int64_t> kUnits[] = {
      {"", 1},           {"ms", 1},         {"milli", 1},       {"millis", 1},
      {"s", 1000},       {"sec", 1000},     {"second", 1000},   {"seconds", 1000},
      {"min", 60000},    {"m", 60000},      {"minute", 60000},  {"minutes", 60000},
      {"h", 3600000},    {"hour", 3600000}, {"hours", 3600000}, {"d", 86400000},
      {"day", 86400000}, {"days", 86400000}};
  std::string_view rest = text;
  while (rest.starts_with(' ')) rest.remove_prefix(1);
  int64_t number = 0;
  auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
  std::string unit;
  for (; error == std::errc() && end != rest.data() + rest.size(); ++end) {
    if (*end != ' ') unit += static_cast<char>(std::tolower(static_cast<unsigned char>(*end)));
  }
  for (const auto& [name, factor] : kUnits) {
    if (error != std::errc() || number < 0 || name != unit) continue;
    int64_t ms = 0;
    if (__builtin_mul_overflow(number, factor, &ms)) {
      return InvalidArgument("the duration '{}' is too long", text);
    }
    return ms;
  }
  return InvalidArgument("'{}' is not a duration such as '5s' or '7 d'", text);
}

}  // namespace forebay
