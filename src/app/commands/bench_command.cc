#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>

#include "app/bench/nexmark_bench.h"
#include "app/commands/commands.h"

namespace forebay::app {
namespace {

struct NexmarkArguments {
  NexmarkOptions options;
  std::string source = "generated";
  std::string json;
};

/// Where event files are kept when no directory is named.
std::string DefaultDirectory() {
  if (const char* cache = std::getenv("XDG_CACHE_HOME"); cache != nullptr && *cache != '\0') {
    return std::string(cache) + "/forebay/bench";
  }
  const char* home = std::getenv("HOME");
  return std::string(home == nullptr ? "." : home) + "/.cache/forebay/bench";
}

Status RunNexmarkCommand(NexmarkArguments& arguments) {
  NexmarkOptions& options = arguments.options;
  options.from_files = arguments.source == "files";
  if (options.directory.empty()) options.directory = DefaultDirectory();
  ASSIGN_OR_RETURN(std::vector<NexmarkResult> results, RunNexmark(options));
  if (arguments.json.empty()) return Status::Ok();
  std::ofstream file(arguments.json);
  file << NexmarkJson(options, results);
  file.close();
  return file ? Status::Ok() : Status(IoError("cannot write {}", arguments.json));
}

void AddNexmarkCommand(CLI::App& bench, int& status) {
  auto arguments = std::make_shared<NexmarkArguments>();
  NexmarkOptions& options = arguments->options;
  CLI::App* command =
      bench.add_subcommand("nexmark", "Streaming queries over auctions: events a second");
  command->add_option("--events", options.events, "Events to read (10000000)")
      ->check(CLI::PositiveNumber);
  command->add_option("--query", options.queries, "Queries, e.g. q0,q3 (all)")->delimiter(',');
  command->add_option("--parallelism", options.parallelism, "Shards of a job (2)")
      ->check(CLI::Range(1, 128));
  command->add_option("--rate", options.rate, "Events a second of event time (10000)")
      ->check(CLI::PositiveNumber);
  command->add_option("--repeat", options.repeat, "Runs of each query; the median counts (1)")
      ->check(CLI::PositiveNumber);
  command
      ->add_option("--source", arguments->source,
                   "generated (default): made as they are read; files: made once, kept")
      ->check(CLI::IsMember({"generated", "files"}));
  command->add_option("--dir", options.directory, "Directory of event files (a cache directory)");
  command->add_option("--results", options.results,
                      "Directory to write every query's changes to, one file each");
  command->add_option("--json", arguments->json, "File for the figures");
  command->add_option("--checkpoint-interval", options.checkpoint_interval,
                      "Jobs are stored and take a checkpoint so often, e.g. 1s (none)");
  command->add_option("--state-memory", options.state_memory,
                      "Memory for the state of a job, e.g. 64mb; quarter: a quarter of what a run "
                      "of the query before held");
  command->callback([arguments, &status] {
    if (arguments->options.queries.empty()) arguments->options.queries = {"all"};
    Status result = RunNexmarkCommand(*arguments);
    if (!result.ok()) std::fprintf(stderr, "forebay: %s\n", result.ToString().c_str());
    status = result.ok() ? 0 : 1;
  });
}

}  // namespace

void AddBenchCommand(CLI::App& app, int& status) {
  CLI::App* bench = app.add_subcommand("bench", "Measure this machine");
  bench->require_subcommand(1);
  AddNexmarkCommand(*bench, status);
  AddStorageBench(*bench, status);
}

}  // namespace forebay::app
