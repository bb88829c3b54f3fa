#include "app/bench/nexmark_bench.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <mutex>
#include <nlohmann/json.hpp>

#include "app/bench/nexmark_queries.h"
#include "app/node.h"
#include "base/clock.h"
#include "compute/nexmark/event_file.h"
#include "serve/session/session.h"

namespace forebay::app {
namespace {

double CpuSeconds() {
  rusage usage = {};
  getrusage(RUSAGE_SELF, &usage);
  auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

std::string Replaced(std::string_view text, std::string_view from, std::string_view to) {
  std::string result(text);
  size_t at = result.find(from);
  if (at != std::string::npos) result.replace(at, from.size(), to);
  return result;
}

/// The table that q13 looks up.
constexpr std::string_view kSideInput = R"sql(
CREATE TABLE side_input (`key` BIGINT, `value` VARCHAR, PRIMARY KEY (`key`) NOT ENFORCED);
CREATE TEMPORARY TABLE side_input_keys (`key` BIGINT) WITH ('connector' = 'datagen',
  'fields.key.kind' = 'sequence', 'fields.key.start' = '0', 'fields.key.end' = '9999');
INSERT INTO side_input SELECT `key`, CAST(`key` AS VARCHAR) FROM side_input_keys;
)sql";

/// As the memory for state: a quarter of the state.
constexpr std::string_view kQuarter = "quarter";

/// A directory that is removed at the end.
class TemporaryDirectory {
 public:
  static Result<std::unique_ptr<TemporaryDirectory>> Make() {
    std::string pattern = std::filesystem::temp_directory_path() / "forebay-bench-XXXXXX";
    if (mkdtemp(pattern.data()) == nullptr) return ErrnoError(errno, "create", pattern);
    return std::unique_ptr<TemporaryDirectory>(new TemporaryDirectory(pattern));
  }
  ~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  const std::string& path() const { return path_; }

 private:
  explicit TemporaryDirectory(std::string path) : path_(std::move(path)) {}
  const std::string path_;
};

/// Takes the lines of print sinks, from all shards.
class ChangesFile {
 public:
  explicit ChangesFile(const std::string& path) : file_(std::fopen(path.c_str(), "w")) {}
  ~ChangesFile() {
    if (file_ != nullptr) std::fclose(file_);
  }
  bool is_open() const { return file_ != nullptr; }
  void Add(std::string_view line) {
    std::lock_guard lock(mutex_);
    std::fwrite(line.data(), 1, line.size(), file_);
    std::fputc('\n', file_);
  }

 private:
  std::mutex mutex_;
  std::FILE* const file_;
};

/// Runs queries in an engine of its own whose jobs are not stored. Used by one thread.
class NexmarkRunner {
 public:
  NexmarkRunner(const NexmarkOptions& options, std::string events_path)
      : options_(options), events_path_(std::move(events_path)) {}

  Status Open() {
    ASSIGN_OR_RETURN(directory_, TemporaryDirectory::Make());
    NodeOptions options;
    options.data_dir = directory_->path();
    options.run_jobs = false;
    ASSIGN_OR_RETURN(node_, Node::Open(options));
    environment_ = *node_->engine().environment;
    environment_.print = [this](std::string_view line) { changes_->Add(line); };
    environment_.spill_directory = directory_->path();
    bool is_stored = !options_.checkpoint_interval.empty();
    ASSIGN_OR_RETURN(jobs_, compute::JobManager::Open(
                                environment_, is_stored ? directory_->path() + "/bench-jobs" : ""));
    engine_ = node_->engine();
    engine_.jobs = jobs_.get();
    engine_.environment = &environment_;
    session_ = std::make_unique<serve::Session>(engine_);
    RETURN_IF_ERROR(Execute("SET 'table.dml-sync' = 'true'"));
    RETURN_IF_ERROR(Execute(fmt::format("SET 'parallelism.default' = '{}'", options_.parallelism)));
    if (is_stored) {
      RETURN_IF_ERROR(Execute(fmt::format("SET 'execution.checkpointing.interval' = '{}'",
                                          options_.checkpoint_interval)));
    }
    RETURN_IF_ERROR(Execute(Replaced(kNexmarkTables, "${SOURCE}", SourceOptions())));
    return Execute(kSideInput);
  }

  /// With `memory_bytes` for state; 0: as the options say.
  Result<NexmarkResult> Run(const NexmarkQuery& query, int64_t memory_bytes) {
    std::string memory = memory_bytes > 0 ? std::to_string(memory_bytes) : options_.state_memory;
    bool is_default = memory.empty() || memory == kQuarter;
    RETURN_IF_ERROR(
        Execute(is_default ? std::string("RESET 'taskmanager.memory.managed.size'")
                           : fmt::format("SET 'taskmanager.memory.managed.size' = '{}'", memory)));
    std::string script = Replaced(query.script, "${FILES}", FreshFilesDirectory(query));
    if (!options_.results.empty()) {
      script = Replaced(script, "'blackhole'", "'print'");
      std::string path =
          (std::filesystem::path(options_.results) / (std::string(query.name) + ".changes"));
      changes_ = std::make_unique<ChangesFile>(path);
      if (!changes_->is_open()) return ErrnoError(errno, "create", path);
    }
    // The INSERT is the last statement; those before it take no time.
    NexmarkResult result;
    result.query = query.name;
    result.events = options_.events;
    double cpu_before = CpuSeconds();
    int64_t begin_ns = MonotonicNs();
    RETURN_IF_ERROR(Execute(script));
    result.seconds = static_cast<double>(MonotonicNs() - begin_ns) / 1e9;
    result.cpu_seconds = CpuSeconds() - cpu_before;
    AddJobFigures(result);
    result.memory_bytes = memory_bytes;
    changes_.reset();
    return result;
  }

  /// Objects of the last script go, so that it can run again.
  Status Drop(const NexmarkQuery& query) {
    RETURN_IF_ERROR(Execute(fmt::format("DROP TABLE nexmark_{}", query.name)));
    return Execute("DROP VIEW IF EXISTS bid_with_processing_time");
  }

 private:
  std::string SourceOptions() const {
    std::string text = fmt::format("'connector' = 'nexmark', 'events' = '{}', 'rate' = '{}'",
                                   options_.events, options_.rate);
    if (!events_path_.empty()) text += fmt::format(", 'path' = '{}'", events_path_);
    return text;
  }

  /// Where a query that writes files does so, empty.
  std::string FreshFilesDirectory(const NexmarkQuery& query) const {
    std::filesystem::path parent = options_.results.empty()
                                       ? std::filesystem::path(directory_->path())
                                       : std::filesystem::absolute(options_.results);
    std::filesystem::path path = parent / (std::string(query.name) + ".files");
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
    return path;
  }

  Status Execute(std::string_view script) {
    for (const sql::StatementText& statement : sql::SplitStatements(script)) {
      ASSIGN_OR_RETURN(serve::StatementResult result, session_->Execute(statement));
      if (!result.job_id.empty()) job_ = result.job_id;
    }
    return Status::Ok();
  }

  /// What the job tells; its files go.
  void AddJobFigures(NexmarkResult& result) {
    Result<compute::JobHandle> job = jobs_->Find(job_);
    if (!job.ok()) return;
    std::vector<compute::OperatorMetrics> metrics = (*job)->Metrics();
    result.rows_out = metrics.empty() ? 0 : metrics.back().rows_in;
    compute::RunMetrics run = (*job)->Run();
    result.checkpoints = run.checkpoints;
    result.longest_pause_ms = run.longest_pause_ms;
    result.state_bytes = run.state_peak_bytes;
    result.spilled_bytes = run.state_peak_spilled_bytes;
    (void)jobs_->Remove(job_);
  }

  const NexmarkOptions& options_;
  const std::string events_path_;
  std::unique_ptr<TemporaryDirectory> directory_;
  std::unique_ptr<Node> node_;
  compute::ComputeEnvironment environment_;
  std::unique_ptr<ChangesFile> changes_;
  std::unique_ptr<compute::JobManager> jobs_;
  serve::Engine engine_;
  std::unique_ptr<serve::Session> session_;
  std::string job_;
};

const NexmarkQuery* FindQuery(const std::string& name) {
  for (const NexmarkQuery& query : NexmarkQueries()) {
    if (query.name == name) return &query;
  }
  return nullptr;
}

Result<std::vector<const NexmarkQuery*>> ChosenQueries(const std::vector<std::string>& names) {
  std::vector<const NexmarkQuery*> chosen;
  for (const std::string& name : names) {
    if (name == "all") {
      for (const NexmarkQuery& query : NexmarkQueries()) chosen.push_back(&query);
      continue;
    }
    const NexmarkQuery* query = FindQuery(name);
    if (query == nullptr) {
      std::string known;
      for (const NexmarkQuery& each : NexmarkQueries()) known += " " + std::string(each.name);
      return InvalidArgument("there is no query '{}'; there are{}, and all", name, known);
    }
    chosen.push_back(query);
  }
  return chosen;
}

/// Whether the figures of state and of checkpoints are asked for.
bool TellsOfState(const NexmarkOptions& options) {
  return !options.checkpoint_interval.empty() || !options.state_memory.empty();
}

void PrintHeader(const NexmarkOptions& options) {
  fmt::print("{:<5} {:>12} {:>14} {:>16} {:>9} {:>9} {:>12}", "query", "events", "events/s",
             "events/core-s", "seconds", "cpu s", "rows out");
  if (TellsOfState(options)) {
    fmt::print(" {:>11} {:>9} {:>10} {:>10}", "checkpoints", "pause ms", "state MiB", "disk MiB");
  }
  fmt::print("\n");
}

void PrintResult(const NexmarkOptions& options, const NexmarkResult& result) {
  fmt::print("{:<5} {:>12} {:>14.0f} {:>16.0f} {:>9.3f} {:>9.3f} {:>12}", result.query,
             result.events, result.EventsPerSecond(), result.EventsPerCoreSecond(), result.seconds,
             result.cpu_seconds, result.rows_out);
  if (TellsOfState(options)) {
    fmt::print(" {:>11} {:>9.1f} {:>10.1f} {:>10.1f}", result.checkpoints, result.longest_pause_ms,
               static_cast<double>(result.state_bytes) / (1 << 20),
               static_cast<double>(result.spilled_bytes) / (1 << 20));
  }
  fmt::print("\n");
  std::fflush(stdout);
}

/// Several runs: the one in the middle by CPU time.
Result<NexmarkResult> RunRepeatedly(NexmarkRunner& runner, const NexmarkQuery& query,
                                    const NexmarkOptions& options) {
  int64_t memory = 0;
  if (options.state_memory == kQuarter) {
    ASSIGN_OR_RETURN(NexmarkResult whole, runner.Run(query, 0));
    RETURN_IF_ERROR(runner.Drop(query));
    memory = std::max<int64_t>(whole.state_bytes / 4, 1);
  }
  std::vector<NexmarkResult> runs;
  for (int i = 0; i < options.repeat; ++i) {
    ASSIGN_OR_RETURN(NexmarkResult result, runner.Run(query, memory));
    runs.push_back(std::move(result));
    RETURN_IF_ERROR(runner.Drop(query));
  }
  std::sort(runs.begin(), runs.end(), [](const NexmarkResult& a, const NexmarkResult& b) {
    return a.cpu_seconds < b.cpu_seconds;
  });
  return runs[runs.size() / 2];
}

}  // namespace

Result<std::string> PrepareNexmarkEvents(const NexmarkOptions& options) {
  std::error_code error;
  std::filesystem::create_directories(options.directory, error);
  if (error) return IoError("cannot make {}: {}", options.directory, error.message());
  std::string path = std::filesystem::path(options.directory) /
                     fmt::format("nexmark-{}-{}.events", options.events, options.rate);
  Result<std::shared_ptr<const compute::NexmarkEventFile>> file =
      compute::NexmarkEventFile::Open(path);
  if (!file.ok()) {
    fmt::print(stderr, "making {} events in {}\n", options.events, path);
    RETURN_IF_ERROR(compute::NexmarkEventFile::Write(path, {options.events, options.rate}));
  }
  return path;
}

Result<std::vector<NexmarkResult>> RunNexmark(const NexmarkOptions& options) {
  ASSIGN_OR_RETURN(std::vector<const NexmarkQuery*> queries, ChosenQueries(options.queries));
  std::string path;
  if (options.from_files) {
    ASSIGN_OR_RETURN(path, PrepareNexmarkEvents(options));
  }
  NexmarkRunner runner(options, path);
  RETURN_IF_ERROR(runner.Open());
  PrintHeader(options);
  std::vector<NexmarkResult> results;
  for (const NexmarkQuery* query : queries) {
    ASSIGN_OR_RETURN(NexmarkResult result, RunRepeatedly(runner, *query, options));
    PrintResult(options, result);
    results.push_back(std::move(result));
  }
  return results;
}

std::string NexmarkJson(const NexmarkOptions& options, const std::vector<NexmarkResult>& results) {
  nlohmann::ordered_json json = {{"benchmark", "nexmark"},
                                 {"engine", "forebay"},
                                 {"events", options.events},
                                 {"rate", options.rate},
                                 {"parallelism", options.parallelism},
                                 {"source", options.from_files ? "files" : "generated"},
                                 {"checkpoint_interval", options.checkpoint_interval},
                                 {"state_memory", options.state_memory}};
  json["results"] = nlohmann::ordered_json::array();
  for (const NexmarkResult& result : results) {
    json["results"].push_back({{"query", result.query},
                               {"seconds", result.seconds},
                               {"cpu_seconds", result.cpu_seconds},
                               {"events_per_second", result.EventsPerSecond()},
                               {"events_per_core_second", result.EventsPerCoreSecond()},
                               {"rows_out", result.rows_out},
                               {"checkpoints", result.checkpoints},
                               {"longest_pause_ms", result.longest_pause_ms},
                               {"state_bytes", result.state_bytes},
                               {"spilled_bytes", result.spilled_bytes},
                               {"memory_bytes", result.memory_bytes}});
  }
  return json.dump(2) + "\n";
}

}  // namespace forebay::app
