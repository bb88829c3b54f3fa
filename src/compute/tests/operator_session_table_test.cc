// Rows of SESSION windows against sessions that are kept as plain lists and merged by definition.

#include <gmock/gmock.h>

#include "compute/tests/operator_fixture.h"
#include "compute/window/session_table.h"

namespace forebay::compute {
namespace {

using model::DataType;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr int64_t kGap = 50;

std::shared_ptr<sql::WindowTableNode> Node(std::vector<int> keys = {0}, bool is_proctime = false) {
  auto node = std::make_shared<sql::WindowTableNode>();
  DataType time = is_proctime ? DataType::TimestampLtz(3) : DataType::Timestamp(3);
  auto attribute = is_proctime ? sql::TimeAttribute::kProctime : sql::TimeAttribute::kRowtime;
  node->output = {
      {"k", DataType::Varchar(100)}, {"ts", time, attribute}, {"v", DataType::Bigint()}};
  node->inputs = {InputNode(node->output)};
  node->output.push_back({"window_start", DataType::Timestamp(3)});
  node->output.push_back({"window_end", DataType::Timestamp(3)});
  node->output.push_back({"window_time", time, attribute});
  node->window.kind = sql::WindowKind::kSession;
  node->window.size_ms = kGap;
  node->window.time_column = 1;
  node->window.partition_keys = std::move(keys);
  return node;
}

OperatorRun RunOf(const std::shared_ptr<sql::WindowTableNode>& node) {
  return OperatorRun([node] { return SessionTableOperator::Make(*node, {}); });
}

model::Batch BatchOf(const std::vector<TestRow>& rows) {
  return MakeBatch(Node()->inputs[0]->OutputTypes(), rows);
}

/// A session [start, end) and its rows as texts, as they came.
struct PlainSession {
  int64_t start, end;
  std::map<int64_t, std::string> rows;  ///< by number
};

/// What an operator is to send, worked out by merging.
class PlainSessions {
 public:
  void Add(const TestRow& row, int64_t watermark) {
    int64_t time = *row.cells[1];
    std::string key = row.cells[0] ? TextCell(*row.cells[0]) : "~";
    std::string text = key + "," + std::to_string(time) + "," + std::to_string(*row.cells[2]);
    PlainSession merged{time, time + kGap, {{*row.cells[2], text}}};
    bool touched = false;
    auto touches = [&](const PlainSession& session) {
      if (session.start > merged.end || session.end < merged.start) return false;
      merged.start = std::min(merged.start, session.start);
      merged.end = std::max(merged.end, session.end);
      merged.rows.insert(session.rows.begin(), session.rows.end());
      return touched = true;
    };
    while (std::erase_if(open_[key], touches) > 0) continue;
    bool is_late = !touched && merged.end - 1 <= watermark;
    late += is_late ? 1 : 0;
    if (!is_late) open_[key].push_back(std::move(merged));
  }
  void Fire(int64_t watermark) {
    for (auto& [key, sessions] : open_) {
      std::erase_if(sessions, [&](const PlainSession& session) {
        if (session.end - 1 > watermark) return false;
        std::string window = "," + std::to_string(session.start) + "," +
                             std::to_string(session.end) + "," + std::to_string(session.end - 1);
        for (const auto& [number, text] : session.rows) ++sent[text + window];
        return true;
      });
    }
  }

  std::map<std::string, int64_t> sent;
  int64_t late = 0;

 private:
  std::map<std::string, std::vector<PlainSession>> open_;
};

/// Whether rows of one window stand behind each other, in the order of their numbers.
void CheckOrder(const std::vector<std::string>& changes) {
  std::map<std::string, std::pair<int64_t, size_t>> last;  // number and position by window
  for (size_t i = 0; i < changes.size(); ++i) {
    std::vector<std::string> cells(1);
    for (char c : changes[i]) c == ',' ? cells.emplace_back() : cells.back() += c;
    ASSERT_EQ(cells.size(), 6u);
    auto [it, is_new] =
        last.try_emplace(cells[0] + cells[3] + "-" + cells[4], std::stoll(cells[2]), i);
    if (is_new) continue;
    EXPECT_LT(it->second.first, std::stoll(cells[2]));
    EXPECT_EQ(it->second.second + 1, i);
    it->second = {std::stoll(cells[2]), i};
  }
}

void RunRandom(uint32_t seed, int batch_rows, int max_step) {
  std::mt19937 random(seed);
  OperatorRun run = RunOf(Node());
  PlainSessions plain;
  int64_t watermark = kMinWatermark, now = -500, number = 0;
  for (int step = 0; step < 120; ++step) {
    std::vector<TestRow> rows;
    for (int i = 0; i < batch_rows; ++i) {
      std::optional<int64_t> key = random() % 10;
      rows.push_back(
          {{*key == 9 ? std::nullopt : key, now - static_cast<int64_t>(random() % 300), number++}});
      plain.Add(rows.back(), watermark);
    }
    run.Process(0, BatchOf(rows));
    now += static_cast<int64_t>(random() % static_cast<uint32_t>(max_step));
    watermark = std::max(watermark, now - 100);
    run.Watermark(watermark);
    plain.Fire(watermark);
    ASSERT_EQ(run.output.rows, plain.sent) << "seed " << seed << " step " << step;
    if (step == 60) {
      EXPECT_EQ(static_cast<SessionTableOperator&>(run.op()).late_rows(), plain.late);
    }
    if (step % 4 == 1) run.BeginSnapshot();
    if (step > 60 && step % 9 == 5) {
      run.Snapshot();
      run.Restore();
    }
  }
  run.Finish();
  plain.Fire(kMaxWatermark);
  EXPECT_EQ(run.output.rows, plain.sent) << "seed " << seed;
  EXPECT_GT(plain.late, 0);
  CheckOrder(run.output.changes);
}

TEST(SessionTable, EqualsARecomputation) {
  for (uint32_t seed = 1; seed <= 2; ++seed) {
    RunRandom(seed, 1, 120);
    RunRandom(seed, 13, 120);
    RunRandom(seed, 13, 20);
    RunRandom(seed, 200, 500);
  }
}

TEST(SessionTable, WithoutKeysAllRowsAreOfOneSession) {
  OperatorRun run = RunOf(Node({}));
  run.Process(0, BatchOf({{{2, 140, 1}}, {{std::nullopt, 100, 2}}}));
  run.Process(0, BatchOf({{{4, 191, 3}}}));
  run.Watermark(188);
  EXPECT_THAT(run.output.changes, IsEmpty());
  run.Watermark(189);
  EXPECT_THAT(run.output.changes,
              ElementsAre("+I[s2,140,1,100,190,189]", "+I[~,100,2,100,190,189]"));
}

TEST(SessionTable, ALateRowIsTakenInByAnOpenSession) {
  OperatorRun run = RunOf(Node());
  run.Process(0, BatchOf({{{2, 100, 1}}}));
  run.Watermark(120);
  run.Process(0, BatchOf({{{2, 60, 2}}, {{4, 60, 3}}, {{2, 49, 4}}}));
  run.Watermark(149);
  EXPECT_THAT(run.output.changes, ElementsAre("+I[s2,100,1,49,150,149]", "+I[s2,60,2,49,150,149]",
                                              "+I[s2,49,4,49,150,149]"));
  EXPECT_EQ(static_cast<SessionTableOperator&>(run.op()).late_rows(), 1);
  run.Snapshot();
  run.Process(0, BatchOf({{{2, 90, 5}}}));
  EXPECT_EQ(static_cast<SessionTableOperator&>(run.op()).late_rows(), 2);
}

TEST(SessionTable, SessionsOfManyRowsAreSentInPieces) {
  OperatorRun run = RunOf(Node());
  for (int64_t batch = 0; batch < 5; ++batch) {
    std::vector<TestRow> rows;
    for (int64_t i = 0; i < 2000; ++i) rows.push_back({{i % 2, batch * 2000 + i, batch}});
    run.Process(0, BatchOf(rows));
  }
  run.Snapshot();
  run.Restore();
  run.Watermark(10048);
  EXPECT_EQ(run.output.changes.size(), 10000u);
  run.Snapshot();
  run.Restore();
  run.Finish();
  EXPECT_EQ(run.output.changes.size(), 10000u);
}

TEST(SessionTable, ProcessingTime) {
  OperatorRun run = RunOf(Node({0}, true));
  g_now_ms = 100;
  run.Process(0, BatchOf({{{2, 0, 1}}}));
  run.Tick(149);
  g_now_ms = 149;
  run.Process(0, BatchOf({{{2, 0, 2}}}));
  run.Watermark(1000000);
  run.Tick(198);
  run.Snapshot();
  run.Restore();
  EXPECT_THAT(run.output.changes, IsEmpty());
  run.Tick(199);
  EXPECT_THAT(run.output.changes, ElementsAre("+I[s2,0,1,100,199,198]", "+I[s2,0,2,100,199,198]"));
  run.Process(0, BatchOf({{{2, 0, 3}}}));
  run.Finish();
  EXPECT_EQ(run.output.changes.size(), 3u);
}

}  // namespace
}  // namespace forebay::compute
