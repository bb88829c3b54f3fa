#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <vector>

#include "base/signal.h"
#include "client/connection.h"
#include "client/remote_table_state.h"

namespace forebay::client {

/// LogScanner of a table of another server: one request a server at a time, which waits there until
/// there is something to read; the next one is under way while its answer is worked on. Fetches go
/// on when a server fails or a bucket moves; Poll gives nothing meanwhile, and kUnavailable when it
/// lasts. Thread-compatible, but for Wakeup.
class RemoteLogScanner : public LogScanner {
 public:
  RemoteLogScanner(std::shared_ptr<RemoteCluster> cluster, std::shared_ptr<const RemoteTable> table,
                   std::optional<std::vector<int>> projection);
  ~RemoteLogScanner() override = default;

  Status Subscribe(const model::BucketId& bucket, model::LogOffset offset) override;
  Status Unsubscribe(const model::BucketId& bucket) override;
  Result<std::vector<ScanRecords>> Poll(int timeout_ms, int64_t max_bytes) override;
  void Wakeup() override;

 private:
  struct Position {
    model::LogOffset offset = 0;
    /// Answers to questions of another subscription are not wanted.
    uint64_t subscription = 0;
  };
  struct Answer {
    int leader = 0;
    std::map<model::BucketId, Position> asked;
    Result<rpc::Reply<rpc::FetchLogResponse>> reply;
  };
  /// What the network's thread puts answers into; lives as long as one is awaited. Thread-safe.
  struct Inbox {
    std::mutex mutex;
    std::vector<Answer> answers;  ///< guarded by mutex
    std::set<int> under_way;      ///< leaders that were asked; guarded by mutex
    Signal news;
  };

  /// Asks every leader that is not being asked for what follows the positions.
  Status Ask(int64_t wait_ms, int64_t max_bytes);
  Status RefreshWhenDue(bool& is_due);
  void AskLeader(int leader, std::map<model::BucketId, Position> buckets, int64_t wait_ms,
                 int64_t max_bytes);
  rpc::FetchLogRequest RequestFor(const std::map<model::BucketId, Position>& buckets,
                                  int64_t wait_ms, int64_t max_bytes) const;
  bool IsAnythingUnderWay();
  /// Takes the answers that have come.
  Status Take(std::vector<ScanRecords>& out);
  Status TakeBucket(const rpc::PbFetchLogRespForBucket& part, const Answer& answer,
                    std::vector<ScanRecords>& out);
  /// Consecutive log batches; `projected`: they have the wanted columns only.
  struct Records {
    std::string_view bytes;
    std::shared_ptr<const std::string> owner;
    bool projected = false;
  };
  Status TakeRecords(const model::BucketId& bucket, Records records, Position& position,
                     std::vector<ScanRecords>& out);
  /// One batch of `records`.
  Result<model::Batch> Decode(std::string_view bytes, const format::LogBatchHeader& header,
                              const Records& records);
  Result<model::Batch> DecodeOtherSchema(std::string_view bytes,
                                         const format::LogBatchHeader& header,
                                         const Records& records);
  /// Ends the reading of partitions that were dropped.
  void TakeDropped(std::vector<ScanRecords>& out);
  /// Notes a failure that may pass.
  void NoteFailure(const Status& failure);
  void NoteSuccess(const model::BucketId& bucket);

  RemoteTableState state_;
  const std::optional<std::vector<int>> projection_;
  /// Whether the server cuts the columns out.
  const bool pushes_projection_;
  std::vector<model::DataType> wanted_types_;
  std::map<model::BucketId, Position> positions_;
  uint64_t next_subscription_ = 1;
  const std::shared_ptr<Inbox> inbox_ = std::make_shared<Inbox>();
  std::atomic<bool> woken_ = false;
  std::set<model::BucketId> failing_;  ///< buckets whose last answer was a failure
  Status failure_;                     ///< the last one, while any fail
  int64_t failing_since_ms_ = 0;
  int64_t retry_at_ms_ = 0;
  int64_t pause_ms_ = 0;
};

}  // namespace forebay::client
