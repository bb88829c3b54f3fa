#pragma once

#include <string>
#include <vector>

#include "app/demo/lake_report.h"
#include "app/demo/result_check.h"

namespace forebay::app {

/// Everything the demo found out.
struct DemoReport {
  int64_t rows = 0;
  double ingest_seconds = 0;
  double total_seconds = 0;
  double caught_up_seconds = 0;  ///< from the last click to equal results
  int64_t sessions = 0;
  int64_t user_alerts = 0;
  std::vector<std::string> incidents;
  bool incidents_found = true;
  HotAndCold while_running;
  int64_t union_rows = 0;  ///< without heartbeats, at the end
  int64_t lake_rows = 0;
  int64_t snapshot_id = -1;
  std::string metadata_location;
  SecondEngineCount second_engine;
  std::vector<TableComparison> tables;
  std::string data_dir;
  bool data_is_kept = false;

  /// What is not as it must be, a line each; empty: all is right.
  std::vector<std::string> Differences() const;
  /// On stdout.
  void Print() const;
};

}  // namespace forebay::app
