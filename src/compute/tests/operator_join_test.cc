#include "compute/join/join.h"

#include "compute/join/window_join.h"
#include "compute/tests/operator_fixture.h"

namespace forebay::compute {
namespace {

using model::ChangeType;
using model::DataType;
using sql::JoinKind;

const std::vector<sql::Field> kLeft = {{"k", DataType::Bigint()}, {"l", DataType::Bigint()}};
const std::vector<sql::Field> kRight = {
    {"r", DataType::Bigint()}, {"k", DataType::Bigint()}, {"t", DataType::String()}};

std::vector<DataType> TypesOf(const std::vector<sql::Field>& fields) {
  std::vector<DataType> types;
  for (const auto& field : fields) types.push_back(field.type);
  return types;
}

sql::JoinNode Node(JoinKind kind) {
  sql::JoinNode node;
  node.join = kind;
  node.inputs = {InputNode(kLeft, false), InputNode(kRight, false)};
  node.left_keys = {0};
  node.right_keys = {1};
  node.output = kLeft;
  if (kind != JoinKind::kSemi && kind != JoinKind::kAnti) {
    node.output.insert(node.output.end(), kRight.begin(), kRight.end());
  }
  return node;
}

std::string Text(const TestRow& row, bool with_text) {
  std::string text;
  for (size_t i = 0; i < row.cells.size(); ++i) {
    if (i > 0) text += ",";
    bool is_text = with_text && i == 2;
    text += !row.cells[i] ? "~" : is_text ? TextCell(*row.cells[i]) : std::to_string(*row.cells[i]);
  }
  return text;
}

/// The join of all live rows by nested loops.
std::map<std::string, int64_t> Recompute(JoinKind kind, const std::vector<TestRow>& left,
                                         const std::vector<TestRow>& right) {
  std::map<std::string, int64_t> rows;
  auto match = [](const TestRow& l, const TestRow& r) {
    return l.cells[0].has_value() && l.cells[0] == r.cells[1];
  };
  for (const TestRow& l : left) {
    int matches = 0;
    for (const TestRow& r : right) {
      if (!match(l, r)) continue;
      ++matches;
      if (kind != JoinKind::kSemi && kind != JoinKind::kAnti) {
        ++rows[Text(l, false) + "," + Text(r, true)];
      }
    }
    if (matches > 0 && kind == JoinKind::kSemi) ++rows[Text(l, false)];
    if (matches == 0 && kind == JoinKind::kAnti) ++rows[Text(l, false)];
    if (matches == 0 && (kind == JoinKind::kLeft || kind == JoinKind::kFull)) {
      ++rows[Text(l, false) + ",~,~,~"];
    }
  }
  if (kind != JoinKind::kRight && kind != JoinKind::kFull) return rows;
  for (const TestRow& r : right) {
    bool matched =
        std::any_of(left.begin(), left.end(), [&](const auto& l) { return match(l, r); });
    if (!matched) ++rows["~,~," + Text(r, true)];
  }
  return rows;
}

TestRow NextRow(std::mt19937& random, std::vector<TestRow>& live, int side) {
  if (!live.empty() && random() % 3 == 0) {
    size_t victim = random() % live.size();
    TestRow row = live[victim];
    live.erase(live.begin() + static_cast<long>(victim));
    row.change = random() % 2 == 0 ? ChangeType::kDelete : ChangeType::kUpdateBefore;
    return row;
  }
  auto key = random() % 9 == 0 ? std::nullopt
                               : std::optional<int64_t>(random() % (random() % 2 == 0 ? 2 : 40));
  auto value = std::optional<int64_t>(random() % 3);
  TestRow row{side == 0 ? std::vector{key, value} : std::vector{value, key, value}};
  live.push_back(row);
  if (random() % 2 == 0) row.change = ChangeType::kUpdateAfter;
  return row;
}

void RunRandom(uint32_t seed, JoinKind kind, int batch_rows) {
  std::mt19937 random(seed);
  sql::JoinNode node = Node(kind);
  OperatorRun run([&] { return JoinOperator::Make(node, {}); });
  std::vector<TestRow> live[2];
  for (int step = 0; step < 60; ++step) {
    int side = static_cast<int>(random() % 2);
    std::vector<TestRow> rows;
    for (int i = 0; i < batch_rows; ++i) rows.push_back(NextRow(random, live[side], side));
    run.Process(side, MakeBatch(TypesOf(side == 0 ? kLeft : kRight), rows));
    if (step % 5 == 2) run.BeginSnapshot();
    if (step % 11 == 7) {
      run.Snapshot();
      run.Restore();
    }
    if (batch_rows < 10) {
      ASSERT_EQ(run.output.rows, Recompute(kind, live[0], live[1]))
          << "kind " << static_cast<int>(kind) << " seed " << seed << " step " << step;
    }
  }
  EXPECT_EQ(run.output.rows, Recompute(kind, live[0], live[1]))
      << "kind " << static_cast<int>(kind) << " seed " << seed;
}

TEST(Join, EqualsNestedLoops) {
  for (JoinKind kind : {JoinKind::kInner, JoinKind::kLeft, JoinKind::kRight, JoinKind::kFull,
                        JoinKind::kSemi, JoinKind::kAnti}) {
    for (uint32_t seed = 1; seed <= 4; ++seed) {
      RunRandom(seed, kind, 1);
      RunRandom(seed, kind, 60);
    }
  }
}

TEST(Join, SnapshotOfALongListWritesOnlyNewRows) {
  sql::JoinNode node = Node(JoinKind::kInner);
  OperatorRun run([&] { return JoinOperator::Make(node, {}); });
  std::vector<TestRow> rows(500, TestRow{{7, 1}});
  run.Process(0, MakeBatch(TypesOf(kLeft), rows));
  run.Snapshot();
  EXPECT_EQ(run.state.writes, 500);
  run.Process(0, MakeBatch(TypesOf(kLeft), std::span(rows).first(2)));
  run.Snapshot();
  EXPECT_EQ(run.state.writes, 502);
}

TEST(WindowJoin, JoinsWhenTheWindowEnds) {
  std::vector<sql::Field> fields = {{"k", DataType::Bigint()},
                                    {"window_end", DataType::Timestamp(3)}};
  for (JoinKind kind :
       {JoinKind::kInner, JoinKind::kLeft, JoinKind::kFull, JoinKind::kSemi, JoinKind::kAnti}) {
    sql::JoinNode node;
    node.join = kind;
    node.windowed = true;
    node.inputs = {InputNode(fields), InputNode(fields)};
    node.left_keys = node.right_keys = {0, 1};
    node.output = fields;
    bool pads_left = kind == JoinKind::kLeft || kind == JoinKind::kFull;
    bool both = kind == JoinKind::kInner || pads_left;
    if (both) node.output.insert(node.output.end(), fields.begin(), fields.end());
    OperatorRun run([&] { return WindowJoinOperator::Make(node, {}); });
    std::vector<TestRow> left = {{{1, 100}}, {{2, 100}}, {{1, 200}}};
    std::vector<TestRow> right = {{{1, 100}}, {{2, 200}}, {{1, 100}}};
    run.Process(0, MakeBatch(TypesOf(fields), left));
    run.Snapshot();
    run.Process(1, MakeBatch(TypesOf(fields), right));
    run.Snapshot();
    run.Restore();
    EXPECT_TRUE(run.output.changes.empty());
    run.Watermark(99);
    run.Process(1, MakeBatch(TypesOf(fields), right));  // those of window 100 are late
    run.Snapshot();
    run.Restore();
    run.Finish();
    std::map<std::string, int64_t> expected;
    if (both) expected["1,100,1,100"] = 2;
    if (pads_left) expected["2,100,~,~"] = expected["1,200,~,~"] = 1;
    if (kind == JoinKind::kFull) expected["~,~,2,200"] = 2;
    if (kind == JoinKind::kSemi) expected["1,100"] = 1;
    if (kind == JoinKind::kAnti) expected["2,100"] = expected["1,200"] = 1;
    EXPECT_EQ(run.output.rows, expected) << static_cast<int>(kind);
    for (const std::string& change : run.output.changes) EXPECT_EQ(change.substr(0, 2), "+I");
  }
}

}  // namespace
}  // namespace forebay::compute
