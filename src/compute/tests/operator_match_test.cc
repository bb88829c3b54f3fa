#include "compute/match/match_recognize.h"

#include <algorithm>

#include "compute/tests/operator_fixture.h"

namespace forebay::compute {
namespace {

using model::DataType;
using sql::Expression;
using sql::ExpressionPtr;
using sql::MatchCell;

const std::vector<sql::Field> kFields = {
    {"k", DataType::Bigint()},
    {"v", DataType::Bigint()},
    {"ts", DataType::Timestamp(3), sql::TimeAttribute::kRowtime}};

std::vector<DataType> InputTypes() {
  return {DataType::Bigint(), DataType::Bigint(), DataType::Timestamp(3)};
}

ExpressionPtr Compare(const char* function, int column, int64_t value) {
  return Expression::Call(DataType::Boolean(), function,
                          {Expression::Column(DataType::Bigint(), column),
                           Expression::Literal(DataType::Bigint().NotNull(), model::Value(value))});
}

MatchCell Value(int variable, bool first = false, int offset = 0) {
  return {variable, first, offset, 1, DataType::Bigint()};
}

sql::MatchAggregate Sum(int variable) {
  sql::MatchAggregate sum;
  sum.variable = variable;
  sum.args = {Expression::Column(DataType::Bigint(), 1)};
  sum.call = {"SUM", {0}, -1, false, DataType::Bigint(), ""};
  return sum;
}

constexpr int64_t kSumLimit = 120;

/// PATTERN (A B+ C) DEFINE A AS v < 30, B AS SUM(B.v) < 120, C AS v > 40
/// MEASURES A.v, FIRST(B.v), LAST(B.v, 1), SUM(B.v), C.v
sql::MatchNode Node(sql::MatchSkip skip, int64_t within) {
  sql::MatchNode node;
  node.inputs = {InputNode(kFields)};
  node.keys = {0};
  node.order = {{2, false, true}};
  node.variables = {{"A", 1, 1, false, Compare("LESS_THAN", 0, 30), {{Value(0)}, {}}},
                    {"B", 1, -1, false, Compare("LESS_THAN", 0, kSumLimit), {{}, {Sum(1)}}},
                    {"C", 1, 1, false, Compare("GREATER_THAN", 0, 40), {{Value(2)}, {}}}};
  node.input = {{Value(0), Value(1, true), Value(1, false, 1), Value(2)}, {Sum(1)}};
  for (int column : {0, 1, 2, 4, 3}) {
    node.measures.push_back(Expression::Column(DataType::Bigint(), column));
  }
  node.skip = skip;
  node.within_ms = within;
  node.output = {{"k", DataType::Bigint()}};
  for (const char* name : {"a", "b", "bl", "s", "c"}) {
    node.output.push_back({name, DataType::Bigint()});
  }
  return node;
}

/// The matches among the rows of a key, by trying every row as the first one.
void Scan(const sql::MatchNode& node, const std::vector<TestRow>& rows,
          std::map<std::string, int64_t>& expected) {
  auto value = [&](size_t i) { return *rows[i].cells[1]; };
  for (size_t i = 0; i < rows.size(); ++i) {
    if (value(i) >= 30) continue;
    int64_t sum = 0;
    size_t end = i + 1;
    while (end < rows.size() && sum + value(end) < kSumLimit) sum += value(end++);
    if (end == i + 1 || end == rows.size() || value(end) <= 40) continue;
    bool in_time = node.within_ms == 0 || *rows[end].cells[2] - *rows[i].cells[2] < node.within_ms;
    if (!in_time) continue;
    std::string before = end >= i + 3 ? std::to_string(value(end - 2)) : "~";
    ++expected[std::to_string(*rows[i].cells[0]) + "," + std::to_string(value(i)) + "," +
               std::to_string(value(i + 1)) + "," + before + "," + std::to_string(sum) + "," +
               std::to_string(value(end))];
    if (node.skip == sql::MatchSkip::kPastLastRow) i = end;
  }
}

void RunRandom(uint32_t seed, const sql::MatchNode& node, int keys) {
  std::mt19937 random(seed);
  OperatorRun run([&] { return MatchOperator::Make(node, EvaluationContext()); });
  std::map<int64_t, std::vector<TestRow>> by_key;
  for (int64_t step = 0; step < 40; ++step) {
    std::vector<TestRow> rows;
    for (int i = 0; i < 25; ++i) {
      rows.push_back({{static_cast<int64_t>(random() % keys), static_cast<int64_t>(random() % 60),
                       step * 10 + static_cast<int64_t>(random() % 25)}});
      by_key[*rows.back().cells[0]].push_back(rows.back());
    }
    run.Process(0, MakeBatch(InputTypes(), rows));
    run.Watermark(step * 10 + 9);
    if (step % 4 == 1) run.BeginSnapshot();
    if (step % 8 == 5) run.Restore();
  }
  run.Finish();
  std::map<std::string, int64_t> expected;
  for (auto& [key, rows] : by_key) {
    std::stable_sort(rows.begin(), rows.end(),
                     [](const TestRow& a, const TestRow& b) { return a.cells[2] < b.cells[2]; });
    Scan(node, rows, expected);
  }
  EXPECT_GT(expected.size(), 10u);
  EXPECT_EQ(run.output.rows, expected) << "seed " << seed;
}

TEST(MatchRecognize, SkipsPastTheLastRow) {
  RunRandom(1, Node(sql::MatchSkip::kPastLastRow, 0), 2);
  RunRandom(2, Node(sql::MatchSkip::kPastLastRow, 0), 20);
}

TEST(MatchRecognize, SkipsToTheNextRow) {
  RunRandom(3, Node(sql::MatchSkip::kNextRow, 0), 2);
  RunRandom(4, Node(sql::MatchSkip::kNextRow, 0), 20);
}

TEST(MatchRecognize, EndsWithinAnInterval) {
  RunRandom(5, Node(sql::MatchSkip::kNextRow, 12), 2);
  RunRandom(6, Node(sql::MatchSkip::kNextRow, 60), 20);
}

TEST(MatchRecognize, LateRowsAreDropped) {
  OperatorRun run([] { return MatchOperator::Make(Node(sql::MatchSkip::kPastLastRow, 0), {}); });
  std::vector<TestRow> first = {{{1, 5, 100}}, {{1, 50, 110}}};
  std::vector<TestRow> second = {{{1, 99, 105}}, {{1, 65, 120}}, {{1, 60, 130}}};
  run.Process(0, MakeBatch(InputTypes(), first));
  run.Watermark(110);
  run.Process(0, MakeBatch(InputTypes(), second));
  run.Finish();
  EXPECT_EQ(run.output.changes, (std::vector<std::string>{"+I[1,5,50,50,115,60]"}));
}

TEST(MatchRecognize, KeysWithoutPartialMatchKeepNothing) {
  OperatorRun run([] { return MatchOperator::Make(Node(sql::MatchSkip::kPastLastRow, 10), {}); });
  int64_t empty = run.op().StateBytes();
  for (int64_t key = 0; key < 4000; ++key) {
    std::vector<TestRow> rows = {{{key, key % 60, key * 20}}, {{key, 1, key * 20 + 1}}};
    run.Process(0, MakeBatch(InputTypes(), rows));
    run.Watermark(key * 20 + 1);
  }
  EXPECT_LT(run.op().StateBytes(), empty + 200 * 1024);
}

TEST(MatchRecognize, SkippingToTheFirstRowFails) {
  sql::MatchNode node = Node(sql::MatchSkip::kFirst, 0);
  node.skip_variable = 0;
  OperatorRun run([&] { return MatchOperator::Make(node, {}); });
  std::vector<TestRow> rows = {{{1, 5, 100}}, {{1, 50, 110}}, {{1, 90, 120}}};
  run.Process(0, MakeBatch(InputTypes(), rows));
  Status status = run.op().ProcessWatermark(kMaxWatermark);
  ASSERT_FALSE(status.ok());
  EXPECT_NE(status.ToString().find("would match forever"), std::string::npos);
}

}  // namespace
}  // namespace forebay::compute
