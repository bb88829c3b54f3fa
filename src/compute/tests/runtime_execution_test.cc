#include "compute/tests/runtime_fixture.h"

namespace forebay::compute {
namespace {

TEST_F(RuntimeTest, SameRowsAtEveryParallelism) {
  model::TableInfo in = connection_.Create("in", TwoColumns(false), 3);
  for (int bucket = 0; bucket < 3; ++bucket) {
    connection_.Append("in", bucket, Rows(bucket * 1000, bucket * 1000 + 1000, 100));
  }
  // Independently: of 3,000 rows every residue mod 100 occurs 30 times, and only even ones pass.
  std::map<int64_t, int64_t> expected;
  for (int64_t key = 0; key < 100; key += 2) expected[key] = 30;
  for (int shards : {1, 2, 4}) {
    std::string name = "out" + std::to_string(shards);
    model::TableInfo out = connection_.Create(name, TwoColumns(true), 2);
    sql::PlanPtr root = SinkInto(out, Count(Even(Scan(in, true))));
    auto execution = Make(root, shards, nullptr);
    ASSERT_TRUE(execution->Start().ok());
    Status status = execution->Wait();
    ASSERT_TRUE(status.ok()) << status.ToString();
    EXPECT_EQ(LastByKey(name), expected) << shards;
  }
}

TEST_F(RuntimeTest, CollectGivesEveryRow) {
  model::TableInfo in = connection_.Create("in", TwoColumns(false), 2);
  connection_.Append("in", 0, Rows(0, 5000, 1 << 20));
  for (int shards : {1, 3}) {
    sql::PlanPtr root = Even(Scan(in, true));
    CollectQueue queue;
    context_.collect = &queue;
    auto execution = Make(root, shards, nullptr);
    ASSERT_TRUE(execution->Start().ok());
    std::thread closer([&] { queue.Close(execution->Wait()); });
    int64_t rows = 0, sum = 0;
    while (true) {
      Result<std::optional<model::Batch>> batch = queue.Pop(20000);
      ASSERT_TRUE(batch.ok()) << batch.message();
      if (!batch->has_value()) break;
      rows += (*batch)->num_rows;
      for (int i = 0; i < (*batch)->num_rows; ++i) sum += (*batch)->columns[1].Get<int64_t>(i);
    }
    closer.join();
    EXPECT_EQ(rows, 2500);
    EXPECT_EQ(sum, int64_t{2500} * 2499);
  }
}

TEST_F(RuntimeTest, SharedScanFansOutAndJoinsAgain) {
  model::TableInfo in = connection_.Create("in", TwoColumns(false), 2);
  connection_.Append("in", 0, Rows(0, 1000, 10));
  connection_.Append("in", 1, Rows(0, 1000, 10));
  for (int shards : {1, 2}) {
    std::string name = "out" + std::to_string(shards);
    model::TableInfo out = connection_.Create(name, TwoColumns(false), 1);
    sql::PlanPtr scan = Scan(in, true);
    sql::PlanPtr root = SinkInto(out, Union(Even(scan), scan));
    auto execution = Make(root, shards, nullptr);
    ASSERT_TRUE(execution->Start().ok());
    ASSERT_TRUE(execution->Wait().ok());
    EXPECT_EQ(RowsOf(name).size(), 3000u);
  }
}

TEST_F(RuntimeTest, RestartsAnywhereGiveTheSameResult) {
  constexpr int64_t kRows = 2000;
  for (int shards : {1, 2}) {
    std::string suffix = std::to_string(shards);
    model::TableInfo in = connection_.Create("in" + suffix, TwoColumns(false), 2);
    model::TableInfo log = connection_.Create("log" + suffix, TwoColumns(false), 2);
    sql::PlanPtr root = SinkInto(log, Even(Scan(in, true)));
    connection_.Append("in" + suffix, 0, Rows(0, kRows / 2, 1 << 20));
    connection_.Append("in" + suffix, 1, Rows(kRows / 2, kRows, 1 << 20));
    TempDirectory directory;
    bool done = false;
    int runs = 0;
    for (; !done && runs < 500; ++runs) {
      auto store = CheckpointStore::Open(*file_system_, directory.path(), "plan").value();
      auto execution = Make(root, shards, store.get());
      Status started = execution->Start();
      ASSERT_TRUE(started.ok()) << started.ToString();
      if (runs < 20) {
        // One checkpoint further each time, then the process "dies".
        (void)execution->CheckpointNow();
        execution->Stop(StopMode::kCancel);
      }
      Status status = execution->Wait();
      done = status.ok();
      ASSERT_TRUE(done || status.kind() == ErrorKind::kCancelled) << status.ToString();
    }
    ASSERT_TRUE(done);
    std::multiset<std::string> expected;
    for (int64_t i = 0; i < kRows; i += 2) expected.insert(fmt::format("[{0}, {0}]", i));
    EXPECT_EQ(RowsOf("log" + suffix), expected) << runs;
  }
}

TEST_F(RuntimeTest, StateSurvivesRestartsAndRescaling) {
  model::TableInfo in = connection_.Create("in", TwoColumns(false), 2);
  model::TableInfo out = connection_.Create("out", TwoColumns(true), 2);
  sql::PlanPtr root = SinkInto(out, Count(Scan(in, false)));
  int shard_counts[] = {1, 2, 4, 1, 3};
  int64_t rows = 0;
  for (int shards : shard_counts) {
    connection_.Append("in", 0, Rows(rows, rows + 50, 10));
    connection_.Append("in", 1, Rows(rows, rows + 50, 10));
    rows += 50;
    auto store = OpenStore();
    auto execution = Make(root, shards, store.get());
    Status started = execution->Start();
    ASSERT_TRUE(started.ok()) << started.ToString();
    std::map<int64_t, int64_t> expected;
    for (int64_t key = 0; key < 10; ++key) expected[key] = rows / 10 * 2;
    for (int i = 0; i < 2000 && LastByKey("out") != expected; ++i) {
      ASSERT_TRUE(execution->CheckpointNow().ok());
    }
    EXPECT_EQ(LastByKey("out"), expected) << shards;
    execution->Stop(StopMode::kGraceful);
    Status status = execution->Wait();
    ASSERT_TRUE(status.ok()) << status.ToString();
    EXPECT_TRUE(execution->WasStoppedGracefully());
  }
}

TEST_F(RuntimeTest, CommitInterruptedAfterTheCheckpointIsRepeatedOnce) {
  model::TableInfo in = connection_.Create("in", TwoColumns(false), 2);
  model::TableInfo out = connection_.Create("out", TwoColumns(false), 3);
  connection_.Append("in", 0, Rows(0, 500, 1 << 20));
  connection_.Append("in", 1, Rows(500, 1000, 1 << 20));
  sql::PlanPtr root = SinkInto(out, Scan(in, true));
  bool done = false;
  for (int run = 0; !done && run < 200; ++run) {
    // A run's commits stop somewhere in the middle: some buckets are written, others are not.
    connection_.FailWrites(run < 50 ? run % 7 : -1, ErrorKind::kInternal);
    auto store = OpenStore();
    auto execution = Make(root, 2, store.get());
    Status status = execution->Start();
    if (status.ok()) status = execution->Wait();
    done = status.ok();
  }
  ASSERT_TRUE(done);
  std::multiset<std::string> expected;
  for (int64_t i = 0; i < 1000; ++i) expected.insert(fmt::format("[{0}, {0}]", i));
  EXPECT_EQ(RowsOf("out"), expected);
  EXPECT_GT(connection_.duplicates(), 0) << "no commit was ever repeated: the test tests nothing";
}

TEST_F(RuntimeTest, BusyTableIsTriedAgain) {
  model::TableInfo in = connection_.Create("in", TwoColumns(false), 1);
  model::TableInfo out = connection_.Create("out", TwoColumns(false), 1);
  connection_.Append("in", 0, Rows(0, 100, 1 << 20));
  sql::PlanPtr root = SinkInto(out, Scan(in, true));
  connection_.FailWrites(0, ErrorKind::kUnavailable);
  auto execution = Make(root, 1, nullptr);
  ASSERT_TRUE(execution->Start().ok());
  std::this_thread::sleep_for(std::chrono::milliseconds(30));
  EXPECT_EQ(RowsOf("out").size(), 0u);
  connection_.FailWrites(-1, ErrorKind::kUnavailable);
  ASSERT_TRUE(execution->Wait().ok());
  EXPECT_EQ(RowsOf("out").size(), 100u);
}

}  // namespace
}  // namespace forebay::compute
