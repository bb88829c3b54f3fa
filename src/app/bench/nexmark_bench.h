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
};

/// What a query's run took.
struct NexmarkResult {
  std::string query;
  int64_t events = 0;
  int64_t rows_out = 0;  ///< changes that the sink got
  double seconds = 0;
  double cpu_seconds = 0;  ///< of the whole process

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
