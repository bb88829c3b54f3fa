#include "compute/aggregate/group_aggregate.h"

#include "compute/tests/operator_fixture.h"

namespace forebay::compute {
namespace {

using model::ChangeType;
using model::DataType;

const std::vector<sql::Field> kFields = {
    {"k", DataType::Bigint()}, {"t", DataType::String()},  {"v", DataType::Bigint()},
    {"i", DataType::Int()},    {"f", DataType::Boolean()}, {"d", DataType::Decimal(10, 2)}};

sql::AggregateCall Call(std::string name, std::vector<int> args, DataType type,
                        bool distinct = false, int filter = -1) {
  return {std::move(name), std::move(args), filter, distinct, std::move(type), "a"};
}

std::shared_ptr<sql::AggregateNode> Node(std::vector<int> keys,
                                         std::vector<sql::AggregateCall> calls, bool insert_only) {
  auto node = std::make_shared<sql::AggregateNode>();
  node->inputs = {InputNode(kFields, insert_only)};
  node->changelog = sql::ChangelogMode::All();
  for (int key : keys) node->output.push_back(kFields[key]);
  for (const auto& call : calls) node->output.push_back({call.name, call.type});
  node->keys = std::move(keys);
  node->calls = std::move(calls);
  return node;
}

std::vector<DataType> InputTypes() {
  std::vector<DataType> types;
  for (const auto& field : kFields) types.push_back(field.type);
  return types;
}

std::vector<sql::AggregateCall> Calls() {
  return {Call("COUNT", {}, DataType::Bigint()),
          Call("COUNT", {2}, DataType::Bigint(), false, 4),
          Call("SUM", {2}, DataType::Bigint()),
          Call("MIN", {2}, DataType::Bigint()),
          Call("MAX", {1}, DataType::String()),
          Call("AVG", {3}, DataType::Int()),
          Call("COUNT", {2}, DataType::Bigint(), true),
          Call("SUM", {2}, DataType::Bigint(), true, 4),
          Call("AVG", {5}, DataType::Decimal(38, 6))};
}

/// The aggregates of the rows of one group, computed plainly.
std::string Recompute(const std::vector<TestRow>& rows) {
  int64_t filtered = 0, sum = 0, sum_count = 0, int_sum = 0, ints = 0, decimals = 0,
          decimal_sum = 0;
  std::set<int64_t> values, filtered_values;
  std::set<std::string> texts;
  for (const TestRow& row : rows) {
    bool flag = row.cells[4].has_value() && *row.cells[4] != 0;
    if (row.cells[1].has_value()) texts.insert(TextCell(*row.cells[1]));
    if (row.cells[2].has_value()) {
      filtered += flag;
      sum += *row.cells[2];
      ++sum_count;
      values.insert(*row.cells[2]);
      if (flag) filtered_values.insert(*row.cells[2]);
    }
    if (row.cells[3].has_value()) int_sum += *row.cells[3], ++ints;
    if (row.cells[5].has_value()) decimal_sum += *row.cells[5], ++decimals;
  }
  int64_t distinct_sum = 0;
  for (int64_t value : filtered_values) distinct_sum += value;
  auto text = [](bool is_set, int64_t value) { return is_set ? std::to_string(value) : "~"; };
  std::string average = "~";
  if (decimals > 0) {
    long double exact = static_cast<long double>(decimal_sum) * 10000 / decimals;
    average = std::to_string(static_cast<int64_t>(roundl(exact)));
  }
  return std::to_string(rows.size()) + "," + std::to_string(filtered) + "," +
         text(sum_count > 0, sum) + "," +
         text(!values.empty(), values.empty() ? 0 : *values.begin()) + "," +
         (texts.empty() ? "~" : *texts.rbegin()) + "," +
         text(ints > 0, ints > 0 ? int_sum / ints : 0) + "," + std::to_string(values.size()) + "," +
         text(!filtered_values.empty(), distinct_sum) + "," + average;
}

struct Stream {
  std::mt19937 random;
  bool retract;
  std::vector<TestRow> live;

  std::optional<int64_t> Cell(int range) {
    if (random() % 8 == 0) return std::nullopt;
    return static_cast<int64_t>(random() % range) - range / 3;
  }
  TestRow Next() {
    if (retract && !live.empty() && random() % 3 == 0) {
      size_t victim = random() % live.size();
      TestRow row = live[victim];
      live.erase(live.begin() + static_cast<long>(victim));
      row.change = random() % 2 == 0 ? ChangeType::kDelete : ChangeType::kUpdateBefore;
      return row;
    }
    TestRow row{
        {Cell(random() % 2 == 0 ? 3 : 200), Cell(20), Cell(30), Cell(1000), Cell(2), Cell(100000)},
        random() % 2 == 0 || !retract ? ChangeType::kInsert : ChangeType::kUpdateAfter};
    live.push_back(row);
    live.back().change = ChangeType::kInsert;
    return row;
  }
};

void RunRandom(uint32_t seed, bool retract, std::vector<int> keys, int batch_rows) {
  Stream stream{std::mt19937(seed), retract, {}};
  auto node = Node(keys, Calls(), !retract);
  OperatorRun run([&] { return GroupAggregateOperator::Make(*node); });
  for (int step = 0; step < 40; ++step) {
    std::vector<TestRow> rows;
    for (int i = 0; i < batch_rows; ++i) rows.push_back(stream.Next());
    run.Process(0, MakeBatch(InputTypes(), rows));
    if (step % 5 == 2) run.BeginSnapshot();
    if (step % 10 == 7) {
      run.Snapshot();
      run.Restore();
    }
  }
  std::map<std::string, std::vector<TestRow>> groups;
  for (const TestRow& row : stream.live) {
    std::string key;
    for (int k : keys) {
      std::string cell = !row.cells[k] ? "~"
                         : k == 1      ? TextCell(*row.cells[k])
                                       : std::to_string(*row.cells[k]);
      key += cell + ",";
    }
    groups[key].push_back(row);
  }
  std::map<std::string, int64_t> expected;
  for (const auto& [key, rows] : groups) expected[key + Recompute(rows)] = 1;
  EXPECT_EQ(run.output.rows, expected) << "seed " << seed;
}

TEST(GroupAggregate, EqualsARecomputation) {
  for (uint32_t seed = 1; seed <= 6; ++seed) {
    for (bool retract : {false, true}) {
      RunRandom(seed, retract, {0}, 100);
      RunRandom(seed, retract, {0, 1}, 100);
      RunRandom(seed, retract, {}, 50);
      RunRandom(seed, retract, {0}, 1);
    }
  }
}

TEST(GroupAggregate, SendsOneChangePerKeyAndBatch) {
  auto node = Node({0}, {Call("SUM", {2}, DataType::Bigint())}, false);
  OperatorRun run([&] { return GroupAggregateOperator::Make(*node); });
  auto row = [](int64_t key, int64_t value, ChangeType change) {
    return TestRow{{key, 0, value, 0, 0, 0}, change};
  };
  std::vector<TestRow> first = {row(1, 5, ChangeType::kInsert), row(1, 6, ChangeType::kInsert),
                                row(2, 1, ChangeType::kDelete)};
  run.Process(0, MakeBatch(InputTypes(), first));
  std::vector<TestRow> second = {row(1, 5, ChangeType::kUpdateBefore),
                                 row(1, 7, ChangeType::kUpdateAfter)};
  run.Process(0, MakeBatch(InputTypes(), second));
  std::vector<TestRow> same = {row(1, 3, ChangeType::kUpdateBefore),
                               row(1, 3, ChangeType::kUpdateAfter)};
  run.Process(0, MakeBatch(InputTypes(), same));
  std::vector<TestRow> gone = {row(1, 7, ChangeType::kDelete), row(1, 6, ChangeType::kDelete)};
  run.Process(0, MakeBatch(InputTypes(), gone));
  EXPECT_EQ(run.output.changes,
            (std::vector<std::string>{"+I[1,11]", "-U[1,11]", "+U[1,13]", "-D[1,13]"}));
}

TEST(GroupAggregate, SumOfIntWrapsAndAverageTruncates) {
  auto node =
      Node({}, {Call("SUM", {3}, DataType::Int()), Call("AVG", {3}, DataType::Int())}, true);
  OperatorRun run([&] { return GroupAggregateOperator::Make(*node); });
  std::vector<TestRow> rows = {
      {{0, 0, 0, 2147483647, 0, 0}}, {{0, 0, 0, 2, 0, 0}}, {{0, 0, 0, 1, 0, 0}}};
  run.Process(0, MakeBatch(InputTypes(), rows));
  EXPECT_EQ(run.output.changes, (std::vector<std::string>{"+I[-2147483646,715827883]"}));
}

TEST(GroupAggregate, SnapshotWritesOnlyChanges) {
  auto node = Node({0}, {Call("SUM", {2}, DataType::Bigint())}, true);
  OperatorRun run([&] { return GroupAggregateOperator::Make(*node); });
  std::vector<TestRow> rows;
  for (int64_t i = 0; i < 2000; ++i) rows.push_back({{i, 0, 1, 0, 0, 0}});
  run.Process(0, MakeBatch(InputTypes(), rows));
  run.Snapshot();
  EXPECT_EQ(run.state.writes, 2000);
  run.Snapshot();
  EXPECT_EQ(run.state.writes, 2000);
  run.Process(0, MakeBatch(InputTypes(), std::span(rows).first(3)));
  run.Snapshot();
  EXPECT_EQ(run.state.writes, 2003);
}

TEST(GroupAggregate, NamesTheFunctionItLacks) {
  auto node = Node({0}, {Call("MEDIAN", {2}, DataType::Bigint())}, true);
  auto made = GroupAggregateOperator::Make(*node);
  ASSERT_FALSE(made.ok());
  EXPECT_EQ(made.kind(), ErrorKind::kNotSupported);
}

}  // namespace
}  // namespace forebay::compute
