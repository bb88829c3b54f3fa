#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <random>
#include <thread>

#include "app/node.h"
#include "serve/session/session.h"

namespace forebay::app {
namespace {

using model::TablePath;

const TablePath kEvents{"default_database", "events"};
constexpr int64_t kUsers = 37;
constexpr int64_t kWindowMs = 10000;
constexpr int64_t kStepMs = 70;  ///< of event time, from row to row

// Streaming jobs over one table: a keyed aggregate, two that read that aggregate's changes (one
// into a table whose key is not that of the changes), and windows.
constexpr const char* kScript = R"(
  CREATE TABLE events (id BIGINT, user_id BIGINT, amount BIGINT, ts TIMESTAMP(3),
                       WATERMARK FOR ts AS ts - INTERVAL '1' SECOND) WITH ('bucket.num' = '1');
  CREATE TABLE totals (user_id BIGINT, n BIGINT, amount BIGINT, PRIMARY KEY (user_id) NOT ENFORCED)
      WITH ('bucket.num' = '3');
  CREATE TABLE sizes (n BIGINT, users BIGINT, PRIMARY KEY (n) NOT ENFORCED);
  CREATE TABLE holders (n BIGINT, user_id BIGINT, amount BIGINT, PRIMARY KEY (n) NOT ENFORCED);
  CREATE TABLE windows (window_start TIMESTAMP(3), user_id BIGINT, n BIGINT, amount BIGINT)
      WITH ('bucket.num' = '2');
  SET 'execution.checkpointing.interval' = '100 ms';
  SET 'parallelism.default' = '2';
  INSERT INTO totals SELECT user_id, COUNT(*), SUM(amount) FROM events GROUP BY user_id;
  INSERT INTO sizes SELECT n, COUNT(*) FROM totals GROUP BY n;
  INSERT INTO holders SELECT n, user_id, amount FROM totals;
  INSERT INTO windows
      SELECT window_start, user_id, COUNT(*), SUM(amount)
      FROM TABLE(TUMBLE(TABLE events, DESCRIPTOR(ts), INTERVAL '10' SECOND))
      GROUP BY window_start, window_end, user_id;
)";

struct Event {
  int64_t id, user, amount, ts;
};

/// The event at an offset of the table: rows can be made again without knowing what was stored.
Event EventAt(int64_t offset) {
  uint64_t mixed = static_cast<uint64_t>(offset) * 0x9e3779b97f4a7c15u;
  return {offset, static_cast<int64_t>((mixed >> 40) % kUsers),
          static_cast<int64_t>((mixed >> 20) % 1000), offset * kStepMs};
}

using Row = std::vector<int64_t>;

/// What the tables must hold after `count` events, when the watermark has passed all windows but
/// the last event's.
struct Expected {
  std::map<int64_t, Row> totals;  ///< by user
  std::map<int64_t, Row> sizes;   ///< by n
  std::vector<Row> windows;       ///< sorted

  explicit Expected(int64_t count) {
    std::map<std::pair<int64_t, int64_t>, Row> by_window;
    int64_t watermark = EventAt(count - 1).ts - 1000 - 1;
    for (int64_t i = 0; i < count; ++i) {
      Event event = EventAt(i);
      Row& total = totals.try_emplace(event.user, Row{event.user, 0, 0}).first->second;
      total[1] += 1;
      total[2] += event.amount;
      int64_t start = event.ts / kWindowMs * kWindowMs;
      if (start + kWindowMs - 1 > watermark) continue;
      Row& window =
          by_window.try_emplace({start, event.user}, Row{start, event.user, 0, 0}).first->second;
      window[2] += 1;
      window[3] += event.amount;
    }
    for (const auto& [user, total] : totals) {
      sizes.try_emplace(total[1], Row{total[1], 0}).first->second[1] += 1;
    }
    for (const auto& [key, window] : by_window) windows.push_back(window);
  }
};

Row RowOf(const model::Batch& batch, int row) {
  Row cells;
  for (const model::Column& column : batch.columns) cells.push_back(column.Get<int64_t>(row));
  return cells;
}

bool RunScript(Node& node) {
  serve::Session session(node.engine());
  for (const sql::StatementText& text : sql::SplitStatements(kScript)) {
    auto result = session.Execute(text);
    if (result.ok()) continue;
    fmt::print(stderr, "{}\n", result.status().ToString());
    return false;
  }
  return true;
}

int64_t CountOf(Node& node) {
  return node.connection().admin().ListOffsets(kEvents, model::kLatestOffset).value()[0];
}

/// Appends the next events in batches, at most `count`, with little pauses.
bool AppendEvents(Node& node, int64_t count, int pause_ms) {
  auto info = node.connection().admin().GetTable(kEvents).value();
  auto writer = std::move(node.connection().OpenWriter(kEvents).value());
  int64_t next = CountOf(node);
  for (int64_t end = next + count; next < end;) {
    model::BatchBuilder builder(info.descriptor.schema.Types());
    for (int i = 0; i < 25; ++i, ++next) {
      Event event = EventAt(next);
      const int64_t cells[] = {event.id, event.user, event.amount, event.ts};
      for (int column = 0; column < 4; ++column) builder.column(column).Append(cells[column]);
      builder.FinishRow();
    }
    if (!writer->Write(builder.Finish()).ok()) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(pause_ms));
  }
  return true;
}

constexpr const char* kDirectoryVariable = "FOREBAY_RECOVERY_TEST_DIR";
constexpr const char* kEventsVariable = "FOREBAY_RECOVERY_TEST_EVENTS";

/// What the other test's child processes run: a server that makes the tables and jobs (when told to
/// append -1 events), or appends events while its jobs run, and then closes.
TEST(JobRecoveryChild, DISABLED_Run) {
  const char* directory = std::getenv(kDirectoryVariable);
  ASSERT_NE(directory, nullptr);
  NodeOptions options;
  options.data_dir = directory;
  auto node = Node::Open(options);
  ASSERT_TRUE(node.ok()) << node.status().ToString();
  int64_t count = std::stoll(std::getenv(kEventsVariable));
  EXPECT_TRUE(count < 0 ? RunScript(**node) : AppendEvents(**node, count, 2));
  EXPECT_TRUE((*node)->Close().ok());
}

/// A server in a process of its own, which is killed again and again.
class JobRecoveryTest : public testing::Test {
 protected:
  void SetUp() override {
    char pattern[] = "/tmp/forebay-recovery-test-XXXXXX";
    ASSERT_NE(mkdtemp(pattern), nullptr);
    options_.data_dir = pattern;
  }
  void TearDown() override {
    node_.reset();
    std::filesystem::remove_all(options_.data_dir);
  }

  /// Starts a child process; it is this program anew, since threads do not survive a fork.
  pid_t Start(int64_t events) {
    setenv(kDirectoryVariable, options_.data_dir.c_str(), 1);
    setenv(kEventsVariable, std::to_string(events).c_str(), 1);
    pid_t child = fork();
    if (child != 0) return child;
    execl("/proc/self/exe", "job_recovery_child", "--gtest_also_run_disabled_tests",
          "--gtest_filter=JobRecoveryChild.DISABLED_Run", "--gtest_brief=1", nullptr);
    _exit(127);
  }
  static int ExitOf(pid_t child) {
    int status = 0;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

  /// The present rows of a primary-key table by their first column.
  std::map<int64_t, Row> RowsOf(const std::string& table) {
    TablePath path{"default_database", table};
    std::map<int64_t, Row> rows;
    auto info = node_->connection().admin().GetTable(path).value();
    for (int bucket = 0; bucket < info.descriptor.bucket_count; ++bucket) {
      auto scanner =
          std::move(node_->connection().OpenSnapshotScanner(path, bucket, std::nullopt).value());
      for (auto batch = scanner->Next().value(); batch.num_rows > 0;
           batch = scanner->Next().value()) {
        for (int row = 0; row < batch.num_rows; ++row) {
          rows[batch.columns[0].Get<int64_t>(row)] = RowOf(batch, row);
        }
      }
    }
    return rows;
  }
  /// All rows of a log table, sorted.
  std::vector<Row> LogOf(const std::string& table) {
    TablePath path{"default_database", table};
    auto scanner = std::move(node_->connection().OpenLogScanner(path, std::nullopt).value());
    auto info = node_->connection().admin().GetTable(path).value();
    for (int bucket = 0; bucket < info.descriptor.bucket_count; ++bucket) {
      EXPECT_TRUE(scanner->Subscribe(bucket, 0).ok());
    }
    std::vector<Row> rows;
    while (true) {
      auto records = scanner->Poll(0, 1 << 20).value();
      if (records.empty()) break;
      for (const auto& part : records) {
        for (int row = 0; row < part.batch.num_rows; ++row) rows.push_back(RowOf(part.batch, row));
      }
    }
    std::sort(rows.begin(), rows.end());
    return rows;
  }
  /// For every n of `totals` the row of one of its users; which one is not determined.
  bool HoldersAgreeWith(const Expected& expected) {
    std::map<int64_t, Row> holders = RowsOf("holders");
    for (const auto& [n, row] : holders) {
      auto total = expected.totals.find(row[1]);
      if (total == expected.totals.end() || total->second != Row{row[1], n, row[2]}) return false;
    }
    return holders.size() == expected.sizes.size();
  }
  void ExpectTablesOf(int64_t count) {
    Expected expected(count);
    auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    auto reached = [&] {
      return RowsOf("totals") == expected.totals && RowsOf("sizes") == expected.sizes &&
             HoldersAgreeWith(expected) && LogOf("windows").size() >= expected.windows.size();
    };
    while (!reached() && std::chrono::steady_clock::now() < deadline) {
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    EXPECT_EQ(RowsOf("totals"), expected.totals);
    EXPECT_EQ(RowsOf("sizes"), expected.sizes);
    EXPECT_TRUE(HoldersAgreeWith(expected)) << testing::PrintToString(RowsOf("holders"));
    EXPECT_EQ(LogOf("windows"), expected.windows);
  }

  NodeOptions options_;
  std::unique_ptr<Node> node_;
};

TEST_F(JobRecoveryTest, TablesAreExactAfterAnyNumberOfKillsAndSuspensions) {
  ASSERT_EQ(ExitOf(Start(-1)), 0);
  std::mt19937 random(7);
  int killed = 0;
  for (int round = 0; round < 16; ++round) {
    bool suspend = round % 4 == 3;
    pid_t child = Start(suspend ? 500 : int64_t{1} << 40);
    if (suspend) {
      EXPECT_EQ(ExitOf(child), 0);
      continue;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(150 + random() % 500));
    kill(child, SIGKILL);
    killed += ExitOf(child) == -1 ? 1 : 0;
  }
  EXPECT_EQ(killed, 12);
  auto opened = Node::Open(options_);
  ASSERT_TRUE(opened.ok()) << opened.status().ToString();
  node_ = std::move(*opened);
  ASSERT_EQ(node_->jobs().List().size(), 4u);
  int64_t before = CountOf(*node_);
  EXPECT_GT(before, 1500);
  ASSERT_TRUE(AppendEvents(*node_, 500, 0));
  ExpectTablesOf(CountOf(*node_));
  for (const compute::JobRecord& job : node_->jobs().List()) {
    EXPECT_EQ(job.state, compute::JobState::kRunning) << job.name << ": " << job.failure;
  }
}

}  // namespace
}  // namespace forebay::app
