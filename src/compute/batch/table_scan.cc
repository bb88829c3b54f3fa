#include "compute/batch/table_scan.h"

#include <algorithm>
#include <deque>

#include "client/key_scans.h"
#include "compute/source/lake_part.h"
#include "compute/source/partition_filter.h"
#include "compute/source/source_factory.h"
#include "sql/plan/plan_json.h"

namespace forebay::compute {

using model::Batch;
using model::LogOffset;

namespace {

/// A log bucket up to the offset where it ended when the query began, after what of it is in the
/// lake.
class BucketReader : public BatchReader {
 public:
  BucketReader(const JobContext& context, const sql::TableScanNode& scan,
               const model::BucketId& bucket, LogOffset begin, LogOffset end,
               std::unique_ptr<LakePartReader> lake)
      : connection_(*context.environment->connection),
        path_(scan.table.path),
        columns_(scan.columns),
        bucket_(bucket),
        next_(begin),
        end_(end),
        lake_(std::move(lake)) {}

  Result<Batch> Next() override {
    if (lake_ != nullptr) {
      ASSIGN_OR_RETURN(Batch batch, lake_->Next());
      if (batch.num_rows > 0) return batch;
      lake_.reset();
    }
    while (ready_.empty() && next_ < end_) RETURN_IF_ERROR(Poll());
    if (ready_.empty()) return Batch();
    Batch batch = std::move(ready_.front());
    ready_.pop_front();
    return batch;
  }

 private:
  Status Poll() {
    if (scanner_ == nullptr) RETURN_IF_ERROR(Subscribe());
    constexpr int kWaitMs = 1000;
    constexpr int64_t kPollBytes = 4 << 20;
    ASSIGN_OR_RETURN(auto polled, scanner_->Poll(kWaitMs, kPollBytes));
    for (client::ScanRecords& records : polled) {
      if (records.dropped) next_ = end_;  // the partition has gone, and its rows with it
      if (records.dropped) continue;
      Batch batch = std::move(records.batch);
      if (records.base_offset + batch.num_rows > end_) {
        batch =
            batch.Slice(0, static_cast<int>(std::max<LogOffset>(0, end_ - records.base_offset)));
      }
      next_ = records.next_offset;
      if (batch.num_rows == 0) continue;
      batch.changes = nullptr;
      ready_.push_back(batch.Project(order_));
    }
    return Status::Ok();
  }

  /// Storage wants ascending columns; the plan may want another order.
  Status Subscribe() {
    std::vector<int> ascending = columns_;
    std::sort(ascending.begin(), ascending.end());
    ascending.erase(std::unique(ascending.begin(), ascending.end()), ascending.end());
    for (int column : columns_) {
      order_.push_back(static_cast<int>(
          std::lower_bound(ascending.begin(), ascending.end(), column) - ascending.begin()));
    }
    if (ascending.empty()) ascending.push_back(0);
    ASSIGN_OR_RETURN(scanner_, connection_.OpenLogScanner(path_, ascending));
    return scanner_->Subscribe(bucket_, next_);
  }

  client::Connection& connection_;
  const model::TablePath path_;
  const std::vector<int> columns_;
  const model::BucketId bucket_;
  LogOffset next_;
  const LogOffset end_;
  std::unique_ptr<LakePartReader> lake_;
  std::unique_ptr<client::LogScanner> scanner_;
  std::vector<int> order_;
  std::deque<Batch> ready_;
};

/// The present rows of one bucket of a primary-key table.
class SnapshotReader : public BatchReader {
 public:
  SnapshotReader(std::unique_ptr<client::SnapshotScanner> scanner, std::vector<int> order)
      : scanner_(std::move(scanner)), order_(std::move(order)) {}

  Result<Batch> Next() override {
    ASSIGN_OR_RETURN(Batch batch, scanner_->Next());
    batch.changes = nullptr;
    return batch.num_rows == 0 ? batch : batch.Project(order_);
  }

 private:
  std::unique_ptr<client::SnapshotScanner> scanner_;
  std::vector<int> order_;
};

/// Some rows of one bucket of a primary-key table; a snapshot's when they cannot be had at once.
class LimitReader : public BatchReader {
 public:
  LimitReader(client::Connection& connection, client::KeyScans& scans, model::TablePath path,
              const model::BucketId& bucket, std::vector<int> columns, std::vector<int> order,
              int limit)
      : connection_(connection),
        scans_(scans),
        path_(std::move(path)),
        bucket_(bucket),
        columns_(std::move(columns)),
        order_(std::move(order)),
        limit_(limit) {}

  Result<Batch> Next() override {
    if (snapshot_ != nullptr) return snapshot_->Next();
    if (std::exchange(is_read_, true)) return Batch();
    ASSIGN_OR_RETURN(auto rows, scans_.LimitScan(path_, bucket_, columns_, limit_));
    if (rows.has_value()) return rows->num_rows == 0 ? Batch() : rows->Project(order_);
    ASSIGN_OR_RETURN(auto scanner, connection_.OpenSnapshotScanner(path_, bucket_, columns_));
    snapshot_ = std::make_unique<SnapshotReader>(std::move(scanner), order_);
    return snapshot_->Next();
  }

 private:
  client::Connection& connection_;
  client::KeyScans& scans_;
  const model::TablePath path_;
  const model::BucketId bucket_;
  const std::vector<int> columns_;
  const std::vector<int> order_;
  const int limit_;
  bool is_read_ = false;
  std::unique_ptr<SnapshotReader> snapshot_;
};

class LakeOnlyReader : public BatchReader {
 public:
  explicit LakeOnlyReader(std::unique_ptr<LakePartReader> lake) : lake_(std::move(lake)) {}
  Result<Batch> Next() override { return lake_->Next(); }

 private:
  std::unique_ptr<LakePartReader> lake_;
};

/// Runs a bounded source to its end in the calling thread.
class SourceDrain : public BatchReader, private SourceOutput {
 public:
  static Result<std::unique_ptr<BatchReader>> Open(const sql::TableScanNode& scan,
                                                   const JobContext& context,
                                                   BatchLetters* letters) {
    auto drain = std::make_unique<SourceDrain>();
    if (letters != nullptr) {
      drain->letters_.emplace(*letters, kDecodeError, sql::KindName(scan.kind));
    }
    ASSIGN_OR_RETURN(drain->source_, MakeSource(scan, context));
    ASSIGN_OR_RETURN(std::vector<SourceSplit> splits, drain->source_->EnumerateSplits(1));
    ASSIGN_OR_RETURN(drain->reader_, drain->source_->MakeReader());
    RETURN_IF_ERROR(drain->reader_->Open(std::move(splits), drain->waker_));
    return std::unique_ptr<BatchReader>(std::move(drain));
  }

  Result<Batch> Next() override {
    while (ready_.empty() && !ended_) {
      ASSIGN_OR_RETURN(PollOutcome outcome, reader_->Poll(*this));
      ended_ = outcome == PollOutcome::kEnd;
      constexpr int64_t kSleepMs = 10;
      if (outcome == PollOutcome::kNothing) waker_.Sleep(kSleepMs);
    }
    if (ready_.empty()) return Batch();
    Batch batch = std::move(ready_.front());
    ready_.pop_front();
    return batch;
  }

 private:
  Status Emit(int, Batch batch) override {
    ready_.push_back(std::move(batch));
    return Status::Ok();
  }
  void FinishSplit(int) override {}
  void AddSplit(const std::string&) override {}
  BadRecords* bad_records() override { return letters_ ? &*letters_ : nullptr; }

  Waker waker_;  // outlives the reader
  std::unique_ptr<Source> source_;
  std::unique_ptr<SourceReader> reader_;
  std::deque<Batch> ready_;
  std::optional<LettersOf> letters_;
  bool ended_ = false;
};

using Partitions = std::vector<std::optional<model::PartitionId>>;

/// Those whose rows the scan may need; nullopt stands for a table without partitions.
Result<Partitions> PartitionsOf(const sql::TableScanNode& scan, const JobContext& context) {
  if (!scan.table.info.descriptor.IsPartitioned()) return Partitions{std::nullopt};
  Partitions partitions;
  ASSIGN_OR_RETURN(auto all,
                   context.environment->connection->admin().ListPartitions(scan.table.path));
  for (const model::PartitionInfo& partition : all) {
    if (MayHoldRows(scan, partition)) partitions.push_back(partition.id);
  }
  return partitions;
}

Result<BatchReaders> OpenSnapshots(const sql::TableScanNode& scan, const JobContext& context,
                                   std::optional<int64_t> limit) {
  std::vector<int> ascending = scan.columns;
  std::sort(ascending.begin(), ascending.end());
  ascending.erase(std::unique(ascending.begin(), ascending.end()), ascending.end());
  std::vector<int> order;
  for (int column : scan.columns) {
    order.push_back(static_cast<int>(std::lower_bound(ascending.begin(), ascending.end(), column) -
                                     ascending.begin()));
  }
  if (ascending.empty()) ascending.push_back(0);
  BatchReaders readers;
  client::Connection& connection = *context.environment->connection;
  auto* scans = dynamic_cast<client::KeyScans*>(&connection);
  bool is_limited = limit && scans != nullptr && *limit <= Batch::kMaxRows;
  ASSIGN_OR_RETURN(auto partitions, PartitionsOf(scan, context));
  for (const auto& partition : partitions) {
    for (int bucket = 0; bucket < scan.table.info.descriptor.bucket_count; ++bucket) {
      if (is_limited) {
        readers.push_back(std::make_unique<LimitReader>(
            connection, *scans, scan.table.path, model::BucketId(partition, bucket), ascending,
            order, static_cast<int>(*limit)));
        continue;
      }
      ASSIGN_OR_RETURN(auto scanner, connection.OpenSnapshotScanner(
                                         scan.table.path, {partition, bucket}, ascending));
      readers.push_back(std::make_unique<SnapshotReader>(std::move(scanner), order));
    }
  }
  return readers;
}

Status OpenLogsOf(std::optional<model::PartitionId> partition, const sql::TableScanNode& scan,
                  const JobContext& context, const std::optional<LakePart>& part,
                  BatchReaders& readers) {
  client::Admin& admin = context.environment->connection->admin();
  ASSIGN_OR_RETURN(auto begins,
                   admin.ListOffsets(scan.table.path, model::kEarliestOffset, partition));
  ASSIGN_OR_RETURN(auto ends, admin.ListOffsets(scan.table.path, model::kLatestOffset, partition));
  for (size_t i = 0; i < ends.size(); ++i) {
    model::BucketId bucket(partition, static_cast<int>(i));
    std::unique_ptr<LakePartReader> lake;
    LogOffset begin = begins[i];
    if (part && part->OffsetOf(bucket) > 0) {
      begin = part->OffsetOf(bucket);
      ASSIGN_OR_RETURN(lake, context.environment->lake_parts->Open(scan, part->snapshot, bucket));
    }
    readers.push_back(
        std::make_unique<BucketReader>(context, scan, bucket, begin, ends[i], std::move(lake)));
  }
  return Status::Ok();
}

/// Partitions whose rows are in the lake alone: they were dropped from storage.
Status OpenLakeOnly(const sql::TableScanNode& scan, const JobContext& context, const LakePart& part,
                    const Partitions& stored, BatchReaders& readers) {
  for (const auto& [bucket, offset] : part.offsets) {
    if (!bucket.partition || offset <= 0) continue;
    if (std::find(stored.begin(), stored.end(), bucket.partition) != stored.end()) continue;
    if (!MayHoldRows(scan, part.partitions.at(*bucket.partition))) continue;
    ASSIGN_OR_RETURN(auto lake, context.environment->lake_parts->Open(scan, part.snapshot, bucket));
    readers.push_back(std::make_unique<LakeOnlyReader>(std::move(lake)));
  }
  return Status::Ok();
}

Result<BatchReaders> OpenLogs(const sql::TableScanNode& scan, const JobContext& context) {
  LakePartFactory* lake_parts = context.environment->lake_parts;
  std::optional<LakePart> part;
  if (lake_parts != nullptr) {
    ASSIGN_OR_RETURN(part, lake_parts->Find(scan));
  }
  // The lake's snapshot was taken first: what is tiered from now on is still read from the log, at
  // most once.
  BatchReaders readers;
  ASSIGN_OR_RETURN(auto partitions, PartitionsOf(scan, context));
  for (const auto& partition : partitions) {
    Status opened = OpenLogsOf(partition, scan, context, part, readers);
    bool dropped = !opened.ok() && partition && opened.kind() == ErrorKind::kNotFound;
    if (!dropped) RETURN_IF_ERROR(opened);
  }
  if (part) RETURN_IF_ERROR(OpenLakeOnly(scan, context, *part, partitions, readers));
  return readers;
}

Result<BatchReaders> OpenLake(const sql::TableScanNode& scan, const JobContext& context) {
  LakePartFactory* lake_parts = context.environment->lake_parts;
  std::optional<LakePart> part;
  if (lake_parts != nullptr) {
    ASSIGN_OR_RETURN(part, lake_parts->Find(scan));
  }
  BatchReaders readers;
  if (!part) return readers;
  for (const auto& [bucket, offset] : part->offsets) {
    ASSIGN_OR_RETURN(auto lake, lake_parts->Open(scan, part->snapshot, bucket));
    readers.push_back(std::make_unique<LakeOnlyReader>(std::move(lake)));
  }
  return readers;
}

Result<BatchReaders> OpenTable(const sql::TableScanNode& scan, const JobContext& context,
                               std::optional<int64_t> limit, BatchLetters* letters) {
  bool foreign = scan.table.IsForeign();
  if (scan.as_of_ms && (foreign || scan.part != sql::ScanPart::kLake)) {
    return NotSupported("FOR SYSTEM_TIME AS OF in batch mode");
  }
  if (!foreign && scan.part == sql::ScanPart::kLake) return OpenLake(scan, context);
  if (!foreign && scan.part == sql::ScanPart::kAll) {
    return scan.table.info.descriptor.HasPrimaryKey() ? OpenSnapshots(scan, context, limit)
                                                      : OpenLogs(scan, context);
  }
  BatchReaders readers;
  ASSIGN_OR_RETURN(std::unique_ptr<BatchReader> reader, SourceDrain::Open(scan, context, letters));
  readers.push_back(std::move(reader));
  return readers;
}

}  // namespace

OpenScan MakeOpenScan(const JobContext& context, BatchLetters* letters) {
  return [&context, letters](const sql::TableScanNode& scan, std::optional<int64_t> limit) {
    return OpenTable(scan, context, limit, letters);
  };
}

}  // namespace forebay::compute
