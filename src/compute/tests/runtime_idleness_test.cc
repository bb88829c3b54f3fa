#include "compute/operator/watermark_generator.h"
#include "compute/tests/runtime_fixture.h"
#include "compute/watermark/input_watermarks.h"

namespace forebay::compute {
namespace {

constexpr auto kLongMs = std::chrono::milliseconds(300);

/// The watermark is the largest value of column 1.
class ValueWatermark : public PassThrough, public WatermarkGenerator {
 public:
  Status Process(int input, model::Batch batch) override {
    for (int row = 0; row < batch.num_rows; ++row) {
      watermark_ = std::max(watermark_, batch.columns[1].Get<int64_t>(row));
    }
    return PassThrough::Process(input, std::move(batch));
  }
  Watermark CurrentWatermark() const override { return watermark_; }
  Result<std::vector<int>> RisesIn(const model::Batch&) override { return std::vector<int>(); }

 private:
  Watermark watermark_ = kMinWatermark;
};

/// Keeps rows until the end of time, which comes to shard 0 after the others; rows after it are
/// late.
class RowsAtEnd : public Operator {
 public:
  Status Process(int, model::Batch batch) override {
    if (!at_end_) batches_.push_back(std::move(batch));
    return Status::Ok();
  }
  Status ProcessWatermark(Watermark watermark) override {
    if (watermark != kMaxWatermark) return Status::Ok();
    if (context_.shard == 0) std::this_thread::sleep_for(kLongMs);
    at_end_ = true;
    for (model::Batch& batch : batches_) {
      RETURN_IF_ERROR(context_.output->Emit(std::move(batch)));
    }
    return Status::Ok();
  }

 private:
  bool at_end_ = false;
  std::vector<model::Batch> batches_;
};

Result<std::unique_ptr<Operator>> MakeTimedOperator(const sql::PlanNode& node,
                                                    const EvaluationContext& context) {
  if (node.kind == sql::PlanKind::kWatermark) {
    return std::unique_ptr<Operator>(std::make_unique<ValueWatermark>());
  }
  if (node.kind == sql::PlanKind::kWindowAggregate) {
    return std::unique_ptr<Operator>(std::make_unique<RowsAtEnd>());
  }
  return MakeTestOperator(node, context);
}

class IdlenessTest : public RuntimeTest {
 protected:
  IdlenessTest() {
    environment_.make_operator = &MakeTimedOperator;
    context_.settings["table.exec.source.idle-timeout"] = "1 ms";
  }

  sql::PlanPtr AtEnd(sql::PlanPtr input, int key) {
    auto node = std::make_shared<sql::WindowAggregateNode>();
    node->keys = {key};
    return Finish(node, {std::move(input)});
  }
};

// All splits are idle, and then the end comes: of the first of two operators that hold rows the
// instances wake one after the other, and what the last one sends must not be late at the second.
TEST_F(IdlenessTest, RowsOfASenderThatIsStillAsleepAreNotLate) {
  constexpr int64_t kRows = 100;
  model::TableInfo in = connection_.Create("in", TwoColumns(false), 2);
  model::TableInfo out = connection_.Create("out", TwoColumns(false), 1);
  connection_.Append("in", 0, Rows(0, kRows / 2, 10));
  connection_.Append("in", 1, Rows(kRows / 2, kRows, 10));
  sql::PlanPtr timed = Finish(std::make_shared<sql::WatermarkNode>(), {Scan(in, false)});
  sql::PlanPtr first = AtEnd(timed, 0);
  sql::PlanPtr root = SinkInto(out, AtEnd(first, 1));
  auto execution = Make(root, 2, nullptr);
  ASSERT_TRUE(execution->Start().ok());
  auto has_rows = [&] {
    for (const OperatorMetrics& metrics : execution->Metrics()) {
      if (metrics.node_id == first->id && metrics.rows_in == kRows) return true;
    }
    return false;
  };
  for (int i = 0; i < 1000 && !has_rows(); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  ASSERT_TRUE(has_rows());
  std::this_thread::sleep_for(kLongMs);  // shards look for idle splits ten times a second
  execution->Stop(StopMode::kDrain);
  Status status = execution->Wait();
  ASSERT_TRUE(status.ok()) << status.ToString();
  EXPECT_EQ(RowsOf("out").size(), static_cast<size_t>(kRows));
}

TEST(InputWatermarksTest, IdleChannelsHaveNoSay) {
  InputWatermarks watermarks(1);
  watermarks.AddChannel(0, {0});
  watermarks.AddChannel(0, {1});
  EXPECT_EQ(watermarks.Minimum(), kMinWatermark);
  watermarks.Advance(0, 0, 10);
  watermarks.SetIdle(0, 1);
  EXPECT_EQ(watermarks.Minimum(), 10);
  watermarks.Advance(0, 1, 5);
  EXPECT_EQ(watermarks.Minimum(), 5);
  watermarks.SetIdle(0, 0);
  watermarks.SetIdle(0, 1);
  EXPECT_EQ(watermarks.Minimum(), std::nullopt);
}

TEST(InputWatermarksTest, SendersOfTheSameOriginsWakeTogether) {
  InputWatermarks watermarks(2);
  watermarks.AddChannel(0, {0, 1});
  watermarks.AddChannel(0, {0, 1});
  watermarks.AddChannel(1, {0, 1});
  for (auto [input, channel] : {std::pair(0, 0), std::pair(0, 1), std::pair(1, 0)}) {
    watermarks.Advance(input, channel, 10);
    watermarks.SetIdle(input, channel);
  }
  EXPECT_EQ(watermarks.Minimum(), std::nullopt);
  watermarks.Advance(0, 1, 50);
  EXPECT_EQ(watermarks.Minimum(), 10) << "the other sender has not heard of it yet";
  watermarks.Advance(0, 0, 40);
  EXPECT_EQ(watermarks.Minimum(), 10) << "nor has the one of the other input";
  watermarks.Advance(1, 0, 60);
  EXPECT_EQ(watermarks.Minimum(), 40);
}

TEST(InputWatermarksTest, ASenderWithFewerOriginsMayStayIdle) {
  InputWatermarks watermarks(2);
  watermarks.AddChannel(0, {0, 1});
  watermarks.AddChannel(1, {1});
  watermarks.Advance(0, 0, 20);
  watermarks.Advance(1, 0, 10);
  watermarks.SetIdle(1, 0);
  EXPECT_EQ(watermarks.Minimum(), 20) << "0 goes on, 1 is idle";
  watermarks.Advance(1, 0, 30);
  watermarks.SetIdle(0, 0);
  EXPECT_EQ(watermarks.Minimum(), 20) << "while 1 goes on, so does the sender of 0 and 1";
  EXPECT_EQ(watermarks.Origins(), (IdleOrigins{0, 1}));
}

TEST(InputWatermarksTest, AnInputWithoutChannelsHasNoSay) {
  InputWatermarks watermarks(2);
  EXPECT_EQ(watermarks.Minimum(), kMaxWatermark);
  watermarks.AddChannel(1, {0});
  watermarks.Advance(1, 0, 10);
  EXPECT_EQ(watermarks.Minimum(), 10);
  watermarks.SetIdle(1, 0);
  EXPECT_EQ(watermarks.Minimum(), std::nullopt);
}

}  // namespace
}  // namespace forebay::compute
