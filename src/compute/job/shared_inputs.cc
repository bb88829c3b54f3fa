#include "compute/job/shared_inputs.h"

#include <algorithm>
#include <set>

#include "compute/arrangement/arrangements.h"

namespace forebay::compute {
namespace {

using sql::JoinKind;
using sql::JoinNode;
using sql::PlanKind;
using sql::PlanNode;
using sql::TableScanNode;

std::string OptionOf(const std::map<std::string, std::string>& options, const std::string& key,
                     const std::string& fallback) {
  auto found = options.find(key);
  return found == options.end() ? fallback : found->second;
}

bool IsSharable(const TableScanNode& scan) {
  const model::TableDescriptor& table = scan.table.info.descriptor;
  bool is_table = !scan.table.IsForeign() && table.HasPrimaryKey() && !table.IsPartitioned() &&
                  table.bucket_count < (1 << (63 - kVersionBucketShift));
  bool is_whole = scan.part == sql::ScanPart::kAll && !scan.as_of_ms.has_value() &&
                  scan.pushed_filters.empty() &&
                  OptionOf(scan.table.options, "scan.startup.mode", "full") == "full" &&
                  OptionOf(scan.table.options, "scan.bounded.mode", "unbounded") == "unbounded";
  bool is_physical =
      std::all_of(scan.columns.begin(), scan.columns.end(), [](int column) { return column >= 0; });
  return is_table && is_whole && is_physical &&
         OptionOf(table.properties, "table.changelog.image", "FULL") == "FULL";
}

bool IsUnpadded(JoinKind kind, int side) {
  if (kind == JoinKind::kInner) return true;
  if (side == 0) return kind == JoinKind::kRight;
  return kind == JoinKind::kLeft || kind == JoinKind::kSemi || kind == JoinKind::kAnti;
}

/// Goes over a plan and counts who reads each node.
class Search {
 public:
  explicit Search(const std::vector<sql::PlanPtr>& roots) {
    for (const sql::PlanPtr& root : roots) Count(*root);
  }
  std::map<const PlanNode*, SharedInput> Find() const {
    std::map<const PlanNode*, SharedInput> found;
    for (const PlanNode* node : seen_) {
      if (node->kind != PlanKind::kJoin) continue;
      const auto& join = static_cast<const JoinNode&>(*node);
      if (join.windowed || join.interval || join.versions || join.left_keys.empty()) continue;
      for (int side : {1, 0}) {
        if (!CanShare(join, side)) continue;
        found[node] = Share(join, side);
        break;
      }
    }
    return found;
  }

 private:
  void Count(const PlanNode& node) {
    if (!seen_.insert(&node).second) return;
    for (const sql::PlanPtr& input : node.inputs) {
      ++readers_[input.get()];
      Count(*input);
    }
  }
  bool CanShare(const JoinNode& join, int side) const {
    // An arrangement has no rows that expire for one job alone.
    if (!join.state_ttl_ms.empty()) return false;
    const PlanNode& input = *join.inputs[static_cast<size_t>(side)];
    return input.kind == PlanKind::kTableScan && readers_.at(&input) == 1 &&
           IsUnpadded(join.join, side) && IsSharable(static_cast<const TableScanNode&>(input));
  }
  static SharedInput Share(const JoinNode& join, int side) {
    const auto& scan = static_cast<const TableScanNode&>(*join.inputs[static_cast<size_t>(side)]);
    SharedInput shared;
    shared.input = side;
    shared.spec.table = scan.table.info;
    shared.spec.table.path = scan.table.path;
    for (int key : side == 0 ? join.left_keys : join.right_keys) {
      shared.spec.key_columns.push_back(scan.columns[static_cast<size_t>(key)]);
    }
    shared.columns = scan.columns;
    return shared;
  }

  std::set<const PlanNode*> seen_;
  std::map<const PlanNode*, int> readers_;
};

}  // namespace

std::map<const PlanNode*, SharedInput> FindSharedInputs(const std::vector<sql::PlanPtr>& roots) {
  return Search(roots).Find();
}

Result<bool> SharesState(const JobContext& context) {
  bool wanted = OptionOf(context.settings, "table.exec.shared-arrangements", "false") == "true" &&
                !IsBatch(context) && context.environment->arrangements != nullptr;
  if (!wanted) return false;
  ASSIGN_OR_RETURN(int64_t ttl_ms, context.DurationSetting("table.exec.state.ttl", 0));
  return ttl_ms == 0;
}

sql::PlanPtr ScanWithVersions(const TableScanNode& scan) {
  auto with = std::make_shared<TableScanNode>(scan);
  with->columns.push_back(kVersionColumn);
  with->output.push_back({"_version", model::DataType::Bigint().NotNull()});
  return with;
}

}  // namespace forebay::compute
