#include "client/bucket_batches.h"

#include <condition_variable>
#include <map>
#include <mutex>

namespace forebay::client {

namespace {

/// Gathers the acknowledgements of several writes and waits for all. Lives until the last callback
/// ran. Thread-safe.
class AckCollector {
 public:
  explicit AckCollector(size_t count) : left_(count) {}

  void Take(Result<WriteAck> ack) {
    std::lock_guard lock(mutex_);
    if (ack.ok()) {
      acks_.push_back(*ack);
    } else if (failure_.ok()) {
      failure_ = ack.status();
    }
    if (--left_ == 0) all_.notify_all();
  }
  Result<std::vector<WriteAck>> Wait() {
    std::unique_lock lock(mutex_);
    all_.wait(lock, [this] { return left_ == 0; });
    RETURN_IF_ERROR(failure_);
    return acks_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable all_;
  size_t left_;
  std::vector<WriteAck> acks_;
  Status failure_;
};

}  // namespace

Status CheckBatch(const model::TableInfo& table, const std::vector<model::DataType>& types,
                  size_t fewest, const model::Batch& batch) {
  if (batch.columns.size() > types.size() || batch.columns.size() < fewest) {
    return InvalidArgument("table '{}' has {} columns, the batch has {}", table.path.ToString(),
                           types.size(), batch.columns.size());
  }
  for (size_t i = 0; i < batch.columns.size(); ++i) {
    const model::Column& column = batch.columns[i];
    if (!column.type().EqualsIgnoringNullability(types[i])) {
      return InvalidArgument("column '{}' of table '{}' is {}, the batch has {}",
                             table.descriptor.schema.columns[i].name, table.path.ToString(),
                             types[i].ToString(), column.type().ToString());
    }
    if (column.num_rows() != batch.num_rows) {
      return InvalidArgument("a batch of {} rows has a column of {}", batch.num_rows,
                             column.num_rows());
    }
  }
  return {};
}

std::vector<std::pair<model::BucketId, model::Batch>> SplitByBucket(
    const model::Batch& batch, std::span<const model::BucketId> buckets) {
  std::map<model::BucketId, std::vector<uint32_t>> rows;
  for (int row = 0; row < batch.num_rows; ++row) {
    rows[buckets[static_cast<size_t>(row)]].push_back(static_cast<uint32_t>(row));
  }
  std::vector<std::pair<model::BucketId, model::Batch>> parts;
  for (const auto& [bucket, of_bucket] : rows) {
    parts.emplace_back(bucket, batch.Gather(of_bucket));
  }
  return parts;
}

Result<std::vector<WriteAck>> WriteByBucket(TableWriter& writer, const model::Batch& batch) {
  ASSIGN_OR_RETURN(auto buckets, writer.BucketsOf(batch));
  auto parts = SplitByBucket(batch, buckets);
  if (parts.empty()) return std::vector<WriteAck>();
  auto collector = std::make_shared<AckCollector>(parts.size());
  for (const auto& [bucket, part] : parts) {
    writer.WriteBucket(bucket, part, {},
                       [collector](Result<WriteAck> ack) { collector->Take(std::move(ack)); });
  }
  return collector->Wait();
}

}  // namespace forebay::client
