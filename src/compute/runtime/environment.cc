#include "compute/runtime/environment.h"

#include <charconv>

namespace forebay::compute {

Result<int64_t> ParseDuration(std::string_view text) {
  static constexpr std::pair<std::string_view, int64_t> kUnits[] = {
      {"", 1},           {"ms", 1},         {"milli", 1},       {"millis", 1},
      {"s", 1000},       {"sec", 1000},     {"second", 1000},   {"seconds", 1000},
      {"min", 60000},    {"m", 60000},      {"minute", 60000},  {"minutes", 60000},
      {"h", 3600000},    {"hour", 3600000}, {"hours", 3600000}, {"d", 86400000},
      {"day", 86400000}, {"days", 86400000}};
  int64_t number = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return InvalidArgument("not a duration: '{}'", text);
  std::string_view unit(end, static_cast<size_t>(text.data() + text.size() - end));
  while (unit.starts_with(' ')) unit.remove_prefix(1);
  for (const auto& [name, ms] : kUnits) {
    if (name == unit) return number * ms;
  }
  return InvalidArgument("unknown unit in the duration '{}'", text);
}

Result<int64_t> JobContext::IntegerSetting(const std::string& key, int64_t fallback) const {
  auto found = settings.find(key);
  if (found == settings.end()) return fallback;
  const std::string& text = found->second;
  int64_t value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) {
    return InvalidArgument("setting {} is no number: '{}'", key, text);
  }
  return value;
}

Result<int64_t> JobContext::DurationSetting(const std::string& key, int64_t fallback_ms) const {
  auto found = settings.find(key);
  if (found == settings.end()) return fallback_ms;
  Result<int64_t> duration = ParseDuration(found->second);
  if (!duration.ok()) return duration.status().WithContext("setting " + key);
  return duration;
}

}  // namespace forebay::compute
