#include "compute/source/bucket_fetcher.h"

#include <algorithm>
#include <set>

#include "base/clock.h"
#include "compute/arrangement/arrangements.h"
#include "compute/source/lake_part.h"
#include "compute/source/partition_filter.h"

namespace forebay::compute {
namespace {

constexpr int kPollTimeoutMs = 500;
constexpr int64_t kPollBytes = 4 << 20;
/// How often new partitions are looked for.
constexpr int64_t kSearchIntervalMs = 500;

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

/// See kVersionColumn.
model::Column VersionColumn(const client::ScanRecords& records) {
  model::ColumnBuilder builder(model::DataType::Bigint().NotNull(), records.batch.num_rows);
  int64_t bucket = int64_t{records.bucket.bucket} << kVersionBucketShift;
  for (int row = 0; row < records.batch.num_rows; ++row) {
    builder.Append<int64_t>(bucket | (records.base_offset + row));
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
    if (column == kVersionColumn) continue;  // Deliver adds it
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
  for (size_t i = 0; i < splits_.size(); ++i) RETURN_IF_ERROR(ReadBeforeLog(static_cast<int>(i)));
  return ReadLogs();
}

Status BucketFetcher::ReadBeforeLog(int split) {
  if (splits_[split].search.has_value()) return Status::Ok();
  Status read;
  switch (splits_[split].position.phase) {
    case SplitPosition::Phase::kLake: read = ReadLake(split); break;
    case SplitPosition::Phase::kSnapshot: read = ReadSnapshot(split); break;
    case SplitPosition::Phase::kLog: break;
  }
  bool dropped = !read.ok() && read.kind() == ErrorKind::kNotFound &&
                 splits_[split].bucket.partition.has_value();
  return dropped ? Drop(split) : read;
}

Status BucketFetcher::Push(int split, model::Batch batch) {
  const BucketSplit& from = splits_[split];
  FetchedRows rows;
  rows.split = split;
  rows.batch = std::move(batch);
  rows.position = from.search ? from.search->ToSplit().position : from.position.ToString();
  rows.split_finished = from.IsAtEnd();
  rows.split_dropped = from.dropped;
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

Status BucketFetcher::Begin(int split) {
  RETURN_IF_ERROR(ReadBeforeLog(split));
  BucketSplit& from = splits_[split];
  if (from.dropped) return Status::Ok();
  if (from.IsAtEnd()) return Push(split, {});
  if (from.search.has_value()) return Status::Ok();
  Status subscribed = scanner_->Subscribe(from.bucket, from.position.offset);
  bool dropped = !subscribed.ok() && subscribed.kind() == ErrorKind::kNotFound &&
                 from.bucket.partition.has_value();
  return dropped ? Drop(split) : subscribed;
}

Status BucketFetcher::Drop(int split) {
  splits_[split].dropped = true;
  return Push(split, {});
}

bool BucketFetcher::IsOpen() const {
  return std::any_of(splits_.begin(), splits_.end(),
                     [](const BucketSplit& split) { return !split.IsAtEnd(); });
}

Status BucketFetcher::ReadLogs() {
  for (size_t i = 0; i < splits_.size(); ++i) RETURN_IF_ERROR(Begin(static_cast<int>(i)));
  while (IsOpen() && !stop_) {
    RETURN_IF_ERROR(SearchPartitions());
    ASSIGN_OR_RETURN(std::vector<client::ScanRecords> all,
                     scanner_->Poll(kPollTimeoutMs, kPollBytes));
    for (client::ScanRecords& records : all) RETURN_IF_ERROR(Deliver(std::move(records)));
  }
  return stop_ ? Status(Cancelled("the reader was closed")) : Status::Ok();
}

Status BucketFetcher::SearchPartitions() {
  bool searches = std::any_of(splits_.begin(), splits_.end(),
                              [](const BucketSplit& split) { return split.search.has_value(); });
  if (!searches || MonotonicMs() < next_search_ms_) return Status::Ok();
  next_search_ms_ = MonotonicMs() + kSearchIntervalMs;
  ASSIGN_OR_RETURN(auto partitions,
                   environment_.connection->admin().ListPartitions(node_.table.path));
  for (size_t i = 0; i < splits_.size(); ++i) {
    if (!splits_[i].search.has_value()) continue;
    RETURN_IF_ERROR(AddPartitions(static_cast<int>(i), partitions));
  }
  return Status::Ok();
}

/// The new splits and the position of the search that found them reach the reader together, so a
/// checkpoint has both or none.
Status BucketFetcher::AddPartitions(int search,
                                    const std::vector<model::PartitionInfo>& partitions) {
  PartitionSearch found = *splits_[search].search;
  FetchedRows rows;
  rows.split = search;
  std::vector<BucketSplit> added;
  for (const model::PartitionInfo& partition : partitions) {
    if (partition.id.value() <= splits_[search].search->known) continue;
    found.known = std::max(found.known, partition.id.value());
    if (!MayHoldRows(node_, partition)) continue;
    auto starts = starts_.StartOfNew(partition.id);
    if (!starts.ok() && starts.kind() == ErrorKind::kNotFound) continue;  // dropped meanwhile
    RETURN_IF_ERROR(internal::ToStatus(starts));
    for (int bucket = 0; bucket < std::ssize(*starts); ++bucket) {
      BucketSplit split{{partition.id, bucket}, (*starts)[bucket], {}, false};
      if (!found.IsMine(split.bucket)) continue;
      rows.new_splits.push_back({TablePositions::SplitId(split.bucket), split.position.ToString()});
      added.push_back(std::move(split));
    }
  }
  if (found.known == splits_[search].search->known) return Status::Ok();
  splits_[search].search = found;
  rows.position = found.ToSplit().position;
  if (!queue_.Push(std::move(rows))) return Cancelled("the reader was closed");
  int first = static_cast<int>(splits_.size());
  splits_.insert(splits_.end(), added.begin(), added.end());
  for (int i = first; i < std::ssize(splits_); ++i) RETURN_IF_ERROR(Begin(i));
  return Status::Ok();
}

Status BucketFetcher::Deliver(client::ScanRecords records) {
  auto found = std::find_if(splits_.begin(), splits_.end(), [&](const BucketSplit& split) {
    return !split.search.has_value() && split.bucket == records.bucket.id();
  });
  if (found == splits_.end() || found->IsAtEnd()) return Status::Ok();
  if (records.dropped) return Drop(static_cast<int>(found - splits_.begin()));
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
  bool versions = !node_.columns.empty() && node_.columns.back() == kVersionColumn;
  model::Batch batch;
  if (metadata) {
    batch = WithMetadata(records);
  } else if (versions) {
    model::Column version = VersionColumn(records);
    batch = Shape(std::move(records.batch), &version);
  } else {
    batch = Shape(std::move(records.batch));
  }
  return Push(static_cast<int>(found - splits_.begin()), std::move(batch));
}

model::Batch BucketFetcher::Shape(model::Batch batch, const model::Column* version) const {
  if (!node_.table.info.descriptor.HasPrimaryKey()) batch.changes = nullptr;
  batch = batch.Project(order_);
  // The types of the plan: nullability may differ from storage's.
  for (size_t i = 0; i < batch.columns.size(); ++i) {
    batch.columns[i] = batch.columns[i].WithType(node_.output[i].type);
  }
  if (version != nullptr) batch.columns.push_back(*version);
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
