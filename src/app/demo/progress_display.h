#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <set>
#include <string>
#include <thread>

#include "app/demo/shop_feed.h"
#include "app/demo/shop_queries.h"

namespace forebay::app {

/// Shows on stderr how the replay goes, and new alerts when their row appears in the table, twice a
/// second from a thread of its own. Queries the result tables while the jobs write them.
class ProgressDisplay {
 public:
  /// Both outlive the display.
  ProgressDisplay(const serve::Engine& engine, const ShopFeed& feed, int64_t rows_total);
  ~ProgressDisplay() { Stop(); }
  void Stop();

 private:
  void Run();
  void Show();
  void ShowNewAlerts();
  void Line(const std::string& text, bool stays);

  ShopQueries queries_;
  const ShopFeed& feed_;
  const int64_t rows_total_;
  const int64_t begin_ms_;
  int64_t shown_ms_ = 0;
  const bool is_terminal_;
  std::set<std::string> alerts_shown_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace forebay::app
