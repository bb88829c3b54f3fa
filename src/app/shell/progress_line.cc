#include "app/shell/progress_line.h"

#include <unistd.h>

#include <cstdio>

#include "base/clock.h"

namespace forebay::app {

void ProgressLine::Restart() {
  Clear();
  begin_ms_ = MonotonicMs();
}

void ProgressLine::Update(int64_t rows, bool shown) {
  if (isatty(STDERR_FILENO) == 0) return;
  if (shown && rows > 0) return Clear();
  int64_t now_ms = MonotonicMs();
  int64_t elapsed_ms = now_ms - begin_ms_;
  constexpr int64_t kQuietMs = 1000;
  constexpr int64_t kPauseMs = 200;
  if (elapsed_ms < kQuietMs || now_ms - shown_ms_ < kPauseMs) return;
  shown_ms_ = now_ms;
  std::fprintf(stderr, "\r%lld rows, %lld rows/s, %lld s \033[K", static_cast<long long>(rows),
               static_cast<long long>(rows * 1000 / elapsed_ms),
               static_cast<long long>(elapsed_ms / 1000));
}

void ProgressLine::Clear() {
  if (shown_ms_ > 0) std::fprintf(stderr, "\r\033[K");
  shown_ms_ = 0;
}

}  // namespace forebay::app
