// What JobExecution tells about a run. Any thread.

#include <algorithm>

#include "base/clock.h"
#include "compute/runtime/job_execution.h"

namespace forebay::compute {

void JobExecution::AddInstance(size_t vertex, int shard, OperatorMetrics& metrics) const {
  SubtaskMetrics* one = source_tasks_[vertex][shard] != nullptr
                            ? &source_tasks_[vertex][shard]->metrics()
                        : subtasks_[vertex][shard] != nullptr ? &subtasks_[vertex][shard]->metrics()
                                                              : nullptr;
  if (one == nullptr) return;
  InstanceMetrics instance;
  instance.rows_in = one->rows_in;
  instance.rows_out = one->rows_out;
  instance.state_bytes = one->state_bytes;
  instance.busy_ms = static_cast<double>(one->busy_ns) / 1e6;
  instance.blocked_ms =
      static_cast<double>(shards_[shard]->blocked_ns(graph_.vertices[vertex].region)) / 1e6;
  instance.longest_pause_ms = static_cast<double>(one->longest_pause_ns) / 1e6;
  metrics.longest_pause_ms = std::max(metrics.longest_pause_ms, instance.longest_pause_ms);
  ++metrics.num_instances;
  metrics.rows_in += instance.rows_in;
  metrics.rows_out += instance.rows_out;
  metrics.watermark = std::min<Watermark>(metrics.watermark, one->watermark);
  metrics.state_bytes += instance.state_bytes;
  metrics.busy_ms += instance.busy_ms;
  metrics.instances.push_back(instance);
}

OperatorMetrics JobExecution::MetricsOf(size_t vertex, double seconds) const {
  const JobVertex& of = graph_.vertices[vertex];
  OperatorMetrics metrics;
  metrics.node_id = of.id;
  metrics.name = of.Name();
  metrics.is_source = of.is_source;
  metrics.watermark = kMaxWatermark;
  for (const JobEdge& edge : of.inputs) {
    metrics.inputs.push_back({graph_.vertices[edge.from].id, edge.partitioning});
  }
  for (int s = 0; s < graph_.num_shards; ++s) AddInstance(vertex, s, metrics);
  if (shares_[vertex] != nullptr) {
    const Arrangement& arrangement = shares_[vertex]->arrangement();
    metrics.arrangement = arrangement.spec().ToString();
    metrics.arrangement_bytes = arrangement.bytes();
    metrics.arrangement_readers = arrangement.num_readers();
  }
  int64_t rows = 0, most = 0;
  double blocked_ms = 0;
  for (const InstanceMetrics& instance : metrics.instances) {
    int64_t own = of.is_source ? instance.rows_out : instance.rows_in;
    rows += own;
    most = std::max(most, own);
    blocked_ms += instance.blocked_ms;
  }
  metrics.rows_per_second = seconds > 0 ? static_cast<double>(rows) / seconds : 0;
  if (rows > 0) metrics.skew = static_cast<double>(most) * metrics.num_instances / rows;
  double total_ms = seconds * 1000 * metrics.num_instances;
  if (total_ms > 0) metrics.back_pressure = std::min(1.0, blocked_ms / total_ms);
  bool has_watermark = metrics.watermark != kMinWatermark && metrics.watermark != kMaxWatermark;
  if (has_watermark) metrics.watermark_lag_ms = shards_[0]->scope().now_ms() - metrics.watermark;
  return metrics;
}

std::vector<OperatorMetrics> JobExecution::Metrics() const {
  double seconds = static_cast<double>(MonotonicMs() - started_ms_) / 1000;
  std::vector<OperatorMetrics> all;
  for (size_t v = 0; v < graph_.vertices.size(); ++v) all.push_back(MetricsOf(v, seconds));
  return all;
}

RunMetrics JobExecution::Run() const {
  RunMetrics run;
  run.seconds = static_cast<double>(MonotonicMs() - started_ms_) / 1000;
  run.parallelism = graph_.num_shards;
  run.checkpoints = completed_;
  run.checkpoint_ms = checkpoint_ms_;
  run.checkpoint_bytes = checkpoint_bytes_;
  for (const auto& shard : shards_) {
    run.pause_ms = std::max(run.pause_ms, static_cast<double>(shard->pause_ns()) / 1e6);
    run.longest_pause_ms =
        std::max(run.longest_pause_ms, static_cast<double>(shard->longest_pause_ns()) / 1e6);
    run.state_resident_bytes += shard->memory().resident_bytes();
    run.state_spilled_bytes += shard->memory().spilled_bytes();
    run.state_peak_bytes += shard->memory().peak_bytes();
    run.state_peak_spilled_bytes += shard->memory().peak_spilled_bytes();
  }
  return run;
}

}  // namespace forebay::compute
