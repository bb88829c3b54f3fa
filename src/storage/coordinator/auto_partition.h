#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/table.h"

namespace forebay::storage {

/// How partitions of a table are made ahead of time and removed when they are old: the options
/// `table.auto-partition.*` (org.apache.fluss.utils.AutoPartitionStrategy).
struct AutoPartition {
  enum class Unit { kYear, kQuarter, kMonth, kDay, kHour };

  bool enabled = false;
  std::string key;  ///< empty: the only partition key
  Unit unit = Unit::kDay;
  std::string format;  ///< empty: the unit's own
  std::string time_zone = "UTC";
  int num_precreate = 2;
  int num_retention = 7;

  /// Takes an option; false when `name` is none of these. kInvalidArgument.
  Result<bool> Set(const std::string& name, const std::string& value);
  /// Whether the table can have these options (TableDescriptorValidation of Fluss).
  Status Validate(const model::TableDescriptor& table) const;

  /// The place of the time among the partition keys.
  size_t KeyIndex(const model::TableDescriptor& table) const;
  /// The value of the partition that holds `now_ms`, or of one `offset` units later.
  std::string ValueAt(int64_t now_ms, int offset) const;
  /// Whether `value` is a time in the format.
  bool Matches(std::string_view value) const;
  /// kInvalidArgument for a new partition whose time is none, or which would be removed at once.
  Status CheckNew(const model::TableDescriptor& table, const std::vector<std::string>& values,
                  int64_t now_ms) const;
  /// Whether a partition is so old that it is to be removed.
  bool IsExpired(const model::TableDescriptor& table, const std::vector<std::string>& values,
                 int64_t now_ms) const;

 private:
  std::string_view Format() const;
};

}  // namespace forebay::storage
