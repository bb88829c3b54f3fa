#include "compute/operator/rank.h"

#include "compute/operator/deduplicate.h"
#include "compute/operator/sort.h"
#include "compute/tests/operator_fixture.h"
#include "compute/window/window_table.h"

namespace forebay::compute {
namespace {

using model::ChangeType;
using model::DataType;

const std::vector<sql::Field> kFields = {
    {"k", DataType::Bigint()},
    {"v", DataType::Bigint()},
    {"ts", DataType::Timestamp(3), sql::TimeAttribute::kRowtime},
    {"t", DataType::String()}};

std::vector<DataType> InputTypes() {
  std::vector<DataType> types;
  for (const auto& field : kFields) types.push_back(field.type);
  return types;
}

sql::RankNode Node(int64_t start, int64_t end, bool number, bool insert_only) {
  sql::RankNode node;
  node.inputs = {InputNode(kFields, insert_only)};
  node.keys = {0};
  node.order = {{1, true, false}, {2, false, true}};
  node.rank_start = start;
  node.rank_end = end;
  node.output_rank_number = number;
  node.changelog = sql::ChangelogMode::All();
  node.output = kFields;
  if (number) node.output.push_back({"rn", DataType::Bigint()});
  return node;
}

std::string Text(const TestRow& row) {
  std::string text;
  for (size_t i = 0; i < 4; ++i) {
    text += (i > 0 ? "," : "");
    text += !row.cells[i] ? "~" : i == 3 ? TextCell(*row.cells[i]) : std::to_string(*row.cells[i]);
  }
  return text;
}

std::map<std::string, int64_t> Recompute(const sql::RankNode& node, std::vector<TestRow> live) {
  // v DESC NULLS LAST, then ts ASC; ties by arrival, the order of `live`.
  std::stable_sort(live.begin(), live.end(), [](const TestRow& a, const TestRow& b) {
    int64_t av = a.cells[1].value_or(INT64_MIN), bv = b.cells[1].value_or(INT64_MIN);
    return av != bv ? av > bv : a.cells[2] < b.cells[2];
  });
  std::map<std::optional<int64_t>, int64_t> seen;
  std::map<std::string, int64_t> rows;
  for (const TestRow& row : live) {
    int64_t number = ++seen[row.cells[0]];
    if (number < node.rank_start || number > node.rank_end) continue;
    ++rows[Text(row) + (node.output_rank_number ? "," + std::to_string(number) : "")];
  }
  return rows;
}

void RunRandom(uint32_t seed, const sql::RankNode& node, bool retract, int batch_rows) {
  std::mt19937 random(seed);
  OperatorRun run([&] { return RankOperator::Make(node); });
  std::vector<TestRow> live;
  for (int step = 0; step < 50; ++step) {
    std::vector<TestRow> rows;
    for (int i = 0; i < batch_rows; ++i) {
      if (retract && !live.empty() && random() % 3 == 0) {
        size_t victim = random() % live.size();
        rows.push_back(live[victim]);
        rows.back().change = ChangeType::kDelete;
        // Of equal rows the first is taken.
        for (size_t j = 0; j < victim; ++j) {
          if (live[j].cells == live[victim].cells) victim = j;
        }
        live.erase(live.begin() + static_cast<long>(victim));
        continue;
      }
      auto value = random() % 10 == 0 ? std::nullopt : std::optional<int64_t>(random() % 20);
      rows.push_back({{static_cast<int64_t>(random() % 4), value,
                       static_cast<int64_t>(random() % 5), static_cast<int64_t>(random() % 50)}});
      live.push_back(rows.back());
    }
    run.Process(0, MakeBatch(InputTypes(), rows));
    ASSERT_EQ(run.output.rows, Recompute(node, live)) << "seed " << seed << " step " << step;
    if (step % 5 == 2) run.BeginSnapshot();
    if (step % 11 == 7) {
      run.Snapshot();
      run.Restore();
    }
  }
}

TEST(Rank, EqualsASort) {
  for (uint32_t seed = 1; seed <= 3; ++seed) {
    for (bool retract : {false, true}) {
      for (bool number : {false, true}) {
        for (auto [start, end] : {std::pair{1, 1}, std::pair{1, 5}, std::pair{3, 6}}) {
          RunRandom(seed, Node(start, end, number, !retract), retract, 1);
          RunRandom(seed, Node(start, end, number, !retract), retract, 40);
        }
      }
    }
  }
}

/// Rows of a key replace one another, with values that only grow, and without their old rows.
void RunUpdates(uint32_t seed, sql::RankNode node, int batch_rows) {
  node.order = {{1, true, false}, {3, false, true}};
  node.update_keys = {0, 3};
  std::mt19937 random(seed);
  OperatorRun run([&] { return RankOperator::Make(node); });
  std::map<std::pair<int64_t, int64_t>, TestRow> live;
  for (int step = 0; step < 60; ++step) {
    std::vector<TestRow> rows;
    for (int i = 0; i < batch_rows; ++i) {
      std::pair key{static_cast<int64_t>(random() % 3), static_cast<int64_t>(random() % 8)};
      auto known = live.find(key);
      int64_t value = known == live.end() ? 0 : *known->second.cells[1] + random() % 4;
      TestRow row{{key.first, value, static_cast<int64_t>(random() % 5), key.second}};
      if (known != live.end()) row.change = ChangeType::kUpdateAfter;
      live[key] = row;
      rows.push_back(row);
    }
    run.Process(0, MakeBatch(InputTypes(), rows));
    std::vector<TestRow> all;
    for (const auto& [key, row] : live) all.push_back(row);
    std::stable_sort(all.begin(), all.end(), [](const TestRow& a, const TestRow& b) {
      return *a.cells[1] != *b.cells[1] ? *a.cells[1] > *b.cells[1]
                                        : TextCell(*a.cells[3]) < TextCell(*b.cells[3]);
    });
    std::map<int64_t, int64_t> seen;
    std::map<std::string, int64_t> expected;
    for (const TestRow& row : all) {
      int64_t number = ++seen[*row.cells[0]];
      if (number < node.rank_start || number > node.rank_end) continue;
      ++expected[Text(row) + (node.output_rank_number ? "," + std::to_string(number) : "")];
    }
    ASSERT_EQ(run.output.rows, expected) << "seed " << seed << " step " << step;
    if (step % 9 == 4) {
      run.Snapshot();
      run.Restore();
    }
  }
}

TEST(Rank, UpdatesReplaceRowsByKey) {
  for (uint32_t seed = 1; seed <= 3; ++seed) {
    for (bool number : {false, true}) {
      for (auto [start, end] : {std::pair{1, 1}, std::pair{1, 4}, std::pair{2, 5}}) {
        RunUpdates(seed, Node(start, end, number, false), 1);
        RunUpdates(seed, Node(start, end, number, false), 30);
      }
    }
  }
}

TEST(Rank, ARowThatMovesUpIsTakenBackBeforeItStandsHigher) {
  sql::RankNode node = Node(1, 3, true, false);
  node.update_keys = {0, 3};
  OperatorRun run([&] { return RankOperator::Make(node); });
  for (int64_t t = 1; t <= 2; ++t) {
    std::vector<TestRow> rows = {{{1, 10 - t, 0, t}}};
    run.Process(0, MakeBatch(InputTypes(), rows));
  }
  run.output.changes.clear();
  std::vector<TestRow> rows = {{{1, 20, 0, 2}}};
  rows[0].change = ChangeType::kUpdateAfter;
  run.Process(0, MakeBatch(InputTypes(), rows));
  std::string other = "[1,9,0,s1-a-longer-string,";
  EXPECT_EQ(run.output.changes, (std::vector<std::string>{"-U" + other + "1]", "-U[1,8,0,s2,2]",
                                                          "+U[1,20,0,s2,1]", "+U" + other + "2]"}));
}

TEST(Rank, WindowedSendsOnceWhenTheWindowEnds) {
  sql::RankNode node = Node(1, 2, true, true);
  node.keys = {0, 2};
  node.windowed = true;
  OperatorRun run([&] { return RankOperator::Make(node); });
  std::vector<TestRow> rows = {
      {{1, 5, 100, 0}}, {{1, 7, 100, 2}}, {{1, 6, 100, 4}}, {{1, 1, 200, 6}}};
  run.Process(0, MakeBatch(InputTypes(), rows));
  run.Snapshot();
  run.Restore();
  run.Watermark(98);
  EXPECT_TRUE(run.output.changes.empty());
  run.Watermark(99);
  EXPECT_EQ(run.output.changes, (std::vector<std::string>{"+I[1,7,100,s2,1]", "+I[1,6,100,s4,2]"}));
  run.Process(0, MakeBatch(InputTypes(), std::span(rows).first(1)));
  run.Snapshot();
  run.Restore();
  run.Finish();
  EXPECT_EQ(run.output.changes.size(), 3u);
  run.Snapshot();
}

TEST(Deduplicate, KeepsTheFirstOrLastByTime) {
  for (bool keep_last : {false, true}) {
    for (int batch_rows : {1, 30}) {
      sql::DeduplicateNode node;
      node.inputs = {InputNode(kFields)};
      node.keys = {0};
      node.time_column = 2;
      node.keep_last = keep_last;
      node.output = kFields;
      node.changelog = sql::ChangelogMode::All();
      OperatorRun run([&] { return DeduplicateOperator::Make(node); });
      std::mt19937 random(7);
      std::map<int64_t, TestRow> kept;
      for (int step = 0; step < 80; ++step) {
        std::vector<TestRow> rows;
        for (int i = 0; i < batch_rows; ++i) {
          TestRow row{{static_cast<int64_t>(random() % 30), static_cast<int64_t>(random() % 9),
                       static_cast<int64_t>(random() % 50), static_cast<int64_t>(random() % 9)}};
          rows.push_back(row);
          auto [it, inserted] = kept.try_emplace(*row.cells[0], row);
          bool replaces =
              keep_last ? it->second.cells[2] <= row.cells[2] : row.cells[2] < it->second.cells[2];
          if (!inserted && replaces) it->second = row;
        }
        run.Process(0, MakeBatch(InputTypes(), rows));
        std::map<std::string, int64_t> expected;
        for (const auto& [key, row] : kept) ++expected[Text(row)];
        ASSERT_EQ(run.output.rows, expected);
        if (step % 4 == 1) run.BeginSnapshot();
        if (step % 9 == 5) {
          run.Snapshot();
          run.Restore();
        }
      }
    }
  }
}

TEST(Sort, SendsByTimeAsTheWatermarkPasses) {
  sql::SortNode node;
  node.inputs = {InputNode(kFields)};
  node.output = kFields;
  node.order = {{2, false, true}, {1, true, false}};
  OperatorRun run([&] { return SortOperator::Make(node); });
  std::vector<TestRow> rows = {{{1, 1, 30, 0}}, {{2, 2, 10, 0}}, {{3, 3, 30, 0}}, {{4, 4, 50, 0}}};
  run.Process(0, MakeBatch(InputTypes(), rows));
  run.Snapshot();
  run.Restore();
  run.Watermark(30);
  EXPECT_EQ(run.output.changes,
            (std::vector<std::string>{"+I[2,2,10,s0]", "+I[3,3,30,s0]", "+I[1,1,30,s0]"}));
  run.Process(0, MakeBatch(InputTypes(), std::span(rows).first(1)));
  run.Snapshot();
  run.Restore();
  run.Finish();
  EXPECT_EQ(run.output.changes.back(), "+I[4,4,50,s0]");
  EXPECT_EQ(run.output.changes.size(), 4u);
}

TEST(Limit, CountsAcrossBatches) {
  sql::LimitNode node;
  node.inputs = {InputNode(kFields)};
  node.output = kFields;
  node.offset = 3;
  node.fetch = 4;
  OperatorRun run([&] { return LimitOperator::Make(node); });
  for (int64_t i = 0; i < 10; i += 2) {
    std::vector<TestRow> rows = {{{i, 0, 0, 0}}, {{i + 1, 0, 0, 0}}};
    run.Process(0, MakeBatch(InputTypes(), rows));
    run.Snapshot();
    run.Restore();
  }
  ASSERT_EQ(run.output.changes.size(), 4u);
  EXPECT_EQ(run.output.changes.front(), "+I[3,0,0,s0]");
  EXPECT_EQ(run.output.changes.back(), "+I[6,0,0,s0]");
}

TEST(WindowTable, RepeatsRowsPerWindow) {
  sql::WindowTableNode node;
  node.inputs = {InputNode(kFields)};
  node.window.kind = sql::WindowKind::kHop;
  node.window.size_ms = 100;
  node.window.slide_ms = 50;
  node.window.time_column = 2;
  node.output = kFields;
  for (const char* name : {"ws", "we", "wt"}) node.output.push_back({name, DataType::Timestamp(3)});
  OperatorRun run([&] { return WindowTableOperator::Make(node, {}); });
  std::vector<TestRow> rows = {{{1, 1, 60, 0}}};
  run.Process(0, MakeBatch(InputTypes(), rows));
  EXPECT_EQ(run.output.rows, (std::map<std::string, int64_t>{{"1,1,60,s0,50,150,149", 1},
                                                             {"1,1,60,s0,0,100,99", 1}}));
}

}  // namespace
}  // namespace forebay::compute
