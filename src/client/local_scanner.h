#pragma once

#include <atomic>
#include <map>
#include <set>

#include "base/signal.h"
#include "client/connection.h"
#include "storage/storage_server.h"

namespace forebay::client {

/// LogScanner of a table in this process. Thread-compatible, but for Wakeup.
class LocalLogScanner : public LogScanner {
 public:
  LocalLogScanner(std::shared_ptr<const storage::HostedTable> table,
                  std::optional<std::vector<int>> projection);

  Status Subscribe(const model::BucketId& bucket, model::LogOffset offset) override;
  Status Unsubscribe(const model::BucketId& bucket) override;
  Result<std::vector<ScanRecords>> Poll(int timeout_ms, int64_t max_bytes) override;
  void Wakeup() override;

 private:
  /// A bucket that is read, and where.
  struct Position {
    std::shared_ptr<const storage::HostedTable> host;  ///< the table, or the bucket's partition
    model::LogOffset offset = 0;
  };

  Result<std::vector<ScanRecords>> ReadWhatThereIs(int64_t max_bytes);
  Status ReadBucket(const model::BucketId& bucket, Position& position, int64_t& bytes_left,
                    std::vector<ScanRecords>& out);
  Result<ScanRecords> Decode(const model::BucketId& bucket, const storage::LogSlice& slice,
                             const storage::LogSlice::Batch& batch, model::LogOffset offset);

  const std::shared_ptr<const storage::HostedTable> table_;
  const storage::LogBatchReader reader_;
  std::shared_ptr<Signal> signal_ = std::make_shared<Signal>();
  std::set<model::BucketId> listening_;
  std::map<model::BucketId, Position> positions_;
  model::BucketId last_bucket_ = -1;  ///< the one read last: the next Poll begins behind it
  std::atomic<bool> woken_ = false;
};

}  // namespace forebay::client
