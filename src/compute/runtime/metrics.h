#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "compute/operator/operator.h"

namespace forebay::compute {

/// Counters of one subtask: written by its shard, read by anyone.
struct SubtaskMetrics {
  std::atomic<int64_t> rows_in{0};
  std::atomic<int64_t> rows_out{0};
  std::atomic<int64_t> watermark{kMinWatermark};
  std::atomic<int64_t> state_bytes{0};
  std::atomic<int64_t> busy_ns{0};
};

/// A plan node's counters, summed over its instances; the watermark is the smallest.
struct OperatorMetrics {
  int node_id = 0;
  std::string name;
  int num_instances = 0;
  int64_t rows_in = 0;
  int64_t rows_out = 0;
  double rows_per_second = 0;
  Watermark watermark = kMinWatermark;
  int64_t state_bytes = 0;
  double busy_ms = 0;
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
