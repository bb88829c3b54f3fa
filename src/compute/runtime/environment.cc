#include "compute/runtime/environment.h"

#include <charconv>

#include "base/duration.h"

namespace forebay::compute {

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
  Result<int64_t> duration = ParseDurationMs(found->second);
  if (!duration.ok()) return duration.status().WithContext("setting " + key);
  return duration;
}

}  // namespace forebay::compute
