#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/time_zone.h"
#include "compute/expression/date_format.h"
#include "compute/operator/operator.h"
#include "sql/plan/plan.h"

namespace forebay::compute {

/// The time a partition stands for, by its values: Flink's DefaultPartTimeExtractor. Immutable.
class PartitionTime {
 public:
  /// 'partition.time-extractor.*'.
  static Result<PartitionTime> Of(const sql::TableRef& table);

  /// Local milliseconds since 1970 of "dt=2024-03-01/hr=1/"; kInvalidArgument when its values are
  /// no time.
  Result<int64_t> LocalMs(const std::string& partition) const;

 private:
  std::vector<std::string> keys_;
  std::string pattern_;  ///< "$dt $hr:00:00"; empty: the first value
  std::optional<DateFormat> formatter_;
};

/// "2024-3-1 7:00:00.5" or "2024-3-1" in milliseconds; fields may be beyond their ranges and then
/// carry over.
std::optional<int64_t> ParsePartitionTime(std::string_view text);

/// When a written partition is done, and what tells so: 'sink.partition-commit.*'. Used by one
/// thread at a time.
class PartitionCommitRule {
 public:
  static Result<PartitionCommitRule> Of(const sql::TableRef& table);

  /// The file that a committed partition gets; empty: partitions are not committed.
  const std::string& success_file() const { return success_file_; }
  /// Whether a partition that has been written since `since_ms` is done.
  Result<bool> IsDone(const std::string& partition, int64_t since_ms, int64_t now_ms,
                      Watermark watermark) const;

 private:
  std::string success_file_;
  bool by_partition_time_ = false;
  int64_t delay_ms_ = 0;
  std::shared_ptr<TimeZone> zone_;  ///< of partitions' times, under by_partition_time_
  std::optional<PartitionTime> time_;
};

}  // namespace forebay::compute
