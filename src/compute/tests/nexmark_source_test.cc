#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>

#include "compute/nexmark/event_file.h"
#include "compute/nexmark/event_generator.h"
#include "compute/operator/calc.h"
#include "compute/source/source_factory.h"
#include "compute/tests/operator_fixture.h"

namespace forebay::compute {
namespace {

using model::DataType;

/// Remembers the batches that a reader gives.
class Batches : public SourceOutput {
 public:
  Status Emit(int, model::Batch batch) override {
    rows += batch.num_rows;
    batches.push_back(std::move(batch));
    return Status::Ok();
  }
  void FinishSplit(int) override {}
  void AddSplit(const std::string&) override {}

  int64_t rows = 0;
  std::vector<model::Batch> batches;
};

DataType RowType(NexmarkEvent event) {
  std::vector<model::RowField> fields;
  for (const NexmarkField& field : NexmarkEvents()[static_cast<size_t>(event)].fields) {
    bool is_string = field.type == NexmarkField::Type::kString;
    bool is_time = field.type == NexmarkField::Type::kTimestamp;
    fields.push_back({std::string(field.name), is_string ? DataType::String()
                                               : is_time ? DataType::Timestamp(3)
                                                         : DataType::Bigint()});
  }
  return DataType::Row(std::move(fields));
}

class NexmarkSourceTest : public ::testing::Test {
 protected:
  NexmarkSourceTest() {
    context_.environment = &environment_;
    scan_.table.options = {{"connector", "nexmark"}, {"events", "10050"}, {"rate", "1000"}};
    scan_.table.info.descriptor.schema.columns = {{"event_type", DataType::Int()},
                                                  {"person", RowType(NexmarkEvent::kPerson)},
                                                  {"auction", RowType(NexmarkEvent::kAuction)},
                                                  {"bid", RowType(NexmarkEvent::kBid)}};
    scan_.columns = {0, 1, 2, 3};
    for (auto& column : scan_.table.info.descriptor.schema.columns) {
      scan_.output.push_back({column.name, column.type});
    }
  }

  Batches Read(int splits) {
    auto source = MakeSource(scan_, context_);
    EXPECT_TRUE(source.ok()) << source.status().ToString();
    auto reader = (*source)->MakeReader().value();
    Waker waker;
    EXPECT_TRUE(reader->Open((*source)->EnumerateSplits(splits).value(), waker).ok());
    Batches batches;
    while (reader->Poll(batches).value() != PollOutcome::kEnd) continue;
    return batches;
  }

  static const model::Column& Bids(const model::Batch& batch, int field) {
    return batch.columns[3].children()[static_cast<size_t>(field)];
  }

  ComputeEnvironment environment_;
  JobContext context_;
  sql::TableScanNode scan_;
};

TEST_F(NexmarkSourceTest, KindsComeInTheSuitesProportions) {
  Batches all = Read(1);
  EXPECT_EQ(all.rows, 10050);
  std::map<int, int> kinds;
  for (const model::Batch& batch : all.batches) {
    for (int row = 0; row < batch.num_rows; ++row) {
      int kind = batch.columns[0].Get<int32_t>(row);
      ++kinds[kind];
      for (int other = 0; other < 3; ++other) {
        EXPECT_EQ(batch.columns[1 + other].IsNull(row), other != kind);
      }
    }
  }
  EXPECT_THAT(kinds,
              ::testing::ElementsAre(std::pair(0, 201), std::pair(1, 603), std::pair(2, 46 * 201)));
}

TEST_F(NexmarkSourceTest, BidsHaveTheSuitesDistributions) {
  scan_.table.options["events"] = "200000";
  Batches all = Read(1);
  int64_t bids = 0, hot_auctions = 0, hot_bidders = 0, cheap = 0, extra_bytes = 0;
  int64_t last_time = 0;
  for (const model::Batch& batch : all.batches) {
    for (int row = 0; row < batch.num_rows; ++row) {
      if (batch.columns[0].Get<int32_t>(row) != 2) continue;
      ++bids;
      hot_auctions += Bids(batch, 0).Get<int64_t>(row) % 100 == 0;
      hot_bidders += Bids(batch, 1).Get<int64_t>(row) % 100 == 1;
      int64_t price = Bids(batch, 2).Get<int64_t>(row);
      EXPECT_GE(price, 100);
      EXPECT_LE(price, 100'000'000);
      cheap += price < 10000;
      extra_bytes += static_cast<int64_t>(Bids(batch, 6).GetString(row).size());
      int64_t time = Bids(batch, 5).Get<int64_t>(row);
      EXPECT_GT(time, last_time);  // a thousand events a second: each has its own millisecond
      last_time = time;
    }
  }
  auto share = [bids](int64_t count) {
    return static_cast<double>(count) / static_cast<double>(bids);
  };
  EXPECT_NEAR(share(hot_auctions), 0.5 + 0.5 / 100, 0.01);
  EXPECT_NEAR(share(hot_bidders), 0.75 + 0.25 / 100, 0.01);
  EXPECT_NEAR(share(cheap), 1.0 / 3, 0.01);  // 10^(6 u) * 100 < 10^4
  EXPECT_NEAR(share(extra_bytes), 68, 1);    // 100 bytes a bid, 32 of them numbers
  EXPECT_EQ(last_time, NexmarkGenerator::kBaseTimeMs + 199'999);
}

TEST_F(NexmarkSourceTest, AFileGivesTheEventsThatAreGenerated) {
  std::string path = std::filesystem::temp_directory_path() /
                     ("forebay-nexmark-" + std::to_string(::getpid()) + ".events");
  ASSERT_TRUE(NexmarkEventFile::Write(path, {10050, 1000}).ok());
  Batches made = Read(2);
  scan_.table.options["path"] = path;
  Batches read = Read(2);
  ASSERT_EQ(made.batches.size(), read.batches.size());
  for (size_t i = 0; i < made.batches.size(); ++i) {
    const model::Batch &a = made.batches[i], &b = read.batches[i];
    ASSERT_EQ(a.num_rows, b.num_rows);
    for (int event = 0; event < 3; ++event) {
      const auto& fields = a.columns[1 + event].children();
      for (int row = 0; row < a.num_rows; ++row) {
        if (a.columns[1 + event].IsNull(row)) continue;
        for (size_t f = 0; f < fields.size(); ++f) {
          ASSERT_EQ(CellText(fields[f], row), CellText(b.columns[1 + event].children()[f], row));
        }
      }
    }
  }
  std::filesystem::resize_file(path, 5000);
  EXPECT_EQ(MakeSource(scan_, context_).status().kind(), ErrorKind::kCorruption);
  std::filesystem::remove(path);
  EXPECT_EQ(MakeSource(scan_, context_).status().kind(), ErrorKind::kNotFound);
}

TEST_F(NexmarkSourceTest, OnlyUsedFieldsAreMade) {
  scan_.used_fields = {{}, std::vector<bool>(8), std::vector<bool>(10), std::vector<bool>(7)};
  scan_.used_fields[3][2] = true;
  Batches all = Read(1);
  const model::Batch& batch = all.batches[0];
  EXPECT_FALSE(Bids(batch, 2).IsNull(4));
  EXPECT_TRUE(Bids(batch, 0).IsNull(4));
  EXPECT_TRUE(batch.columns[1].children()[1].IsNull(0));
}

TEST_F(NexmarkSourceTest, AnotherTableIsRefused) {
  scan_.table.info.descriptor.schema.columns.pop_back();
  EXPECT_EQ(MakeSource(scan_, context_).status().kind(), ErrorKind::kInvalidArgument);
}

/// A Calc over a ROW whose field has NULLs of its own: both count, and the filter sees the field.
TEST(CalcFieldTest, NullRowsAndNullFieldsAreNull) {
  DataType row_type = DataType::Row({{"a", DataType::Bigint()}, {"b", DataType::String()}});
  model::ColumnBuilder rows(row_type);
  for (int i = 0; i < 4; ++i) {
    if (i == 1) {
      rows.AppendNull();
      continue;
    }
    i == 2 ? rows.child(0).AppendNull() : rows.child(0).Append<int64_t>(10 * i);
    rows.child(1).AppendString("text " + std::to_string(i));
    rows.FinishEntry();
  }
  auto input = std::make_shared<sql::ValuesNode>();
  input->output = {{"r", row_type}};
  auto field = [&](int64_t index, DataType type) {
    return sql::Expression::Call(type, "FIELD",
                                 {sql::Expression::Column(row_type, 0),
                                  sql::Expression::Literal(DataType::Int(), model::Value{index})});
  };
  sql::CalcNode node;
  node.inputs = {input};
  node.condition =
      sql::Expression::Call(DataType::Boolean(), "IS_NOT_NULL", {field(1, DataType::String())});
  node.projections = {field(0, DataType::Bigint()), field(1, DataType::String())};
  node.output = {{"a", DataType::Bigint()}, {"b", DataType::String()}};
  auto calc = CalcOperator::Make(node, {}).value();
  Collector collector;
  OperatorContext context;
  context.output = &collector;
  ASSERT_TRUE(calc->Open(context).ok());
  ASSERT_TRUE(calc->Process(0, model::Batch(4, {rows.Finish()})).ok());
  EXPECT_THAT(collector.changes,
              ::testing::ElementsAre("+I[0,text 0]", "+I[~,text 2]", "+I[30,text 3]"));
}

}  // namespace
}  // namespace forebay::compute
