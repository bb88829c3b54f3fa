#include "compute/source/bucket_fetcher.h"

#include <algorithm>
#include <set>

#include "compute/source/lake_part.h"

namespace forebay::compute {
namespace {

constexpr int kPollTimeoutMs = 500;
constexpr int64_t kPollBytes = 4 << 20;

/// What Fluss's $changelog tables call a change.
std::string_view ChangeName(model::ChangeType type) {
  switch (type) {
    case model::ChangeType::kUpdateBefore: return "update_before";
    case model::ChangeType::kUpdateAfter: return "update_after";
    case model::ChangeType::kDelete: return "delete";
    default: return "insert";
  }
}

/// The metadata column `column` (-1, -2 or -3, see sql::TableScanNode) of a $changelog scan.
model::Column MetadataColumn(int column, const model::DataType& type,
                             const client::ScanRecords& records) {
  int rows = records.batch.num_rows;
  model::ColumnBuilder builder(type, rows);
  for (int row = 0; row < rows; ++row) {
    switch (column) {
      case sql::kChangeTypeColumn:
        builder.AppendString(ChangeName(records.batch.change(row)));
        break;
      case sql::kLogOffsetColumn: builder.Append<int64_t>(records.base_offset + row); break;
      default: builder.Append<int64_t>(records.timestamp_ms);
    }
  }
  return builder.Finish();
}

model::Batch WithoutUpdateBefore(model::Batch batch) {
  std::vector<uint32_t> rows;
  for (int row = 0; row < batch.num_rows; ++row) {
    if (batch.change(row) != model::ChangeType::kUpdateBefore) {
      rows.push_back(static_cast<uint32_t>(row));
    }
  }
  if (rows.size() == static_cast<size_t>(batch.num_rows)) return batch;
  return batch.Gather(rows);
}

}  // namespace

Result<std::unique_ptr<BucketFetcher>> BucketFetcher::Start(const sql::TableScanNode& node,
                                                            const ComputeEnvironment& environment,
                                                            std::vector<BucketSplit> splits,
                                                            FetchQueue& queue) {
  std::unique_ptr<BucketFetcher> fetcher(
      new BucketFetcher(node, environment, std::move(splits), queue));
  RETURN_IF_ERROR(fetcher->Prepare());
  fetcher->thread_ = std::thread([raw = fetcher.get()] {
    Status status = raw->Run();
    raw->queue_.Finish(std::move(status));
  });
  return fetcher;
}

Status BucketFetcher::Prepare() {
  std::set<int> wanted(node_.columns.begin(), node_.columns.end());
  // Metadata columns have negative numbers.
  projection_.assign(wanted.lower_bound(0), wanted.end());
  // A scan for COUNT(*) reads some column all the same: batches need their row count.
  if (projection_.empty()) projection_.push_back(0);
  for (int column : node_.columns) {
    auto at = std::lower_bound(projection_.begin(), projection_.end(), column);
    order_.push_back(column < 0 ? column : static_cast<int>(at - projection_.begin()));
  }
  ASSIGN_OR_RETURN(scanner_,
                   environment_.connection->OpenLogScanner(node_.table.path, projection_));
  return Status::Ok();
}

void BucketFetcher::Stop() {
  stop_ = true;
  queue_.Close();
  if (scanner_ != nullptr) scanner_->Wakeup();
  if (thread_.joinable()) thread_.join();
}

Status BucketFetcher::Run() {
  for (size_t i = 0; i < splits_.size(); ++i) {
    int split = static_cast<int>(i);
    if (splits_[i].position.phase == SplitPosition::Phase::kLake) {
      RETURN_IF_ERROR(ReadLake(split));
    } else if (splits_[i].position.phase == SplitPosition::Phase::kSnapshot) {
      RETURN_IF_ERROR(ReadSnapshot(split));
    }
  }
  return ReadLogs();
}

Status BucketFetcher::Push(int split, model::Batch batch) {
  const SplitPosition& position = splits_[split].position;
  FetchedRows rows{split, std::move(batch), position.ToString(), position.IsAtEnd()};
  if (queue_.Push(std::move(rows))) return Status::Ok();
  return Cancelled("the reader was closed");
}

Status BucketFetcher::ReadLake(int split) {
  SplitPosition& position = splits_[split].position;
  if (environment_.lake_parts == nullptr) {
    return NotSupported("{} begins in the lake, which this process cannot read",
                        node_.table.path.ToString());
  }
  ASSIGN_OR_RETURN(auto reader, environment_.lake_parts->Open(node_, position.lake_snapshot,
                                                              splits_[split].bucket));
  int64_t skip = position.lake_rows;
  while (!stop_) {
    ASSIGN_OR_RETURN(model::Batch batch, reader->Next());
    if (batch.num_rows == 0) break;
    int skipped = static_cast<int>(std::min<int64_t>(skip, batch.num_rows));
    skip -= skipped;
    if (skipped == batch.num_rows) continue;
    if (skipped > 0) batch = batch.Slice(skipped, batch.num_rows - skipped);
    position.lake_rows += batch.num_rows;
    RETURN_IF_ERROR(Push(split, std::move(batch)));
  }
  position.phase = SplitPosition::Phase::kLog;
  return Push(split, {});
}

Status BucketFetcher::ReadSnapshot(int split) {
  SplitPosition& position = splits_[split].position;
  ASSIGN_OR_RETURN(auto snapshot, environment_.connection->OpenSnapshotScanner(
                                      node_.table.path, splits_[split].bucket, projection_));
  while (!stop_) {
    ASSIGN_OR_RETURN(model::Batch batch, snapshot->Next());
    if (batch.num_rows == 0) break;
    RETURN_IF_ERROR(Push(split, Shape(std::move(batch))));
  }
  position.phase = SplitPosition::Phase::kLog;
  position.offset = snapshot->log_offset();
  return Push(split, {});
}

Status BucketFetcher::ReadLogs() {
  size_t open = 0;
  for (size_t i = 0; i < splits_.size(); ++i) {
    if (splits_[i].position.IsAtEnd()) {
      RETURN_IF_ERROR(Push(static_cast<int>(i), {}));
      continue;
    }
    RETURN_IF_ERROR(scanner_->Subscribe(splits_[i].bucket, splits_[i].position.offset));
    ++open;
  }
  while (open > 0 && !stop_) {
    ASSIGN_OR_RETURN(std::vector<client::ScanRecords> all,
                     scanner_->Poll(kPollTimeoutMs, kPollBytes));
    for (client::ScanRecords& records : all) RETURN_IF_ERROR(Deliver(std::move(records)));
    open = static_cast<size_t>(
        std::count_if(splits_.begin(), splits_.end(),
                      [](const BucketSplit& split) { return !split.position.IsAtEnd(); }));
  }
  return stop_ ? Status(Cancelled("the reader was closed")) : Status::Ok();
}

Status BucketFetcher::Deliver(client::ScanRecords records) {
  auto found = std::find_if(splits_.begin(), splits_.end(), [&](const BucketSplit& split) {
    return split.bucket == records.bucket.bucket;
  });
  if (found == splits_.end() || found->position.IsAtEnd()) return Status::Ok();
  SplitPosition& position = found->position;
  int begin = static_cast<int>(
      std::clamp<int64_t>(position.offset - records.base_offset, 0, records.batch.num_rows));
  int end = records.batch.num_rows;
  if (position.end >= 0) {
    end = static_cast<int>(std::clamp<int64_t>(position.end - records.base_offset, begin, end));
  }
  position.offset = std::max(position.offset, records.next_offset);
  if (begin > 0 || end < records.batch.num_rows) {
    records.batch = records.batch.Slice(begin, end - begin);
    records.base_offset += begin;
  }
  if (position.IsAtEnd()) RETURN_IF_ERROR(scanner_->Unsubscribe(found->bucket));
  bool metadata = node_.part == sql::ScanPart::kChangelog;
  model::Batch batch = metadata ? WithMetadata(records) : Shape(std::move(records.batch));
  return Push(static_cast<int>(found - splits_.begin()), std::move(batch));
}

model::Batch BucketFetcher::Shape(model::Batch batch) const {
  if (!node_.table.info.descriptor.HasPrimaryKey()) batch.changes = nullptr;
  batch = batch.Project(order_);
  // The types of the plan: nullability may differ from storage's.
  for (size_t i = 0; i < batch.columns.size(); ++i) {
    batch.columns[i] = batch.columns[i].WithType(node_.output[i].type);
  }
  if (batch.changes != nullptr && !node_.changelog.update_before) {
    batch = WithoutUpdateBefore(std::move(batch));
  }
  return batch;
}

model::Batch BucketFetcher::WithMetadata(const client::ScanRecords& records) const {
  model::Batch batch;
  batch.num_rows = records.batch.num_rows;
  for (size_t i = 0; i < order_.size(); ++i) {
    const model::DataType& type = node_.output[i].type;
    batch.columns.push_back(order_[i] < 0 ? MetadataColumn(order_[i], type, records)
                                          : records.batch.columns[order_[i]].WithType(type));
  }
  return batch;
}

}  // namespace forebay::compute
