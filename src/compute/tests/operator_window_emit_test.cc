#include "compute/window/window_emit.h"

#include <gmock/gmock.h>

#include "compute/tests/operator_fixture.h"

namespace forebay::compute {
namespace {

using model::ChangeType;
using model::DataType;
using testing::ElementsAre;
using testing::IsEmpty;

const std::vector<DataType> kTypes = {DataType::Bigint(), DataType::Timestamp(3)};

/// COUNT(*) of windows of 10 ms, by column 0, and their starts.
sql::WindowAggregateNode Node(sql::WindowEmit emit, int64_t slide_ms = 0, bool insert_only = true) {
  std::vector<sql::Field> fields = {{"k", kTypes[0]},
                                    {"ts", kTypes[1], sql::TimeAttribute::kRowtime}};
  sql::WindowAggregateNode node;
  node.inputs = {InputNode(fields, insert_only)};
  node.window.kind = slide_ms > 0 ? sql::WindowKind::kHop : sql::WindowKind::kTumble;
  node.window.size_ms = 10;
  node.window.slide_ms = slide_ms;
  node.window.time_column = 1;
  node.keys = {0};
  node.calls = {{"COUNT", {}, -1, false, DataType::Bigint(), "n"}};
  node.properties = {sql::WindowProperty::kStart};
  node.output = {fields[0], {"n", DataType::Bigint()}, {"s", DataType::Timestamp(3)}};
  node.changelog = sql::ChangelogMode::All();
  node.emit = emit;
  return node;
}

class EmitRun {
 public:
  explicit EmitRun(const sql::WindowAggregateNode& node)
      : run_((g_now_ms = 0, [node] { return WindowEmitOperator::Make(node, {}); })) {}
  std::vector<std::string> Row(int64_t k, int64_t ts, ChangeType change = ChangeType::kInsert) {
    TestRow row{{k, ts}, change};
    run_.Process(0, MakeBatch(kTypes, std::span(&row, 1)));
    return std::exchange(run_.output.changes, {});
  }
  std::vector<std::string> Watermark(int64_t watermark) {
    run_.Watermark(watermark);
    return std::exchange(run_.output.changes, {});
  }
  std::vector<std::string> Tick(int64_t now_ms) {
    run_.Tick(now_ms);
    return std::exchange(run_.output.changes, {});
  }
  void Restart() {
    run_.Snapshot();
    run_.Restore();
  }

 private:
  OperatorRun run_;
};

TEST(WindowEmit, EarlyWithEveryRow) {
  EmitRun run(Node({.early_ms = 0}));
  EXPECT_THAT(run.Row(1, 3), ElementsAre("+I[1,1,0]"));
  EXPECT_THAT(run.Row(2, 4), ElementsAre("+I[2,1,0]"));
  run.Restart();
  EXPECT_THAT(run.Row(1, 5), ElementsAre("-U[1,1,0]", "+U[1,2,0]"));
  EXPECT_THAT(run.Watermark(9), IsEmpty()) << "all has been sent";
  EXPECT_THAT(run.Row(1, 6), IsEmpty()) << "late, and the window has gone";
  run.Restart();
  EXPECT_THAT(run.Row(1, 12), ElementsAre("+I[1,1,10]"));
}

TEST(WindowEmit, EarlyEverySoOften) {
  EmitRun run(Node({.early_ms = 100}));
  EXPECT_THAT(run.Row(1, 3), IsEmpty());
  g_now_ms = 50;
  EXPECT_THAT(run.Row(1, 4), IsEmpty());
  EXPECT_THAT(run.Tick(99), IsEmpty());
  EXPECT_THAT(run.Tick(100), ElementsAre("+I[1,2,0]"));
  EXPECT_THAT(run.Tick(200), IsEmpty()) << "nothing has changed";
  EXPECT_THAT(run.Row(1, 5), IsEmpty());
  run.Restart();
  EXPECT_THAT(run.Tick(300), ElementsAre("-U[1,2,0]", "+U[1,3,0]"));
  EXPECT_THAT(run.Row(1, 6), IsEmpty());
  EXPECT_THAT(run.Watermark(9), ElementsAre("-U[1,3,0]", "+U[1,4,0]"));
  EXPECT_THAT(run.Tick(400), IsEmpty());
}

TEST(WindowEmit, LateRowsWhileTheWindowIsOpen) {
  EmitRun run(Node({.late_ms = 0, .lateness_ms = 20}));
  EXPECT_THAT(run.Row(1, 3), IsEmpty());
  EXPECT_THAT(run.Watermark(9), ElementsAre("+I[1,1,0]"));
  EXPECT_THAT(run.Row(1, 4), ElementsAre("-U[1,1,0]", "+U[1,2,0]"));
  EXPECT_THAT(run.Row(2, 4), ElementsAre("+I[2,1,0]")) << "a key that was not there";
  run.Restart();
  EXPECT_THAT(run.Watermark(28), IsEmpty());
  EXPECT_THAT(run.Row(1, 5), ElementsAre("-U[1,2,0]", "+U[1,3,0]"));
  EXPECT_THAT(run.Watermark(29), IsEmpty());
  EXPECT_THAT(run.Row(1, 6), IsEmpty());
}

TEST(WindowEmit, LateEverySoOften) {
  EmitRun run(Node({.early_ms = 0, .late_ms = 10, .lateness_ms = 20}));
  EXPECT_THAT(run.Row(1, 3), ElementsAre("+I[1,1,0]"));
  EXPECT_THAT(run.Watermark(9), IsEmpty());
  EXPECT_THAT(run.Row(1, 4), IsEmpty());
  EXPECT_THAT(run.Row(1, 5), IsEmpty());
  EXPECT_THAT(run.Tick(10), ElementsAre("-U[1,1,0]", "+U[1,3,0]"));
}

TEST(WindowEmit, RowsThatAreTakenBack) {
  EmitRun run(Node({.early_ms = 0}, 0, false));
  EXPECT_THAT(run.Row(1, 3), ElementsAre("+I[1,1,0]"));
  EXPECT_THAT(run.Row(1, 3, ChangeType::kDelete), ElementsAre("-D[1,1,0]"));
  EXPECT_THAT(run.Row(1, 4), ElementsAre("+I[1,1,0]"));
}

TEST(WindowEmit, EveryWindowOfARow) {
  EmitRun run(Node({.early_ms = 0}, 5));
  EXPECT_THAT(run.Row(1, 12), ElementsAre("+I[1,1,10]", "+I[1,1,5]"));
  EXPECT_THAT(run.Row(1, 17), ElementsAre("+I[1,1,15]", "-U[1,1,10]", "+U[1,2,10]"));
  EXPECT_THAT(run.Watermark(14), IsEmpty());
  EXPECT_THAT(run.Row(1, 13), ElementsAre("-U[1,2,10]", "+U[1,3,10]"));
}

}  // namespace
}  // namespace forebay::compute
