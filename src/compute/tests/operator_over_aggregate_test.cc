#include "compute/operator/over_aggregate.h"

#include <algorithm>

#include "compute/tests/operator_fixture.h"

namespace forebay::compute {
namespace {

using model::DataType;
using Kind = sql::FrameBoundKind;

const std::vector<sql::Field> kFields = {
    {"k", DataType::Bigint()},
    {"v", DataType::Bigint()},
    {"ts", DataType::Timestamp(3), sql::TimeAttribute::kRowtime}};

std::vector<DataType> InputTypes() {
  return {DataType::Bigint(), DataType::Bigint(), DataType::Timestamp(3)};
}

sql::OverAggregateNode Node(bool is_rows, Kind start, int64_t offset) {
  sql::OverAggregateNode node;
  node.inputs = {InputNode(kFields)};
  node.keys = {0};
  node.order = {{2, false, true}};
  node.frame = {is_rows, {start, offset}, {Kind::kCurrentRow, 0}};
  node.calls = {{"COUNT", {}, -1, false, DataType::Bigint(), "n"},
                {"SUM", {1}, -1, false, DataType::Bigint(), "s"},
                {"MAX", {1}, -1, false, DataType::Bigint(), "m"}};
  node.output = kFields;
  for (const auto& call : node.calls) node.output.push_back({call.name, call.type});
  return node;
}

/// The answer for rows[at], looked up in all rows of its key in (time, arrival) order.
std::string Expected(const sql::OverAggregateNode& node, const std::vector<TestRow>& rows,
                     size_t at) {
  int64_t time = *rows[at].cells[2];
  bool is_bounded = node.frame.start.kind != Kind::kUnboundedPreceding;
  int64_t count = 0, sum = 0, values = 0, most = INT64_MIN;
  size_t end = at;
  for (size_t i = at; !node.frame.is_rows && i < rows.size() && rows[i].cells[2] == time; ++i) {
    end = i;
  }
  for (size_t i = 0; i <= end; ++i) {
    bool in =
        !is_bounded || (node.frame.is_rows ? static_cast<int64_t>(at - i) <= node.frame.start.offset
                                           : *rows[i].cells[2] >= time - node.frame.start.offset);
    if (!in) continue;
    ++count;
    if (!rows[i].cells[1]) continue;
    ++values;
    sum += *rows[i].cells[1];
    most = std::max(most, *rows[i].cells[1]);
  }
  std::string text;
  for (const auto& cell : rows[at].cells) text += (cell ? std::to_string(*cell) : "~") + ",";
  text += std::to_string(count) + ",";
  return text + (values == 0 ? "~,~" : std::to_string(sum) + "," + std::to_string(most));
}

std::map<std::string, int64_t> Recompute(const sql::OverAggregateNode& node,
                                         const std::vector<TestRow>& all) {
  std::map<int64_t, std::vector<TestRow>> by_key;
  for (const TestRow& row : all) by_key[*row.cells[0]].push_back(row);
  std::map<std::string, int64_t> expected;
  for (auto& [key, rows] : by_key) {
    std::stable_sort(rows.begin(), rows.end(),
                     [](const TestRow& a, const TestRow& b) { return a.cells[2] < b.cells[2]; });
    for (size_t i = 0; i < rows.size(); ++i) ++expected[Expected(node, rows, i)];
  }
  return expected;
}

void RunRandom(uint32_t seed, const sql::OverAggregateNode& node, int keys) {
  std::mt19937 random(seed);
  OperatorRun run([&] { return OverAggregateOperator::Make(node); });
  std::vector<TestRow> all;
  for (int64_t step = 0; step < 40; ++step) {
    std::vector<TestRow> rows;
    for (int i = 0; i < 25; ++i) {
      auto value = random() % 8 == 0 ? std::nullopt : std::optional<int64_t>(random() % 100);
      rows.push_back({{static_cast<int64_t>(random() % keys), value,
                       step * 10 + static_cast<int64_t>(random() % 25)}});
      all.push_back(rows.back());
    }
    run.Process(0, MakeBatch(InputTypes(), rows));
    run.Watermark(step * 10 + 9);
    if (step % 4 == 1) run.BeginSnapshot();
    if (step % 8 == 5) run.Restore();
  }
  run.Finish();
  EXPECT_EQ(run.output.rows, Recompute(node, all)) << "seed " << seed;
}

TEST(OverAggregate, UnboundedRows) {
  RunRandom(1, Node(true, Kind::kUnboundedPreceding, 0), 3);
  RunRandom(2, Node(true, Kind::kUnboundedPreceding, 0), 50);
}

TEST(OverAggregate, UnboundedRange) {
  RunRandom(3, Node(false, Kind::kUnboundedPreceding, 0), 3);
  RunRandom(4, Node(false, Kind::kUnboundedPreceding, 0), 50);
}

TEST(OverAggregate, BoundedRows) {
  RunRandom(5, Node(true, Kind::kPreceding, 3), 3);
  RunRandom(6, Node(true, Kind::kPreceding, 1), 50);
}

TEST(OverAggregate, BoundedRange) {
  RunRandom(7, Node(false, Kind::kPreceding, 12), 3);
  RunRandom(8, Node(false, Kind::kPreceding, 30), 50);
}

TEST(OverAggregate, LateRowsAreDropped) {
  OperatorRun run(
      [] { return OverAggregateOperator::Make(Node(false, Kind::kUnboundedPreceding, 0)); });
  run.Process(0, MakeBatch(InputTypes(), std::vector<TestRow>{{{1, 5, 100}}}));
  run.Watermark(200);
  run.Process(0, MakeBatch(InputTypes(), std::vector<TestRow>{{{1, 7, 150}}, {{1, 8, 201}}}));
  run.Finish();
  EXPECT_EQ(run.output.changes,
            (std::vector<std::string>{"+I[1,5,100,1,5,5]", "+I[1,8,201,2,13,8]"}));
}

TEST(OverAggregate, KeysOfEmptyRangesGo) {
  OperatorRun run([] { return OverAggregateOperator::Make(Node(false, Kind::kPreceding, 10)); });
  int64_t empty = run.op().StateBytes();
  for (int64_t key = 0; key < 2000; ++key) {
    run.Process(0, MakeBatch(InputTypes(), std::vector<TestRow>{{{key, 1, key}}}));
    run.Watermark(key);
  }
  EXPECT_LT(run.op().StateBytes(), empty + 200 * 1024);
  EXPECT_EQ(run.output.changes.size(), 2000u);
}

TEST(OverAggregate, ProcessingTimeAnswersAtOnce) {
  sql::OverAggregateNode node = Node(true, Kind::kPreceding, 1);
  std::vector<sql::Field> fields = kFields;
  fields[2].time_attribute = sql::TimeAttribute::kProctime;
  node.inputs = {InputNode(fields)};
  OperatorRun run([&] { return OverAggregateOperator::Make(node); });
  run.Process(0,
              MakeBatch(InputTypes(), std::vector<TestRow>{{{1, 5, 0}}, {{1, 7, 0}}, {{1, 9, 0}}}));
  EXPECT_EQ(run.output.changes,
            (std::vector<std::string>{"+I[1,5,0,1,5,5]", "+I[1,7,0,2,12,7]", "+I[1,9,0,2,16,9]"}));
}

}  // namespace
}  // namespace forebay::compute
