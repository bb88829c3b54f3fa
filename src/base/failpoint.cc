#include "base/failpoint.h"

#include <unistd.h>

#include <charconv>
#include <cstdlib>
#include <map>
#include <mutex>

namespace forebay {
namespace {

struct Failpoints {
  std::mutex mutex;
  std::map<std::string, int, std::less<>> hits_left;
};

Failpoints& Armed() {
  static Failpoints failpoints;
  return failpoints;
}

Result<int> ParseCount(std::string_view item, size_t equals) {
  if (equals == std::string_view::npos) return 1;
  std::string_view text = item.substr(equals + 1);
  int count = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error != std::errc() || end != text.data() + text.size() || count < 1) {
    return InvalidArgument("a failpoint's hit count must be a positive number: '{}'", item);
  }
  return count;
}

}  // namespace

namespace internal {

std::atomic<bool> failpoints_armed = false;

void HitFailpoint(std::string_view name) {
  Failpoints& armed = Armed();
  std::lock_guard lock(armed.mutex);
  auto found = armed.hits_left.find(name);
  if (found == armed.hits_left.end() || --found->second > 0) return;
  _exit(kFailpointExitStatus);
}

}  // namespace internal

Status ArmFailpoints(std::string_view text) {
  std::map<std::string, int, std::less<>> parsed;
  while (!text.empty()) {
    std::string_view item = text.substr(0, text.find(','));
    text.remove_prefix(std::min(text.size(), item.size() + 1));
    if (item.empty()) continue;
    size_t equals = item.find('=');
    ASSIGN_OR_RETURN(int count, ParseCount(item, equals));
    parsed[std::string(item.substr(0, equals))] = count;
  }
  Failpoints& armed = Armed();
  std::lock_guard lock(armed.mutex);
  armed.hits_left = std::move(parsed);
  internal::failpoints_armed = !armed.hits_left.empty();
  return {};
}

Status ArmFailpointsFromEnvironment() {
  const char* text = std::getenv("FOREBAY_FAILPOINTS");
  return ArmFailpoints(text == nullptr ? "" : text);
}

}  // namespace forebay
