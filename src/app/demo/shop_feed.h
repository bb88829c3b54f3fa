#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>

#include "app/demo/clickstream.h"
#include "app/demo/http_client.h"

namespace forebay::app {

/// Plays the shop: sends clicks over HTTP in event-time order, in batches, and keeps customers and
/// products up to date as it goes. Thread-compatible but for rows_sent() and event_time_ms(), which
/// any thread may read.
class ShopFeed {
 public:
  /// Rows of one request: large enough to make a request's fsync cheap, small enough for live
  /// progress.
  static constexpr int kBatchRows = 2000;

  /// `replay` and `http` outlive the feed. `dropped_row` is the number of a click that is held
  /// back, for tests that must see the loss noticed; -1: none.
  ShopFeed(const Replay& replay, HttpClient& http, int64_t dropped_row)
      : replay_(replay), http_(http), dropped_row_(dropped_row) {}

  /// The products, before any click.
  Status SendProducts();
  /// All clicks; `halfway` is called once in the middle.
  Status SendClicks(const std::function<Status()>& halfway);
  /// Says that time has passed: an event far behind the last one, which closes all windows.
  Status SendHeartbeat();

  int64_t rows_sent() const { return rows_sent_; }
  int64_t event_time_ms() const { return event_time_ms_; }

 private:
  void AppendClick(const Click& click, int copy);
  void NoteCustomer(const Click& click, int copy);
  void ChangePrice();
  Status Flush();
  Status Post(const char* table, std::string& body);

  const Replay& replay_;
  HttpClient& http_;
  const int64_t dropped_row_;
  std::string clicks_, customers_, products_;  ///< NDJSON to be sent
  std::vector<int8_t> lifecycles_;  ///< of every copy of every user, as last sent; -1: not yet
  int64_t price_changes_ = 0;
  int batch_rows_ = 0;
  std::atomic<int64_t> rows_sent_{0};
  std::atomic<int64_t> event_time_ms_{0};
};

}  // namespace forebay::app
