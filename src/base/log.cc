#include "base/log.h"

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>

namespace forebay {
namespace {

LogLevel LevelFromEnvironment() {
  const char* text = std::getenv("FOREBAY_LOG");
  std::string_view level = text == nullptr ? "" : text;
  if (level == "debug") return LogLevel::kDebug;
  if (level == "warning") return LogLevel::kWarning;
  if (level == "error") return LogLevel::kError;
  return LogLevel::kInfo;
}

std::atomic<LogLevel>& Threshold() {
  static std::atomic<LogLevel> threshold = LevelFromEnvironment();
  return threshold;
}

char LevelLetter(LogLevel level) { return "DIWE"[static_cast<int>(level)]; }

}  // namespace

void SetLogLevel(LogLevel level) { Threshold() = level; }

bool LogEnabled(LogLevel level) { return level >= Threshold().load(std::memory_order_relaxed); }

void LogLine(LogLevel level, std::string_view room, std::string_view message) {
  if (!LogEnabled(level)) return;
  auto now = std::chrono::system_clock::now();
  std::time_t seconds = std::chrono::system_clock::to_time_t(now);
  auto millis =
      std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count() % 1000;
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  char time[32];
  std::strftime(time, sizeof(time), "%Y-%m-%dT%H:%M:%S", &utc);
  // One call, so that lines of several threads do not mix.
  std::string line =
      fmt::format("{}.{:03}Z {} {}: {}\n", time, millis, LevelLetter(level), room, message);
  std::fwrite(line.data(), 1, line.size(), stderr);
}

}  // namespace forebay
