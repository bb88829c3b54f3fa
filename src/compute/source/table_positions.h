#pragma once

#include <optional>
#include <string>
#include <vector>

#include "compute/runtime/environment.h"
#include "compute/source/lake_part.h"
#include "compute/source/source.h"
#include "compute/source/split_position.h"
#include "sql/plan/plan.h"

namespace forebay::compute {

/// Where readers of a table, or of a partition, begin: "bucket 3" and "bucket 7/3" (bucket 3 of
/// partition 7) are the splits. Thread-compatible.
class TablePositions {
 public:
  /// Both outlive the object.
  TablePositions(const sql::TableScanNode& node, const ComputeEnvironment& environment)
      : node_(node), environment_(environment) {}

  /// By bucket, as `scan.startup.mode` says. `bounded`: they end where the logs end now.
  Result<std::vector<SplitPosition>> Start(bool bounded,
                                           std::optional<model::PartitionId> partition) const;
  /// Of a partition that came into being while the table was read: all there is of it.
  Result<std::vector<SplitPosition>> StartOfNew(model::PartitionId partition) const;

  /// The partitions that are in the lake but not in storage any more, when the scan reads those.
  Result<std::vector<model::PartitionInfo>> LakeOnlyPartitions(
      const std::vector<model::PartitionInfo>& stored) const;
  /// Of such a partition.
  Result<std::vector<SplitPosition>> StartInLake(model::PartitionId partition) const;

  static std::string SplitId(const model::BucketId& bucket);
  static Result<model::BucketId> ParseSplitId(std::string_view id);

 private:
  using Partition = std::optional<model::PartitionId>;

  client::Admin& admin() const { return environment_.connection->admin(); }
  std::string Option(const std::string& key, const std::string& fallback) const;
  Result<std::vector<SplitPosition>> ByMode(const std::string& mode, Partition partition) const;
  Result<std::vector<SplitPosition>> Full(Partition partition) const;
  Result<std::vector<SplitPosition>> LakeOnly(Partition partition) const;
  Result<const LakePart*> Lake() const;
  /// Puts what is in the lake before the log.
  Status BeginInLake(Partition partition, bool lake_only,
                     std::vector<SplitPosition>& positions) const;

  const sql::TableScanNode& node_;
  const ComputeEnvironment& environment_;
  mutable std::optional<std::optional<LakePart>> lake_;  ///< once asked for
};

/// A share of the search for new partitions: a split of its own, "partitions 0/2", whose position
/// is the last partition id it has seen. Ids rise, so a partition with a higher one is new; its
/// bucket b is for the share (id + b) % of.
struct PartitionSearch {
  int share = 0;
  int of = 1;
  int64_t known = 0;

  bool IsMine(const model::BucketId& bucket) const;
  SourceSplit ToSplit() const;
  /// nullopt for another kind of split.
  static Result<std::optional<PartitionSearch>> Parse(const SourceSplit& split);
};

}  // namespace forebay::compute
