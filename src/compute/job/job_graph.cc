#include "compute/job/job_graph.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/ascii_case.h"
#include "compute/job/shared_inputs.h"
#include "compute/operator/operator_factory.h"
#include "sql/catalog/connector_options.h"
#include "sql/plan/match_node.h"
#include "sql/plan/plan_json.h"

namespace forebay::compute {
namespace {

using sql::PlanKind;
using sql::PlanNode;

bool IsSet(const sql::TableRef& table, const char* option) {
  auto value = table.options.find(option);
  return value != table.options.end() && EqualsIgnoringCase(value->second, "true");
}

/// Of a sink of files: the rows of a partition in one place when there are to be few files,
/// 'sink.shuffle-by-partition.enable'. With 'auto-compaction' a checkpoint has a file a partition,
/// or one in all, so that none need be merged.
Distribution FilesRequirement(const sql::TableRef& table) {
  bool compacts = IsSet(table, "auto-compaction");
  if (!compacts && !IsSet(table, "sink.shuffle-by-partition.enable")) return {};
  const model::TableDescriptor& descriptor = table.info.descriptor;
  std::vector<int> keys;
  for (const std::string& key : descriptor.partition_keys) {
    keys.push_back(descriptor.schema.IndexOf(key));
  }
  if (!keys.empty()) return {Distribution::Kind::kByKeys, std::move(keys)};
  return compacts ? Distribution{Distribution::Kind::kSingle, {}} : Distribution{};
}

/// How input `input` of `node` must be spread: operators say so themselves; a sink wants the rows
/// of a key in one place.
Distribution RequirementOf(const PlanNode& node, int input) {
  if (node.kind != PlanKind::kSink) return DistributionOf(node, input);
  const auto& table = static_cast<const sql::SinkNode&>(node).table;
  std::vector<int> key = table.info.descriptor.schema.PrimaryKeyIndexes();
  if (!key.empty()) return {Distribution::Kind::kByKeys, std::move(key)};
  return table.connector() == "filesystem" ? FilesRequirement(table) : Distribution{};
}

/// The column lists by which a vertex's output is hash-partitioned.
using Partitions = std::vector<std::vector<int>>;

std::vector<int> Iota(size_t count) {
  std::vector<int> result(count);
  for (size_t i = 0; i < count; ++i) result[i] = static_cast<int>(i);
  return result;
}

/// `in` as seen through a projection: only lists whose every column is passed on unchanged remain.
Partitions ThroughCalc(const sql::CalcNode& calc, const Partitions& in) {
  Partitions out;
  for (const std::vector<int>& keys : in) {
    std::vector<int> mapped;
    for (int key : keys) {
      for (size_t i = 0; i < calc.projections.size(); ++i) {
        const sql::Expression& e = *calc.projections[i];
        if (e.kind == sql::ExpressionKind::kColumn && e.column == key) {
          mapped.push_back(static_cast<int>(i));
          break;
        }
      }
    }
    if (mapped.size() == keys.size()) out.push_back(std::move(mapped));
  }
  return out;
}

Partitions ThroughUnnest(const sql::UnnestNode& unnest, const Partitions& in) {
  Partitions out;
  for (const std::vector<int>& keys : in) {
    std::vector<int> mapped;
    for (int key : keys) {
      auto place = std::find(unnest.kept.begin(), unnest.kept.end(), key);
      if (place == unnest.kept.end()) break;
      mapped.push_back(static_cast<int>(place - unnest.kept.begin()));
    }
    if (mapped.size() == keys.size()) out.push_back(std::move(mapped));
  }
  return out;
}

Partitions JoinPartitions(const sql::JoinNode& join) {
  Partitions out;
  if (join.left_keys.empty()) return out;
  using sql::JoinKind;
  bool pads_left = join.join == JoinKind::kRight || join.join == JoinKind::kFull;
  bool pads_right = join.join == JoinKind::kLeft || join.join == JoinKind::kFull;
  bool has_right = join.join != JoinKind::kSemi && join.join != JoinKind::kAnti;
  if (!pads_left) out.push_back(join.left_keys);
  if (!pads_right && has_right) {
    std::vector<int> right = join.right_keys;
    for (int& key : right) key += static_cast<int>(join.inputs[0]->output.size());
    out.push_back(std::move(right));
  }
  return out;
}

Partitions PartitionsOf(const PlanNode& node, const Partitions& in) {
  switch (node.kind) {
    case PlanKind::kCalc: return ThroughCalc(static_cast<const sql::CalcNode&>(node), in);
    case PlanKind::kAggregate: {
      size_t keys = static_cast<const sql::AggregateNode&>(node).keys.size();
      return keys == 0 ? Partitions() : Partitions{Iota(keys)};
    }
    case PlanKind::kWindowAggregate: {
      size_t keys = static_cast<const sql::WindowAggregateNode&>(node).keys.size();
      return keys == 0 ? Partitions() : Partitions{Iota(keys)};
    }
    case PlanKind::kMatch: {
      size_t keys = static_cast<const sql::MatchNode&>(node).keys.size();
      return keys == 0 ? Partitions() : Partitions{Iota(keys)};
    }
    case PlanKind::kUnnest: return ThroughUnnest(static_cast<const sql::UnnestNode&>(node), in);
    case PlanKind::kJoin: return JoinPartitions(static_cast<const sql::JoinNode&>(node));
    // These append columns or drop rows.
    case PlanKind::kWatermark:
    case PlanKind::kWindowTable:
    case PlanKind::kLookupJoin:
    case PlanKind::kRank:
    case PlanKind::kOverAggregate:
    case PlanKind::kDeduplicate: return in;
    default: return {};
  }
}

/// Builds the vertices of a plan, producers before consumers.
class GraphBuilder {
 public:
  GraphBuilder(int num_shards, bool shares) : shares_(shares) { graph_.num_shards = num_shards; }

  Result<JobGraph> Build(const std::vector<sql::PlanPtr>& roots) {
    if (shares_) shared_inputs_ = FindSharedInputs(roots);
    for (const sql::PlanPtr& root : roots) {
      ASSIGN_OR_RETURN(int index, Add(*root));
      if (root->kind != PlanKind::kSink) AddCollect(*root, index);
    }
    ChooseRegions();
    return std::move(graph_);
  }

 private:
  Result<int> Add(const PlanNode& node) {
    if (auto found = index_.find(&node); found != index_.end()) return found->second;
    JobVertex vertex;
    vertex.node = &node;
    vertex.id = node.id;
    vertex.is_source = node.inputs.empty();
    vertex.is_single = node.kind == PlanKind::kValues || graph_.num_shards == 1;
    if (auto shared = shared_inputs_.find(&node); shared != shared_inputs_.end()) {
      vertex.shared = shared->second;
    }
    Partitions partitions;
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      ASSIGN_OR_RETURN(int from, Add(*node.inputs[i]));
      if (vertex.shared && vertex.shared->input == static_cast<int>(i)) AddVersions(from);
      JobEdge edge = MakeEdge(from, RequirementOf(node, static_cast<int>(i)));
      // Keys are columns of this input and, of a one-input operator, of its output.
      if (node.inputs.size() == 1 && edge.partitioning == Partitioning::kHash) {
        partitions = {edge.keys};
      } else if (node.inputs.size() == 1 && edge.partitioning == Partitioning::kForward) {
        partitions = partitions_[from];
      }
      vertex.inputs.push_back(std::move(edge));
    }
    RETURN_IF_ERROR(CheckSink(node));
    if (!vertex.is_source) vertex.is_single = IsSingle(vertex);
    return Append(std::move(vertex), PartitionsOf(node, partitions));
  }

  /// Makes a scan say which change each row is.
  void AddVersions(int vertex) {
    graph_.own_nodes.push_back(
        ScanWithVersions(static_cast<const sql::TableScanNode&>(*graph_.vertices[vertex].node)));
    graph_.vertices[vertex].node = graph_.own_nodes.back().get();
  }

  static Status CheckSink(const PlanNode& node) {
    if (node.kind != PlanKind::kSink || node.inputs[0]->changelog.IsInsertOnly()) {
      return Status::Ok();
    }
    const auto& table = static_cast<const sql::SinkNode&>(node).table;
    std::string connector = table.connector();
    bool takes_changes = connector != "filesystem" || sql::IsChangeFormat(table);
    if (connector == "forebay") takes_changes = table.info.descriptor.HasPrimaryKey();
    if (takes_changes) return Status::Ok();
    return NotSupported("sink {} takes only inserts, but the query makes changes {}",
                        table.path.ToString(), node.inputs[0]->changelog.ToString());
  }

  void AddCollect(const PlanNode& root, int from) {
    JobVertex vertex;
    vertex.node = &root;
    vertex.id = -root.id;
    vertex.is_collect = true;
    vertex.inputs.push_back({from, Partitioning::kForward, {}, false});
    vertex.is_single = graph_.vertices[from].is_single;
    int index = static_cast<int>(graph_.vertices.size());
    graph_.vertices[from].outputs.emplace_back(index, 0);
    graph_.vertices.push_back(std::move(vertex));
    partitions_.emplace_back();
  }

  int Append(JobVertex vertex, Partitions partitions) {
    int index = static_cast<int>(graph_.vertices.size());
    index_[vertex.node] = index;
    for (size_t i = 0; i < vertex.inputs.size(); ++i) {
      graph_.vertices[vertex.inputs[i].from].outputs.emplace_back(index, static_cast<int>(i));
    }
    graph_.vertices.push_back(std::move(vertex));
    partitions_.push_back(std::move(partitions));
    return index;
  }

  JobEdge MakeEdge(int from, const Distribution& requirement) const {
    JobEdge edge{from, Partitioning::kForward, {}, false};
    if (graph_.num_shards == 1 || requirement.kind == Distribution::Kind::kAny) return edge;
    if (requirement.kind == Distribution::Kind::kSingle) {
      if (!graph_.vertices[from].is_single) edge.partitioning = Partitioning::kSingle;
      return edge;
    }
    const Partitions& have = partitions_[from];
    if (std::find(have.begin(), have.end(), requirement.keys) != have.end()) return edge;
    edge.partitioning = Partitioning::kHash;
    edge.keys = requirement.keys;
    return edge;
  }

  bool IsSingle(const JobVertex& vertex) const {
    for (const JobEdge& edge : vertex.inputs) {
      if (edge.partitioning == Partitioning::kHash) return false;
      if (edge.partitioning == Partitioning::kForward && !graph_.vertices[edge.from].is_single) {
        return false;
      }
    }
    return true;
  }

  /// A vertex whose inputs all come by direct calls from one region belongs to it. Else it starts a
  /// region, and all its inputs are queued: barriers on its inputs arrive at different times, and
  /// only queues can hold a channel back.
  void ChooseRegions() {
    for (JobVertex& vertex : graph_.vertices) {
      if (vertex.is_source) continue;
      std::set<int> regions;
      bool exchanged = false;
      for (const JobEdge& edge : vertex.inputs) {
        regions.insert(graph_.vertices[edge.from].region);
        exchanged |= edge.partitioning != Partitioning::kForward;
      }
      if (!exchanged && regions.size() == 1) {
        vertex.region = *regions.begin();
        continue;
      }
      vertex.region = graph_.num_regions++;
      for (JobEdge& edge : vertex.inputs) edge.queued = true;
    }
  }

  const bool shares_;
  JobGraph graph_;
  std::map<const PlanNode*, SharedInput> shared_inputs_;
  std::map<const PlanNode*, int> index_;
  std::vector<Partitions> partitions_;
};

std::string EdgeText(const JobEdge& edge, const JobGraph& graph) {
  std::string text = std::to_string(graph.vertices[edge.from].id);
  if (edge.partitioning == Partitioning::kSingle) text += " single";
  if (edge.partitioning == Partitioning::kHash) {
    text += " hash(";
    for (size_t i = 0; i < edge.keys.size(); ++i) {
      text += (i == 0 ? "" : ",") + std::to_string(edge.keys[i]);
    }
    text += ")";
  }
  return text;
}

}  // namespace

Result<JobGraph> JobGraph::Build(const std::vector<sql::PlanPtr>& roots, int num_shards,
                                 bool shares) {
  if (roots.empty()) return InvalidArgument("a job needs at least one statement");
  return GraphBuilder(num_shards, shares).Build(roots);
}

std::string JobVertex::Name() const { return is_collect ? "Collect" : sql::KindName(node->kind); }

std::string JobGraph::ToString() const {
  std::string text;
  for (const JobVertex& vertex : vertices) {
    text += fmt::format("{} {} x{} region={}", vertex.id, vertex.Name(),
                        vertex.is_single ? 1 : num_shards, vertex.region);
    for (const JobEdge& edge : vertex.inputs) text += " <- " + EdgeText(edge, *this);
    if (vertex.shared) text += " shared " + vertex.shared->spec.ToString();
    text += "\n";
  }
  return text;
}

}  // namespace forebay::compute
