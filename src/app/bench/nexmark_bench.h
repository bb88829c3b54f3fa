#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"

namespace forebay::app {

struct NexmarkOptions {
  int64_t events = 10'000'000;
  int64_t rate = 10'000;  ///< events a second of event time
  int parallelism = 2;
  int repeat = 1;                    ///< runs of each query; the median counts
  std::vector<std::string> queries;  ///< names
  bool from_files = false;           ///< events are read from a file in `directory`
  std::string directory;             ///< kept; for event files
  std::string results;  ///< directory for the queries' changes, one file each; empty: dropped
  /// "1s": jobs are stored and take checkpoints so often; empty: none.
  std::string checkpoint_interval;
  /// "64 mb" of memory for state; "quarter": of what the query held most in a run before; empty:
  /// the default.
  std::string state_memory;
};

/// What a query's run took.
struct NexmarkResult {
  std::string query;
  int64_t events = 0;
  int64_t rows_out = 0;  ///< changes that the sink got
  double seconds = 0;
  double cpu_seconds = 0;  ///< of the whole process
  int64_t checkpoints = 0;
  double longest_pause_ms = 0;  ///< for which one checkpoint held rows up on a shard
  int64_t state_bytes = 0;      ///< the most there was
  int64_t spilled_bytes = 0;    ///< the most there was on disk
  int64_t memory_bytes = 0;     ///< for state; 0: the default

  double EventsPerSecond() const { return static_cast<double>(events) / seconds; }
  double EventsPerCoreSecond() const { return static_cast<double>(events) / cpu_seconds; }
};

/// The file of events for `options`, made when it is not there yet.
Result<std::string> PrepareNexmarkEvents(const NexmarkOptions& options);

/// Runs the queries one after the other, each as a streaming job through the SQL front door, and
/// prints a line each on stdout.
Result<std::vector<NexmarkResult>> RunNexmark(const NexmarkOptions& options);

/// One JSON object with the settings and a list of results.
std::string NexmarkJson(const NexmarkOptions& options, const std::vector<NexmarkResult>& results);

}  // namespace forebay::app
