#pragma once

#include <condition_variable>
#include <mutex>
#include <span>
#include <utility>
#include <vector>

#include "client/connection.h"

namespace forebay::client {

/// kInvalidArgument unless `batch` has the table's columns, at least the first `fewest`: whoever
/// was planned before columns were added does not know the last ones.
Status CheckBatch(const model::TableInfo& table, const std::vector<model::DataType>& types,
                  size_t fewest, const model::Batch& batch);

/// The rows of each bucket, whose order they keep, without empty ones.
std::vector<std::pair<model::BucketId, model::Batch>> SplitByBucket(
    const model::Batch& batch, std::span<const model::BucketId> buckets);

/// Gathers the acknowledgements of several writes and waits for all. Lives until the last callback
/// ran. Thread-safe.
class AckCollector {
 public:
  explicit AckCollector(size_t count) : left_(count) {}

  void Take(Result<WriteAck> ack);
  Result<std::vector<WriteAck>> Wait();

 private:
  std::mutex mutex_;
  std::condition_variable all_;
  size_t left_;
  std::vector<WriteAck> acks_;
  Status failure_;
};

}  // namespace forebay::client
