#include "compute/union_read/lake_parts.h"

#include <fmt/format.h>

#include <charconv>

#include "lake/scan/lake_scan.h"
#include "lake/tiering/lake_rows.h"
#include "lake/tiering/tiering_service.h"

namespace forebay::compute {
namespace {

/// Names a lake snapshot: "<id>-<sequence number>". The sequence number finds its files when the
/// snapshot itself has expired meanwhile.
struct SnapshotName {
  int64_t id = 0;
  int64_t sequence_number = 0;

  std::string ToString() const { return fmt::format("{}-{}", id, sequence_number); }

  static Result<SnapshotName> Parse(const std::string& text) {
    SnapshotName name;
    const char* end = text.data() + text.size();
    auto id = std::from_chars(text.data(), end, name.id);
    if (id.ec == std::errc() && id.ptr != end && *id.ptr == '-') {
      auto number = std::from_chars(id.ptr + 1, end, name.sequence_number);
      if (number.ec == std::errc() && number.ptr == end) return name;
    }
    return InvalidArgument("no name of a lake snapshot: '{}'", text);
  }
};

/// Gives the rows of data files the types of the plan.
class LakeRows : public LakePartReader {
 public:
  LakeRows(const sql::TableScanNode& scan, std::vector<lake::LakeFile> files)
      : reader_(scan.table.info.descriptor.schema, scan.columns, std::move(files)) {
    for (const auto& column : scan.output) types_.push_back(column.type);
  }

  Result<model::Batch> Next() override {
    ASSIGN_OR_RETURN(model::Batch batch, reader_.Next());
    for (size_t i = 0; i < batch.columns.size() && i < types_.size(); ++i) {
      batch.columns[i] = batch.columns[i].WithType(types_[i]);
    }
    return batch;
  }

 private:
  lake::LakeReader reader_;
  std::vector<model::DataType> types_;
};

/// The snapshot's files. Tables are only added to (a delete is a file too), so an expired snapshot
/// is what the current one has up to its sequence number.
Result<std::vector<lake::LakeFile>> FilesOf(const lake::IcebergTable& table,
                                            const SnapshotName& name,
                                            const lake::LakeBucket& bucket) {
  for (const lake::Snapshot& snapshot : table.metadata().snapshots()) {
    if (snapshot.id == name.id) return lake::PlanLakeFiles(table, snapshot, bucket);
  }
  const lake::Snapshot* current = table.metadata().current_snapshot();
  if (current == nullptr || current->sequence_number < name.sequence_number) {
    return NotFound("the lake snapshot {} of {}", name.ToString(), table.directory());
  }
  return lake::PlanLakeFiles(table, *current, bucket, name.sequence_number);
}

class LakeParts : public LakePartFactory {
 public:
  LakeParts(const lake::TieringService& tiering, io::FileSystem& fs, const Clock& clock)
      : tiering_(tiering), fs_(fs), clock_(clock) {}

  Result<std::optional<LakePart>> Find(const sql::TableScanNode& scan) override {
    auto table = OpenTable(scan);
    if (!table.ok() && table.kind() == ErrorKind::kNotFound) return std::optional<LakePart>();
    if (!table.ok()) return table.status();
    const lake::TableMetadata& metadata = (*table)->metadata();
    const lake::Snapshot* snapshot =
        scan.as_of_ms ? metadata.SnapshotAsOf(*scan.as_of_ms) : metadata.current_snapshot();
    if (snapshot == nullptr) return std::optional<LakePart>();
    LakePart part;
    part.snapshot = SnapshotName{snapshot->id, snapshot->sequence_number}.ToString();
    if (scan.table.info.descriptor.IsPartitioned()) {
      AddPartitions(*snapshot, part);
      return std::optional(std::move(part));
    }
    std::vector<model::LogOffset> offsets = snapshot->LogOffsets();
    // Without offsets nobody can say where the log goes on.
    if (offsets.size() != static_cast<size_t>(scan.table.info.descriptor.bucket_count)) {
      return Corruption("the newest snapshot of {} does not say up to which log offsets it goes",
                        (*table)->directory());
    }
    for (size_t i = 0; i < offsets.size(); ++i) part.offsets[static_cast<int>(i)] = offsets[i];
    return std::optional(std::move(part));
  }

  Result<std::vector<sql::LakeSnapshot>> Snapshots(const model::TableInfo& info) override {
    std::vector<sql::LakeSnapshot> snapshots;
    auto table = lake::IcebergTable::Open(fs_, tiering_.DirectoryOf(info), clock_);
    if (!table.ok() && table.kind() == ErrorKind::kNotFound) return snapshots;
    if (!table.ok()) return table.status();
    for (const lake::Snapshot& snapshot : (*table)->metadata().snapshots()) {
      snapshots.push_back({snapshot.timestamp_ms, snapshot.id, snapshot.parent_id,
                           snapshot.operation, snapshot.manifest_list, snapshot.summary});
    }
    return snapshots;
  }

  Result<std::unique_ptr<LakePartReader>> Open(const sql::TableScanNode& scan,
                                               const std::string& snapshot,
                                               const model::BucketId& bucket) override {
    ASSIGN_OR_RETURN(SnapshotName name, SnapshotName::Parse(snapshot));
    ASSIGN_OR_RETURN(auto table, OpenTable(scan));
    ASSIGN_OR_RETURN(lake::LakeBucket wanted, WantedFiles(scan, *table, bucket));
    ASSIGN_OR_RETURN(std::vector<lake::LakeFile> files, FilesOf(*table, name, wanted));
    return std::unique_ptr<LakePartReader>(std::make_unique<LakeRows>(scan, std::move(files)));
  }

 private:
  static void AddPartitions(const lake::Snapshot& snapshot, LakePart& part) {
    for (lake::PartitionOffsets& entry : snapshot.LogOffsetsByPartition()) {
      for (size_t i = 0; i < entry.offsets.size(); ++i) {
        part.offsets[{entry.partition.id, static_cast<int>(i)}] = entry.offsets[i];
      }
      part.partitions[entry.partition.id] = std::move(entry.partition);
    }
  }

  /// The lake knows partitions by their values, which stand in the snapshots. kNotFound.
  static Result<lake::LakeBucket> WantedFiles(const sql::TableScanNode& scan,
                                              const lake::IcebergTable& table,
                                              const model::BucketId& bucket) {
    lake::LakeBucket wanted{{}, bucket.bucket};
    if (!bucket.partition) return wanted;
    const auto& snapshots = table.metadata().snapshots();
    // A partition that was made anew has taken the place of the old one in newer snapshots.
    for (auto snapshot = snapshots.rbegin(); snapshot != snapshots.rend(); ++snapshot) {
      LakePart part;
      AddPartitions(*snapshot, part);
      auto found = part.partitions.find(*bucket.partition);
      if (found == part.partitions.end()) continue;
      ASSIGN_OR_RETURN(wanted.keys,
                       lake::LakePartitionKeys(scan.table.info.descriptor, found->second.values));
      return wanted;
    }
    return NotFound("partition {} in {}", bucket.partition->value(), table.directory());
  }

  Result<std::unique_ptr<lake::IcebergTable>> OpenTable(const sql::TableScanNode& scan) const {
    return lake::IcebergTable::Open(fs_, tiering_.DirectoryOf(scan.table.info), clock_);
  }

  const lake::TieringService& tiering_;
  io::FileSystem& fs_;
  const Clock& clock_;
};

}  // namespace

std::unique_ptr<LakePartFactory> MakeLakeParts(const lake::TieringService& tiering,
                                               io::FileSystem& fs, const Clock& clock) {
  return std::make_unique<LakeParts>(tiering, fs, clock);
}

}  // namespace forebay::compute
