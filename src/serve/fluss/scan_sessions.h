#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "client/tablet_gateway.h"
#include "model/table.h"

namespace forebay::serve {

/// A scan of a bucket's rows that a client goes on with, request by request.
struct ScanSession {
  std::string id;
  std::unique_ptr<client::EncodedRowScanner> rows;
  int64_t rows_left = 0;
  int32_t last_call = -1;
  /// The row that did not fit the last answer.
  std::optional<std::string> pending;
  int64_t last_used_ms = 0;
};

/// The scans under way: bounded in number and in the time a client may be silent. A session that is
/// taken out belongs to its taker until it is put back. Thread-safe.
class ScanSessions {
 public:
  static constexpr size_t kSessionsMax = 256;
  static constexpr int64_t kSilenceMaxMs = 60'000;

  /// A fresh id; nullptr when there are too many sessions.
  std::unique_ptr<ScanSession> Open();
  /// nullptr when there is none, or another request has it.
  std::unique_ptr<ScanSession> Take(const std::string& id);
  void Put(std::unique_ptr<ScanSession> session);

 private:
  std::mutex mutex_;
  std::map<std::string, std::unique_ptr<ScanSession>> sessions_;  ///< guarded by `mutex_`
  uint64_t next_id_ = 1;                                          ///< guarded by `mutex_`
};

}  // namespace forebay::serve
