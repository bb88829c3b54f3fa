#include <gmock/gmock.h>

#include <filesystem>

#include "compute/join/distinct_keys.h"
#include "compute/join/full_lookup_cache.h"
#include "compute/join/lookup_join.h"
#include "compute/tests/memory_connection.h"
#include "compute/tests/operator_fixture.h"

namespace forebay::compute {
namespace {

using model::DataType;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const std::vector<DataType> kTypes = {DataType::Bigint().NotNull(), DataType::Bigint()};

/// A table of a number for each key, which counts what is asked of it.
class Numbers : public MemoryConnection {
 public:
  std::map<int64_t, int64_t> rows;
  std::vector<std::vector<int64_t>> asked;  ///< the keys of each lookup
  int snapshots = 0;
  std::function<void()> before_lookup = [] {};

  using Projection = std::optional<std::vector<int>>;
  Result<std::unique_ptr<client::Lookuper>> OpenLookuper(const model::TablePath&,
                                                         Projection projection) override {
    return std::unique_ptr<client::Lookuper>(std::make_unique<Finder>(*this, *projection));
  }
  Result<std::unique_ptr<client::SnapshotScanner>> OpenSnapshotScanner(
      const model::TablePath&, const model::BucketId&, Projection projection) override {
    ++snapshots;
    return std::unique_ptr<client::SnapshotScanner>(std::make_unique<Snapshot>(*this, *projection));
  }

 private:
  class Finder : public client::Lookuper {
   public:
    Finder(Numbers& table, std::vector<int> columns)
        : table_(table), columns_(std::move(columns)) {}
    Result<Rows> Lookup(const model::Batch& keys) override {
      table_.before_lookup();
      table_.asked.emplace_back();
      Rows found;
      model::BatchBuilder builder(kTypes);
      for (int i = 0; i < keys.num_rows; ++i) {
        int64_t key = keys.columns[0].Get<int64_t>(i);
        table_.asked.back().push_back(key);
        auto row = table_.rows.find(key);
        found.row_of_key.push_back(row == table_.rows.end() ? -1 : builder.num_rows());
        if (row != table_.rows.end()) table_.Append(builder, *row);
      }
      found.rows = builder.Finish().Project(columns_);
      return found;
    }

   private:
    Numbers& table_;
    const std::vector<int> columns_;
  };

  class Snapshot : public client::SnapshotScanner {
   public:
    Snapshot(Numbers& table, std::vector<int> columns)
        : table_(table), columns_(std::move(columns)) {}
    model::LogOffset log_offset() const override { return 0; }
    Result<model::Batch> Next() override {
      model::BatchBuilder builder(kTypes);
      if (!std::exchange(ended_, true)) {
        for (const auto& row : table_.rows) table_.Append(builder, row);
      }
      return builder.Finish().Project(columns_);
    }

   private:
    Numbers& table_;
    const std::vector<int> columns_;
    bool ended_ = false;
  };

  void Append(model::BatchBuilder& builder, const std::pair<const int64_t, int64_t>& row) {
    builder.column(0).Append<int64_t>(row.first);
    builder.column(1).Append<int64_t>(row.second);
    builder.FinishRow();
  }
};

class LookupTest : public testing::Test {
 protected:
  using Options = std::map<std::string, std::string>;

  void SetUp() override {
    g_now_ms = 1'000'000;
    node_.inputs = {InputNode({{"id", DataType::Bigint()}})};
    node_.left_outer = true;
    node_.keys = {sql::Expression::Column(DataType::Bigint(), 0)};
    node_.columns = {1};
    node_.output = {{"id", DataType::Bigint()}, {"v", DataType::Bigint()}};
    model::Schema& schema = node_.table.info.descriptor.schema;
    schema.columns = {{"k", kTypes[0]}, {"v", kTypes[1]}};
    schema.primary_key = {"k"};
    node_.table.info.descriptor.bucket_count = 1;
    table_.rows = {{1, 10}, {2, 20}};
  }
  OperatorRun Run(Options options) {
    node_.table.options = std::move(options);
    return OperatorRun([this] { return LookupJoinOperator::Make(node_, {}, &table_); });
  }
  void Patient(int64_t retries) {
    node_.retries = retries;
    node_.retry_delay_ms = 100;
  }
  /// What comes out when so much time has passed.
  static std::vector<std::string> After(OperatorRun& run, int64_t ms) {
    run.output.changes.clear();
    run.Tick(g_now_ms + ms);
    return run.output.changes;
  }
  /// What the rows `ids` become.
  static std::vector<std::string> Join(OperatorRun& run, const std::vector<int64_t>& ids) {
    std::vector<TestRow> rows;
    for (int64_t id : ids) rows.push_back({{id}});
    run.output.changes.clear();
    run.Process(0, MakeBatch({DataType::Bigint()}, rows));
    return run.output.changes;
  }

  sql::LookupJoinNode node_;
  Numbers table_;
};

TEST_F(LookupTest, AsksAgainOnlyForWhatWasNotThere) {
  Patient(5);
  table_.before_lookup = [this] {
    if (table_.asked.size() == 2) table_.rows[3] = 30;
    if (table_.asked.size() == 3) table_.rows[4] = 40;
  };
  auto run = Run({});
  EXPECT_THAT(Join(run, {1, 3, 1, 4, 2, 3}), ElementsAre("+I[1,10]"));
  EXPECT_THAT(After(run, 99), IsEmpty());
  EXPECT_THAT(After(run, 1), IsEmpty());
  EXPECT_THAT(After(run, 100), ElementsAre("+I[3,30]", "+I[1,10]"));
  EXPECT_THAT(After(run, 100), ElementsAre("+I[4,40]", "+I[2,20]", "+I[3,30]"));
  EXPECT_THAT(table_.asked, ElementsAre(ElementsAre(1, 3, 4, 2), ElementsAre(3, 4),
                                        ElementsAre(3, 4), ElementsAre(4)));
  EXPECT_THAT(After(run, 100), IsEmpty());
}

TEST_F(LookupTest, EachKeyOfABatchIsLookedUpOnce) {
  auto run = Run({});
  EXPECT_THAT(Join(run, {2, 1, 2, 3, 1, 3, 2}),
              ElementsAre("+I[2,20]", "+I[1,10]", "+I[2,20]", "+I[3,~]", "+I[1,10]", "+I[3,~]",
                          "+I[2,20]"));
  EXPECT_THAT(table_.asked, ElementsAre(ElementsAre(2, 1, 3)));
}

TEST(DistinctKeysTest, KeysOfSeveralColumnsAreDistinctByAllOfThem) {
  // Odd numbers make long texts.
  std::vector<TestRow> keys = {{{7, 1}}, {{8, 1}}, {{7, 2}}, {{7, 1}}, {{8, 1}}};
  DistinctKeys distinct(MakeBatch({DataType::String(), DataType::Bigint()}, keys));
  EXPECT_THAT(distinct.rows, ElementsAre(0, 1, 2));
  EXPECT_THAT(distinct.place_of_row, ElementsAre(0, 1, 2, 0, 1));
}

TEST(DistinctKeysTest, KeysThatOnlyHashAlikeStayApart) {
  model::ColumnBuilder zeros(DataType::Double());
  for (double zero : {0.0, -0.0, 0.0}) zeros.Append(zero);
  DistinctKeys distinct(model::Batch(3, {zeros.Finish()}));
  EXPECT_THAT(distinct.rows, ElementsAre(0, 1, 2));
  EXPECT_THAT(distinct.place_of_row, ElementsAre(0, 1, 2));
}

TEST_F(LookupTest, StopsAskingAfterTheAttempts) {
  Patient(2);
  auto run = Run({});
  EXPECT_THAT(Join(run, {9, 1}), IsEmpty());
  EXPECT_THAT(After(run, 100), IsEmpty());
  EXPECT_THAT(After(run, 100), ElementsAre("+I[9,~]", "+I[1,10]"));
  EXPECT_EQ(table_.asked.size(), 3u);
}

TEST_F(LookupTest, RowsBehindOneThatWaitsAreLookedUpAndWaitForIt) {
  Patient(1);
  auto run = Run({});
  EXPECT_THAT(Join(run, {9}), IsEmpty());
  EXPECT_THAT(Join(run, {1}), IsEmpty());
  table_.rows.erase(1);
  EXPECT_THAT(After(run, 100), ElementsAre("+I[9,~]", "+I[1,10]"));
}

TEST_F(LookupTest, WhereTheOrderIsFreeOnlyRowsThatFoundNothingWait) {
  Patient(2);
  node_.unordered = true;
  auto run = Run({});
  EXPECT_THAT(Join(run, {9, 1, 8, 2}), ElementsAre("+I[1,10]", "+I[2,20]"));
  table_.rows[8] = 80;
  EXPECT_THAT(After(run, 100), ElementsAre("+I[8,80]"));
  EXPECT_THAT(Join(run, {2}), ElementsAre("+I[2,20]"));
  EXPECT_THAT(After(run, 100), ElementsAre("+I[9,~]"));
}

TEST_F(LookupTest, ChangesKeepTheirOrder) {
  Patient(1);
  node_.unordered = true;
  node_.inputs = {InputNode({{"id", DataType::Bigint()}}, false)};
  auto run = Run({});
  EXPECT_THAT(Join(run, {9, 1}), IsEmpty());
  EXPECT_THAT(After(run, 100), ElementsAre("+I[9,~]", "+I[1,10]"));
}

TEST_F(LookupTest, TheWatermarkBehindRowsThatWaitComesAfterThem) {
  Patient(1);
  auto run = Run({});
  run.Watermark(100);
  Join(run, {9});
  run.Watermark(200);
  Join(run, {8});
  EXPECT_EQ(run.op().OutputWatermark(200), 100);
  table_.rows[9] = 90;
  run.Watermark(300);
  EXPECT_THAT(After(run, 100), ElementsAre("+I[9,90]", "+I[8,~]"));
  EXPECT_EQ(run.op().OutputWatermark(300), 300);
}

TEST_F(LookupTest, RowsThatWaitAreInTheCheckpointUntilTheyAreAnswered) {
  Patient(3);
  node_.inputs = {InputNode({{"id", DataType::Bigint()}}, false)};
  auto run = Run({});
  run.Watermark(100);
  Join(run, {9, 1, 8});
  After(run, 100);
  run.Snapshot();
  run.Process(
      0, MakeBatch({DataType::Bigint()}, std::vector<TestRow>{{{1}, model::ChangeType::kDelete}}));
  run.Snapshot();
  int64_t writes = run.state.writes;
  EXPECT_EQ(writes, 4);
  run.Snapshot();
  EXPECT_EQ(run.state.writes, writes) << "nothing has changed";
  run.Restore();
  auto& waiting = dynamic_cast<WaitingOperator&>(run.op());
  EXPECT_TRUE(waiting.HoldsRows());
  EXPECT_EQ(run.op().OutputWatermark(500), 100);
  table_.rows[9] = 90;
  EXPECT_THAT(After(run, 0), ElementsAre("+I[9,90]", "+I[1,10]"));
  run.Snapshot();
  for (int i = 0; i < 2; ++i) EXPECT_THAT(After(run, 100), IsEmpty());
  EXPECT_THAT(After(run, 100), ElementsAre("+I[8,~]", "-D[1,10]"));
  EXPECT_FALSE(waiting.HoldsRows());
  run.Snapshot();
  run.Restore();
  EXPECT_THAT(After(run, 1000), IsEmpty());
  EXPECT_EQ(run.op().StateBytes(), 0);
}

TEST_F(LookupTest, TakesNoMoreThanItMayHold) {
  Patient(1);
  auto run = Run({});
  auto& waiting = dynamic_cast<WaitingOperator&>(run.op());
  std::vector<int64_t> ids(model::Batch::kMaxRows, 9);
  for (int i = 0; i < 4; ++i) {
    EXPECT_FALSE(waiting.IsFull());
    Join(run, ids);
  }
  EXPECT_TRUE(waiting.IsFull());
  EXPECT_GT(run.op().StateBytes(), 4 * model::Batch::kMaxRows * 8);
  EXPECT_EQ(After(run, 100).size(), 4u * model::Batch::kMaxRows);
  EXPECT_FALSE(waiting.IsFull());
}

TEST_F(LookupTest, WithoutARetryARowThatComesLateIsNotSeen) {
  table_.before_lookup = [this] {
    if (table_.asked.size() == 1) table_.rows[3] = 30;
  };
  auto run = Run({});
  EXPECT_THAT(Join(run, {3}), ElementsAre("+I[3,~]"));
  EXPECT_THAT(Join(run, {3}), ElementsAre("+I[3,30]"));
}

TEST_F(LookupTest, ACacheForgetsWhatWasWrittenLongAgo) {
  auto run = Run({{"lookup.cache", "PARTIAL"}, {"lookup.partial-cache.expire-after-write", "1 s"}});
  EXPECT_THAT(Join(run, {1}), ElementsAre("+I[1,10]"));
  table_.rows[1] = 11;
  g_now_ms += 999;
  EXPECT_THAT(Join(run, {1}), ElementsAre("+I[1,10]"));
  EXPECT_EQ(table_.asked.size(), 1u);
  g_now_ms += 1;
  EXPECT_THAT(Join(run, {1}), ElementsAre("+I[1,11]"));
  EXPECT_EQ(table_.asked.size(), 2u);
}

TEST_F(LookupTest, ACacheForgetsWhatNobodyAskedFor) {
  auto run =
      Run({{"lookup.cache", "partial"}, {"lookup.partial-cache.expire-after-access", "1 s"}});
  EXPECT_THAT(Join(run, {1}), ElementsAre("+I[1,10]"));
  table_.rows[1] = 11;
  for (int i = 0; i < 3; ++i) {
    g_now_ms += 900;
    EXPECT_THAT(Join(run, {1}), ElementsAre("+I[1,10]"));
  }
  g_now_ms += 1000;
  EXPECT_THAT(Join(run, {1}), ElementsAre("+I[1,11]"));
}

TEST_F(LookupTest, AFullCacheDropsTheKeyThatWasAskedForFirst) {
  auto run = Run({{"lookup.cache", "PARTIAL"}, {"lookup.partial-cache.max-rows", "1"}});
  Join(run, {1});
  Join(run, {2});
  table_.asked.clear();
  Join(run, {2});
  EXPECT_THAT(table_.asked, IsEmpty());
  Join(run, {1});
  EXPECT_THAT(table_.asked, ElementsAre(ElementsAre(1)));
}

TEST_F(LookupTest, WhatIsNotThereIsCachedUnlessAnOptionOrARetrySaysOtherwise) {
  auto run = Run({{"lookup.cache", "PARTIAL"}});
  EXPECT_THAT(Join(run, {3}), ElementsAre("+I[3,~]"));
  table_.rows[3] = 30;
  EXPECT_THAT(Join(run, {3}), ElementsAre("+I[3,~]"));
  auto open =
      Run({{"lookup.cache", "PARTIAL"}, {"lookup.partial-cache.cache-missing-key", "false"}});
  table_.rows.erase(3);
  EXPECT_THAT(Join(open, {3}), ElementsAre("+I[3,~]"));
  table_.rows[3] = 30;
  EXPECT_THAT(Join(open, {3}), ElementsAre("+I[3,30]"));
  Patient(1);
  auto patient = Run({{"lookup.cache", "PARTIAL"}});
  table_.rows.erase(3);
  EXPECT_THAT(Join(patient, {3}), IsEmpty());
  table_.rows[3] = 30;
  EXPECT_THAT(After(patient, 100), ElementsAre("+I[3,30]"));
}

TEST_F(LookupTest, TheWholeTableIsReadAtOnceAndAgainAfterTheInterval) {
  auto run =
      Run({{"lookup.cache", "FULL"}, {"lookup.full-cache.periodic-reload.interval", "10 s"}});
  EXPECT_THAT(Join(run, {2, 1, 7}), ElementsAre("+I[2,20]", "+I[1,10]", "+I[7,~]"));
  table_.rows = {{1, 11}, {7, 70}};
  g_now_ms += 9'999;
  EXPECT_THAT(Join(run, {2, 1, 7}), ElementsAre("+I[2,20]", "+I[1,10]", "+I[7,~]"));
  EXPECT_EQ(table_.snapshots, 1);
  g_now_ms += 1;
  EXPECT_THAT(Join(run, {2, 1, 7}), ElementsAre("+I[2,~]", "+I[1,11]", "+I[7,70]"));
  EXPECT_EQ(table_.snapshots, 2);
  EXPECT_THAT(table_.asked, IsEmpty());
}

TEST_F(LookupTest, AWholeTableCountsAgainstTheBudgetAndIsFoundOnDisk) {
  constexpr int64_t kRows = 20'000;
  for (int64_t i = 0; i < kRows; ++i) table_.rows[i] = i * 10;
  StateMemory memory(std::make_shared<StateBudget>(1 << 20, 0.0), 1,
                     std::filesystem::temp_directory_path());
  StateMemory::Scope scope(&memory);
  auto run = Run({{"lookup.cache", "FULL"}, {"lookup.full-cache.periodic-reload.interval", "1 h"}});
  EXPECT_THAT(Join(run, {7, kRows}), ElementsAre("+I[7,70]", "+I[20000,~]"));
  EXPECT_GT(run.op().StateBytes(), kRows * 16);
  EXPECT_GT(memory.bytes(), kRows * 16);
  EXPECT_GT(memory.spilled_bytes(), 0);
  EXPECT_THAT(Join(run, {1, kRows - 1}), ElementsAre("+I[1,10]", "+I[19999,199990]"));
}

TEST_F(LookupTest, ANullKeyFindsNothingInAWholeTable) {
  auto run = Run({{"lookup.cache", "FULL"}, {"lookup.full-cache.periodic-reload.interval", "1 h"}});
  std::vector<TestRow> rows = {{{std::nullopt}}, {{1}}};
  run.Process(0, MakeBatch({DataType::Bigint()}, rows));
  EXPECT_THAT(run.output.changes, ElementsAre("+I[~,~]", "+I[1,10]"));
}

TEST_F(LookupTest, ReloadsFollowTheStrategy) {
  auto next = [](const Options& more, int64_t began, int64_t ended) {
    Options options = more;
    options["lookup.cache"] = "FULL";
    auto read = FullLookupCache::OptionsOf(options);
    EXPECT_TRUE(read.ok() && read->has_value()) << read.status().ToString();
    return FullLookupCache::NextLoad(**read, began, ended);
  };
  const std::string prefix = "lookup.full-cache.";
  Options periodic = {{prefix + "periodic-reload.interval", "1 min"}};
  EXPECT_EQ(next(periodic, 100, 300), 60'300);
  periodic[prefix + "periodic-reload.schedule-mode"] = "FIXED_RATE";
  EXPECT_EQ(next(periodic, 100, 300), 60'100);
  constexpr int64_t kHour = 3'600'000;
  constexpr int64_t kDay = 24 * kHour;
  Options timed = {{prefix + "reload-strategy", "TIMED"},
                   {prefix + "timed-reload.iso-time", "10:15"}};
  EXPECT_EQ(next(timed, 3 * kDay + 9 * kHour, 0), 3 * kDay + 10 * kHour + kHour / 4);
  EXPECT_EQ(next(timed, 3 * kDay + 11 * kHour, 0), 4 * kDay + 10 * kHour + kHour / 4);
  timed[prefix + "timed-reload.iso-time"] = "01:00:30+02:00";
  EXPECT_EQ(next(timed, 3 * kDay, 0), 3 * kDay + 23 * kHour + 30'000);
  timed[prefix + "timed-reload.interval-in-days"] = "3";
  EXPECT_EQ(next(timed, 3 * kDay + 23 * kHour + 30'000, 0), 6 * kDay + 23 * kHour + 30'000);
}

TEST_F(LookupTest, WrongOptionsAreErrors) {
  auto message = [this](Options options) {
    node_.table.options = std::move(options);
    auto made = LookupJoinOperator::Make(node_, {}, &table_);
    return made.ok() ? "" : std::string(made.status().message());
  };
  EXPECT_THAT(message({{"lookup.cache", "SOME"}}), HasSubstr("NONE, PARTIAL or FULL"));
  EXPECT_THAT(message({{"lookup.cache", "FULL"}}), HasSubstr("periodic-reload.interval"));
  EXPECT_THAT(message({{"lookup.cache", "FULL"},
                       {"lookup.full-cache.reload-strategy", "TIMED"},
                       {"lookup.full-cache.timed-reload.iso-time", "25:00"}}),
              HasSubstr("iso-time"));
  EXPECT_THAT(message({{"lookup.cache", "FULL"},
                       {"lookup.full-cache.periodic-reload.interval", "1 h"},
                       {"lookup.full-cache.periodic-reload.schedule-mode", "NEVER"}}),
              HasSubstr("schedule-mode"));
}

}  // namespace
}  // namespace forebay::compute
