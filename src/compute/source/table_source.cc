#include "compute/source/table_source.h"

#include <algorithm>
#include <charconv>
#include <thread>

#include "compute/source/bucket_fetcher.h"
#include "compute/source/lake_part.h"
#include "compute/source/split_position.h"

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
    if (splits_.empty()) return Status::Ok();
    std::vector<BucketSplit> buckets;
    for (const SourceSplit& split : splits_) {
      BucketSplit bucket;
      std::string_view number = std::string_view(split.id).substr(split.id.find(' ') + 1);
      std::from_chars(number.data(), number.data() + number.size(), bucket.bucket);
      ASSIGN_OR_RETURN(bucket.position, SplitPosition::Parse(split.position));
      buckets.push_back(std::move(bucket));
    }
    queue_ = std::make_unique<FetchQueue>(waker);
    ASSIGN_OR_RETURN(fetcher_,
                     BucketFetcher::Start(node_, environment_, std::move(buckets), *queue_));
    return Status::Ok();
  }

  Result<PollOutcome> Poll(SourceOutput& output) override {
    if (queue_ == nullptr) return PollOutcome::kEnd;
    std::optional<FetchedRows> rows = queue_->Pop();
    if (!rows.has_value()) {
      ASSIGN_OR_RETURN(bool end, queue_->IsAtEnd());
      return end ? PollOutcome::kEnd : PollOutcome::kNothing;
    }
    splits_[rows->split].position = std::move(rows->position);
    bool in_snapshot = splits_[rows->split].position.starts_with("snapshot");
    in_snapshot_[rows->split] = in_snapshot;
    if (rows->batch.num_rows > 0) {
      RETURN_IF_ERROR(output.Emit(rows->split, std::move(rows->batch)));
    }
    if (rows->split_finished) output.FinishSplit(rows->split);
    return PollOutcome::kProgress;
  }

  std::vector<SourceSplit> Positions() const override { return splits_; }

  /// A snapshot's rows come in no order that could be resumed.
  bool CanCheckpoint() const override {
    return std::find(in_snapshot_.begin(), in_snapshot_.end(), true) == in_snapshot_.end();
  }

 private:
  const sql::TableScanNode& node_;
  const ComputeEnvironment& environment_;
  std::vector<SourceSplit> splits_;
  std::vector<bool> in_snapshot_;
  std::unique_ptr<FetchQueue> queue_;
  std::unique_ptr<BucketFetcher> fetcher_;  ///< after queue_, which it uses
};

class TableSource : public Source {
 public:
  TableSource(const sql::TableScanNode& node, const JobContext& context)
      : node_(node), context_(context) {}

  Result<std::vector<SourceSplit>> EnumerateSplits(int) override {
    bool lake_only = node_.part == sql::ScanPart::kLake;
    ASSIGN_OR_RETURN(std::vector<SplitPosition> positions,
                     lake_only ? LakePositions() : StartPositions());
    if (IsBounded() && !lake_only) RETURN_IF_ERROR(SetEnds(positions));
    std::vector<SourceSplit> splits;
    for (size_t i = 0; i < positions.size(); ++i) {
      splits.push_back({fmt::format("bucket {}", i), positions[i].ToString()});
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
  client::Admin& admin() const { return context_.environment->connection->admin(); }
  const model::TablePath& path() const { return node_.table.path; }

  std::string Option(const std::string& key, const std::string& fallback) const {
    auto found = node_.table.options.find(key);
    return found == node_.table.options.end() ? fallback : found->second;
  }

  Status SetEnds(std::vector<SplitPosition>& positions) const {
    ASSIGN_OR_RETURN(std::vector<model::LogOffset> ends,
                     admin().ListOffsets(path(), model::kLatestOffset));
    for (size_t i = 0; i < positions.size() && i < ends.size(); ++i) positions[i].end = ends[i];
    return Status::Ok();
  }

  Result<std::vector<SplitPosition>> StartPositions() const {
    std::string mode = Option("scan.startup.mode", "full");
    bool changelog = node_.part == sql::ScanPart::kChangelog;
    if (mode == "full" && !changelog) return FullPositions();
    Result<std::vector<model::LogOffset>> offsets = InvalidArgument(
        "unknown 'scan.startup.mode' = '{}'; use full, earliest, latest or timestamp", mode);
    if (mode == "earliest" || mode == "full") {
      offsets = admin().ListOffsets(path(), model::kEarliestOffset);
    } else if (mode == "latest") {
      offsets = admin().ListOffsets(path(), model::kLatestOffset);
    } else if (mode == "timestamp") {
      int64_t ms = -1;
      std::string text = Option("scan.startup.timestamp", "");
      auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), ms);
      if (error != std::errc() || end != text.data() + text.size()) {
        return InvalidArgument("'scan.startup.timestamp' needs milliseconds, not '{}'", text);
      }
      offsets = admin().ListOffsetsAt(path(), ms);
    }
    if (!offsets.ok()) return offsets.status();
    return LogPositions(*offsets);
  }

  static std::vector<SplitPosition> LogPositions(const std::vector<model::LogOffset>& offsets) {
    std::vector<SplitPosition> positions;
    for (model::LogOffset offset : offsets) {
      SplitPosition position;
      position.offset = offset;
      positions.push_back(position);
    }
    return positions;
  }

  Result<std::vector<SplitPosition>> FullPositions() const {
    if (node_.table.info.descriptor.HasPrimaryKey()) {
      SplitPosition snapshot;
      snapshot.phase = SplitPosition::Phase::kSnapshot;
      return std::vector<SplitPosition>(node_.table.info.descriptor.bucket_count, snapshot);
    }
    ASSIGN_OR_RETURN(std::vector<model::LogOffset> earliest,
                     admin().ListOffsets(path(), model::kEarliestOffset));
    std::vector<SplitPosition> positions = LogPositions(earliest);
    if (context_.environment->lake_parts == nullptr) return positions;
    ASSIGN_OR_RETURN(std::optional<LakePart> lake, context_.environment->lake_parts->Find(node_));
    if (!lake.has_value()) return positions;
    for (size_t i = 0; i < positions.size() && i < lake->offsets.size(); ++i) {
      if (lake->offsets[i] <= 0) continue;
      positions[i].phase = SplitPosition::Phase::kLake;
      positions[i].offset = lake->offsets[i];
      positions[i].lake_snapshot = lake->snapshot;
    }
    return positions;
  }

  /// Only what is in the lake now: it ends where the log would go on.
  Result<std::vector<SplitPosition>> LakePositions() const {
    SplitPosition nothing;
    nothing.end = 0;
    std::vector<SplitPosition> positions(node_.table.info.descriptor.bucket_count, nothing);
    if (context_.environment->lake_parts == nullptr) return positions;
    ASSIGN_OR_RETURN(std::optional<LakePart> lake, context_.environment->lake_parts->Find(node_));
    if (!lake.has_value()) return positions;
    for (size_t i = 0; i < positions.size() && i < lake->offsets.size(); ++i) {
      if (lake->offsets[i] <= 0) continue;
      positions[i].phase = SplitPosition::Phase::kLake;
      positions[i].offset = positions[i].end = lake->offsets[i];
      positions[i].lake_snapshot = lake->snapshot;
    }
    return positions;
  }

  const sql::TableScanNode& node_;
  const JobContext& context_;
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
