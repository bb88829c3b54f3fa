#include "compute/join/interval_join.h"
#include "compute/join/temporal_join.h"
#include "compute/tests/operator_fixture.h"

namespace forebay::compute {
namespace {

using model::ChangeType;
using model::DataType;
using sql::JoinKind;

const std::vector<sql::Field> kLeft = {{"k", DataType::Bigint()},
                                       {"ts", DataType::Timestamp(3), sql::TimeAttribute::kRowtime},
                                       {"l", DataType::Bigint()}};
const std::vector<sql::Field> kRight = {
    {"ts", DataType::Timestamp(3), sql::TimeAttribute::kRowtime},
    {"k", DataType::Bigint()},
    {"t", DataType::String()}};

std::vector<DataType> TypesOf(const std::vector<sql::Field>& fields) {
  std::vector<DataType> types;
  for (const auto& field : fields) types.push_back(field.type);
  return types;
}

sql::JoinNode Node(JoinKind kind) {
  sql::JoinNode node;
  node.join = kind;
  node.inputs = {InputNode(kLeft), InputNode(kRight)};
  node.left_keys = {0};
  node.right_keys = {1};
  node.output = kLeft;
  node.output.insert(node.output.end(), kRight.begin(), kRight.end());
  return node;
}

std::string Cell(const std::optional<int64_t>& cell) { return cell ? std::to_string(*cell) : "~"; }

std::string LeftText(const TestRow& row) {
  return Cell(row.cells[0]) + "," + Cell(row.cells[1]) + "," + Cell(row.cells[2]);
}
std::string RightText(const TestRow& row) {
  return Cell(row.cells[0]) + "," + Cell(row.cells[1]) + "," + TextCell(*row.cells[2]);
}

/// Two streams of rows that are never late, pushed in batches with watermarks between them, and a
/// restart now and then.
struct Streams {
  std::vector<TestRow> rows[2];
  std::mt19937 random;
  int64_t now = 10000;

  explicit Streams(uint32_t seed) : random(seed) {}
  TestRow Next(int side) {
    int64_t time = now + static_cast<int64_t>(random() % 300);
    std::optional<int64_t> key = static_cast<int64_t>(random() % 5);
    if (random() % 12 == 0) key = std::nullopt;
    std::optional<int64_t> value = static_cast<int64_t>(random() % 1000);
    TestRow row;
    if (side == 0) {
      row.cells = {key, time, value};
    } else {
      row.cells = {time, key, value};
    }
    return row;
  }
  void Run(OperatorRun& run, int batch_rows) {
    for (int step = 0; step < 80; ++step) {
      int side = static_cast<int>(random() % 2);
      std::vector<TestRow> batch;
      for (int i = 0; i < batch_rows; ++i) batch.push_back(Next(side));
      rows[side].insert(rows[side].end(), batch.begin(), batch.end());
      run.Process(side, MakeBatch(TypesOf(side == 0 ? kLeft : kRight), batch));
      if (random() % 2 == 0) {
        now += static_cast<int64_t>(random() % 150);
        run.Watermark(now - 1);
      }
      if (step % 5 == 2) run.BeginSnapshot();
      if (step % 11 == 7) {
        run.Snapshot();
        run.Restore();
        run.Watermark(now - 1);
      }
    }
    run.Finish();
    run.Snapshot();
  }
};

bool Near(const TestRow& l, const TestRow& r, const sql::JoinInterval& interval) {
  if (!l.cells[0] || l.cells[0] != r.cells[1]) return false;
  int64_t distance = *l.cells[1] - *r.cells[0];
  return distance >= interval.lower_ms && distance <= interval.upper_ms;
}

std::map<std::string, int64_t> NestedLoops(const sql::JoinNode& node, const Streams& streams) {
  std::map<std::string, int64_t> expected;
  bool pads_right = node.join == JoinKind::kLeft || node.join == JoinKind::kFull;
  bool pads_left = node.join == JoinKind::kRight || node.join == JoinKind::kFull;
  std::set<const TestRow*> met;
  for (const TestRow& l : streams.rows[0]) {
    bool is_lonely = true;
    for (const TestRow& r : streams.rows[1]) {
      if (!Near(l, r, *node.interval)) continue;
      is_lonely = false;
      met.insert(&r);
      ++expected[LeftText(l) + "," + RightText(r)];
    }
    if (is_lonely && pads_right) ++expected[LeftText(l) + ",~,~,~"];
  }
  for (const TestRow& r : streams.rows[1]) {
    if (pads_left && !met.contains(&r)) ++expected["~,~,~," + RightText(r)];
  }
  return expected;
}

TEST(IntervalJoin, EqualsNestedLoops) {
  uint32_t seed = 1;
  for (JoinKind kind : {JoinKind::kInner, JoinKind::kLeft, JoinKind::kRight, JoinKind::kFull}) {
    const std::vector<std::pair<int64_t, int64_t>> all_bounds = {
        {-100, 50}, {0, 0}, {20, 200}, {-300, -150}, {5, 4}};
    for (const auto& [lower, upper] : all_bounds) {
      for (int batch_rows : {1, 9}) {
        sql::JoinNode node = Node(kind);
        node.interval = {true, 1, 0, lower, upper};
        OperatorRun run([&] { return IntervalJoinOperator::Make(node, nullptr); });
        Streams streams(seed++);
        streams.Run(run, batch_rows);
        EXPECT_EQ(run.output.rows, NestedLoops(node, streams))
            << "kind " << static_cast<int>(kind) << " bounds " << lower << " " << upper;
      }
    }
  }
}

TEST(IntervalJoin, ForgetsWhatCannotMatch) {
  sql::JoinNode node = Node(JoinKind::kLeft);
  node.interval = {true, 1, 0, -10, 10};
  OperatorRun run([&] { return IntervalJoinOperator::Make(node, nullptr); });
  std::vector<TestRow> left = {{{1, 100, 7}}};
  run.Process(0, MakeBatch(TypesOf(kLeft), left));
  run.Snapshot();
  run.Restore();
  run.Watermark(110);
  EXPECT_TRUE(run.output.changes.empty());
  run.Watermark(111);
  EXPECT_EQ(run.output.changes, std::vector<std::string>{"+I[1,100,7,~,~,~]"});
  std::vector<TestRow> right = {{{105, 1, 4}}};
  run.Process(1, MakeBatch(TypesOf(kRight), right));
  EXPECT_EQ(run.output.changes.size(), 1u);
  EXPECT_EQ(run.op().OutputWatermark(1000), 990);
  EXPECT_EQ(run.op().OutputWatermark(kMaxWatermark), kMaxWatermark);
  run.Snapshot();
  run.Restore();
  run.Finish();
  EXPECT_EQ(run.output.changes.size(), 1u);
}

TEST(IntervalJoin, ProcessingTimeFollowsTheClock) {
  sql::JoinNode node = Node(JoinKind::kInner);
  node.interval = {false, 1, 0, 0, 10};
  OperatorRun run([&] { return IntervalJoinOperator::Make(node, nullptr); });
  std::vector<TestRow> left = {{{1, 0, 7}}};
  std::vector<TestRow> right = {{{0, 1, 4}}};
  run.Tick(1000);
  run.Process(1, MakeBatch(TypesOf(kRight), right));
  run.Tick(1010);
  run.Process(0, MakeBatch(TypesOf(kLeft), left));
  EXPECT_EQ(run.output.changes, std::vector<std::string>{"+I[1,0,7,0,1,s4]"});
  run.Tick(1011);
  run.Process(0, MakeBatch(TypesOf(kLeft), left));
  EXPECT_EQ(run.output.changes.size(), 1u);
}

TEST(TemporalJoin, FindsTheVersionOfEachRow) {
  for (JoinKind kind : {JoinKind::kInner, JoinKind::kLeft}) {
    for (int batch_rows : {1, 7}) {
      sql::JoinNode node = Node(kind);
      node.versions = {1, 0};
      OperatorRun run([&] { return TemporalJoinOperator::Make(node, nullptr); });
      Streams streams(static_cast<uint32_t>(batch_rows) + 40);
      streams.Run(run, batch_rows);
      std::map<std::string, int64_t> expected;
      for (const TestRow& l : streams.rows[0]) {
        const TestRow* version = nullptr;
        for (const TestRow& r : streams.rows[1]) {
          bool is_older = r.cells[1] == l.cells[0] && *r.cells[0] <= *l.cells[1];
          if (is_older && (version == nullptr || *r.cells[0] >= *version->cells[0])) version = &r;
        }
        if (version != nullptr) {
          ++expected[LeftText(l) + "," + RightText(*version)];
        } else if (kind == JoinKind::kLeft) {
          ++expected[LeftText(l) + ",~,~,~"];
        }
      }
      EXPECT_EQ(run.output.rows, expected);
    }
  }
}

TEST(TemporalJoin, DeletedVersionsMatchNothingAndChangesPassThrough) {
  sql::JoinNode node = Node(JoinKind::kLeft);
  node.versions = {1, 0};
  OperatorRun run([&] { return TemporalJoinOperator::Make(node, nullptr); });
  std::vector<TestRow> right = {{{10, 1, 2}}, {{20, 1, 4}}, {{20, 1, 4}, ChangeType::kDelete}};
  run.Process(1, MakeBatch(TypesOf(kRight), right));
  std::vector<TestRow> left = {{{1, 15, 1}}, {{1, 25, 2}}, {{1, 15, 1}, ChangeType::kDelete}};
  run.Process(0, MakeBatch(TypesOf(kLeft), left));
  run.Snapshot();
  run.Restore();
  run.Watermark(15);
  EXPECT_EQ(run.output.changes,
            (std::vector<std::string>{"+I[1,15,1,10,1,s2]", "-D[1,15,1,10,1,s2]"}));
  run.Watermark(30);
  EXPECT_EQ(run.output.changes.back(), "+I[1,25,2,~,~,~]");
  // The version at 10 went when the watermark passed the one at 20.
  run.Process(0, MakeBatch(TypesOf(kLeft), std::vector<TestRow>{{{1, 15, 3}}}));
  run.Watermark(31);
  EXPECT_EQ(run.output.changes.back(), "+I[1,15,3,~,~,~]");
}

TEST(TemporalJoin, ByProcessingTimeTheLastRowCounts) {
  sql::JoinNode node = Node(JoinKind::kInner);
  node.versions = sql::JoinVersions{1, 0, true, {1}};
  OperatorRun run([&] { return TemporalJoinOperator::Make(node, nullptr); });
  auto left = [&](std::vector<TestRow> rows) { run.Process(0, MakeBatch(TypesOf(kLeft), rows)); };
  auto right = [&](std::vector<TestRow> rows) { run.Process(1, MakeBatch(TypesOf(kRight), rows)); };
  left({{{1, 0, 7}}, {{1, 0, 7}}});
  EXPECT_TRUE(run.output.changes.empty());
  right({{{90, 1, 2}}, {{80, 1, 4}}, {{80, 2, 6}}});
  left({{{2, 0, 8}}, {{1, 0, 9}}, {{3, 0, 1}}, {{1, 0, 9}, ChangeType::kDelete}});
  EXPECT_EQ(run.output.changes, (std::vector<std::string>{"+I[2,0,8,80,2,s6]", "+I[1,0,9,80,1,s4]",
                                                          "-D[1,0,9,80,1,s4]"}));
  run.Snapshot();
  run.Restore();
  run.Watermark(1000);
  right({{{80, 1, 4}, ChangeType::kDelete}, {{80, 2, 6}, ChangeType::kUpdateBefore}});
  left({{{1, 0, 3}}, {{2, 0, 4}}});
  EXPECT_EQ(run.output.changes.size(), 4u);
  EXPECT_EQ(run.output.changes.back(), "+I[2,0,4,80,2,s6]");
}

}  // namespace
}  // namespace forebay::compute
