#pragma once

#include <vector>

#include "base/result.h"
#include "sql/plan/plan.h"

namespace forebay::sql {

/// Whether the scan's changelog has updates without their old rows, so that it must be normalized
/// before anything is computed from it.
bool IsUpsertSource(const TableScanNode& scan);

/// Which kinds of change a node produces (Flink's ModifyKindSet): update_after stands for updates,
/// update_before is unset.
ChangelogMode ModifyKinds(const PlanNode& node);

/// Whether no two rows of `plan` are equal at a time, since they have a key.
bool HasUniqueRows(const PlanPtr& plan);

/// Fills changelog modes and upsert keys of `nodes`, given in topological order (inputs first), as
/// Flink's FlinkChangelogModeInferenceProgram does: update_before only where a consumer needs it.
/// Errors when a sink cannot take what its input emits. `streaming` unset: everything is
/// insert-only.
Status InferChangelog(const std::vector<std::shared_ptr<PlanNode>>& nodes, bool streaming);

}  // namespace forebay::sql
