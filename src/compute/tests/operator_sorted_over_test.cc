#include "compute/operator/sorted_over.h"

#include <algorithm>

#include "compute/tests/operator_fixture.h"

namespace forebay::compute {
namespace {

using model::ChangeType;
using model::DataType;

const std::vector<sql::Field> kFields = {
    {"k", DataType::Bigint()}, {"o", DataType::Bigint()}, {"v", DataType::Bigint()}};
const std::vector<DataType> kTypes = {DataType::Bigint(), DataType::Bigint(), DataType::Bigint()};

sql::OverAggregateNode Node(bool is_rows) {
  sql::OverAggregateNode node;
  node.inputs = {InputNode(kFields, false)};
  node.changelog = sql::ChangelogMode::All();
  node.keys = {0};
  node.order = {{1, false, true}};
  node.frame.is_rows = is_rows;
  node.calls = {{"COUNT", {}, -1, false, DataType::Bigint(), "c"},
                {"SUM", {2}, -1, false, DataType::Bigint(), "s"},
                {"RANK", {1}, -1, false, DataType::Bigint(), "r"},
                {"DENSE_RANK", {1}, -1, false, DataType::Bigint(), "d"}};
  if (is_rows) {
    node.calls.push_back({"ROW_NUMBER", {}, -1, false, DataType::Bigint(), "n"});
    node.calls.push_back({"LAG", {2}, -1, false, DataType::Bigint(), "l"});
  }
  node.output = kFields;
  for (const sql::AggregateCall& call : node.calls) node.output.push_back({call.name, call.type});
  return node;
}

std::string Text(const std::optional<int64_t>& cell) { return cell ? std::to_string(*cell) : "~"; }

/// The result of `rows`, the live rows of a key in order.
void Recompute(const std::vector<TestRow>& rows, bool is_rows,
               std::map<std::string, int64_t>& expected) {
  for (size_t i = 0; i < rows.size(); ++i) {
    size_t end = i + 1;
    while (!is_rows && end < rows.size() && rows[end].cells[1] == rows[i].cells[1]) ++end;
    int64_t sum = 0, rank = 1, dense = 0;
    bool has_sum = false;
    for (size_t j = 0; j < end; ++j) {
      has_sum = has_sum || rows[j].cells[2].has_value();
      sum += rows[j].cells[2].value_or(0);
      if (rows[j].cells[1] != rows[i].cells[1]) rank = static_cast<int64_t>(j) + 2;
      if (j == 0 || rows[j].cells[1] != rows[j - 1].cells[1]) ++dense;
    }
    std::string text = Text(rows[i].cells[0]) + "," + Text(rows[i].cells[1]) + "," +
                       Text(rows[i].cells[2]) + "," + std::to_string(end) + "," +
                       (has_sum ? std::to_string(sum) : "~") + "," + std::to_string(rank) + "," +
                       std::to_string(dense);
    if (is_rows) {
      text += "," + std::to_string(i + 1) + "," + (i == 0 ? "~" : Text(rows[i - 1].cells[2]));
    }
    ++expected[text];
  }
}

TEST(SortedOver, EqualsARecomputation) {
  for (bool is_rows : {false, true}) {
    for (int batch_rows : {1, 6}) {
      sql::OverAggregateNode node = Node(is_rows);
      OperatorRun run([&] { return SortedOverOperator::Make(node); });
      std::mt19937 random(7);
      std::map<int64_t, std::vector<TestRow>> live;  // by key, in order
      for (int step = 0; step < 60; ++step) {
        std::vector<TestRow> batch;
        for (int i = 0; i < batch_rows; ++i) {
          int64_t key = static_cast<int64_t>(random() % 3);
          std::vector<TestRow>& rows = live[key];
          TestRow row;
          if (!rows.empty() && random() % 3 == 0) {
            row = rows[random() % rows.size()];
            auto first = std::find_if(rows.begin(), rows.end(), [&](const TestRow& other) {
              return other.cells == row.cells;
            });
            rows.erase(first);
            row.change = ChangeType::kDelete;
          } else {
            row.cells = {key, static_cast<int64_t>(random() % 5),
                         random() % 6 == 0 ? std::nullopt : std::optional<int64_t>(random() % 50)};
            auto place = std::find_if(rows.begin(), rows.end(), [&](const TestRow& other) {
              return *other.cells[1] > *row.cells[1];
            });
            rows.insert(place, row);
          }
          batch.push_back(row);
        }
        run.Process(0, MakeBatch(kTypes, batch));
        if (step % 4 == 1) run.BeginSnapshot();
        if (step % 9 == 5) {
          run.Snapshot();
          run.Restore();
        }
      }
      std::map<std::string, int64_t> expected;
      for (const auto& [key, rows] : live) Recompute(rows, is_rows, expected);
      EXPECT_EQ(run.output.rows, expected) << "rows " << is_rows << " batch " << batch_rows;
    }
  }
}

TEST(SortedOver, SendsOnlyWhatChanges) {
  sql::OverAggregateNode node = Node(false);
  node.calls = {{"MIN", {2}, -1, false, DataType::Bigint(), "m"}};
  node.output = kFields;
  node.output.push_back({"m", DataType::Bigint()});
  OperatorRun run([&] { return SortedOverOperator::Make(node); });
  run.Process(0, MakeBatch(kTypes, std::vector<TestRow>{{{1, 10, 5}}, {{1, 30, 3}}, {{1, 20, 4}}}));
  EXPECT_EQ(run.output.changes,
            (std::vector<std::string>{"+I[1,10,5,5]", "+I[1,30,3,3]", "+I[1,20,4,4]"}));
  run.Process(0, MakeBatch(kTypes, std::vector<TestRow>{{{1, 10, 4}}}));
  EXPECT_EQ(run.output.changes.size(), 6u);
  EXPECT_EQ(run.output.changes[3], "-U[1,10,5,5]");
  EXPECT_EQ(run.output.changes[4], "+U[1,10,5,4]");
  EXPECT_EQ(run.output.changes[5], "+I[1,10,4,4]");
}

}  // namespace
}  // namespace forebay::compute
