#pragma once

#include <fmt/core.h>

#include <string_view>
#include <utility>

namespace forebay {

enum class LogLevel { kDebug, kInfo, kWarning, kError };

/// Writes one line on stderr: time, level, room, message. Lines of a level below the threshold
/// (kInfo to begin with, or what FOREBAY_LOG says: debug, info, warning, error) are dropped.
/// Thread-safe.
void LogLine(LogLevel level, std::string_view room, std::string_view message);
void SetLogLevel(LogLevel level);
bool LogEnabled(LogLevel level);

/// Logs an event of `room` as `message key=value ...`; never once a row.
template <typename... Args>
void Log(LogLevel level, std::string_view room, fmt::format_string<Args...> format,
         Args&&... args) {
  if (!LogEnabled(level)) return;
  LogLine(level, room, fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace forebay
