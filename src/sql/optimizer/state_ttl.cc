// How long streaming operators keep their state.

#include "sql/optimizer/optimizer.h"

namespace forebay::sql {
namespace {

/// How many inputs of `node` have state of their own that goes by age.
size_t InputsWithTtl(const PlanNode& node) {
  switch (node.kind) {
    case PlanKind::kAggregate:
    case PlanKind::kDeduplicate:
    case PlanKind::kOverAggregate:
    case PlanKind::kLimit:
    case PlanKind::kSink: return 1;
    case PlanKind::kRank: return static_cast<const RankNode&>(node).windowed ? 0 : 1;
    case PlanKind::kJoin: {
      const auto& join = static_cast<const JoinNode&>(node);
      return join.windowed || join.interval || join.versions ? 0 : 2;
    }
    default: return 0;
  }
}

}  // namespace

void SetStateTtl(PlanNode& node, int64_t default_ms) {
  std::vector<int64_t> hinted = std::move(node.state_ttl_ms);
  bool any = false;
  node.state_ttl_ms.assign(InputsWithTtl(node), default_ms);
  for (size_t i = 0; i < node.state_ttl_ms.size(); ++i) {
    if (i < hinted.size() && hinted[i] != kNoTtlHint) node.state_ttl_ms[i] = hinted[i];
    any = any || node.state_ttl_ms[i] > 0;
  }
  if (!any) node.state_ttl_ms.clear();
}

}  // namespace forebay::sql
