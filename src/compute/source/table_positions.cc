#include "compute/source/table_positions.h"

#include <algorithm>
#include <charconv>

namespace forebay::compute {
namespace {

constexpr std::string_view kBucketWord = "bucket ";
constexpr std::string_view kSearchWord = "partitions ";
constexpr std::string_view kKnownWord = "known ";

template <typename T>
bool TakeNumber(std::string_view& text, T& number) {
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  text.remove_prefix(static_cast<size_t>(end - text.data()));
  return error == std::errc();
}

bool TakeWord(std::string_view& text, std::string_view word) {
  if (!text.starts_with(word)) return false;
  text.remove_prefix(word.size());
  return true;
}

std::vector<SplitPosition> LogPositions(const std::vector<model::LogOffset>& offsets) {
  std::vector<SplitPosition> positions(offsets.size());
  for (size_t i = 0; i < offsets.size(); ++i) positions[i].offset = offsets[i];
  return positions;
}

}  // namespace

std::string TablePositions::SplitId(const model::BucketId& bucket) {
  return std::string(kBucketWord) + bucket.ToString();
}

Result<model::BucketId> TablePositions::ParseSplitId(std::string_view id) {
  std::string_view text = id;
  int64_t first = 0;
  model::BucketId bucket;
  bool valid = TakeWord(text, kBucketWord) && TakeNumber(text, first);
  if (valid && TakeWord(text, "/")) {
    bucket.partition = model::PartitionId(first);
    valid = TakeNumber(text, bucket.bucket);
  } else {
    bucket.bucket = static_cast<int>(first);
  }
  if (valid && text.empty()) return bucket;
  return Corruption("'{}' names no split of a table", id);
}

bool PartitionSearch::IsMine(const model::BucketId& bucket) const {
  int64_t number = bucket.partition ? bucket.partition->value() : 0;
  return (number + bucket.bucket) % of == share;
}

SourceSplit PartitionSearch::ToSplit() const {
  return {fmt::format("{}{}/{}", kSearchWord, share, of), fmt::format("{}{}", kKnownWord, known)};
}

Result<std::optional<PartitionSearch>> PartitionSearch::Parse(const SourceSplit& split) {
  std::string_view id = split.id;
  std::string_view position = split.position;
  if (!TakeWord(id, kSearchWord)) return std::optional<PartitionSearch>();
  PartitionSearch search;
  bool valid = TakeNumber(id, search.share) && TakeWord(id, "/") && TakeNumber(id, search.of) &&
               TakeWord(position, kKnownWord) && TakeNumber(position, search.known);
  if (valid && search.of > 0) return std::optional(search);
  return Corruption("split '{}' at '{}'", split.id, split.position);
}

std::string TablePositions::Option(const std::string& key, const std::string& fallback) const {
  auto found = node_.table.options.find(key);
  return found == node_.table.options.end() ? fallback : found->second;
}

Result<std::vector<SplitPosition>> TablePositions::Start(bool bounded, Partition partition) const {
  if (node_.part == sql::ScanPart::kLake) return LakeOnly(partition);
  std::string mode = Option("scan.startup.mode", "full");
  if (mode == "full" && node_.part == sql::ScanPart::kChangelog) mode = "earliest";
  ASSIGN_OR_RETURN(auto positions, ByMode(mode, partition));
  if (!bounded) return positions;
  ASSIGN_OR_RETURN(auto ends,
                   admin().ListOffsets(node_.table.path, model::kLatestOffset, partition));
  for (size_t i = 0; i < positions.size() && i < ends.size(); ++i) positions[i].end = ends[i];
  return positions;
}

Result<std::vector<SplitPosition>> TablePositions::StartOfNew(model::PartitionId partition) const {
  lake_.reset();  // what was known of the lake is older than the partition
  bool full = Option("scan.startup.mode", "full") == "full";
  bool changelog = node_.part == sql::ScanPart::kChangelog;
  return ByMode(full && !changelog ? "full" : "earliest", partition);
}

Result<std::vector<SplitPosition>> TablePositions::ByMode(const std::string& mode,
                                                          Partition partition) const {
  if (mode == "full") return Full(partition);
  Result<std::vector<model::LogOffset>> offsets = InvalidArgument(
      "unknown 'scan.startup.mode' = '{}'; use full, earliest, latest or timestamp", mode);
  if (mode == "earliest") {
    offsets = admin().ListOffsets(node_.table.path, model::kEarliestOffset, partition);
  } else if (mode == "latest") {
    offsets = admin().ListOffsets(node_.table.path, model::kLatestOffset, partition);
  } else if (mode == "timestamp") {
    int64_t ms = -1;
    std::string option = Option("scan.startup.timestamp", "");
    std::string_view text = option;
    if (!TakeNumber(text, ms) || !text.empty()) {
      return InvalidArgument("'scan.startup.timestamp' needs milliseconds, not '{}'", option);
    }
    offsets = admin().ListOffsetsAt(node_.table.path, ms, partition);
  }
  if (!offsets.ok()) return offsets.status();
  return LogPositions(*offsets);
}

Result<std::vector<SplitPosition>> TablePositions::Full(Partition partition) const {
  if (node_.table.info.descriptor.HasPrimaryKey()) {
    SplitPosition snapshot;
    snapshot.phase = SplitPosition::Phase::kSnapshot;
    return std::vector<SplitPosition>(node_.table.info.descriptor.bucket_count, snapshot);
  }
  ASSIGN_OR_RETURN(auto earliest,
                   admin().ListOffsets(node_.table.path, model::kEarliestOffset, partition));
  std::vector<SplitPosition> positions = LogPositions(earliest);
  RETURN_IF_ERROR(BeginInLake(partition, false, positions));
  return positions;
}

Result<std::vector<SplitPosition>> TablePositions::StartInLake(model::PartitionId partition) const {
  return LakeOnly(partition);
}

/// Only what is in the lake now: it ends where the log would go on.
Result<std::vector<SplitPosition>> TablePositions::LakeOnly(Partition partition) const {
  SplitPosition nothing;
  nothing.end = 0;
  std::vector<SplitPosition> positions(node_.table.info.descriptor.bucket_count, nothing);
  RETURN_IF_ERROR(BeginInLake(partition, true, positions));
  return positions;
}

Result<std::vector<model::PartitionInfo>> TablePositions::LakeOnlyPartitions(
    const std::vector<model::PartitionInfo>& stored) const {
  std::vector<model::PartitionInfo> only;
  bool from_lake =
      node_.part == sql::ScanPart::kLake ||
      (!node_.table.info.descriptor.HasPrimaryKey() && node_.part == sql::ScanPart::kAll &&
       Option("scan.startup.mode", "full") == "full");
  if (!from_lake) return only;
  ASSIGN_OR_RETURN(const LakePart* lake, Lake());
  if (lake == nullptr) return only;
  for (const auto& [id, partition] : lake->partitions) {
    bool is_stored = std::any_of(stored.begin(), stored.end(),
                                 [&](const auto& other) { return other.id == id; });
    if (!is_stored) only.push_back(partition);
  }
  return only;
}

Result<const LakePart*> TablePositions::Lake() const {
  if (!lake_.has_value()) {
    std::optional<LakePart> found;
    if (environment_.lake_parts != nullptr) {
      ASSIGN_OR_RETURN(found, environment_.lake_parts->Find(node_));
    }
    lake_.emplace(std::move(found));
  }
  return lake_->has_value() ? &**lake_ : nullptr;
}

Status TablePositions::BeginInLake(Partition partition, bool lake_only,
                                   std::vector<SplitPosition>& positions) const {
  ASSIGN_OR_RETURN(const LakePart* lake, Lake());
  if (lake == nullptr) return Status::Ok();
  for (size_t i = 0; i < positions.size(); ++i) {
    model::LogOffset offset = lake->OffsetOf({partition, static_cast<int>(i)});
    if (offset <= 0) continue;
    positions[i].phase = SplitPosition::Phase::kLake;
    positions[i].offset = offset;
    if (lake_only) positions[i].end = offset;
    positions[i].lake_snapshot = lake->snapshot;
  }
  return Status::Ok();
}

}  // namespace forebay::compute
