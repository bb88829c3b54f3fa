#include "compute/source/table_source.h"

#include <algorithm>
#include <utility>

#include "compute/source/bucket_fetcher.h"
#include "compute/source/lake_part.h"
#include "compute/source/partition_filter.h"
#include "compute/source/split_position.h"
#include "compute/source/table_positions.h"

namespace forebay::compute {
namespace {

/// Emits what its fetching thread reads.
class TableReader : public SourceReader {
 public:
  TableReader(const sql::TableScanNode& node, const ComputeEnvironment& environment)
      : node_(node), environment_(environment) {}

  ~TableReader() override {
    if (fetcher_ != nullptr) fetcher_->Stop();
  }

  Status Open(std::vector<SourceSplit> splits, Waker& waker) override {
    splits_ = std::move(splits);
    in_snapshot_.assign(splits_.size(), false);
    dropped_.assign(splits_.size(), false);
    if (splits_.empty()) return Status::Ok();
    std::vector<BucketSplit> buckets;
    for (const SourceSplit& split : splits_) {
      BucketSplit bucket;
      ASSIGN_OR_RETURN(bucket.search, PartitionSearch::Parse(split));
      if (!bucket.search.has_value()) {
        ASSIGN_OR_RETURN(bucket.bucket, TablePositions::ParseSplitId(split.id));
        ASSIGN_OR_RETURN(bucket.position, SplitPosition::Parse(split.position));
      }
      buckets.push_back(std::move(bucket));
    }
    queue_ = std::make_unique<FetchQueue>(waker);
    ASSIGN_OR_RETURN(fetcher_,
                     BucketFetcher::Start(node_, environment_, std::move(buckets), *queue_));
    return Status::Ok();
  }

  Result<PollOutcome> Poll(SourceOutput& output) override {
    if (queue_ == nullptr) return PollOutcome::kEnd;
    if (!std::exchange(polled_, true)) FinishSearches(output);
    std::optional<FetchedRows> rows = queue_->Pop();
    if (!rows.has_value()) {
      ASSIGN_OR_RETURN(bool end, queue_->IsAtEnd());
      return end ? PollOutcome::kEnd : PollOutcome::kNothing;
    }
    splits_[rows->split].position = std::move(rows->position);
    bool in_snapshot = splits_[rows->split].position.starts_with("snapshot");
    in_snapshot_[rows->split] = in_snapshot && !rows->split_dropped;
    if (rows->batch.num_rows > 0) {
      RETURN_IF_ERROR(output.Emit(rows->split, std::move(rows->batch)));
    }
    if (rows->split_finished) output.FinishSplit(rows->split);
    dropped_[rows->split] = rows->split_dropped;
    for (SourceSplit& split : rows->new_splits) {
      output.AddSplit(split.id);
      in_snapshot_.push_back(false);
      dropped_.push_back(false);
      splits_.push_back(std::move(split));
    }
    return PollOutcome::kProgress;
  }

  std::vector<SourceSplit> Positions() const override {
    std::vector<SourceSplit> positions;
    for (size_t i = 0; i < splits_.size(); ++i) {
      if (!dropped_[i]) positions.push_back(splits_[i]);
    }
    return positions;
  }

  /// A snapshot's rows come in no order that could be resumed.
  bool CanCheckpoint() const override {
    return std::find(in_snapshot_.begin(), in_snapshot_.end(), true) == in_snapshot_.end();
  }

 private:
  /// The search for partitions gives no rows and thus must not hold the watermark back.
  void FinishSearches(SourceOutput& output) const {
    for (size_t i = 0; i < splits_.size(); ++i) {
      auto search = PartitionSearch::Parse(splits_[i]);
      if (search.ok() && search->has_value()) output.FinishSplit(static_cast<int>(i));
    }
  }

  const sql::TableScanNode& node_;
  const ComputeEnvironment& environment_;
  std::vector<SourceSplit> splits_;
  std::vector<bool> in_snapshot_;
  std::vector<bool> dropped_;
  bool polled_ = false;
  std::unique_ptr<FetchQueue> queue_;
  std::unique_ptr<BucketFetcher> fetcher_;  ///< after queue_, which it uses
};

class TableSource : public Source {
 public:
  TableSource(const sql::TableScanNode& node, const JobContext& context)
      : node_(node), context_(context), positions_(node, *context.environment) {}

  Result<std::vector<SourceSplit>> EnumerateSplits(int num_readers) override {
    std::vector<SourceSplit> splits;
    if (!node_.table.info.descriptor.IsPartitioned()) {
      RETURN_IF_ERROR(AddSplits(std::nullopt, splits));
      return splits;
    }
    ASSIGN_OR_RETURN(auto partitions,
                     context_.environment->connection->admin().ListPartitions(node_.table.path));
    if (!IsBounded()) {
      int64_t known = partitions.empty() ? 0 : partitions.back().id.value();
      for (int i = 0; i < num_readers; ++i) {
        splits.push_back(PartitionSearch{i, num_readers, known}.ToSplit());
      }
    }
    for (const model::PartitionInfo& partition : partitions) {
      if (!MayHoldRows(node_, partition)) continue;
      Status added = AddSplits(partition.id, splits);
      bool dropped = !added.ok() && added.kind() == ErrorKind::kNotFound;
      if (!dropped) RETURN_IF_ERROR(added);
    }
    ASSIGN_OR_RETURN(auto lake_only, positions_.LakeOnlyPartitions(partitions));
    for (const model::PartitionInfo& partition : lake_only) {
      if (!MayHoldRows(node_, partition)) continue;
      ASSIGN_OR_RETURN(auto positions, positions_.StartInLake(partition.id));
      AddSplits(partition.id, positions, splits);
    }
    return splits;
  }

  Result<std::unique_ptr<SourceReader>> MakeReader() override {
    return std::unique_ptr<SourceReader>(
        std::make_unique<TableReader>(node_, *context_.environment));
  }

  bool IsBounded() const override {
    auto mode = context_.settings.find("execution.runtime-mode");
    bool is_batch = mode != context_.settings.end() && mode->second == "batch";
    bool lake_only = node_.part == sql::ScanPart::kLake;
    return is_batch || lake_only || Option("scan.bounded.mode", "unbounded") == "latest-offset";
  }

 private:
  std::string Option(const std::string& key, const std::string& fallback) const {
    auto found = node_.table.options.find(key);
    return found == node_.table.options.end() ? fallback : found->second;
  }

  Status AddSplits(std::optional<model::PartitionId> partition,
                   std::vector<SourceSplit>& splits) const {
    ASSIGN_OR_RETURN(auto positions, positions_.Start(IsBounded(), partition));
    AddSplits(partition, positions, splits);
    return Status::Ok();
  }

  static void AddSplits(std::optional<model::PartitionId> partition,
                        const std::vector<SplitPosition>& positions,
                        std::vector<SourceSplit>& splits) {
    for (size_t i = 0; i < positions.size(); ++i) {
      model::BucketId bucket(partition, static_cast<int>(i));
      splits.push_back({TablePositions::SplitId(bucket), positions[i].ToString()});
    }
  }

  const sql::TableScanNode& node_;
  const JobContext& context_;
  const TablePositions positions_;
};

}  // namespace

Result<std::unique_ptr<Source>> MakeTableSource(const sql::TableScanNode& node,
                                                const JobContext& context) {
  if (context.environment->connection == nullptr) {
    return Internal("no connection to read {} with", node.table.path.ToString());
  }
  if (node.as_of_ms.has_value()) {
    return NotSupported("FOR SYSTEM_TIME AS OF in a streaming query on {}",
                        node.table.path.ToString());
  }
  return std::unique_ptr<Source>(std::make_unique<TableSource>(node, context));
}

}  // namespace forebay::compute
