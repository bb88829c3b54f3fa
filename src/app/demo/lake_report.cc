#include "app/demo/lake_report.h"

#include <fmt/format.h>

#include <filesystem>

#include "app/demo/clickstream.h"
#include "base/clock.h"
#include "compute/batch/parquet_count.h"
#include "lake/iceberg/iceberg_table.h"

namespace forebay::app {

namespace {

const model::TablePath kClicks{"ecommerce", "clicks"};

/// Only what DuckDB's Python package reads: a metadata file in, a number out.
constexpr const char* kIcebergScan = R"py(
import duckdb, glob, os, sys
site = os.path.dirname(os.path.dirname(duckdb.__file__))
db = duckdb.connect()
for name in ('avro', 'iceberg'):
    files = f'{site}/duckdb_extension_{name}/extensions/*/*.duckdb_extension'
    db.execute("LOAD '%s'" % glob.glob(files)[0])
query = "SELECT count(*) FROM iceberg_scan('%s') WHERE event <> 'heartbeat'" % sys.argv[1]
print(duckdb.__version__, db.execute(query).fetchone()[0])
)py";

/// The Python that the test dependencies come with; empty when they are not installed.
std::string TestPython() {
  std::filesystem::path prefix =
      std::filesystem::path(ClickstreamPath()).parent_path().parent_path();
  std::string python = prefix / "python" / "bin" / "python";
  std::error_code ignored;
  return std::filesystem::exists(python, ignored) ? python : "";
}

std::string ShellQuoted(const std::string& text) {
  std::string quoted = "'";
  for (char c : text) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

/// The first line a command prints; empty when it fails.
std::string FirstLineOf(const std::string& command) {
  FILE* pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return "";
  char line[256] = "";
  bool read = std::fgets(line, sizeof line, pipe) != nullptr;
  return pclose(pipe) == 0 && read ? line : "";
}

std::optional<SecondEngineCount> CountWithIcebergExtension(const std::string& metadata_path) {
  std::string python = TestPython();
  if (python.empty()) return std::nullopt;
  std::string line =
      FirstLineOf(fmt::format("{} -c {} {} 2>/dev/null", ShellQuoted(python),
                              ShellQuoted(kIcebergScan), ShellQuoted(metadata_path)));
  size_t space = line.find(' ');
  if (space == std::string::npos) return std::nullopt;
  return SecondEngineCount{
      .engine = fmt::format("DuckDB {} in Python, iceberg_scan", line.substr(0, space)),
      .rows = std::strtoll(line.c_str() + space, nullptr, 10)};
}

Result<SecondEngineCount> CountParquetFiles(const lake::IcebergTable& table) {
  const lake::Snapshot* snapshot = table.metadata().current_snapshot();
  if (snapshot == nullptr) return NotFound("the Iceberg table of the clicks has no snapshot");
  ASSIGN_OR_RETURN(std::vector<lake::LiveFile> files, table.LiveFiles(*snapshot));
  std::vector<std::string> paths;
  for (const lake::LiveFile& file : files) {
    paths.push_back(lake::IcebergTable::PathOf(file.file.file_path));
  }
  ASSIGN_OR_RETURN(int64_t rows, compute::CountParquetRows(paths, "event <> 'heartbeat'"));
  return SecondEngineCount{
      .engine = "DuckDB's library on the Parquet files that the manifests list", .rows = rows};
}

}  // namespace

Result<HotAndCold> AskHotAndCold(Server& server, ShopQueries& queries) {
  HotAndCold counts;
  ASSIGN_OR_RETURN(counts.cold, queries.Number("SELECT COUNT(*) FROM ecommerce.`clicks$lake`"));
  ASSIGN_OR_RETURN(counts.union_count, queries.Number("SELECT COUNT(*) FROM ecommerce.clicks"));
  ASSIGN_OR_RETURN(auto ends,
                   server.node().connection().admin().ListOffsets(kClicks, model::kLatestOffset));
  for (model::LogOffset end : ends) counts.hot += end;
  counts.hot -= counts.cold;
  return counts;
}

Result<lake::TieringState> ClicksInLake(Server& server) {
  for (lake::TieringState& state : server.node().tiering().States()) {
    if (state.path == kClicks) return std::move(state);
  }
  return NotFound("the clicks are not tiered");
}

Result<SecondEngineCount> CountWithSecondEngine(Server& server, const lake::TieringState& state) {
  std::string metadata_path = lake::IcebergTable::PathOf(state.metadata_location);
  if (auto count = CountWithIcebergExtension(metadata_path)) return *count;
  std::string directory = std::filesystem::path(metadata_path).parent_path().parent_path();
  ASSIGN_OR_RETURN(auto table, lake::IcebergTable::Open(server.node().file_system(), directory,
                                                        Clock::System()));
  return CountParquetFiles(*table);
}

}  // namespace forebay::app
