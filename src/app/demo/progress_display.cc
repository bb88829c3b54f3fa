#include "app/demo/progress_display.h"

#include <unistd.h>

#include <cstdio>

#include "app/demo/alert_report.h"
#include "app/demo/reference_text.h"
#include "base/clock.h"

namespace forebay::app {

ProgressDisplay::ProgressDisplay(const serve::Engine& engine, const ShopFeed& feed,
                                 int64_t rows_total)
    : queries_(engine),
      feed_(feed),
      rows_total_(rows_total),
      begin_ms_(MonotonicMs()),
      is_terminal_(isatty(STDERR_FILENO) != 0),
      thread_([this] { Run(); }) {}

void ProgressDisplay::Stop() {
  {
    std::lock_guard lock(mutex_);
    if (stopping_) return;
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
  ShowNewAlerts();
  if (is_terminal_) std::fputs("\r\033[K", stderr);
}

void ProgressDisplay::Run() {
  // Without it every query of the display would wait for more rows for ever.
  Status batch = queries_.Run("SET 'execution.runtime-mode' = 'batch';");
  if (!batch.ok()) return;
  std::unique_lock lock(mutex_);
  while (!wake_.wait_for(lock, std::chrono::milliseconds(500), [this] { return stopping_; })) {
    lock.unlock();
    ShowNewAlerts();
    Show();
    lock.lock();
  }
}

void ProgressDisplay::Show() {
  // Without a terminal a line every few seconds is enough.
  constexpr int64_t kQuietMs = 3000;
  int64_t now = MonotonicMs();
  if (!is_terminal_ && now - shown_ms_ < kQuietMs) return;
  shown_ms_ = now;
  auto sessions = queries_.Number("SELECT COUNT(*) FROM ecommerce.sessions");
  int64_t rows = feed_.rows_sent();
  int64_t ms = std::max<int64_t>(now - begin_ms_, 1);
  Line(fmt::format("  {} of {} clicks, {} rows/s, shop time {}, {} sessions ended", rows,
                   rows_total_, rows * 1000 / ms, TimeText(feed_.event_time_ms()).substr(0, 16),
                   sessions.ok() ? std::to_string(*sessions) : sessions.status().message()),
       false);
}

void ProgressDisplay::ShowNewAlerts() {
  auto alerts = FirstAlerts(queries_);
  if (!alerts.ok()) return;
  for (const FirstAlert& alert : *alerts) {
    if (alerts_shown_.insert(alert.signal).second) {
      Line(fmt::format("  ALERT {} at {}", alert.signal, alert.detected_at.substr(0, 16)), true);
    }
  }
}

void ProgressDisplay::Line(const std::string& text, bool stays) {
  const char* begin = is_terminal_ ? "\r\033[K" : "";
  const char* end = is_terminal_ && !stays ? "" : "\n";
  std::fprintf(stderr, "%s%s%s", begin, text.c_str(), end);
  std::fflush(stderr);
}

}  // namespace forebay::app
