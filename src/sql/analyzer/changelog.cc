#include "sql/analyzer/changelog.h"

#include <algorithm>
#include <limits>
#include <map>
#include <set>

#include "base/ascii_case.h"
#include "sql/analyzer/monotonicity.h"
#include "sql/catalog/connector_options.h"
#include "sql/optimizer/optimizer.h"

namespace forebay::sql {
namespace {

constexpr ChangelogMode kInsert{};
constexpr ChangelogMode kInsertUpdate{true, false, true, false};
constexpr ChangelogMode kUpserts{true, false, true, true};

std::string PropertyOf(const TableRef& table, const char* key) {
  auto found = table.info.descriptor.properties.find(key);
  if (found == table.info.descriptor.properties.end()) return "";
  return UpperAscii(found->second);
}

ChangelogMode UnionOf(const std::vector<ChangelogMode>& modes) {
  ChangelogMode all;
  for (const ChangelogMode& mode : modes) {
    all.update_after = all.update_after || mode.update_after;
    all.remove = all.remove || mode.remove;
  }
  return all;
}

bool HasChangeFormat(const TableRef& table) {
  return table.connector() == "filesystem" && IsChangeFormat(table);
}

ChangelogMode ScanKinds(const TableScanNode& scan) {
  if (HasChangeFormat(scan.table)) return kUpserts;
  bool keyed = !scan.table.IsForeign() && scan.table.info.descriptor.HasPrimaryKey();
  if (!keyed || scan.part != ScanPart::kAll || scan.as_of_ms) return kInsert;
  if (PropertyOf(scan.table, "table.merge-engine") == "FIRST_ROW") return kInsert;
  std::string deletes = PropertyOf(scan.table, "table.delete.behavior");
  return deletes == "IGNORE" || deletes == "DISABLE" ? kInsertUpdate : kUpserts;
}

// The first row by event time is sent once, when the watermark says that none before it can come.
ChangelogMode DeduplicateKinds(const DeduplicateNode& node, ChangelogMode input) {
  if (node.normalizes && !input.remove && node.condition == nullptr) return kInsertUpdate;
  bool waits = !node.keep_last && input.IsInsertOnly();
  return waits ? kInsert : kUpserts;
}

// What `node` produces from what its inputs do.
ChangelogMode KindsFrom(const PlanNode& node, const std::vector<ChangelogMode>& inputs) {
  ChangelogMode all = UnionOf(inputs);
  switch (node.kind) {
    case PlanKind::kTableScan: return ScanKinds(static_cast<const TableScanNode&>(node));
    case PlanKind::kAggregate: return all.IsInsertOnly() ? kInsertUpdate : kUpserts;
    case PlanKind::kWindowAggregate:
      if (!static_cast<const WindowAggregateNode&>(node).emit) return kInsert;
      return all.IsInsertOnly() ? kInsertUpdate : kUpserts;
    case PlanKind::kJoin: {
      const auto& join = static_cast<const JoinNode&>(node);
      if (join.windowed || join.interval) return kInsert;
      if (join.versions) return inputs[0];
      bool matches_only = join.join == JoinKind::kInner || join.join == JoinKind::kSemi;
      return matches_only ? all : kUpserts;
    }
    case PlanKind::kRank: return static_cast<const RankNode&>(node).windowed ? kInsert : kUpserts;
    case PlanKind::kOverAggregate:
      return static_cast<const OverAggregateNode&>(node).IsByTime() ? kInsert : kUpserts;
    case PlanKind::kDeduplicate:
      return DeduplicateKinds(static_cast<const DeduplicateNode&>(node), all);
    case PlanKind::kLimit: {
      bool ordered = !static_cast<const LimitNode&>(node).order.empty();
      return ordered ? kUpserts : all;
    }
    case PlanKind::kChangelog:
      return static_cast<const ChangelogNode&>(node).to_rows ? kInsert : kUpserts;
    default: return all;
  }
}

// ---- upsert keys ----

using Keys = std::vector<std::vector<int>>;

bool ContainsAll(const std::vector<int>& set, const std::vector<int>& wanted) {
  return std::all_of(wanted.begin(), wanted.end(), [&](int column) {
    return std::find(set.begin(), set.end(), column) != set.end();
  });
}

void AddKey(Keys& keys, std::vector<int> key) {
  std::sort(key.begin(), key.end());
  key.erase(std::unique(key.begin(), key.end()), key.end());
  if (std::find(keys.begin(), keys.end(), key) == keys.end()) keys.push_back(std::move(key));
}

std::vector<int> Iota(size_t count) {
  std::vector<int> indexes(count);
  for (size_t i = 0; i < count; ++i) indexes[i] = static_cast<int>(i);
  return indexes;
}

Keys ScanKeys(const TableScanNode& scan) {
  std::vector<int> key;
  if (!scan.table.info.descriptor.HasPrimaryKey()) return {};
  for (int column : scan.table.info.descriptor.schema.PrimaryKeyIndexes()) {
    auto it = std::find(scan.columns.begin(), scan.columns.end(), column);
    if (it == scan.columns.end()) return {};
    key.push_back(static_cast<int>(it - scan.columns.begin()));
  }
  Keys keys;
  AddKey(keys, std::move(key));
  return keys;
}

Keys CalcKeys(const CalcNode& calc) {
  std::map<int, int> output_of;
  for (size_t i = 0; i < calc.projections.size(); ++i) {
    const Expression& e = *calc.projections[i];
    if (e.kind == ExpressionKind::kColumn) output_of.emplace(e.column, static_cast<int>(i));
  }
  Keys keys;
  for (const auto& key : calc.inputs[0]->upsert_keys) {
    std::vector<int> mapped;
    for (int column : key) {
      auto it = output_of.find(column);
      if (it != output_of.end()) mapped.push_back(it->second);
    }
    if (mapped.size() == key.size()) AddKey(keys, std::move(mapped));
  }
  return keys;
}

bool HasKeyWithin(const Keys& keys, const std::vector<int>& columns) {
  return std::any_of(keys.begin(), keys.end(),
                     [&](const auto& key) { return ContainsAll(columns, key); });
}

/// The keys whose rows all go to one shard when rows are spread by `columns`
/// (getUpsertKeysInKeyGroupRange): changes of others may overtake each other on their way.
Keys KeysThatStayTogether(const Keys& keys, const std::vector<int>& columns) {
  Keys together;
  for (const auto& key : keys) {
    if (ContainsAll(key, columns)) AddKey(together, key);
  }
  return together;
}

Keys JoinKeys(const JoinNode& join) {
  if (join.versions) return join.inputs[0]->upsert_keys;
  Keys left = KeysThatStayTogether(join.inputs[0]->upsert_keys, join.left_keys);
  Keys right = KeysThatStayTogether(join.inputs[1]->upsert_keys, join.right_keys);
  if (join.join == JoinKind::kSemi || join.join == JoinKind::kAnti) return left;
  int shift = static_cast<int>(join.inputs[0]->output.size());
  auto shifted = [&](std::vector<int> key) {
    for (int& column : key) column += shift;
    return key;
  };
  Keys keys;
  bool keeps_left = join.join == JoinKind::kInner || join.join == JoinKind::kLeft;
  bool keeps_right = join.join == JoinKind::kInner || join.join == JoinKind::kRight;
  if (keeps_left && HasKeyWithin(join.inputs[1]->upsert_keys, join.right_keys)) {
    for (const auto& key : left) AddKey(keys, key);
  }
  if (keeps_right && HasKeyWithin(join.inputs[0]->upsert_keys, join.left_keys)) {
    for (const auto& key : right) AddKey(keys, shifted(key));
  }
  for (const auto& a : left) {
    for (const auto& b : right) {
      std::vector<int> both = a;
      for (int column : shifted(b)) both.push_back(column);
      if (join.join == JoinKind::kInner) AddKey(keys, std::move(both));
    }
  }
  return keys;
}

Keys RankKeys(const RankNode& rank) {
  Keys keys;
  if (rank.rank_end == rank.rank_start) AddKey(keys, rank.keys);
  if (rank.output_rank_number) {
    std::vector<int> key = rank.keys;
    key.push_back(static_cast<int>(rank.output.size()) - 1);
    AddKey(keys, std::move(key));
  } else {
    for (const auto& key : rank.inputs[0]->upsert_keys) AddKey(keys, key);
  }
  return keys;
}

Keys WindowAggregateKeys(const WindowAggregateNode& node) {
  std::vector<int> key = Iota(node.keys.size());
  bool window_known = false;
  for (size_t i = 0; i < node.properties.size(); ++i) {
    key.push_back(static_cast<int>(node.keys.size() + node.calls.size() + i));
    window_known = true;
  }
  return window_known ? Keys{key} : Keys{};
}

/// By a part of the key a row may find several.
Keys LookupJoinKeys(const LookupJoinNode& join) {
  bool is_whole = join.keys.size() >= join.table.info.descriptor.schema.primary_key.size();
  return is_whole ? join.inputs[0]->upsert_keys : Keys();
}

Keys UpsertKeys(const PlanNode& node) {
  switch (node.kind) {
    case PlanKind::kTableScan: return ScanKeys(static_cast<const TableScanNode&>(node));
    case PlanKind::kCalc: return CalcKeys(static_cast<const CalcNode&>(node));
    case PlanKind::kAggregate: return {Iota(static_cast<const AggregateNode&>(node).keys.size())};
    case PlanKind::kWindowAggregate:
      return WindowAggregateKeys(static_cast<const WindowAggregateNode&>(node));
    case PlanKind::kJoin: return JoinKeys(static_cast<const JoinNode&>(node));
    case PlanKind::kRank: return RankKeys(static_cast<const RankNode&>(node));
    case PlanKind::kDeduplicate: return {static_cast<const DeduplicateNode&>(node).keys};
    case PlanKind::kLookupJoin: return LookupJoinKeys(static_cast<const LookupJoinNode&>(node));
    case PlanKind::kWatermark:
    case PlanKind::kOverAggregate:
    case PlanKind::kSort:
    case PlanKind::kLimit: return node.inputs[0]->upsert_keys;
    default: return {};
  }
}

std::shared_ptr<PlanNode> WithUpsertKeys(const PlanPtr& plan) {
  auto copy = CloneNode(*plan);
  for (PlanPtr& input : copy->inputs) input = WithUpsertKeys(input);
  copy->upsert_keys = UpsertKeys(*copy);
  return copy;
}

// ---- who needs update_before ----

bool SinkTakesUpdates(const SinkNode& sink) {
  std::string connector = sink.table.connector();
  if (connector == "print" || connector == "blackhole") return true;
  if (HasChangeFormat(sink.table)) return true;
  return connector == "forebay" && sink.table.info.descriptor.HasPrimaryKey();
}

// A sink with a primary key takes +U alone when that very key identifies the query's changes. A
// part of it is not enough: a row whose other key columns change must be deleted under its old key.
bool SinkNeedsUpdateBefore(const SinkNode& sink) {
  if (sink.table.connector() == "blackhole") return false;
  if (HasChangeFormat(sink.table)) return true;
  if (!sink.table.info.descriptor.HasPrimaryKey()) return true;
  std::vector<int> primary_key = sink.table.info.descriptor.schema.PrimaryKeyIndexes();
  const Keys& keys = sink.inputs[0]->upsert_keys;
  return std::none_of(keys.begin(), keys.end(), [&](const auto& key) {
    return std::is_permutation(key.begin(), key.end(), primary_key.begin(), primary_key.end());
  });
}

// Flink asks for -U below a filter that is not on the upsert key, or `count < 10` would never take
// rows back.
bool FilterNeedsUpdateBefore(const CalcNode& calc) {
  if (calc.condition == nullptr) return false;
  std::vector<bool> used(calc.inputs[0]->output.size());
  CollectColumns(*calc.condition, used);
  std::vector<int> columns;
  for (size_t i = 0; i < used.size(); ++i) {
    if (used[i]) columns.push_back(static_cast<int>(i));
  }
  const Keys& keys = calc.inputs[0]->upsert_keys;
  return !std::any_of(keys.begin(), keys.end(),
                      [&](const auto& key) { return ContainsAll(key, columns); });
}

bool NeedsUpdateBefore(const PlanNode& node, size_t input, bool needed_above) {
  switch (node.kind) {
    case PlanKind::kCalc:
      return needed_above || FilterNeedsUpdateBefore(static_cast<const CalcNode&>(node));
    case PlanKind::kJoin: {
      const auto& join = static_cast<const JoinNode&>(node);
      if (join.versions) return needed_above && input == 0;
      return true;  // the state takes a row back before it takes its next version
    }
    case PlanKind::kUnion:
    case PlanKind::kWatermark:
    case PlanKind::kLookupJoin:
    case PlanKind::kUnnest:
    case PlanKind::kSort: return needed_above;
    case PlanKind::kSink: return SinkNeedsUpdateBefore(static_cast<const SinkNode&>(node));
    case PlanKind::kDeduplicate: return !static_cast<const DeduplicateNode&>(node).normalizes;
    case PlanKind::kRank: return static_cast<const RankNode&>(node).update_keys.empty();
    case PlanKind::kLimit: return static_cast<const LimitNode&>(node).update_keys.empty();
    default: return true;
  }
}

// ---- ranks ----

// Whether the node can send updates without their old rows.
bool CanOmitUpdateBefore(const PlanNode& node) {
  if (node.changelog.IsInsertOnly()) return true;
  bool passes = node.kind == PlanKind::kCalc || node.kind == PlanKind::kJoin ||
                node.kind == PlanKind::kUnion || node.kind == PlanKind::kWatermark ||
                node.kind == PlanKind::kLookupJoin || node.kind == PlanKind::kUnnest;
  for (size_t i = 0; passes && i < node.inputs.size(); ++i) {
    if (node.inputs[i]->changelog.IsInsertOnly()) continue;
    if (NeedsUpdateBefore(node, i, false) || !CanOmitUpdateBefore(*node.inputs[i])) return false;
  }
  return true;
}

// The upsert key by which a rank can replace rows, or nothing. Flink does so in spite of deletions.
std::vector<int> UpdateKeys(const PlanNode& input, const std::vector<int>& partition,
                            const std::vector<SortKey>& order, const Monotonicities& columns) {
  if (input.changelog.IsInsertOnly() || input.changelog.remove) return {};
  if (!MovesForward(columns, order) || !CanOmitUpdateBefore(input)) return {};
  for (const auto& key : input.upsert_keys) {
    if (!key.empty() && ContainsAll(key, partition)) return key;
  }
  return {};
}

void UseMonotonicity(const std::vector<std::shared_ptr<PlanNode>>& nodes) {
  auto known = InferMonotonicity(nodes);
  for (const auto& node : nodes) {
    if (node->kind == PlanKind::kAggregate) {
      MarkMonotonicCalls(static_cast<AggregateNode&>(*node), known.at(node.get()));
    } else if (node->kind == PlanKind::kRank && !static_cast<RankNode&>(*node).windowed) {
      auto& rank = static_cast<RankNode&>(*node);
      const PlanNode& input = *node->inputs[0];
      rank.update_keys = UpdateKeys(input, rank.keys, rank.order, known.at(&input));
    } else if (node->kind == PlanKind::kLimit && static_cast<LimitNode&>(*node).fetch) {
      auto& limit = static_cast<LimitNode&>(*node);
      const PlanNode& input = *node->inputs[0];
      limit.update_keys = UpdateKeys(input, {}, limit.order, known.at(&input));
    }
  }
}

Status CheckSink(const SinkNode& sink) {
  ChangelogMode mode = sink.inputs[0]->changelog;
  if (mode.IsInsertOnly() || SinkTakesUpdates(sink)) return Status::Ok();
  Error error =
      InvalidArgument("SQL-1013 table sink '{}' does not take {} changes, which the query produces",
                      sink.table.path.ToString(), mode.remove ? "update and delete" : "update");
  error.hint = "declare a PRIMARY KEY ... NOT ENFORCED on the table, or make the query append-only";
  return error;
}

// What Flink's planner takes in streaming mode.
Status CheckOver(const OverAggregateNode& over) {
  for (const AggregateCall& call : over.calls) {
    bool looks_ahead = call.function == "LEAD" || call.function == "NTILE" ||
                       call.function == "PERCENT_RANK" || call.function == "CUME_DIST";
    if (looks_ahead) {
      return NotSupported("SQL-1020 {} is not supported in streaming mode", call.function);
    }
  }
  if (over.order.size() != 1 || over.order[0].descending) {
    return NotSupported(
        "SQL-1020 OVER windows in streaming mode must be ordered by one column, ascending");
  }
  if (over.frame.end.kind != FrameBoundKind::kCurrentRow) {
    return NotSupported("SQL-1020 OVER windows in streaming mode must end with CURRENT ROW");
  }
  bool is_bounded = over.frame.start.kind != FrameBoundKind::kUnboundedPreceding;
  if (!is_bounded || over.IsByTime()) return Status::Ok();
  Error error = NotSupported(
      "SQL-1020 OVER windows in streaming mode that are not ordered by a time attribute must begin "
      "with UNBOUNDED PRECEDING");
  error.hint = "declare a WATERMARK on the column, or SET 'execution.runtime-mode' = 'batch'";
  return error;
}

// A version is the last row of its primary key, so every key has one history.
Status CheckVersions(const JoinNode& join) {
  Keys keys = join.inputs[1]->upsert_keys;
  if (!join.versions->declared_key.empty()) keys = {join.versions->declared_key};
  if (keys.empty()) {
    return InvalidArgument(
        "SQL-1017 a join FOR SYSTEM_TIME AS OF an event time needs a versioned table: one with a "
        "PRIMARY KEY, or a view that keeps the last row of each key by ROW_NUMBER()");
  }
  if (HasKeyWithin(keys, join.right_keys)) return Status::Ok();
  return InvalidArgument(
      "SQL-1017 a join FOR SYSTEM_TIME AS OF an event time needs an equality on every column of "
      "the versioned table's primary key");
}

// Sessions hand changes on as they are, when they close.
bool IsAlignedWindowTable(const PlanNode& node) {
  if (node.kind != PlanKind::kWindowTable) return false;
  return static_cast<const WindowTableNode&>(node).window.kind != WindowKind::kSession;
}

Status CheckInputs(const PlanNode& node) {
  if (node.kind == PlanKind::kMatch && !node.inputs[0]->changelog.IsInsertOnly()) {
    return NotSupported("SQL-1020 MATCH_RECOGNIZE over a query that updates its results ({})",
                        node.inputs[0]->changelog.ToString());
  }
  bool is_log =
      node.kind == PlanKind::kChangelog && !static_cast<const ChangelogNode&>(node).to_rows;
  if (is_log && !node.inputs[0]->changelog.IsInsertOnly()) {
    return NotSupported("SQL-1020 FROM_CHANGELOG takes rows that are only added, not {}",
                        node.inputs[0]->changelog.ToString());
  }
  if (node.kind == PlanKind::kOverAggregate) {
    RETURN_IF_ERROR(CheckOver(static_cast<const OverAggregateNode&>(node)));
  }
  bool needs_inserts = node.kind == PlanKind::kWatermark || IsAlignedWindowTable(node);
  if (node.kind == PlanKind::kOverAggregate) {
    needs_inserts = static_cast<const OverAggregateNode&>(node).IsByTime();
  }
  if (node.kind == PlanKind::kJoin) {
    const auto& join = static_cast<const JoinNode&>(node);
    needs_inserts = join.windowed || join.interval.has_value();
    if (join.versions) RETURN_IF_ERROR(CheckVersions(join));
  }
  if (node.kind == PlanKind::kRank) {
    const auto& rank = static_cast<const RankNode&>(node);
    needs_inserts = rank.windowed;
    if (rank.rank_end == std::numeric_limits<int64_t>::max()) {
      return NotSupported("SQL-1020 ROW_NUMBER() from a number on needs a limit, too");
    }
  }
  // A keyed table's own watermark is fine as long as no window is asked of its changes.
  if (node.kind == PlanKind::kWatermark || !needs_inserts) return Status::Ok();
  for (const PlanPtr& input : node.inputs) {
    if (!input->changelog.IsInsertOnly()) {
      return NotSupported(
          "SQL-1020 windows and interval joins over a query that updates its results ({}) are not "
          "supported",
          input->changelog.ToString());
    }
  }
  return Status::Ok();
}

}  // namespace

bool IsUpsertSource(const TableScanNode& scan) {
  if (scan.table.options.contains(kDuplicatesOption)) return true;
  return !ScanKinds(scan).IsInsertOnly() &&
         PropertyOf(scan.table, "table.changelog.image") == "WAL";
}

ChangelogMode ModifyKinds(const PlanNode& node) {
  std::vector<ChangelogMode> inputs;
  for (const PlanPtr& input : node.inputs) inputs.push_back(ModifyKinds(*input));
  return KindsFrom(node, inputs);
}

bool HasUniqueRows(const PlanPtr& plan) {
  return !WithUpsertKeys(PushFilters(plan, {}))->upsert_keys.empty();
}

Status InferChangelog(const std::vector<std::shared_ptr<PlanNode>>& nodes, bool streaming) {
  for (const auto& node : nodes) {
    node->upsert_keys = UpsertKeys(*node);
    std::vector<ChangelogMode> inputs;
    for (const PlanPtr& input : node->inputs) inputs.push_back(input->changelog);
    node->changelog = streaming ? KindsFrom(*node, inputs) : kInsert;
  }
  if (streaming) UseMonotonicity(nodes);
  std::set<const PlanNode*> needs;
  for (size_t i = nodes.size(); i-- > 0;) {
    const PlanNode& node = *nodes[i];
    bool is_root =
        std::none_of(nodes.begin() + static_cast<int64_t>(i), nodes.end(), [&](const auto& other) {
          return std::any_of(other->inputs.begin(), other->inputs.end(),
                             [&](const PlanPtr& in) { return in.get() == &node; });
        });
    bool needed_above = needs.contains(&node) || (is_root && node.kind != PlanKind::kSink);
    if (needed_above) nodes[i]->changelog.update_before = nodes[i]->changelog.update_after;
    for (size_t k = 0; k < node.inputs.size(); ++k) {
      if (NeedsUpdateBefore(node, k, needed_above)) needs.insert(node.inputs[k].get());
    }
  }
  // A filter that took -U for itself passes it on.
  for (const auto& node : nodes) {
    bool passes = node->kind == PlanKind::kCalc || node->kind == PlanKind::kUnion ||
                  node->kind == PlanKind::kSink || node->kind == PlanKind::kWatermark ||
                  node->kind == PlanKind::kUnnest;
    for (const PlanPtr& input : node->inputs) {
      if (passes && input->changelog.update_before) node->changelog.update_before = true;
    }
    bool is_temporal =
        node->kind == PlanKind::kJoin && static_cast<const JoinNode&>(*node).versions.has_value();
    if (is_temporal) node->changelog.update_before = node->inputs[0]->changelog.update_before;
    if (!streaming) continue;
    RETURN_IF_ERROR(CheckInputs(*node));
    if (node->kind == PlanKind::kSink) {
      RETURN_IF_ERROR(CheckSink(static_cast<const SinkNode&>(*node)));
    }
  }
  return Status::Ok();
}

}  // namespace forebay::sql
