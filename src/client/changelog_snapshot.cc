#include "client/changelog_snapshot.h"

#include <numeric>

#include "client/remote_admin.h"
#include "client/remote_scanner.h"

namespace forebay::client {

using model::ChangeType;

namespace {

constexpr int32_t kEarliest = 0;
constexpr int32_t kLatest = 1;
constexpr int kPollMs = 1000;
constexpr int64_t kPollBytes = 4 << 20;

}  // namespace

ChangelogSnapshot::ChangelogSnapshot(std::shared_ptr<const RemoteTable> table,
                                     const std::optional<std::vector<int>>& projection)
    : table_(std::move(table)) {
  wanted_.resize(table_->types.size());
  std::iota(wanted_.begin(), wanted_.end(), 0);
  if (projection.has_value()) wanted_ = *projection;
  for (int column : wanted_) types_.push_back(table_->types[static_cast<size_t>(column)]);
}

Result<std::unique_ptr<SnapshotScanner>> ChangelogSnapshot::Read(
    std::shared_ptr<RemoteCluster> cluster, std::shared_ptr<const RemoteTable> table,
    const model::BucketId& bucket, const std::optional<std::vector<int>>& projection) {
  RemoteTableState state(cluster, table);
  ASSIGN_OR_RETURN(auto begin, AskBucketOffsets(state, {bucket}, kEarliest, std::nullopt));
  ASSIGN_OR_RETURN(auto end, AskBucketOffsets(state, {bucket}, kLatest, std::nullopt));
  if (begin.front() > 0) {
    return NotSupported(
        "the rows of {} cannot be read: its server has no scans of rows, and the changelog of "
        "bucket {} begins at offset {}",
        table->info.path.ToString(), bucket.ToString(), begin.front());
  }
  std::unique_ptr<ChangelogSnapshot> snapshot(new ChangelogSnapshot(table, projection));
  RemoteLogScanner scanner(std::move(cluster), std::move(table), std::nullopt);
  RETURN_IF_ERROR(scanner.Subscribe(bucket, 0));
  RETURN_IF_ERROR(snapshot->Replay(scanner, bucket, end.front()));
  snapshot->next_ = snapshot->rows_.begin();
  return std::unique_ptr<SnapshotScanner>(std::move(snapshot));
}

Status ChangelogSnapshot::Replay(LogScanner& scanner, const model::BucketId& bucket,
                                 model::LogOffset end) {
  while (log_offset_ < end) {
    ASSIGN_OR_RETURN(auto parts, scanner.Poll(kPollMs, kPollBytes));
    for (const ScanRecords& part : parts) {
      // Whole batches: what came after the end was known belongs to the snapshot too.
      if (log_offset_ >= end) break;
      RETURN_IF_ERROR(Apply(part.batch));
      log_offset_ = part.next_offset;
    }
    if (bytes_ > kBytesMax) {
      return NotSupported(
          "the changelog of bucket {} of {} has more than {} bytes, and its server "
          "has no scans of rows",
          bucket.ToString(), table_->info.path.ToString(), kBytesMax);
    }
  }
  return {};
}

Status ChangelogSnapshot::Apply(const model::Batch& batch) {
  if (batch.num_rows == 0) return {};
  std::vector<model::Column> columns;
  for (int index : table_->physical_key_indexes)
    columns.push_back(batch.columns[static_cast<size_t>(index)]);
  ASSIGN_OR_RETURN(auto keys, format::EncodeKeys(columns));
  auto place = static_cast<uint32_t>(batches_.size());
  for (int row = 0; row < batch.num_rows; ++row) {
    ChangeType change = batch.change(row);
    if (change == ChangeType::kUpdateBefore) continue;
    std::string key(keys[row]);
    if (change == ChangeType::kDelete) {
      rows_.erase(key);
    } else {
      rows_[std::move(key)] = {place, static_cast<uint32_t>(row)};
    }
  }
  bytes_ += batch.MemoryBytes();
  batches_.push_back(batch);
  return {};
}

Result<model::Batch> ChangelogSnapshot::Next() {
  model::BatchBuilder builder(types_);
  for (; next_ != rows_.end() && builder.num_rows() < model::Batch::kMaxRows; ++next_) {
    const auto& [batch, row] = next_->second;
    for (size_t i = 0; i < wanted_.size(); ++i) {
      builder.column(static_cast<int>(i))
          .AppendFrom(batches_[batch].columns[static_cast<size_t>(wanted_[i])],
                      static_cast<int>(row));
    }
    builder.FinishRow();
  }
  return builder.Finish();
}

}  // namespace forebay::client
