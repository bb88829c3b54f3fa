#pragma once

#include <array>
#include <atomic>
#include <cstdint>

namespace forebay::storage {

/// What a storage server counts about itself; one per server, read by the metrics page.
/// Thread-safe.
struct StorageMetrics {
  /// Upper bounds of the buckets of append_latency, in microseconds; one more bucket takes the
  /// rest.
  static constexpr std::array<int64_t, 9> kLatencyBoundsMicros = {250,   500,   1000,  2000,  5000,
                                                                  10000, 20000, 50000, 200000};

  std::atomic<int64_t> appended_batches = 0;
  std::atomic<int64_t> appended_records = 0;
  std::atomic<int64_t> appended_bytes = 0;
  std::atomic<int64_t> duplicate_batches = 0;
  std::atomic<int64_t> failed_appends = 0;
  std::atomic<int64_t> refused_appends = 0;  ///< back-pressure
  std::atomic<int64_t> log_syncs = 0;
  std::atomic<int64_t> log_sync_micros = 0;
  std::atomic<int64_t> expired_segments = 0;
  std::atomic<int64_t> damaged_tablets = 0;
  std::atomic<int64_t> writer_state_bytes = 0;  ///< remembered of idempotent writers
  std::atomic<int64_t> log_tablets = 0;
  std::atomic<int64_t> kv_tablets = 0;
  std::atomic<int64_t> kv_lookups = 0;
  std::atomic<int64_t> kv_cache_hits = 0;
  std::atomic<int64_t> kv_flushes = 0;
  std::atomic<int64_t> kv_snapshots = 0;  ///< brought to remote storage
  std::atomic<int64_t> kv_snapshot_failures = 0;
  std::atomic<int64_t> remote_log_segments = 0;  ///< brought to remote storage
  std::atomic<int64_t> remote_log_bytes = 0;
  std::atomic<int64_t> remote_log_failures = 0;
  std::array<std::atomic<int64_t>, 10> append_latency = {};
  std::atomic<int64_t> append_latency_micros = 0;

  /// Counts the time from an append to its acknowledgement.
  void ObserveAppend(int64_t micros) {
    size_t bucket = 0;
    while (bucket < kLatencyBoundsMicros.size() && micros > kLatencyBoundsMicros[bucket]) ++bucket;
    append_latency[bucket].fetch_add(1, std::memory_order_relaxed);
    append_latency_micros.fetch_add(micros, std::memory_order_relaxed);
  }
};

}  // namespace forebay::storage
