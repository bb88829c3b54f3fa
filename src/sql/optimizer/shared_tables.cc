#include "sql/optimizer/shared_tables.h"

#include <algorithm>

namespace forebay::sql {
namespace {

/// Whether the option is not there, or is `value`, its default.
bool IsDefault(const std::map<std::string, std::string>& options, const char* key,
               const char* value) {
  auto found = options.find(key);
  return found == options.end() || found->second == value;
}

bool ReadsAllRows(const TableScanNode& scan) {
  return scan.part == ScanPart::kAll && !scan.as_of_ms.has_value() &&
         scan.pushed_filters.empty() &&
         IsDefault(scan.table.options, "scan.startup.mode", "full") &&
         IsDefault(scan.table.options, "scan.bounded.mode", "unbounded");
}

}  // namespace

bool JoinsByKeys(const JoinNode& join) {
  return !join.windowed && !join.interval && !join.versions && !join.left_keys.empty();
}

bool IsUnpadded(JoinKind kind, size_t side) {
  if (kind == JoinKind::kInner) return true;
  if (side == 0) return kind == JoinKind::kRight;
  return kind == JoinKind::kLeft || kind == JoinKind::kSemi || kind == JoinKind::kAnti;
}

bool IsSharable(const TableScanNode& scan) {
  const model::TableDescriptor& table = scan.table.info.descriptor;
  bool is_stored =
      std::all_of(scan.columns.begin(), scan.columns.end(), [](int column) { return column >= 0; });
  return is_stored && !scan.table.IsForeign() && table.HasPrimaryKey() &&
         !table.IsPartitioned() && ReadsAllRows(scan) &&
         IsDefault(table.properties, "table.changelog.image", "FULL");
}

}  // namespace forebay::sql
