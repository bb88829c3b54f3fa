#include "client/local_scanner.h"

#include <algorithm>

#include "base/clock.h"

namespace forebay::client {
namespace {

/// One read of a bucket: enough to be worth a call, small enough to stay in the cache.
constexpr int64_t kReadBytes = 1 << 20;

}  // namespace

using model::LogOffset;

LocalLogScanner::LocalLogScanner(std::shared_ptr<const storage::HostedTable> table,
                                 std::optional<std::vector<int>> projection)
    : table_(std::move(table)),
      reader_(table_->schemas, table_->info.schema_id, table_->info.descriptor.schema.Types(),
              std::move(projection), table_->options.log_format) {}

Status LocalLogScanner::Subscribe(const model::BucketId& bucket, LogOffset offset) {
  ASSIGN_OR_RETURN(auto host, table_->Part(bucket.partition));
  RETURN_IF_ERROR(host->CheckBucket(bucket.bucket));
  storage::LogTablet& log = *host->buckets[bucket.bucket].log;
  if (offset == model::kEarliestOffset) offset = log.log_start();
  if (offset == model::kLatestOffset) offset = log.durable_end();
  if (offset < 0) return InvalidArgument("there is no offset {}", offset);
  if (listening_.insert(bucket).second) log.Listen(signal_);
  positions_[bucket] = {std::move(host), offset};
  return {};
}

Status LocalLogScanner::Unsubscribe(const model::BucketId& bucket) {
  positions_.erase(bucket);
  return {};
}

Result<std::vector<ScanRecords>> LocalLogScanner::Poll(int timeout_ms, int64_t max_bytes) {
  int64_t deadline_ms = MonotonicMs() + timeout_ms;
  while (true) {
    ASSIGN_OR_RETURN(auto records, ReadWhatThereIs(max_bytes));
    int64_t left_ms = deadline_ms - MonotonicMs();
    if (!records.empty() || woken_ || timeout_ms <= 0 || left_ms < 0) return records;
    signal_->WaitFor(std::chrono::milliseconds(left_ms + 1));
  }
}

void LocalLogScanner::Wakeup() {
  woken_ = true;
  signal_->Raise();
}

Result<std::vector<ScanRecords>> LocalLogScanner::ReadWhatThereIs(int64_t max_bytes) {
  std::vector<ScanRecords> records;
  int64_t bytes_left = std::max<int64_t>(max_bytes, 1);
  auto next = positions_.upper_bound(last_bucket_);
  for (size_t left = positions_.size(); left > 0 && bytes_left > 0; --left) {
    if (next == positions_.end()) next = positions_.begin();
    last_bucket_ = next->first;
    Status read = ReadBucket(next->first, next->second, bytes_left, records);
    if (!read.ok() && *next->second.host->dropped) {
      ScanRecords& last = records.emplace_back();
      last.bucket = {table_->info.id, next->first.partition, next->first.bucket};
      last.dropped = true;
      next = positions_.erase(next);
      continue;
    }
    // What other buckets gave is not lost: the error comes again with the next call.
    if (!read.ok() && records.empty()) return read;
    ++next;
  }
  return records;
}

Status LocalLogScanner::ReadBucket(const model::BucketId& bucket, Position& position,
                                   int64_t& bytes_left, std::vector<ScanRecords>& out) {
  storage::LogTablet& log = *position.host->buckets[bucket.bucket].log;
  ASSIGN_OR_RETURN(auto slice, log.Read(position.offset, std::min(bytes_left, kReadBytes)));
  for (const auto& batch : slice.batches) {
    ASSIGN_OR_RETURN(ScanRecords records, Decode(bucket, slice, batch, position.offset));
    position.offset = records.next_offset;
    bytes_left -= static_cast<int64_t>(batch.header.size_bytes());
    out.push_back(std::move(records));
  }
  return {};
}

Result<ScanRecords> LocalLogScanner::Decode(const model::BucketId& bucket,
                                            const storage::LogSlice& slice,
                                            const storage::LogSlice::Batch& batch,
                                            LogOffset offset) {
  std::string_view bytes(slice.bytes->data() + batch.position, batch.header.size_bytes());
  ASSIGN_OR_RETURN(model::Batch rows, reader_.Decode(batch.header, bytes, slice.bytes));
  ScanRecords records;
  records.bucket = {table_->info.id, bucket.partition, bucket.bucket};
  records.base_offset = batch.header.base_offset;
  records.next_offset = batch.header.next_offset();
  records.timestamp_ms = batch.header.commit_timestamp_ms;
  // A subscription may begin inside of a batch.
  int skipped =
      static_cast<int>(std::clamp<LogOffset>(offset - records.base_offset, 0, rows.num_rows));
  records.base_offset += skipped;
  records.batch = skipped == 0 ? std::move(rows) : rows.Slice(skipped, rows.num_rows - skipped);
  return records;
}

}  // namespace forebay::client
