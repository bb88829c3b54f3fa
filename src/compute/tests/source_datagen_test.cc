#include <gtest/gtest.h>

#include "compute/source/source_factory.h"
#include "compute/source/split_position.h"

namespace forebay::compute {
namespace {

/// Remembers what a reader gives.
class Rows : public SourceOutput {
 public:
  Status Emit(int, model::Batch batch) override {
    for (int row = 0; row < batch.num_rows; ++row) {
      ids.push_back(batch.columns[0].Get<int64_t>(row));
      texts.emplace_back(batch.columns[1].GetString(row));
      numbers.push_back(batch.columns[2].Get<int32_t>(row));
    }
    return Status::Ok();
  }
  void FinishSplit(int) override {}
  void AddSplit(const std::string&) override {}

  std::vector<int64_t> ids;
  std::vector<std::string> texts;
  std::vector<int32_t> numbers;
};

class DatagenTest : public ::testing::Test {
 protected:
  DatagenTest() {
    context_.environment = &environment_;
    scan_.table.options = {{"connector", "datagen"},       {"rows-per-second", "1000000"},
                           {"fields.id.kind", "sequence"}, {"fields.id.start", "5"},
                           {"fields.id.end", "104"},       {"fields.text.length", "7"},
                           {"fields.number.min", "-3"},    {"fields.number.max", "3"}};
    scan_.table.info.descriptor.schema.columns = {{"id", model::DataType::Bigint()},
                                                  {"text", model::DataType::String()},
                                                  {"number", model::DataType::Int()}};
    scan_.columns = {0, 1, 2};
    for (auto& column : scan_.table.info.descriptor.schema.columns) {
      scan_.output.push_back({column.name, column.type});
    }
  }

  Rows ReadAll(const std::vector<SourceSplit>& splits) {
    auto source = MakeSource(scan_, context_).value();
    auto reader = source->MakeReader().value();
    Waker waker;
    EXPECT_TRUE(reader->Open(splits, waker).ok());
    Rows rows;
    while (reader->Poll(rows).value() != PollOutcome::kEnd) waker.Sleep(1);
    return rows;
  }

  ComputeEnvironment environment_;
  JobContext context_;
  sql::TableScanNode scan_;
};

TEST_F(DatagenTest, SequenceEndsTheSourceAndRangesHold) {
  auto source = MakeSource(scan_, context_).value();
  Rows rows = ReadAll(source->EnumerateSplits(1).value());
  ASSERT_EQ(rows.ids.size(), 100u);
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(rows.ids[i], 5 + i);
    EXPECT_EQ(rows.texts[i].size(), 7u);
    EXPECT_GE(rows.numbers[i], -3);
    EXPECT_LE(rows.numbers[i], 3);
  }
  EXPECT_NE(rows.texts[0], rows.texts[1]);
}

TEST_F(DatagenTest, ReadersAnywhereGiveTheSameRowsAgain) {
  auto source = MakeSource(scan_, context_).value();
  Rows whole = ReadAll(source->EnumerateSplits(1).value());
  Rows tail = ReadAll({{"0/1", "60"}});
  ASSERT_EQ(tail.ids.size(), 40u);
  for (int i = 0; i < 40; ++i) EXPECT_EQ(tail.texts[i], whole.texts[60 + i]);
  // Two splits have every row once, whichever reader has them.
  Rows both = ReadAll(source->EnumerateSplits(2).value());
  std::sort(both.ids.begin(), both.ids.end());
  EXPECT_EQ(both.ids, whole.ids);
}

TEST_F(DatagenTest, WrongOptionsAreNamed) {
  scan_.table.options["fields.id.kind"] = "magic";
  auto source = MakeSource(scan_, context_);
  ASSERT_FALSE(source.ok());
  EXPECT_NE(source.message().find("fields.id.kind"), std::string::npos) << source.message();
}

TEST(SplitPositionTest, TextComesBack) {
  SplitPosition lake{SplitPosition::Phase::kLake, 17, 40, 5, "snapshot 12 of x"};
  for (const SplitPosition& position :
       {SplitPosition{SplitPosition::Phase::kLog, 3, -1, 0, ""},
        SplitPosition{SplitPosition::Phase::kSnapshot, 0, 9, 0, ""}, lake}) {
    auto parsed = SplitPosition::Parse(position.ToString());
    ASSERT_TRUE(parsed.ok()) << parsed.message();
    EXPECT_EQ(parsed->ToString(), position.ToString());
    EXPECT_EQ(parsed->lake_snapshot, position.lake_snapshot);
  }
  for (const char* text : {"", "log", "log x end 3", "lake 1", "moon 1 end 2"}) {
    EXPECT_EQ(SplitPosition::Parse(text).kind(), ErrorKind::kCorruption) << text;
  }
}

}  // namespace
}  // namespace forebay::compute
