// How a run of a job uses arrangements.

#include <algorithm>

#include "compute/join/join.h"
#include "compute/runtime/job_execution.h"
#include "compute/source/split_position.h"
#include "compute/source/table_positions.h"

namespace forebay::compute {
namespace {

/// Where the buckets of a shared table stand in a checkpoint; nothing when it has no such source.
Result<std::optional<Frontier>> FrontierOf(const SourcePositions& positions, int source,
                                           int num_buckets) {
  Frontier frontier(static_cast<size_t>(num_buckets), -1);
  bool found = false;
  for (const auto& [split, text] : positions) {
    if (split.first != source) continue;
    ASSIGN_OR_RETURN(model::BucketId bucket, TablePositions::ParseSplitId(split.second));
    ASSIGN_OR_RETURN(SplitPosition position, SplitPosition::Parse(text));
    bool fits = position.phase == SplitPosition::Phase::kLog && bucket.bucket >= 0 &&
                bucket.bucket < num_buckets;
    if (!fits) return Corruption("source {} was not read from a log: {}", source, text);
    frontier[static_cast<size_t>(bucket.bucket)] = position.offset;
    found = true;
  }
  if (!found) return std::optional<Frontier>();
  if (std::find(frontier.begin(), frontier.end(), -1) != frontier.end()) {
    return Corruption("a checkpoint has not all buckets of source {}", source);
  }
  return std::optional<Frontier>(std::move(frontier));
}

}  // namespace

Status JobExecution::Attach(const RestoredCheckpoint* restored) {
  shares_.resize(graph_.vertices.size());
  for (size_t i = 0; i < graph_.vertices.size(); ++i) {
    const JobVertex& vertex = graph_.vertices[i];
    if (!vertex.shared.has_value()) continue;
    const ArrangementSpec& spec = vertex.shared->spec;
    std::optional<Frontier> from;
    if (restored != nullptr) {
      int source = graph_.vertices[vertex.inputs[vertex.shared->input].from].id;
      ASSIGN_OR_RETURN(from,
                       FrontierOf(restored->positions, source, spec.table.descriptor.bucket_count));
    }
    ASSIGN_OR_RETURN(shares_[i], context_.environment->arrangements->Attach(spec, from));
  }
  return Status::Ok();
}

void JobExecution::ConfirmShares(const SourcePositions& positions) {
  for (size_t i = 0; i < shares_.size(); ++i) {
    if (shares_[i] == nullptr) continue;
    const SharedInput& shared = *graph_.vertices[i].shared;
    int source = graph_.vertices[graph_.vertices[i].inputs[shared.input].from].id;
    auto frontier = FrontierOf(positions, source, shared.spec.table.descriptor.bucket_count);
    if (frontier.ok() && frontier->has_value()) shares_[i]->Confirm(std::move(**frontier));
  }
}

const ArrangementShare* JobExecution::ShareOfSource(int vertex) const {
  for (const auto& [consumer, input] : graph_.vertices[vertex].outputs) {
    const std::optional<SharedInput>& shared = graph_.vertices[consumer].shared;
    if (shared.has_value() && shared->input == input) return shares_[consumer].get();
  }
  return nullptr;
}

std::vector<SourceSplit> JobExecution::SplitsFrom(const Frontier& frontier) {
  std::vector<SourceSplit> splits;
  for (size_t bucket = 0; bucket < frontier.size(); ++bucket) {
    SplitPosition position;
    position.offset = frontier[bucket];
    splits.push_back({TablePositions::SplitId(static_cast<int>(bucket)), position.ToString()});
  }
  return splits;
}

Status JobExecution::ShareSide(const JobVertex& vertex, Operator& made) const {
  auto* join = dynamic_cast<JoinOperator*>(&made);
  if (join == nullptr) return Internal("vertex {} is no join that can share", vertex.id);
  const ArrangementShare& share = *shares_[&vertex - graph_.vertices.data()];
  join->Share(std::make_unique<ArrangedSide>(vertex.shared->input, vertex.shared->columns, share));
  return Status::Ok();
}

}  // namespace forebay::compute
