#include "compute/runtime/environment.h"

#include <charconv>

#include "base/byte_size.h"
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

Result<int64_t> JobContext::SizeSetting(const std::string& key, int64_t fallback) const {
  auto found = settings.find(key);
  if (found == settings.end()) return fallback;
  Result<int64_t> size = ParseByteSize(found->second);
  if (!size.ok()) return size.status().WithContext("setting " + key);
  return size;
}

Result<std::shared_ptr<StateBudget>> JobContext::MakeStateBudget() const {
  ASSIGN_OR_RETURN(int64_t bytes, SizeSetting("taskmanager.memory.managed.size", 0));
  constexpr double kFraction = 0.4;
  double fraction = kFraction;
  if (auto found = settings.find("taskmanager.memory.managed.fraction"); found != settings.end()) {
    const std::string& text = found->second;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), fraction);
    if (error != std::errc() || end != text.data() + text.size() || fraction <= 0 ||
        fraction >= 1) {
      return InvalidArgument("setting {} is no number between 0 and 1: '{}'", found->first, text);
    }
  }
  return std::make_shared<StateBudget>(bytes, fraction);
}

bool IsBatch(const JobContext& context) {
  auto mode = context.settings.find("execution.runtime-mode");
  return mode != context.settings.end() && mode->second == "batch";
}

}  // namespace forebay::compute
