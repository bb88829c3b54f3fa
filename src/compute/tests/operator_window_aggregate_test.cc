#include "compute/tests/operator_fixture.h"
#include "compute/window/session_aggregate.h"
#include "compute/window/window_aggregate.h"

namespace forebay::compute {
namespace {

using model::DataType;
using sql::WindowKind;

const std::vector<sql::Field> kFields = {
    {"k", DataType::Bigint()},
    {"ts", DataType::Timestamp(3), sql::TimeAttribute::kRowtime},
    {"v", DataType::Bigint()}};

std::vector<DataType> InputTypes() { return {kFields[0].type, kFields[1].type, kFields[2].type}; }

std::shared_ptr<sql::WindowAggregateNode> Node(WindowKind kind, int64_t size, int64_t slide,
                                               int64_t offset = 0) {
  auto node = std::make_shared<sql::WindowAggregateNode>();
  node->inputs = {InputNode(kFields)};
  node->window.kind = kind;
  node->window.size_ms = size;
  node->window.slide_ms = slide;
  node->window.offset_ms = offset;
  node->window.time_column = 1;
  node->keys = {0};
  node->calls = {{"COUNT", {}, -1, false, DataType::Bigint(), "c"},
                 {"SUM", {2}, -1, false, DataType::Bigint(), "s"},
                 {"MAX", {2}, -1, false, DataType::Bigint(), "m"},
                 {"COUNT", {2}, -1, true, DataType::Bigint(), "d"}};
  node->properties = {sql::WindowProperty::kStart, sql::WindowProperty::kEnd,
                      sql::WindowProperty::kTime};
  node->output = {kFields[0],
                  {"c", DataType::Bigint()},
                  {"s", DataType::Bigint()},
                  {"m", DataType::Bigint()},
                  {"d", DataType::Bigint()},
                  {"ws", DataType::Timestamp(3)},
                  {"we", DataType::Timestamp(3)},
                  {"wt", DataType::Timestamp(3), sql::TimeAttribute::kRowtime}};
  return node;
}

/// Windows of a time by the definition: every window [s, e) that the kind has and that holds the
/// time.
std::vector<std::pair<int64_t, int64_t>> WindowsOf(const sql::WindowSpec& window, int64_t time) {
  std::vector<std::pair<int64_t, int64_t>> windows;
  int64_t step = window.kind == WindowKind::kHop ? window.slide_ms : window.size_ms;
  for (int64_t start = window.offset_ms - 100 * window.size_ms / step * step; start <= time;
       start += step) {
    if (window.kind == WindowKind::kCumulate) {
      for (int64_t size = window.slide_ms; size <= window.size_ms; size += window.slide_ms) {
        if (time < start + size) windows.emplace_back(start, start + size);
      }
    } else if (time < start + window.size_ms) {
      windows.emplace_back(start, start + window.size_ms);
    }
  }
  return windows;
}

struct Group {
  int64_t count = 0, sum = 0;
  std::set<int64_t> values;
  void Add(const TestRow& row) {
    ++count;
    if (!row.cells[2]) return;
    sum += *row.cells[2];
    values.insert(*row.cells[2]);
  }
  std::string Text(const std::string& key, int64_t start, int64_t end) const {
    return key + "," + std::to_string(count) + "," + (values.empty() ? "~" : std::to_string(sum)) +
           "," + (values.empty() ? "~" : std::to_string(*values.rbegin())) + "," +
           std::to_string(values.size()) + "," + std::to_string(start) + "," + std::to_string(end) +
           "," + std::to_string(end - 1);
  }
};

std::string KeyText(const TestRow& row) {
  return row.cells[0] ? std::to_string(*row.cells[0]) : "~";
}

TestRow RandomRow(std::mt19937& random, int64_t now, int disorder) {
  TestRow row;
  row.cells = {random() % 10 == 0 ? std::nullopt : std::optional<int64_t>(random() % 7),
               now - static_cast<int64_t>(random() % disorder),
               random() % 10 == 0 ? std::nullopt : std::optional<int64_t>(random() % 9)};
  return row;
}

void RunSliced(uint32_t seed, const std::shared_ptr<sql::WindowAggregateNode>& node,
               int batch_rows) {
  std::mt19937 random(seed);
  OperatorRun run([&] { return WindowAggregateOperator::Make(*node, {}); });
  std::map<std::tuple<std::string, int64_t, int64_t>, Group> groups;
  int64_t watermark = kMinWatermark, late = 0;
  int64_t now = -3000;
  for (int step = 0; step < 60; ++step) {
    std::vector<TestRow> rows;
    for (int i = 0; i < batch_rows; ++i) rows.push_back(RandomRow(random, now, 400));
    for (const TestRow& row : rows) {
      auto windows = WindowsOf(node->window, *row.cells[1]);
      int64_t last = kMinWatermark;
      for (auto [start, end] : windows) last = std::max(last, end);
      if (last - 1 <= watermark) ++late;
      for (auto [start, end] : windows) {
        if (end - 1 > watermark) groups[{KeyText(row), start, end}].Add(row);
      }
    }
    run.Process(0, MakeBatch(InputTypes(), rows));
    now += static_cast<int64_t>(random() % 100);
    watermark = std::max(watermark, now - 150);
    run.Watermark(watermark);
    if (step % 4 == 1) run.BeginSnapshot();
    if (step % 9 == 5) {
      run.Snapshot();
      run.Restore();
      late -= late;  // the counter is not part of the state
    }
  }
  EXPECT_EQ(static_cast<WindowAggregateOperator&>(run.op()).late_rows(), late);
  run.Finish();
  run.Snapshot();
  std::map<std::string, int64_t> expected;
  for (const auto& [window, group] : groups) {
    auto [key, start, end] = window;
    ++expected[group.Text(key, start, end)];
  }
  EXPECT_EQ(run.output.rows, expected) << "seed " << seed;
}

TEST(WindowAggregate, EqualsARecomputation) {
  for (uint32_t seed = 1; seed <= 3; ++seed) {
    for (int batch_rows : {1, 37}) {
      RunSliced(seed, Node(WindowKind::kTumble, 100, 0), batch_rows);
      RunSliced(seed, Node(WindowKind::kTumble, 100, 0, 30), batch_rows);
      RunSliced(seed, Node(WindowKind::kHop, 100, 20), batch_rows);
      RunSliced(seed, Node(WindowKind::kHop, 100, 30, 7), batch_rows);
      RunSliced(seed, Node(WindowKind::kCumulate, 120, 40), batch_rows);
    }
  }
}

/// Sessions kept as a plain list per key.
struct PlainSession {
  int64_t start, end;
  Group group;
};

void RunSession(uint32_t seed, int batch_rows) {
  std::mt19937 random(seed);
  auto node = Node(WindowKind::kSession, 50, 0);
  OperatorRun run([&] { return SessionAggregateOperator::Make(*node, {}); });
  std::map<std::string, std::vector<PlainSession>> open;
  std::map<std::string, int64_t> expected;
  int64_t watermark = kMinWatermark, now = -500;
  auto fire = [&] {
    for (auto& [key, sessions] : open) {
      std::erase_if(sessions, [&](const PlainSession& session) {
        if (session.end - 1 > watermark) return false;
        ++expected[session.group.Text(key, session.start, session.end)];
        return true;
      });
    }
  };
  for (int step = 0; step < 120; ++step) {
    std::vector<TestRow> rows;
    for (int i = 0; i < batch_rows; ++i) rows.push_back(RandomRow(random, now, 300));
    for (const TestRow& row : rows) {
      PlainSession merged{*row.cells[1], *row.cells[1] + 50, {}};
      merged.group.Add(row);
      auto& sessions = open[KeyText(row)];
      std::vector<PlainSession> rest;
      bool touched = false;
      // A session may touch the row only through one merged just before: repeat until nothing
      // changes.
      for (bool again = true; again;) {
        again = false;
        rest.clear();
        for (PlainSession& session : sessions) {
          if (session.start <= merged.end && session.end >= merged.start) {
            merged.start = std::min(merged.start, session.start);
            merged.end = std::max(merged.end, session.end);
            merged.group.count += session.group.count;
            merged.group.sum += session.group.sum;
            merged.group.values.insert(session.group.values.begin(), session.group.values.end());
            touched = again = true;
          } else {
            rest.push_back(session);
          }
        }
        sessions = rest;
      }
      if (touched || merged.end - 1 > watermark) sessions.push_back(merged);
    }
    run.Process(0, MakeBatch(InputTypes(), rows));
    now += static_cast<int64_t>(random() % 120);
    watermark = std::max(watermark, now - 100);
    run.Watermark(watermark);
    fire();
    EXPECT_EQ(run.output.rows, expected) << "seed " << seed << " step " << step;
    if (step % 4 == 1) run.BeginSnapshot();
    if (step % 9 == 5) {
      run.Snapshot();
      run.Restore();
    }
  }
  run.Finish();
  watermark = kMaxWatermark;
  fire();
  EXPECT_EQ(run.output.rows, expected) << "seed " << seed;
  EXPECT_EQ(run.op().StateBytes() > 0, true);
}

TEST(SessionAggregate, EqualsARecomputation) {
  for (uint32_t seed = 1; seed <= 6; ++seed) {
    RunSession(seed, 1);
    RunSession(seed, 13);
    RunSession(seed, 200);
  }
}

TEST(WindowAggregate, FiresProcessingTimeWindowsByTick) {
  auto node = Node(WindowKind::kTumble, 100, 0);
  auto input = std::const_pointer_cast<sql::PlanNode>(node->inputs[0]);
  input->output[1].type = DataType::TimestampLtz(3);
  input->output[1].time_attribute = sql::TimeAttribute::kProctime;
  OperatorRun run([&] { return WindowAggregateOperator::Make(*node, {}); });
  std::vector<TestRow> rows = {{{1, 0, 5}}};
  g_now_ms = 199;
  run.Process(0, MakeBatch(InputTypes(), rows));
  run.Watermark(1000000);
  EXPECT_TRUE(run.output.rows.empty());
  run.Tick(200);
  EXPECT_EQ(run.output.changes, (std::vector<std::string>{"+I[1,1,5,5,1,100,200,199]"}));
  run.Process(0, MakeBatch(InputTypes(), rows));
  run.Finish();
  EXPECT_EQ(run.output.changes.size(), 2u);
}

TEST(WindowAggregate, RefusesANullRowtime) {
  auto node = Node(WindowKind::kTumble, 100, 0);
  auto made = WindowAggregateOperator::Make(*node, {});
  ASSERT_TRUE(made.ok());
  std::vector<TestRow> rows = {{{1, std::nullopt, 5}}};
  Status status = made.value()->Process(0, MakeBatch(InputTypes(), rows));
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.kind(), ErrorKind::kInvalidArgument);
}

}  // namespace
}  // namespace forebay::compute
