#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/batch.h"
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
  std::vector<model::LogOffset>
      offsets;  ///< by bucket: the first offset that is not in the lake; 0: nothing is
};

/// Puts "read the lake first, then the log from these offsets" in front of a table scan.
/// Implemented over `lake`. Thread-safe.
class LakePartFactory {
 public:
  virtual ~LakePartFactory() = default;
  /// nullopt when the table is not in the lake.
  virtual Result<std::optional<LakePart>> Find(const sql::TableScanNode& scan) = 0;
  virtual Result<std::unique_ptr<LakePartReader>> Open(const sql::TableScanNode& scan,
                                                       const std::string& snapshot, int bucket) = 0;
};

}  // namespace forebay::compute
