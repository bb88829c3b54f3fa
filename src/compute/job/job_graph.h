#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "base/result.h"
#include "compute/arrangement/arrangement.h"
#include "compute/exchange/partitioning.h"
#include "sql/plan/plan.h"

namespace forebay::compute {

/// One input of a vertex.
struct JobEdge {
  int from = 0;  ///< index of the producing vertex
  Partitioning partitioning = Partitioning::kForward;
  std::vector<int> keys;  ///< kHash: columns of the producer's output
  /// Rows go through channels, not by a call within the chain.
  bool queued = false;
};

/// The input of a join whose rows lie in an arrangement, not in the join's own state.
struct SharedInput {
  int input = 0;
  ArrangementSpec spec;
  std::vector<int> columns;  ///< the table's columns that the input has
};

/// A plan node as the runtime executes it: one instance on every shard, or only on shard 0.
struct JobVertex {
  const sql::PlanNode* node = nullptr;
  /// The operator id in checkpoints: the plan node's id; for the collecting end of a query the
  /// negated id of its root.
  int id = 0;
  bool is_source = false;
  bool is_collect = false;  ///< hands the rows of a query (`node`) to the session
  bool is_single = false;   ///< exists on shard 0 only
  std::vector<JobEdge> inputs;
  /// (consuming vertex, its input), one for every consumer: a shared node fans out.
  std::vector<std::pair<int, int>> outputs;
  /// Vertices of a region call each other directly; regions are joined by channels. Sources make up
  /// region 0.
  int region = 0;
  std::optional<SharedInput> shared;  ///< of a join

  /// What users see: "TableScan", "Collect".
  std::string Name() const;
  bool IsSink() const { return is_collect || node->kind == sql::PlanKind::kSink; }
};

/// A plan cut into chains: vertices in topological order, with an exchange wherever an operator
/// needs rows of equal keys in one place and they are not there already. Refers to the plan's
/// nodes, which must outlive it.
struct JobGraph {
  std::vector<JobVertex> vertices;
  int num_shards = 1;
  int num_regions = 1;
  /// Scans that are not quite the plan's: of tables whose rows are shared.
  std::vector<sql::PlanPtr> own_nodes;

  /// `shares`: joins take the rows of tables from arrangements where they can. Roots that are no
  /// sinks are collected. kNotSupported for a sink that cannot take its input's changes.
  static Result<JobGraph> Build(const std::vector<sql::PlanPtr>& roots, int num_shards,
                                bool shares = false);
  /// One vertex a line: for EXPLAIN and tests.
  std::string ToString() const;
};

}  // namespace forebay::compute
