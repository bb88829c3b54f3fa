#include "app/demo/demo_report.h"

#include <fmt/format.h>

#include <cstdio>

namespace forebay::app {

namespace {

void PrintTables(const std::vector<TableComparison>& tables) {
  std::string line;
  for (const TableComparison& table : tables) {
    line += fmt::format("{}{} {}", line.empty() ? "" : ", ", table.table, table.found);
  }
  fmt::print("  result rows:  {}\n", line);
}

void AddDifference(const TableComparison& table, std::vector<std::string>& differences) {
  if (table.IsEqual()) return;
  differences.push_back(fmt::format("table {}: {} rows expected, {} found, {} wrong, {} missing",
                                    table.table, table.expected, table.found, table.wrong,
                                    table.missing));
  for (const std::string& example : table.examples) differences.push_back("  " + example);
}

}  // namespace

std::vector<std::string> DemoReport::Differences() const {
  std::vector<std::string> differences;
  for (const TableComparison& table : tables) AddDifference(table, differences);
  if (while_running.cold + while_running.hot != while_running.union_count) {
    differences.push_back(
        fmt::format("log and Iceberg held {} and {} rows, a query over both saw {}",
                    while_running.hot, while_running.cold, while_running.union_count));
  }
  for (auto [what, count] :
       {std::pair("the union read", union_rows), std::pair("the lake", lake_rows),
        std::pair("the second engine", second_engine.rows)}) {
    if (count != rows) {
      differences.push_back(fmt::format("{} has {} of {} clicks", what, count, rows));
    }
  }
  if (!incidents_found) differences.push_back("a planted incident was not found in its days");
  return differences;
}

void DemoReport::Print() const {
  fmt::print("\nReport\n");
  fmt::print(
      "  clicks:       {} in {:.2f} s over HTTP, {:.0f} rows/s; results complete {:.2f} s later; "
      "{:.1f} s in all\n",
      rows, ingest_seconds, rows / ingest_seconds, caught_up_seconds, total_seconds);
  fmt::print("  sessions:     {}\n", sessions);
  PrintTables(tables);
  fmt::print("  incidents:\n");
  for (const std::string& line : incidents) fmt::print("    {}\n", line);
  fmt::print("  user alerts:  {} (payment or checkout in circles)\n", user_alerts);
  fmt::print(
      "  hot and cold: after the last click {} rows in Iceberg, {} only in the log, {} in one "
      "query over both\n",
      while_running.cold, while_running.hot, while_running.union_count);
  fmt::print("  lake:         snapshot {}, {} clicks; union read {}; {} counts {}\n", snapshot_id,
             lake_rows, union_rows, second_engine.engine, second_engine.rows);
  fmt::print("  data:         {}{}\n", data_dir,
             data_is_kept ? "" : " (removed: --keep leaves it)");
  if (data_is_kept) {
    fmt::print("  Iceberg:      {}\n", metadata_location);
    fmt::print(
        "  try next:     forebay sql --data-dir {} -e \"SET 'execution.runtime-mode' = 'batch'; "
        "SELECT * FROM ecommerce.alerts\"\n",
        data_dir);
    fmt::print(
        "                forebay server --data-dir {}    and any Iceberg reader on "
        "http://127.0.0.1:8080/iceberg\n",
        data_dir);
  } else {
    fmt::print(
        "  try next:     forebay demo ecommerce --data-dir ./shop    then    forebay sql "
        "--data-dir ./shop -e \"SET 'execution.runtime-mode' = 'batch'; "
        "SELECT * FROM ecommerce.funnel\"\n");
  }
}

}  // namespace forebay::app
