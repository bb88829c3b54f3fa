#include <CLI/CLI.hpp>
#include <cstdio>
#include <fstream>
#include <memory>

#include "app/bench/storage_bench.h"
#include "app/commands/commands.h"

namespace forebay::app {
namespace {

struct StorageArguments {
  StorageBenchOptions options;
  std::string json;
  int64_t fill_bytes = 0;
};

Status RunStorageCommand(const StorageArguments& arguments) {
  if (arguments.fill_bytes > 0) return FillAndWait(arguments.options, arguments.fill_bytes);
  ASSIGN_OR_RETURN(auto figures, RunStorageBench(arguments.options));
  if (arguments.json.empty()) return {};
  std::ofstream file(arguments.json);
  file << StorageBenchJson(arguments.options, figures);
  file.close();
  return file ? Status() : Status(IoError("cannot write {}", arguments.json));
}

}  // namespace

void AddStorageBench(CLI::App& bench, int& status) {
  auto arguments = std::make_shared<StorageArguments>();
  StorageBenchOptions& options = arguments->options;
  CLI::App* command = bench.add_subcommand(
      "storage", "Durable appends and upserts, lookups, scan, latency, start, memory");
  command->add_option("--dir", options.directory, "Directory to work in (a temporary one)");
  command->add_option("--threads", options.threads, "Writing and reading threads (2)")
      ->check(CLI::Range(1, 64));
  command->add_option("--buckets", options.buckets, "Buckets of each table (2)")
      ->check(CLI::Range(1, 128));
  command->add_option("--compression", options.compression, "NONE (default), LZ4_FRAME or ZSTD");
  command->add_option("--append-rows", options.append_rows, "Rows to append (10000000)")
      ->check(CLI::PositiveNumber);
  command->add_option("--upsert-rows", options.upsert_rows, "Rows to upsert (3000000)")
      ->check(CLI::PositiveNumber);
  command->add_option("--keys", options.keys, "Different keys (100000)")
      ->check(CLI::PositiveNumber);
  command->add_option("--lookups", options.lookups, "Keys to look up (5000000)")
      ->check(CLI::PositiveNumber);
  command
      ->add_option("--latency-seconds", options.latency_seconds,
                   "Seconds of single rows, 200 a second (10)")
      ->check(CLI::PositiveNumber);
  command->add_option("--crash-bytes", options.crash_bytes,
                      "Bytes of log before a kill -9 (1073741824); 0: no such measurement");
  command->add_option("--json", arguments->json, "File for the figures");
  command->add_option("--fill-only", arguments->fill_bytes, "Bytes of log to write; then waits")
      ->group("");
  command->callback([arguments, &status] {
    Status result = RunStorageCommand(*arguments);
    if (!result.ok()) std::fprintf(stderr, "forebay: %s\n", result.ToString().c_str());
    status = result.ok() ? 0 : 1;
  });
}

}  // namespace forebay::app
