#include "app/bench/storage_bench.h"

#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <random>
#include <thread>

#include "app/bench/bench_process.h"
#include "app/bench/storage_load.h"
#include "base/clock.h"

namespace forebay::app {
namespace {

constexpr int kLatencyRate = 200;  // single rows a second
constexpr int64_t kScanBytes = 8 << 20;
/// A server is looked at for memory after it had time to settle.
constexpr int kSettleMs = 3000;

double CpuSeconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

double Seconds(int64_t begin_ns) { return static_cast<double>(MonotonicNs() - begin_ns) / 1e9; }

/// One run of the benchmark in one directory.
class StorageBench {
 public:
  StorageBench(const StorageBenchOptions& options, std::string directory)
      : options_(options), directory_(std::move(directory)) {}

  Result<std::vector<StorageFigure>> Run() {
    ASSIGN_OR_RETURN(load_, StorageLoad::Open(Data(), options_.buckets, options_.compression));
    RETURN_IF_ERROR(Rate("durable appends", options_.append_rows, 1e6, [this] {
      return load_->WriteRows("log", options_.append_rows, options_.keys, options_.threads);
    }));
    RETURN_IF_ERROR(Rate("durable upserts", options_.upsert_rows, 3e5, [this] {
      return load_->WriteRows("pk", options_.upsert_rows, options_.keys, options_.threads);
    }));
    RETURN_IF_ERROR(Rate("lookups", options_.lookups, 5e5, [this] { return LookUp(); }));
    RETURN_IF_ERROR(
        Rate("scan", options_.append_rows, 0, [this] { return Scan(options_.append_rows); }));
    RETURN_IF_ERROR(Latency());
    load_.reset();
    RETURN_IF_ERROR(Start("start to ready", 1000));
    if (options_.crash_bytes > 0) RETURN_IF_ERROR(StartAfterKill());
    return std::move(figures_);
  }

 private:
  std::string Data() const { return directory_ + "/data"; }

  void Add(StorageFigure figure) {
    std::string goal = figure.goal == 0 ? "" : fmt::format("  goal {:.0f}", figure.goal);
    std::string cpu = figure.cpu_us_per_row == 0
                          ? ""
                          : fmt::format("  {:.2f} us of CPU a row", figure.cpu_us_per_row);
    fmt::print("{:32} {:>12.{}f} {}{}{}\n", figure.name, figure.value, figure.value < 100 ? 2 : 0,
               figure.unit, cpu, goal);
    std::fflush(stdout);
    figures_.push_back(std::move(figure));
  }

  Status Rate(const std::string& name, int64_t rows, double goal,
              const std::function<Status()>& work) {
    double cpu = CpuSeconds();
    int64_t begin = MonotonicNs();
    Status done = work();
    if (!done.ok()) return done.WithContext(name);
    auto count = static_cast<double>(rows);
    double seconds = Seconds(begin);
    Add({name, count / seconds, "rows/s", goal, false, (CpuSeconds() - cpu) * 1e6 / count});
    return {};
  }

  Status LookUp() {
    std::vector<std::thread> threads;
    std::vector<Status> results(options_.threads);
    for (int i = 0; i < options_.threads; ++i) {
      threads.emplace_back([this, i, &results] { results[i] = LookUpSome(i); });
    }
    for (std::thread& thread : threads) thread.join();
    for (const Status& result : results) RETURN_IF_ERROR(result);
    return {};
  }

  Status LookUpSome(int thread) {
    auto path = StorageLoad::Path("pk");
    ASSIGN_OR_RETURN(auto lookuper, load_->connection().OpenLookuper(path, std::nullopt));
    std::vector<model::Batch> keys;
    std::mt19937_64 random(99 + thread);
    for (int i = 0; i < 32; ++i) {
      model::BatchBuilder builder({model::DataType::Bigint().NotNull()});
      for (int row = 0; row < StorageLoad::kBatchRows; ++row) {
        auto key = static_cast<int64_t>(random() % static_cast<uint64_t>(options_.keys));
        builder.column(0).Append(key);
        builder.FinishRow();
      }
      keys.push_back(builder.Finish());
    }
    int64_t found = 0, wanted = options_.lookups / options_.threads;
    for (int64_t done = 0; done < wanted; done += StorageLoad::kBatchRows) {
      ASSIGN_OR_RETURN(auto rows,
                       lookuper->Lookup(keys[done / StorageLoad::kBatchRows % keys.size()]));
      found += rows.rows.num_rows;
    }
    if (found == 0) return Internal("no row was found");
    return {};
  }

  Status Scan(int64_t expected) {
    auto path = StorageLoad::Path("log");
    ASSIGN_OR_RETURN(auto scanner, load_->connection().OpenLogScanner(path, std::nullopt));
    for (int bucket = 0; bucket < options_.buckets; ++bucket) {
      RETURN_IF_ERROR(scanner->Subscribe(bucket, model::kEarliestOffset));
    }
    int64_t rows = 0;
    while (true) {
      ASSIGN_OR_RETURN(auto records, scanner->Poll(0, kScanBytes));
      if (records.empty()) break;
      for (const auto& part : records) rows += part.batch.num_rows;
    }
    if (rows < expected) return Internal("{} of {} rows were read", rows, expected);
    return {};
  }

  /// Times of single rows, in nanoseconds, from the call of WriteBucket on.
  struct Times {
    std::mutex mutex;
    std::vector<int64_t> ack;
    std::vector<int64_t> poll;
  };

  Status Latency() {
    auto path = StorageLoad::Path("log");
    ASSIGN_OR_RETURN(auto writer, load_->connection().OpenWriter(path));
    ASSIGN_OR_RETURN(auto scanner, load_->connection().OpenLogScanner(path, std::nullopt));
    RETURN_IF_ERROR(scanner->Subscribe(0, model::kLatestOffset));
    Times times;
    int count = kLatencyRate * options_.latency_seconds;
    std::vector<model::Batch> rows = StorageLoad::MakeBatches(3, count, options_.keys, 1);
    std::vector<std::atomic<int64_t>> sent(count);
    std::thread reader([&] { ReadTimes(*scanner, sent, times); });
    WriteWindow window(count);
    int64_t begin = MonotonicNs();
    for (int i = 0; i < count; ++i) {
      std::this_thread::sleep_for(
          std::chrono::nanoseconds(begin + i * (1'000'000'000LL / kLatencyRate) - MonotonicNs()));
      sent[i] = MonotonicNs();
      window.Write(*writer, 0, rows[i], [&times, at = sent[i].load()] {
        std::lock_guard lock(times.mutex);
        times.ack.push_back(MonotonicNs() - at);
      });
    }
    Status written = window.Finish();
    reader.join();
    if (!written.ok()) return written;
    AddPercentiles("append to ack", times.ack);
    AddPercentiles("append to poll", times.poll);
    return {};
  }

  static void ReadTimes(client::LogScanner& scanner, const std::vector<std::atomic<int64_t>>& sent,
                        Times& times) {
    while (times.poll.size() < sent.size()) {
      auto records = scanner.Poll(2000, kScanBytes);
      if (!records.ok() || records->empty()) return;
      int64_t now = MonotonicNs();
      for (const auto& part : *records) {
        for (int row = 0; row < part.batch.num_rows && times.poll.size() < sent.size(); ++row) {
          times.poll.push_back(now - sent[times.poll.size()]);
        }
      }
    }
  }

  void AddPercentiles(const std::string& name, std::vector<int64_t> nanos) {
    if (nanos.empty()) return;
    std::sort(nanos.begin(), nanos.end());
    auto at = [&](double part) {
      return static_cast<double>(nanos[static_cast<size_t>(part * (nanos.size() - 1))]) / 1e6;
    };
    Add({name + " p50", at(0.5), "ms", 2, true});
    Add({name + " p99", at(0.99), "ms", 10, true});
  }

  Status Start(const std::string& name, double goal_ms) {
    int64_t begin = MonotonicNs();
    ASSIGN_OR_RETURN(auto server,
                     BenchProcess::Start({"server", "--http-port", "0", "--data-dir", Data()}));
    RETURN_IF_ERROR(server->WaitForLine("http_port="));
    Add({name, Seconds(begin) * 1000, "ms", goal_ms, true});
    std::this_thread::sleep_for(std::chrono::milliseconds(kSettleMs));
    ASSIGN_OR_RETURN(int64_t bytes, server->MemoryBytes());
    Add({name + ": memory idle", static_cast<double>(bytes) / (1 << 20), "MiB", 100, true});
    server->Stop();
    return {};
  }

  Status StartAfterKill() {
    std::filesystem::remove_all(Data());
    ASSIGN_OR_RETURN(
        auto writer,
        BenchProcess::Start({"bench", "storage", "--dir", directory_, "--fill-only",
                             std::to_string(options_.crash_bytes), "--buckets",
                             std::to_string(options_.buckets), "--compression",
                             options_.compression, "--keys", std::to_string(options_.keys)}));
    RETURN_IF_ERROR(writer->WaitForLine("filled"));
    writer->Kill();
    auto gib = static_cast<double>(options_.crash_bytes) / (1 << 30);
    return Start(fmt::format("start after kill -9, {:.1f} GiB", gib), 1000);
  }

  const StorageBenchOptions& options_;
  const std::string directory_;
  std::unique_ptr<StorageLoad> load_;
  std::vector<StorageFigure> figures_;
};

}  // namespace

Result<std::vector<StorageFigure>> RunStorageBench(const StorageBenchOptions& options) {
  if (!options.directory.empty()) return StorageBench(options, options.directory).Run();
  std::string pattern = std::filesystem::temp_directory_path() / "forebay-bench-XXXXXX";
  if (mkdtemp(pattern.data()) == nullptr) return Status(ErrnoError(errno, "create", pattern));
  auto figures = StorageBench(options, pattern).Run();
  std::error_code ignored;
  std::filesystem::remove_all(pattern, ignored);
  return figures;
}

Status FillAndWait(const StorageBenchOptions& options, int64_t bytes) {
  ASSIGN_OR_RETURN(auto load, StorageLoad::Open(options.directory + "/data", options.buckets,
                                                options.compression));
  constexpr int64_t kRows = 200'000;
  storage::StorageMetrics& metrics = load->storage().metrics();
  while (metrics.appended_bytes < bytes / 2) {
    RETURN_IF_ERROR(load->WriteRows("log", kRows, options.keys, options.threads));
  }
  while (metrics.appended_bytes < bytes) {
    RETURN_IF_ERROR(load->WriteRows("pk", kRows, options.keys, options.threads));
  }
  fmt::print("filled\n");
  std::fflush(stdout);
  while (true) pause();
}

std::string StorageBenchJson(const StorageBenchOptions& options,
                             const std::vector<StorageFigure>& figures) {
  nlohmann::json document = {{"benchmark", "storage"},
                             {"threads", options.threads},
                             {"buckets", options.buckets},
                             {"compression", options.compression},
                             {"figures", nlohmann::json::array()}};
  for (const StorageFigure& figure : figures) {
    nlohmann::json entry = {{"name", figure.name}, {"value", figure.value}, {"unit", figure.unit}};
    if (figure.goal > 0) {
      entry["goal"] = figure.goal;
      entry["reached"] =
          figure.less_is_better ? figure.value <= figure.goal : figure.value >= figure.goal;
    }
    if (figure.cpu_us_per_row > 0) entry["cpu_us_per_row"] = figure.cpu_us_per_row;
    document["figures"].push_back(std::move(entry));
  }
  return document.dump(1) + "\n";
}

}  // namespace forebay::app
