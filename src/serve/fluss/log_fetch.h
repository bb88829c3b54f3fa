#pragma once

#include <atomic>
#include <map>
#include <memory>

#include "base/signal.h"
#include "client/tablet_gateway.h"
#include "rpc/messages.h"
#include "serve/fluss/call.h"

namespace forebay::serve {

/// One FetchLog request: answered as soon as the logs it names hold enough, when one of them is in
/// error, or when the time is over. Thread-safe.
class LogFetch : public Wakeable, public std::enable_shared_from_this<LogFetch> {
 public:
  LogFetch(rpc::FetchLogRequest request, client::TabletGateway& gateway, const Call& call);

  void Start();
  /// A log has grown. On a storage thread.
  void Raise() override;

 private:
  using Table = std::shared_ptr<client::EncodedTable>;
  /// A table's id and a partition's, if it has some.
  using PartKey = std::pair<int64_t, std::optional<int64_t>>;

  void OpenTables(client::TabletGateway& gateway);
  /// Answers when there is enough, or `at_any_rate`.
  void TryAnswer(bool at_any_rate);
  rpc::FetchLogResponse Collect(int64_t& bytes, bool& is_due);
  rpc::PbFetchLogRespForBucket Read(const rpc::PbFetchLogReqForTable& wanted,
                                    const Result<Table>& table,
                                    const rpc::PbFetchLogReqForBucket& bucket,
                                    int64_t bytes_left) const;
  void Listen();

  const rpc::FetchLogRequest request_;
  const Call call_;
  std::map<PartKey, Result<Table>> tables_;
  std::map<int64_t, format::BatchFilter> filters_;  ///< of tables that are filtered
  std::atomic<bool> answered_ = false;
  std::atomic<bool> posted_ = false;
};

}  // namespace forebay::serve
