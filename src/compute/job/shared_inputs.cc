#include "compute/job/shared_inputs.h"

#include <set>

#include "compute/arrangement/arrangements.h"
#include "sql/optimizer/shared_tables.h"

namespace forebay::compute {
namespace {

using sql::JoinNode;
using sql::PlanKind;
using sql::PlanNode;
using sql::TableScanNode;

/// Whether an arrangement can keep the rows: it numbers their changes in one column.
bool CanArrange(const TableScanNode& scan) {
  int buckets = scan.table.info.descriptor.bucket_count;
  return sql::IsSharable(scan) && buckets < (1 << (63 - kVersionBucketShift));
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
      if (!sql::JoinsByKeys(join)) continue;
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
           sql::IsUnpadded(join.join, static_cast<size_t>(side)) &&
           CanArrange(static_cast<const TableScanNode&>(input));
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
  auto setting = context.settings.find("table.exec.shared-arrangements");
  bool wanted = setting != context.settings.end() && setting->second == "true" &&
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
