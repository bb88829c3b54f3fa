#pragma once

#include <vector>

#include "base/result.h"
#include "sql/plan/plan.h"

namespace forebay::sql {

/// Makes analyzed plans ready to run: filters move down and become join keys and ranks, equal
/// sub-plans become one node, unused columns go, Calcs merge, changelog modes, upsert keys and ids
/// are set. The roots of one statement share nodes. `state_ttl_ms` is for state that no hint speaks
/// of ('table.exec.state.ttl'; 0: for ever). `shares_tables`: joins may take a table's rows from
/// where other jobs have them, if nothing stands between.
Result<std::vector<PlanPtr>> Optimize(std::vector<PlanPtr> roots, bool streaming,
                                      int64_t state_ttl_ms = 0, bool shares_tables = false);

/// The steps, for tests; each keeps the plan's meaning and the roots' output.
PlanPtr PushFilters(const PlanPtr& node, std::vector<ExpressionPtr> conjuncts);
/// Filters between regular joins and the tables whose rows they may share become a part of the
/// joins' conditions.
std::vector<PlanPtr> RaiseFilters(const std::vector<PlanPtr>& roots);
std::vector<PlanPtr> ShareEqualPlans(const std::vector<PlanPtr>& roots);
std::vector<PlanPtr> PruneColumns(const std::vector<PlanPtr>& roots);
/// Tells scans which fields of ROW columns anything reads.
std::vector<PlanPtr> MarkUsedFields(const std::vector<PlanPtr>& roots);
std::vector<PlanPtr> MergeCalcs(const std::vector<PlanPtr>& roots);
/// ROW_NUMBER() = 1 by a time attribute over inserts becomes a Deduplicate, in streaming mode a
/// ROW_NUMBER() nobody limits an OverAggregate.
std::vector<PlanPtr> FinishRanks(const std::vector<PlanPtr>& roots, bool streaming);

/// Joins whose condition bounds the time attributes of both sides become interval joins; for
/// streaming.
std::vector<PlanPtr> FinishJoins(const std::vector<PlanPtr>& roots);

/// Puts a Deduplicate above every scan whose changelog has no old rows; for streaming.
std::vector<PlanPtr> NormalizeChangelogs(const std::vector<PlanPtr>& roots);

/// Says how long the state of `node` is kept: what its hint says, else `default_ms`; for streaming.
/// Nodes whose state ends with their windows, or with the watermark, have none.
void SetStateTtl(PlanNode& node, int64_t default_ms);

/// Whether it is the same whenever it is evaluated over the same row.
bool Deterministic(const Expression& e);

/// Every node once, inputs before consumers.
std::vector<PlanPtr> TopologicalOrder(const std::vector<PlanPtr>& roots);
/// A copy of `node` over other inputs.
std::shared_ptr<PlanNode> CloneNode(const PlanNode& node);

}  // namespace forebay::sql
