#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "compute/exchange/partitioning.h"
#include "compute/operator/operator.h"

namespace forebay::compute {

/// Counters of one subtask: written by its shard, read by anyone.
struct SubtaskMetrics {
  std::atomic<int64_t> rows_in{0};
  std::atomic<int64_t> rows_out{0};
  std::atomic<int64_t> watermark{kMinWatermark};
  std::atomic<int64_t> state_bytes{0};
  std::atomic<int64_t> busy_ns{0};
  std::atomic<int64_t> longest_pause_ns{0};  ///< for which a checkpoint held its rows up at a time

  void NotePause(int64_t ns) {
    if (ns > longest_pause_ns.load(std::memory_order_relaxed)) {
      longest_pause_ns.store(ns, std::memory_order_relaxed);
    }
  }
};

/// One instance's counters.
struct InstanceMetrics {
  int64_t rows_in = 0;
  int64_t rows_out = 0;
  int64_t state_bytes = 0;
  double busy_ms = 0;
  double blocked_ms = 0;  ///< waited for those behind it
  double longest_pause_ms = 0;
};

/// Where an operator's rows come from.
struct InputMetrics {
  int from = 0;  ///< node id
  Partitioning partitioning = Partitioning::kForward;
};

/// A plan node's counters, summed over its instances; the watermark is the smallest.
struct OperatorMetrics {
  int node_id = 0;
  std::string name;
  bool is_source = false;
  std::vector<InputMetrics> inputs;
  int num_instances = 0;
  int64_t rows_in = 0;
  int64_t rows_out = 0;
  double rows_per_second = 0;
  Watermark watermark = kMinWatermark;
  int64_t watermark_lag_ms = -1;  ///< behind the clock; -1 when there is no watermark
  int64_t state_bytes = 0;
  double busy_ms = 0;
  double back_pressure = 0;     ///< the part of the time in which it waited for those behind it
  double skew = 1;              ///< rows of the busiest instance by the mean
  double longest_pause_ms = 0;  ///< for which a checkpoint held rows up here
  std::vector<InstanceMetrics> instances;
  /// Of a join whose rows of one side lie in an arrangement: which, its memory, and how many joins
  /// use it; else empty.
  std::string arrangement = {};
  int64_t arrangement_bytes = 0;
  int arrangement_readers = 0;
};

/// What belongs to no operator.
struct RunMetrics {
  double seconds = 0;
  int parallelism = 0;
  int64_t checkpoints = 0;
  int64_t checkpoint_ms = 0;     ///< of the last one, from its request until it was durable
  int64_t checkpoint_bytes = 0;  ///< of the last one
  double pause_ms = 0;           ///< how long the last one held rows up on a shard
  double longest_pause_ms = 0;
  int64_t state_resident_bytes = 0;
  int64_t state_spilled_bytes = 0;
  int64_t state_peak_bytes = 0;  ///< the most there was, in memory and on disk, since the start
  int64_t state_peak_spilled_bytes = 0;
};

/// Charges the time of nested calls to the operator that is running: entering one stops the clock
/// of the caller. Belongs to one shard thread.
class BusyClock {
 public:
  /// Charges time so far to the operator before; returns it, to go back to by Switch.
  SubtaskMetrics* Switch(SubtaskMetrics* to) {
    int64_t now = MonotonicNs();
    if (current_ != nullptr) {
      // Only this thread writes: no need for an atomic addition.
      current_->busy_ns.store(current_->busy_ns.load(std::memory_order_relaxed) + now - since_,
                              std::memory_order_relaxed);
    }
    since_ = now;
    return std::exchange(current_, to);
  }

 private:
  SubtaskMetrics* current_ = nullptr;
  int64_t since_ = 0;
};

}  // namespace forebay::compute
