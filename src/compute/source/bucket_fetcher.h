#pragma once

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "client/connection.h"
#include "compute/runtime/environment.h"
#include "compute/source/fetch_queue.h"
#include "compute/source/split_position.h"
#include "compute/source/table_positions.h"

namespace forebay::compute {

/// A bucket and where its reading stands; or a share of the search for new partitions.
struct BucketSplit {
  model::BucketId bucket;
  SplitPosition position;
  std::optional<PartitionSearch> search;
  bool dropped = false;  ///< with its partition

  bool IsAtEnd() const { return dropped || (!search.has_value() && position.IsAtEnd()); }
};

/// The thread that reads some buckets of a table for one reader: first what is in the lake or in
/// snapshots, bucket by bucket, then the logs together, and buckets of new partitions as they come.
/// Start and Stop by the reader's thread.
class BucketFetcher {
 public:
  /// All arguments outlive the fetcher.
  static Result<std::unique_ptr<BucketFetcher>> Start(const sql::TableScanNode& node,
                                                      const ComputeEnvironment& environment,
                                                      std::vector<BucketSplit> splits,
                                                      FetchQueue& queue);
  ~BucketFetcher() { Stop(); }
  /// Ends the thread and waits for it.
  void Stop();

 private:
  BucketFetcher(const sql::TableScanNode& node, const ComputeEnvironment& environment,
                std::vector<BucketSplit> splits, FetchQueue& queue)
      : node_(node),
        environment_(environment),
        splits_(std::move(splits)),
        queue_(queue),
        starts_(node, environment) {}

  Status Prepare();
  Status Run();
  Status ReadLake(int split);
  Status ReadSnapshot(int split);
  Status ReadLogs();
  /// Reads what lies before the log, and subscribes to the log.
  Status Begin(int split);
  Status ReadBeforeLog(int split);
  bool IsOpen() const;
  Status SearchPartitions();
  Status AddPartitions(int search, const std::vector<model::PartitionInfo>& partitions);
  Status Drop(int split);
  Status Deliver(client::ScanRecords records);
  /// kCancelled when the reader has gone.
  Status Push(int split, model::Batch batch);
  /// The scan's columns of records whose columns are projection_; behind them `version`.
  model::Batch Shape(model::Batch batch, const model::Column* version = nullptr) const;
  model::Batch WithMetadata(const client::ScanRecords& records) const;

  const sql::TableScanNode& node_;
  const ComputeEnvironment& environment_;
  std::vector<BucketSplit> splits_;
  FetchQueue& queue_;
  std::vector<int> projection_;  ///< ascending, as storage wants it
  std::vector<int> order_;       ///< for each column of the scan its place in projection_, or the
                                 ///< negative number of a metadata column
  std::unique_ptr<client::LogScanner> scanner_;
  const TablePositions starts_;
  int64_t next_search_ms_ = 0;
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

}  // namespace forebay::compute
