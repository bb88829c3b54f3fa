#include "app/demo/ecommerce_demo.h"

#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>
#include <optional>

#include "app/demo/alert_report.h"
#include "app/demo/demo_report.h"
#include "app/demo/embedded_script.h"
#include "app/demo/http_client.h"
#include "app/demo/progress_display.h"
#include "app/demo/shop_feed.h"
#include "app/server.h"
#include "base/clock.h"

namespace forebay::app {

namespace {

const model::TablePath kClicks{"ecommerce", "clicks"};

/// A directory that is removed at the end unless it is to be kept.
class DemoDirectory {
 public:
  static Result<DemoDirectory> Make(const DemoOptions& options) {
    if (!options.data_dir.empty()) {
      return DemoDirectory(std::filesystem::absolute(options.data_dir), true);
    }
    std::string pattern = std::filesystem::temp_directory_path() / "forebay-demo-XXXXXX";
    if (mkdtemp(pattern.data()) == nullptr) return ErrnoError(errno, "create", pattern);
    return DemoDirectory(pattern, options.keep);
  }
  DemoDirectory(DemoDirectory&& other) noexcept
      : path_(std::exchange(other.path_, {})), keep_(other.keep_) {}
  ~DemoDirectory() {
    std::error_code ignored;
    if (!keep_ && !path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  const std::string& path() const { return path_; }
  bool is_kept() const { return keep_; }

 private:
  DemoDirectory(std::string path, bool keep) : path_(std::move(path)), keep_(keep) {}

  std::string path_;
  bool keep_;
};

/// The row that tests hold back to see that its loss is noticed.
int64_t DroppedRow() {
  const char* row = std::getenv("FOREBAY_DEMO_DROP_ROW");
  return row == nullptr ? -1 : std::strtoll(row, nullptr, 10);
}

void Say(const std::string& text) { fmt::print(stderr, "{}\n", text); }

/// One run, step by step. Used by one thread.
class EcommerceDemo {
 public:
  EcommerceDemo(const DemoOptions& options, const DemoDirectory& directory) : options_(options) {
    report_.data_dir = directory.path();
    report_.data_is_kept = directory.is_kept();
  }

  Result<bool> Run() {
    RETURN_IF_ERROR(LoadInput());
    RETURN_IF_ERROR(StartServer());
    RETURN_IF_ERROR(StartShop());
    RETURN_IF_ERROR(Play());
    RETURN_IF_ERROR(Check());
    RETURN_IF_ERROR(ReadLake());
    RETURN_IF_ERROR(server_->Stop());
    return Conclude();
  }

 private:
  Status LoadInput() {
    ASSIGN_OR_RETURN(stream_, LoadClickstream(ClickstreamPath()));
    int64_t rows = options_.rows > 0 ? options_.rows : static_cast<int64_t>(stream_.clicks.size());
    replay_.emplace(stream_, rows);
    report_.rows = rows;
    return Status();
  }

  Status StartServer() {
    ServerOptions options;
    options.node.data_dir = report_.data_dir;
    options.http.port = 0;
    options.fluss_enabled = false;
    ASSIGN_OR_RETURN(server_, Server::Start(options));
    queries_.emplace(server_->engine());
    Say(fmt::format("Server on http://127.0.0.1:{}, data in {}", server_->http_port(),
                    report_.data_dir));
    return Status();
  }

  /// A directory of a former run starts afresh: the shop's clock cannot go back in tables that saw
  /// its end.
  Status RemoveFormerRun() {
    for (const compute::JobRecord& job : server_->node().jobs().List()) {
      if (job.plan_json.find("\"ecommerce\"") == std::string::npos) continue;
      if (!compute::IsFinal(job.state)) {
        RETURN_IF_ERROR(server_->node().jobs().Cancel(job.id));
      }
      RETURN_IF_ERROR(server_->node().jobs().Remove(job.id));
    }
    return queries_->Run("DROP DATABASE IF EXISTS ecommerce CASCADE;");
  }

  Status StartShop() {
    RETURN_IF_ERROR(RemoveFormerRun());
    RETURN_IF_ERROR(queries_->Run(kEcommerceScript));
    RETURN_IF_ERROR(queries_->Run("SET 'execution.runtime-mode' = 'batch';"));
    Say("Tables and jobs of examples/ecommerce.sql are running");
    return Status();
  }

  Status Play() {
    ASSIGN_OR_RETURN(std::unique_ptr<HttpClient> http, HttpClient::Connect(server_->http_port()));
    ShopFeed feed(*replay_, *http, DroppedRow());
    RETURN_IF_ERROR(feed.SendProducts());
    Say(fmt::format("Replaying {} clicks in event-time order", replay_->rows()));
    ProgressDisplay display(server_->engine(), feed, replay_->rows());
    int64_t begin_ms = MonotonicMs();
    RETURN_IF_ERROR(feed.SendClicks([&] { return server_->node().tiering().TierNow(kClicks); }));
    report_.ingest_seconds = std::max<int64_t>(MonotonicMs() - begin_ms, 1) / 1000.0;
    played_ms_ = MonotonicMs();
    ASSIGN_OR_RETURN(report_.while_running, AskHotAndCold(*server_, *queries_));
    return feed.SendHeartbeat();
  }

  Status Check() {
    Say("Computing the results anew from the raw file and comparing");
    std::vector<ExpectedTable> expected = ComputeReference(*replay_);
    constexpr int64_t kPatienceMs = 10'000;
    ASSIGN_OR_RETURN(report_.tables, CompareWhenCaughtUp(*queries_, expected, kPatienceMs));
    report_.caught_up_seconds = (MonotonicMs() - played_ms_) / 1000.0;
    ASSIGN_OR_RETURN(report_.sessions, queries_->Number("SELECT COUNT(*) FROM ecommerce.sessions"));
    ASSIGN_OR_RETURN(report_.user_alerts,
                     queries_->Number("SELECT COUNT(*) FROM ecommerce.user_alerts"));
    ASSIGN_OR_RETURN(std::vector<FirstAlert> alerts, FirstAlerts(*queries_));
    report_.incidents = IncidentLines(alerts, stream_, report_.incidents_found);
    // A part of the data set does not have all incidents in it.
    if (replay_->rows() < static_cast<int64_t>(stream_.clicks.size())) {
      report_.incidents_found = true;
    }
    return Status();
  }

  Status ReadLake() {
    RETURN_IF_ERROR(server_->node().tiering().TierNow(kClicks));
    ASSIGN_OR_RETURN(report_.lake_rows, CountClicks("`clicks$lake`"));
    ASSIGN_OR_RETURN(report_.union_rows, CountClicks("clicks"));
    ASSIGN_OR_RETURN(lake::TieringState state, ClicksInLake(*server_));
    report_.snapshot_id = state.snapshot_id;
    report_.metadata_location = state.metadata_location;
    ASSIGN_OR_RETURN(report_.second_engine, CountWithSecondEngine(*server_, state));
    return Status();
  }

  Result<int64_t> CountClicks(const std::string& table) {
    return queries_->Number("SELECT COUNT(*) FROM ecommerce." + table +
                            " WHERE event <> 'heartbeat'");
  }

  bool Conclude() {
    report_.total_seconds = (MonotonicMs() - started_ms_) / 1000.0;
    report_.Print();
    std::vector<std::string> differences = report_.Differences();
    if (differences.empty()) {
      fmt::print("\nAll results equal those computed independently from the raw file.\n");
      return true;
    }
    fmt::print("\nThe results are NOT as computed independently from the raw file:\n");
    for (const std::string& line : differences) fmt::print("  {}\n", line);
    return false;
  }

  const DemoOptions& options_;
  const int64_t started_ms_ = MonotonicMs();
  int64_t played_ms_ = 0;
  Clickstream stream_;
  std::optional<Replay> replay_;
  std::unique_ptr<Server> server_;
  std::optional<ShopQueries> queries_;
  DemoReport report_;
};

}  // namespace

Result<bool> RunEcommerceDemo(const DemoOptions& options) {
  ASSIGN_OR_RETURN(DemoDirectory directory, DemoDirectory::Make(options));
  EcommerceDemo demo(options, directory);
  return demo.Run();
}

}  // namespace forebay::app
