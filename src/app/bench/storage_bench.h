#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"

namespace forebay::app {

struct StorageBenchOptions {
  std::string directory;             ///< to work in; empty: a temporary one, removed at the end
  int threads = 2;                   ///< writers and readers
  int buckets = 2;                   ///< of each table
  std::string compression = "NONE";  ///< of the log's batches
  int64_t append_rows = 10'000'000;
  int64_t upsert_rows = 3'000'000;
  int64_t keys = 100'000;  ///< upserts and lookups choose among them
  int64_t lookups = 5'000'000;
  int latency_seconds = 10;
  int64_t crash_bytes = int64_t{1} << 30;  ///< of log before the kill -9; 0: leaves it out
};

/// One figure: a rate, a time or an amount.
struct StorageFigure {
  std::string name;
  double value = 0;
  std::string unit;
  double goal = 0;  ///< 0: none
  bool less_is_better = false;
  double cpu_us_per_row = 0;  ///< 0: not measured
};

/// Measures the storage core through the in-process client, then start and memory of a server in
/// a process of its own. Prints a line for each figure on stdout.
Result<std::vector<StorageFigure>> RunStorageBench(const StorageBenchOptions& options);

/// Fills a directory with about `bytes` of log, half of them changes of a primary-key table, says
/// `filled` on stdout and waits to be killed.
Status FillAndWait(const StorageBenchOptions& options, int64_t bytes);

/// One JSON object with the settings and a list of figures.
std::string StorageBenchJson(const StorageBenchOptions& options,
                             const std::vector<StorageFigure>& figures);

}  // namespace forebay::app
