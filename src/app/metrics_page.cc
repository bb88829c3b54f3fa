#include "app/metrics_page.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include "app/bucket_metrics.h"
#include "app/node.h"
#include "storage/storage_metrics.h"

namespace forebay::app {

namespace {

void Count(prometheus::Registry& registry, const std::string& name, const std::string& help,
           int64_t value, const prometheus::Labels& labels = {}) {
  auto& family = prometheus::BuildCounter().Name("forebay_" + name).Help(help).Register(registry);
  family.Add(labels).Increment(static_cast<double>(value));
}

void Set(prometheus::Registry& registry, const std::string& name, const std::string& help,
         int64_t value, const prometheus::Labels& labels = {}) {
  auto& family = prometheus::BuildGauge().Name("forebay_" + name).Help(help).Register(registry);
  family.Add(labels).Set(static_cast<double>(value));
}

void AddStorage(prometheus::Registry& registry, const storage::StorageMetrics& metrics) {
  Count(registry, "log_appended_records_total", "Records appended to logs",
        metrics.appended_records);
  Count(registry, "log_appended_bytes_total", "Bytes appended to logs", metrics.appended_bytes);
  Count(registry, "log_appended_batches_total", "Batches appended to logs",
        metrics.appended_batches);
  Count(registry, "log_duplicate_batches_total", "Batches recognised as sent before",
        metrics.duplicate_batches);
  Count(registry, "log_failed_appends_total", "Appends that failed", metrics.failed_appends);
  Count(registry, "log_refused_appends_total", "Appends refused by back-pressure",
        metrics.refused_appends);
  Count(registry, "log_syncs_total", "fsync calls of logs", metrics.log_syncs);
  Count(registry, "log_expired_segments_total", "Log segments removed by retention",
        metrics.expired_segments);
  Count(registry, "kv_lookups_total", "Rows looked up by key", metrics.kv_lookups);
  Count(registry, "kv_cache_hits_total", "Lookups answered by the row cache",
        metrics.kv_cache_hits);
  Set(registry, "log_tablets", "Log tablets in service", metrics.log_tablets);
  Count(registry, "kv_snapshots_total", "Snapshots of rows brought to remote storage",
        metrics.kv_snapshots);
  Count(registry, "kv_snapshot_failures_total", "Snapshots of rows that failed",
        metrics.kv_snapshot_failures);
  Count(registry, "remote_log_segments_total", "Log segments brought to remote storage",
        metrics.remote_log_segments);
  Count(registry, "remote_log_bytes_total", "Bytes of log segments brought to remote storage",
        metrics.remote_log_bytes);
  Count(registry, "remote_log_failures_total", "Attempts to bring log segments that failed",
        metrics.remote_log_failures);
  Set(registry, "kv_tablets", "Primary-key tablets in service", metrics.kv_tablets);
  Set(registry, "writer_state_bytes", "Memory for what is known of idempotent writers",
      metrics.writer_state_bytes);
  Set(registry, "damaged_tablets", "Tablets out of service or with missing rows",
      metrics.damaged_tablets);
}

void AddIngest(prometheus::Registry& registry, const serve::IngestMetrics& metrics) {
  Count(registry, "ingest_requests_total", "Ingest requests", metrics.requests);
  Count(registry, "ingest_failed_requests_total", "Ingest requests refused or failed",
        metrics.failed_requests);
  Count(registry, "ingest_duplicate_requests_total", "Ingest requests recognised by their key",
        metrics.duplicate_requests);
  Count(registry, "ingest_rows_total", "Rows taken by ingest", metrics.rows);
  Count(registry, "ingest_bytes_total", "Bytes of ingest bodies", metrics.bytes);
}

void AddJobs(prometheus::Registry& registry, compute::JobManager& jobs) {
  std::map<std::string, int64_t> by_state;
  for (const compute::JobRecord& job : jobs.List()) {
    ++by_state[std::string(compute::JobStateName(job.state))];
  }
  for (const auto& [state, count] : by_state) {
    Set(registry, "jobs", "Jobs by state", count, {{"state", state}});
  }
}

void AddRunningJobs(prometheus::Registry& registry, compute::JobManager& jobs) {
  for (const compute::JobRecord& record : jobs.List()) {
    if (record.state != compute::JobState::kRunning) continue;
    Result<compute::JobHandle> job = jobs.Find(record.id);
    if (!job.ok()) continue;
    compute::RunMetrics run = (*job)->Run();
    prometheus::Labels labels = {{"job", record.id}};
    Count(registry, "job_checkpoints_total", "Checkpoints of a job's run", run.checkpoints, labels);
    Set(registry, "job_state_resident_bytes", "State of a job in memory", run.state_resident_bytes,
        labels);
    Set(registry, "job_state_spilled_bytes", "State of a job on disk", run.state_spilled_bytes,
        labels);
    for (const compute::OperatorMetrics& op : (*job)->Metrics()) {
      prometheus::Labels own = {{"job", record.id}, {"operator", std::to_string(op.node_id)}};
      Count(registry, "operator_rows_in_total", "Rows an operator took", op.rows_in, own);
      Count(registry, "operator_rows_out_total", "Rows an operator sent", op.rows_out, own);
      Set(registry, "operator_state_bytes", "State of an operator at the last checkpoint",
          op.state_bytes, own);
      Set(registry, "operator_longest_pause_us",
          "The longest time for which a checkpoint held an operator's rows up",
          static_cast<int64_t>(op.longest_pause_ms * 1000), own);
    }
  }
}

void AddTiering(prometheus::Registry& registry, lake::TieringService& tiering) {
  for (const lake::TieringState& state : tiering.States()) {
    prometheus::Labels labels = {{"table", state.path.ToString()}};
    Count(registry, "lake_rows_total", "Rows written to the lake", state.rows_total, labels);
    Set(registry, "lake_last_commit_ms", "Time of the newest snapshot", state.last_commit_ms,
        labels);
    Set(registry, "lake_failing", "1 when the last tiering round failed",
        state.last_error.empty() ? 0 : 1, labels);
  }
}

void AddFluss(prometheus::Registry& registry, const std::string& role,
              const rpc::ServerMetrics& metrics) {
  prometheus::Labels labels = {{"role", role}};
  Set(registry, "fluss_connections", "Connections of Fluss clients", metrics.connections, labels);
  Count(registry, "fluss_requests_total", "Requests of Fluss clients", metrics.requests, labels);
  Count(registry, "fluss_failed_requests_total", "Requests answered with an error",
        metrics.failed_requests, labels);
  Count(registry, "fluss_received_bytes_total", "Bytes of requests", metrics.received_bytes,
        labels);
  Count(registry, "fluss_sent_bytes_total", "Bytes of answers", metrics.sent_bytes, labels);
}

}  // namespace

std::string MetricsPage(Node& node, const serve::IngestMetrics& ingest,
                        const serve::FlussServer* fluss) {
  prometheus::Registry registry;
  AddStorage(registry, node.storage().metrics());
  AddBuckets(registry, node.storage());
  AddIngest(registry, ingest);
  AddJobs(registry, node.jobs());
  AddRunningJobs(registry, node.jobs());
  AddTiering(registry, node.tiering());
  if (fluss != nullptr) {
    AddFluss(registry, "coordinator", fluss->metrics(serve::FlussRole::kCoordinator));
    AddFluss(registry, "tablet", fluss->metrics(serve::FlussRole::kTablet));
  }
  return prometheus::TextSerializer().Serialize(registry.Collect());
}

}  // namespace forebay::app
