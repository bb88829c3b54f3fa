#include "sql/optimizer/optimizer.h"

#include <algorithm>
#include <limits>
#include <map>
#include <set>
#include <utility>

#include "sql/analyzer/changelog.h"
#include "sql/analyzer/expression_analyzer.h"
#include "sql/analyzer/join_interval.h"
#include "sql/analyzer/plan_builder.h"
#include "sql/functions/function_table.h"
#include "sql/plan/match_node.h"
#include "sql/plan/plan_signature.h"

namespace forebay::sql {
namespace {

template <typename Node>
std::shared_ptr<PlanNode> Copy(const PlanNode& node) {
  return std::make_shared<Node>(static_cast<const Node&>(node));
}

void Visit(const PlanPtr& node, std::set<const PlanNode*>& done, std::vector<PlanPtr>& order) {
  if (!done.insert(node.get()).second) return;
  for (const PlanPtr& input : node->inputs) Visit(input, done, order);
  order.push_back(node);
}

// Rebuilds a DAG from its leaves: `f` gets a private copy of every node, over rebuilt inputs, and
// returns what stands for it.
template <typename F>
std::vector<PlanPtr> RebuildAll(const std::vector<PlanPtr>& roots, F f) {
  std::map<const PlanNode*, PlanPtr> rebuilt;
  for (const PlanPtr& node : TopologicalOrder(roots)) {
    auto copy = CloneNode(*node);
    for (PlanPtr& input : copy->inputs) input = rebuilt.at(input.get());
    rebuilt[node.get()] = f(*node, std::move(copy));
  }
  std::vector<PlanPtr> result;
  for (const PlanPtr& root : roots) result.push_back(rebuilt.at(root.get()));
  return result;
}

std::map<const PlanNode*, int> ConsumerCounts(const std::vector<PlanPtr>& roots) {
  std::map<const PlanNode*, int> counts;
  for (const PlanPtr& node : TopologicalOrder(roots)) {
    for (const PlanPtr& input : node->inputs) ++counts[input.get()];
  }
  for (const PlanPtr& root : roots) ++counts[root.get()];
  return counts;
}

void CountColumns(const Expression& e, std::vector<int>& counts) {
  if (e.kind == ExpressionKind::kColumn) ++counts[e.column];
  for (const ExpressionPtr& arg : e.args) CountColumns(*arg, counts);
}

bool IsCheap(const Expression& e) {
  if (e.kind != ExpressionKind::kCall) return true;
  if (e.function != "FIELD") return e.function == "PROCTIME";
  return IsCheap(*e.args[0]);
}

// Merging must not evaluate an expensive or a random expression more often than before.
bool CanMerge(const CalcNode& upper, const CalcNode& lower) {
  std::vector<int> counts(lower.projections.size());
  for (const ExpressionPtr& e : upper.projections) CountColumns(*e, counts);
  if (upper.condition != nullptr) CountColumns(*upper.condition, counts);
  for (size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] > 1 && !IsCheap(*lower.projections[i])) return false;
  }
  return true;
}

PlanPtr Merge(std::shared_ptr<CalcNode> upper, const CalcNode& lower) {
  std::vector<ExpressionPtr> conjuncts;
  if (lower.condition != nullptr) SplitConjuncts(lower.condition, conjuncts);
  if (upper->condition != nullptr) {
    SplitConjuncts(Inline(upper->condition, lower.projections), conjuncts);
  }
  upper->condition = Conjunction(conjuncts);
  for (ExpressionPtr& e : upper->projections) e = Inline(e, lower.projections);
  upper->inputs = lower.inputs;
  return upper;
}

// Names are labels inside a plan; only a root's are seen.
bool IsIdentity(const CalcNode& calc, bool is_root) {
  if (calc.condition != nullptr || calc.output.size() != calc.inputs[0]->output.size())
    return false;
  for (size_t i = 0; i < calc.projections.size(); ++i) {
    const Expression& e = *calc.projections[i];
    if (e.kind != ExpressionKind::kColumn || e.column != static_cast<int>(i)) return false;
    if (is_root && calc.output[i].name != calc.inputs[0]->output[i].name) return false;
  }
  return true;
}

// Filters right above a scan that nobody else reads are given to it as hints.
std::vector<PlanPtr> PushIntoScans(const std::vector<PlanPtr>& roots) {
  auto counts = ConsumerCounts(roots);
  return RebuildAll(roots, [&](const PlanNode& old, std::shared_ptr<PlanNode> node) -> PlanPtr {
    if (node->kind != PlanKind::kCalc || counts[old.inputs[0].get()] != 1) return node;
    auto& calc = static_cast<CalcNode&>(*node);
    if (calc.condition == nullptr || calc.inputs[0]->kind != PlanKind::kTableScan) return node;
    auto scan = std::make_shared<TableScanNode>(static_cast<const TableScanNode&>(*calc.inputs[0]));
    SplitConjuncts(calc.condition, scan->pushed_filters);
    calc.inputs = {scan};
    return node;
  });
}

PlanPtr ToDeduplicate(const RankNode& rank) {
  auto node = std::make_shared<DeduplicateNode>();
  node->inputs = rank.inputs;
  node->output = rank.output;
  node->keys = rank.keys;
  node->time_column = rank.order[0].column;
  node->keep_last = rank.order[0].descending;
  const Field& time = rank.inputs[0]->output[node->time_column];
  node->is_rowtime = time.time_attribute == TimeAttribute::kRowtime;
  return node;
}

bool IsDeduplicate(const RankNode& rank) {
  if (rank.rank_start != 1 || rank.rank_end != 1 || rank.output_rank_number || rank.windowed) {
    return false;
  }
  const Field& time = rank.inputs[0]->output[rank.order[0].column];
  return rank.order.size() == 1 && time.time_attribute != TimeAttribute::kNone &&
         IsInsertOnly(*rank.inputs[0]);
}

bool IsUnlimited(const RankNode& rank) {
  return rank.rank_start == 1 && rank.rank_end == std::numeric_limits<int64_t>::max();
}

PlanPtr ToOverAggregate(const RankNode& rank) {
  auto node = std::make_shared<OverAggregateNode>();
  node->inputs = rank.inputs;
  node->output = rank.output;
  node->keys = rank.keys;
  node->order = rank.order;
  node->frame.is_rows = true;
  node->calls = {{"ROW_NUMBER", {}, -1, false, rank.output.back().type, rank.output.back().name}};
  return node;
}

/// Ranks are told apart by the ordering column.
void AddOrderArguments(OverAggregateNode& over) {
  for (AggregateCall& call : over.calls) {
    bool is_rank = call.function == "RANK" || call.function == "DENSE_RANK";
    if (is_rank && over.order.size() == 1) call.args = {over.order[0].column};
  }
}

/// As Flink, rows that the filter behind a normalized scan leaves out are not kept at all.
void FilterNormalized(CalcNode& calc) {
  if (calc.condition == nullptr || calc.inputs[0]->kind != PlanKind::kDeduplicate) return;
  const auto& source = static_cast<const DeduplicateNode&>(*calc.inputs[0]);
  if (!source.normalizes || source.condition != nullptr) return;
  auto filtered = std::make_shared<DeduplicateNode>(source);
  filtered->condition = std::exchange(calc.condition, nullptr);
  calc.inputs = {std::move(filtered)};
}

/// The last row of each key, with the columns of the scan; the key may be none of them.
PlanPtr Normalized(std::shared_ptr<TableScanNode> scan) {
  const model::Schema& schema = scan->table.info.descriptor.schema;
  size_t wanted = scan->output.size();
  auto node = std::make_shared<DeduplicateNode>();
  for (int column : schema.PrimaryKeyIndexes()) {
    auto place = std::find(scan->columns.begin(), scan->columns.end(), column);
    node->keys.push_back(static_cast<int>(place - scan->columns.begin()));
    if (place != scan->columns.end()) continue;
    scan->columns.push_back(column);
    scan->output.push_back({schema.columns[column].name, schema.columns[column].type});
  }
  node->keep_last = true;
  node->is_rowtime = false;
  node->normalizes = true;
  node->output = scan->output;
  node->inputs = {scan};
  if (wanted == node->output.size()) return node;
  std::vector<ExpressionPtr> projections;
  std::vector<std::string> names;
  for (size_t i = 0; i < wanted; ++i) {
    projections.push_back(Expression::Column(node->output[i].type, static_cast<int>(i)));
    names.push_back(node->output[i].name);
  }
  return MakeCalc(node, nullptr, std::move(projections), names);
}

}  // namespace

std::shared_ptr<PlanNode> CloneNode(const PlanNode& node) {
  switch (node.kind) {
    case PlanKind::kTableScan: return Copy<TableScanNode>(node);
    case PlanKind::kValues: return Copy<ValuesNode>(node);
    case PlanKind::kCalc: return Copy<CalcNode>(node);
    case PlanKind::kWatermark: return Copy<WatermarkNode>(node);
    case PlanKind::kAggregate: return Copy<AggregateNode>(node);
    case PlanKind::kWindowTable: return Copy<WindowTableNode>(node);
    case PlanKind::kWindowAggregate: return Copy<WindowAggregateNode>(node);
    case PlanKind::kJoin: return Copy<JoinNode>(node);
    case PlanKind::kLookupJoin: return Copy<LookupJoinNode>(node);
    case PlanKind::kRank: return Copy<RankNode>(node);
    case PlanKind::kDeduplicate: return Copy<DeduplicateNode>(node);
    case PlanKind::kOverAggregate: return Copy<OverAggregateNode>(node);
    case PlanKind::kUnnest: return Copy<UnnestNode>(node);
    case PlanKind::kMatch: return Copy<MatchNode>(node);
    case PlanKind::kChangelog: return Copy<ChangelogNode>(node);
    case PlanKind::kUnion: return Copy<UnionNode>(node);
    case PlanKind::kSort: return Copy<SortNode>(node);
    case PlanKind::kLimit: return Copy<LimitNode>(node);
    case PlanKind::kSink: return Copy<SinkNode>(node);
  }
  return nullptr;
}

std::vector<PlanPtr> TopologicalOrder(const std::vector<PlanPtr>& roots) {
  std::set<const PlanNode*> done;
  std::vector<PlanPtr> order;
  for (const PlanPtr& root : roots) Visit(root, done, order);
  return order;
}

std::vector<PlanPtr> ShareEqualPlans(const std::vector<PlanPtr>& roots) {
  std::map<std::string, PlanPtr> known;
  return RebuildAll(roots, [&](const PlanNode&, std::shared_ptr<PlanNode> node) -> PlanPtr {
    // Two INSERTs of the same rows stay two, and two random columns stay two.
    if (node->kind == PlanKind::kSink) return node;
    std::string signature = PlanSignature(*node);
    bool random = signature.find("\"RAND") != std::string::npos ||
                  signature.find("\"UUID\"") != std::string::npos;
    if (random) return node;
    for (const PlanPtr& input : node->inputs) {
      signature += "|" + std::to_string(reinterpret_cast<uintptr_t>(input.get()));
    }
    return known.emplace(std::move(signature), node).first->second;
  });
}

std::vector<PlanPtr> MergeCalcs(const std::vector<PlanPtr>& roots) {
  auto counts = ConsumerCounts(roots);
  std::set<const PlanNode*> shared;  // rebuilt nodes with several consumers
  return RebuildAll(roots, [&](const PlanNode& old, std::shared_ptr<PlanNode> node) -> PlanPtr {
    PlanPtr result = node;
    if (node->kind == PlanKind::kCalc) {
      auto calc = std::static_pointer_cast<CalcNode>(node);
      const PlanPtr& input = calc->inputs[0];
      if (input->kind == PlanKind::kCalc && !shared.contains(input.get()) &&
          CanMerge(*calc, static_cast<const CalcNode&>(*input))) {
        PlanPtr lower = input;
        result = Merge(calc, static_cast<const CalcNode&>(*lower));
      }
      bool is_root = std::any_of(roots.begin(), roots.end(),
                                 [&](const PlanPtr& root) { return root.get() == &old; });
      if (IsIdentity(static_cast<const CalcNode&>(*result), is_root)) result = result->inputs[0];
    }
    if (counts[&old] > 1) shared.insert(result.get());
    return result;
  });
}

std::vector<PlanPtr> FinishRanks(const std::vector<PlanPtr>& roots, bool streaming) {
  return RebuildAll(roots, [&](const PlanNode&, std::shared_ptr<PlanNode> node) -> PlanPtr {
    if (streaming && node->kind == PlanKind::kOverAggregate) {
      AddOrderArguments(static_cast<OverAggregateNode&>(*node));
    }
    if (node->kind != PlanKind::kRank) return node;
    const auto& rank = static_cast<const RankNode&>(*node);
    if (streaming && IsUnlimited(rank)) {
      return rank.output_rank_number ? ToOverAggregate(rank) : rank.inputs[0];
    }
    return IsDeduplicate(rank) ? ToDeduplicate(rank) : PlanPtr(node);
  });
}

std::vector<PlanPtr> FinishJoins(const std::vector<PlanPtr>& roots) {
  return RebuildAll(roots, [&](const PlanNode&, std::shared_ptr<PlanNode> node) -> PlanPtr {
    if (node->kind != PlanKind::kJoin) return node;
    auto& join = static_cast<JoinNode&>(*node);
    std::vector<ExpressionPtr> rest;
    join.interval = FindInterval(join, rest);
    if (join.interval) join.condition = Conjunction(rest);
    return node;
  });
}

std::vector<PlanPtr> NormalizeChangelogs(const std::vector<PlanPtr>& roots) {
  return RebuildAll(roots, [&](const PlanNode&, std::shared_ptr<PlanNode> node) -> PlanPtr {
    if (node->kind == PlanKind::kCalc) FilterNormalized(static_cast<CalcNode&>(*node));
    if (node->kind != PlanKind::kTableScan) return node;
    auto scan = std::static_pointer_cast<TableScanNode>(node);
    return IsUpsertSource(*scan) ? Normalized(std::move(scan)) : node;
  });
}

Result<std::vector<PlanPtr>> Optimize(std::vector<PlanPtr> roots, bool streaming,
                                      int64_t state_ttl_ms, bool shares_tables) {
  for (PlanPtr& root : roots) root = PushFilters(root, {});
  roots = MergeCalcs(roots);
  if (streaming && shares_tables) roots = RaiseFilters(roots);
  roots = ShareEqualPlans(roots);
  roots = PruneColumns(roots);
  roots = MergeCalcs(roots);
  roots = FinishRanks(roots, streaming);
  if (streaming) roots = NormalizeChangelogs(FinishJoins(roots));
  roots = ShareEqualPlans(roots);
  roots = PushIntoScans(roots);
  roots = MarkUsedFields(roots);
  std::vector<std::shared_ptr<PlanNode>> nodes;
  roots = RebuildAll(roots, [&](const PlanNode&, std::shared_ptr<PlanNode> node) -> PlanPtr {
    node->id = static_cast<int>(nodes.size()) + 1;
    nodes.push_back(node);
    return node;
  });
  RETURN_IF_ERROR(InferChangelog(nodes, streaming));
  if (!streaming) state_ttl_ms = 0;
  for (auto& node : nodes) SetStateTtl(*node, state_ttl_ms);
  return roots;
}

}  // namespace forebay::sql
