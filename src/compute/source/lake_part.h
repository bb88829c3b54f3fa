#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/batch.h"
#include "sql/catalog/catalog.h"
#include "sql/plan/plan.h"

namespace forebay::compute {

/// The rows of one bucket that are in the lake, as of one lake snapshot. Belongs to one thread.
class LakePartReader {
 public:
  virtual ~LakePartReader() = default;
  /// The next rows with the scan's columns, at most Batch::kMaxRows; an empty batch at the end. The
  /// order is the same each time the part is opened with the same snapshot.
  virtual Result<model::Batch> Next() = 0;
};

/// What of a table is in the lake: a snapshot, and where the log goes on after it.
struct LakePart {
  std::string snapshot;  ///< names the lake snapshot; stays readable while a job reads it
  /// The first offset that is not in the lake; nothing is of a bucket that is not here.
  std::map<model::BucketId, model::LogOffset> offsets;
  /// The partitions of those buckets; some may be gone from storage.
  std::map<model::PartitionId, model::PartitionInfo> partitions;

  model::LogOffset OffsetOf(const model::BucketId& bucket) const {
    auto found = offsets.find(bucket);
    return found == offsets.end() ? 0 : found->second;
  }
};

/// Puts "read the lake first, then the log from these offsets" in front of a table scan.
/// Implemented over `lake`. Thread-safe.
class LakePartFactory {
 public:
  virtual ~LakePartFactory() = default;
  /// As of the scan's time, if it has one; nullopt when the table is not in the lake, or was not.
  virtual Result<std::optional<LakePart>> Find(const sql::TableScanNode& scan) = 0;
  virtual Result<std::unique_ptr<LakePartReader>> Open(const sql::TableScanNode& scan,
                                                       const std::string& snapshot,
                                                       const model::BucketId& bucket) = 0;
  /// Oldest first; none when the table is not in the lake.
  virtual Result<std::vector<sql::LakeSnapshot>> Snapshots(const model::TableInfo& table) {
    return NotSupported("the lake snapshots of {}", table.path.ToString());
  }
};

}  // namespace forebay::compute
