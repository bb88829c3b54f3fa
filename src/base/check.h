#pragma once

#include <string_view>

namespace forebay::internal {

/// Prints the failed condition with its place and aborts.
[[noreturn]] void CheckFailed(const char* condition, const char* file, int line,
                              std::string_view detail = {});

template <typename T>
std::string_view ErrorText(const T& result) {
  return result.error().message;
}

}  // namespace forebay::internal

/// Aborts when `condition` is false: a bug of ours, never bad input. Stays on in release builds.
#define CHECK(condition)                                                \
  do {                                                                  \
    if (!(condition)) [[unlikely]]                                      \
      ::forebay::internal::CheckFailed(#condition, __FILE__, __LINE__); \
  } while (false)

/// Aborts with the error's message when a Status or Result is not ok.
#define CHECK_OK(result)                                                                \
  do {                                                                                  \
    if (const auto& checked_result = (result); !checked_result.ok()) [[unlikely]]       \
      ::forebay::internal::CheckFailed(#result, __FILE__, __LINE__,                     \
                                       ::forebay::internal::ErrorText(checked_result)); \
  } while (false)

/// CHECK for hot loops: only in builds without NDEBUG.
#ifdef NDEBUG
#define DCHECK(condition) static_cast<void>(0)
#else
#define DCHECK(condition) CHECK(condition)
#endif
