// State with a TTL: what has expired is never seen, by any operator that has a TTL in Flink. The
// expected changes are worked out by hand.

#include <gmock/gmock.h>

#include "compute/aggregate/group_aggregate.h"
#include "compute/join/join.h"
#include "compute/operator/deduplicate.h"
#include "compute/operator/over_aggregate.h"
#include "compute/operator/rank.h"
#include "compute/operator/sort.h"
#include "compute/operator/sorted_over.h"
#include "compute/sink/upsert_materializer.h"
#include "compute/tests/operator_fixture.h"

namespace forebay::compute {
namespace {

using model::ChangeType;
using model::DataType;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

constexpr int64_t kTtl = 100;
const std::vector<sql::Field> kFields = {{"k", DataType::Bigint()}, {"v", DataType::Bigint()}};
const std::vector<DataType> kTypes = {DataType::Bigint(), DataType::Bigint()};

/// Feeds single rows at given times and gives back what they led to.
class TimedRun {
 public:
  explicit TimedRun(OperatorRun::Maker maker) : run_((g_now_ms = 0, std::move(maker))) {}

  std::vector<std::string> At(int64_t now_ms, int64_t k, int64_t v,
                              ChangeType change = ChangeType::kInsert, int input = 0) {
    g_now_ms = now_ms;
    TestRow row{{k, v}, change};
    run_.Process(input, MakeBatch(kTypes, std::span(&row, 1)));
    return std::exchange(run_.output.changes, {});
  }
  OperatorRun& operator*() { return run_; }
  OperatorRun* operator->() { return &run_; }

 private:
  OperatorRun run_;
};

sql::AggregateNode Aggregate(std::vector<sql::AggregateCall> calls, int64_t ttl_ms = kTtl) {
  sql::AggregateNode node;
  node.inputs = {InputNode(kFields, false)};
  node.changelog = sql::ChangelogMode::All();
  node.output = {kFields[0]};
  for (const auto& call : calls) node.output.push_back({call.name, call.type});
  node.keys = {0};
  node.calls = std::move(calls);
  if (ttl_ms > 0) node.state_ttl_ms = {ttl_ms};
  return node;
}

const sql::AggregateCall kCount = {"COUNT", {}, -1, false, DataType::Bigint(), "n"};
const sql::AggregateCall kCountDistinct = {"COUNT", {1}, -1, true, DataType::Bigint(), "d"};

TEST(StateTtl, AGroupBeginsAnewATtlAfterItsLastRow) {
  TimedRun run([] { return GroupAggregateOperator::Make(Aggregate({kCount})); });
  EXPECT_THAT(run.At(0, 1, 7), ElementsAre("+I[1,1]"));
  EXPECT_THAT(run.At(99, 1, 7), ElementsAre("-U[1,1]", "+U[1,2]"));
  EXPECT_THAT(run.At(198, 1, 7), ElementsAre("-U[1,2]", "+U[1,3]"));
  EXPECT_THAT(run.At(298, 1, 7), ElementsAre("+I[1,1]")) << "what is due is gone";
  EXPECT_THAT(run.At(398, 1, 7, ChangeType::kDelete), IsEmpty()) << "of a group that has gone";
  EXPECT_THAT(run.At(399, 1, 7), ElementsAre("+I[1,1]"));
}

TEST(StateTtl, AResultThatStaysTheSameIsSentSoThatStateBehindLives) {
  sql::AggregateCall max = {"MAX", {1}, -1, false, DataType::Bigint(), "m"};
  TimedRun with([&] { return GroupAggregateOperator::Make(Aggregate({max})); });
  EXPECT_THAT(with.At(0, 1, 7), ElementsAre("+I[1,7]"));
  EXPECT_THAT(with.At(1, 1, 5), ElementsAre("-U[1,7]", "+U[1,7]"));
  TimedRun without([&] { return GroupAggregateOperator::Make(Aggregate({max}, 0)); });
  EXPECT_THAT(without.At(0, 1, 7), ElementsAre("+I[1,7]"));
  EXPECT_THAT(without.At(1, 1, 5), IsEmpty());
}

TEST(StateTtl, ADistinctValueCountsAgainWhenItHasExpired) {
  TimedRun run([] { return GroupAggregateOperator::Make(Aggregate({kCountDistinct})); });
  EXPECT_THAT(run.At(0, 1, 7), ElementsAre("+I[1,1]"));
  EXPECT_THAT(run.At(60, 1, 8), ElementsAre("-U[1,1]", "+U[1,2]"));
  EXPECT_THAT(run.At(99, 1, 8), ElementsAre("-U[1,2]", "+U[1,2]"));
  // The group lives on, the 7 has gone, the 8 was renewed.
  EXPECT_THAT(run.At(120, 1, 7), ElementsAre("-U[1,2]", "+U[1,3]"));
  EXPECT_THAT(run.At(198, 1, 8), ElementsAre("-U[1,3]", "+U[1,3]"));
  run->Snapshot();
  run->Restore();
  EXPECT_THAT(run.At(219, 1, 7), ElementsAre("-U[1,3]", "+U[1,3]"));
  EXPECT_THAT(run.At(298, 1, 8), ElementsAre("-U[1,3]", "+U[1,4]"));
}

TEST(StateTtl, TimesAreInCheckpoints) {
  TimedRun run([] { return GroupAggregateOperator::Make(Aggregate({kCount})); });
  run.At(0, 1, 0);
  run.At(50, 2, 0);
  run->Snapshot();
  g_now_ms = 110;  // while the job was down
  run->Restore();
  EXPECT_THAT(run.At(110, 1, 0), ElementsAre("+I[1,1]"));
  EXPECT_THAT(run.At(110, 2, 0), ElementsAre("-U[2,1]", "+U[2,2]"));
  run->Snapshot();
  run->Restore();
  EXPECT_THAT(run.At(209, 1, 0), ElementsAre("-U[1,1]", "+U[1,2]"));
  EXPECT_THAT(run.At(210, 2, 0), ElementsAre("+I[2,1]"));
}

TEST(StateTtl, ACheckpointOfAnotherTtlIsUnderstood) {
  int64_t ttl = 0;
  TimedRun run(
      [&] { return GroupAggregateOperator::Make(Aggregate({kCount, kCountDistinct}, ttl)); });
  run.At(0, 1, 7);
  run->Snapshot();
  ttl = kTtl;
  g_now_ms = 500;
  run->Restore();  // what has no time is written now
  EXPECT_THAT(run.At(599, 1, 7), ElementsAre("-U[1,1,1]", "+U[1,2,1]"));
  run->Snapshot();
  ttl = 0;
  run->Restore();
  EXPECT_THAT(run.At(9999, 1, 8), ElementsAre("-U[1,2,1]", "+U[1,3,2]"));
}

TEST(StateTtl, WhatHasGoneIsDeletedFromTheCheckpoint) {
  TimedRun run([] { return GroupAggregateOperator::Make(Aggregate({kCount})); });
  run.At(0, 1, 0);
  run->Snapshot();
  run->Tick(100);
  int64_t writes = run->state.writes;
  run->Snapshot();
  EXPECT_EQ(run->state.writes, writes + 1);
  run->Snapshot();
  EXPECT_EQ(run->state.writes, writes + 1);
}

sql::JoinNode Join(sql::JoinKind kind, std::vector<int64_t> ttls) {
  sql::JoinNode node;
  node.join = kind;
  node.inputs = {InputNode(kFields, false), InputNode(kFields, false)};
  node.left_keys = {0};
  node.right_keys = {0};
  node.output = kFields;
  node.output.insert(node.output.end(), kFields.begin(), kFields.end());
  node.state_ttl_ms = std::move(ttls);
  return node;
}

TEST(StateTtl, RowsOfAJoinGoOneByOne) {
  TimedRun run(
      [] { return JoinOperator::Make(Join(sql::JoinKind::kInner, {kTtl, kTtl}), nullptr); });
  run.At(0, 1, 10);
  run.At(60, 1, 11);
  EXPECT_THAT(run.At(99, 1, 20, ChangeType::kInsert, 1),
              UnorderedElementsAre("+I[1,10,1,20]", "+I[1,11,1,20]"));
  EXPECT_THAT(run.At(100, 1, 21, ChangeType::kInsert, 1), ElementsAre("+I[1,11,1,21]"));
  run->Snapshot();
  run->Restore();
  EXPECT_THAT(run.At(159, 1, 22, ChangeType::kInsert, 1), ElementsAre("+I[1,11,1,22]"));
  EXPECT_THAT(run.At(160, 1, 23, ChangeType::kInsert, 1), IsEmpty());
  EXPECT_THAT(run.At(199, 1, 12),
              UnorderedElementsAre("+I[1,12,1,21]", "+I[1,12,1,22]", "+I[1,12,1,23]"));
}

TEST(StateTtl, EachSideOfAJoinHasItsOwnTtl) {
  TimedRun run([] { return JoinOperator::Make(Join(sql::JoinKind::kInner, {kTtl, 0}), nullptr); });
  run.At(0, 1, 10);
  run.At(0, 1, 20, ChangeType::kInsert, 1);
  EXPECT_THAT(run.At(1000, 1, 21, ChangeType::kInsert, 1), IsEmpty());
  EXPECT_THAT(run.At(1001, 1, 11), UnorderedElementsAre("+I[1,11,1,20]", "+I[1,11,1,21]"));
  run->Tick(5000);
  run->Snapshot();
  run->Restore();
  EXPECT_THAT(run.At(6000, 1, 12), UnorderedElementsAre("+I[1,12,1,20]", "+I[1,12,1,21]"));
}

TEST(StateTtl, AMatchRenewsARowWhoseMatchesAreCounted) {
  TimedRun run(
      [] { return JoinOperator::Make(Join(sql::JoinKind::kLeft, {kTtl, kTtl}), nullptr); });
  EXPECT_THAT(run.At(0, 1, 10), ElementsAre("+I[1,10,~,~]"));
  EXPECT_THAT(run.At(80, 1, 20, ChangeType::kInsert, 1),
              ElementsAre("-D[1,10,~,~]", "+I[1,10,1,20]"));
  EXPECT_THAT(run.At(150, 1, 21, ChangeType::kInsert, 1), ElementsAre("+I[1,10,1,21]"));
  EXPECT_THAT(run.At(250, 1, 22, ChangeType::kInsert, 1), IsEmpty());
}

sql::RankNode Rank(int64_t end, bool number) {
  sql::RankNode node;
  node.inputs = {InputNode(kFields)};
  node.keys = {0};
  node.order = {{1, false, true}};
  node.rank_end = end;
  node.output_rank_number = number;
  node.changelog = sql::ChangelogMode::All();
  node.output = kFields;
  if (number) node.output.push_back({"rn", DataType::Bigint()});
  node.state_ttl_ms = {kTtl};
  return node;
}

TEST(StateTtl, RankedRowsGoSilently) {
  TimedRun run([] { return RankOperator::Make(Rank(2, true)); });
  EXPECT_THAT(run.At(0, 1, 5), ElementsAre("+I[1,5,1]"));
  EXPECT_THAT(run.At(50, 1, 7), ElementsAre("+I[1,7,2]"));
  EXPECT_THAT(run.At(99, 1, 8), IsEmpty());
  run->Snapshot();
  run->Restore();
  // The 5 has gone: the 7 is the first, and nobody was told.
  EXPECT_THAT(run.At(100, 1, 9), ElementsAre("+I[1,9,2]"));
  EXPECT_THAT(run.At(300, 1, 10), ElementsAre("+I[1,10,1]"));
}

TEST(StateTtl, RowsOfOneOrderAreRenewedTogether) {
  TimedRun run([] { return RankOperator::Make(Rank(3, true)); });
  run.At(0, 1, 5);
  run.At(90, 1, 5);
  EXPECT_THAT(run.At(180, 1, 6), ElementsAre("+I[1,6,3]"));
}

sql::DeduplicateNode Deduplicate(bool keep_last) {
  sql::DeduplicateNode node;
  node.inputs = {InputNode(kFields)};
  node.keys = {0};
  node.time_column = 1;
  node.keep_last = keep_last;
  node.is_rowtime = false;
  node.output = kFields;
  node.changelog = keep_last ? sql::ChangelogMode::All() : sql::ChangelogMode::InsertOnly();
  node.state_ttl_ms = {kTtl};
  return node;
}

TEST(StateTtl, TheFirstRowOfAKeyIsForgottenATtlAfterIt) {
  TimedRun run([] { return DeduplicateOperator::Make(Deduplicate(false)); });
  EXPECT_THAT(run.At(0, 1, 5), ElementsAre("+I[1,5]"));
  EXPECT_THAT(run.At(99, 1, 6), IsEmpty()) << "and does not renew it";
  run->Snapshot();
  run->Restore();
  EXPECT_THAT(run.At(100, 1, 7), ElementsAre("+I[1,7]"));
}

TEST(StateTtl, TheLastRowOfAKeyIsRenewed) {
  TimedRun run([] { return DeduplicateOperator::Make(Deduplicate(true)); });
  EXPECT_THAT(run.At(0, 1, 5), ElementsAre("+I[1,5]"));
  EXPECT_THAT(run.At(99, 1, 6), ElementsAre("-U[1,5]", "+U[1,6]"));
  run->Snapshot();
  run->Restore();
  EXPECT_THAT(run.At(198, 1, 7), ElementsAre("-U[1,6]", "+U[1,7]"));
  EXPECT_THAT(run.At(298, 1, 8), ElementsAre("+I[1,8]"));
}

sql::OverAggregateNode Over(sql::TimeAttribute time) {
  std::vector<sql::Field> fields = kFields;
  fields[1] = {"v", DataType::Bigint(), time};
  sql::OverAggregateNode node;
  node.inputs = {InputNode(fields)};
  node.keys = {0};
  node.order = {{1, false, true}};
  node.frame.is_rows = true;
  node.calls = {kCount};
  node.output = fields;
  node.output.push_back({"n", DataType::Bigint()});
  node.changelog = sql::ChangelogMode::All();
  node.state_ttl_ms = {kTtl};
  return node;
}

TEST(StateTtl, AnOverWindowInProcessingTimeBeginsAnew) {
  TimedRun run([] { return OverAggregateOperator::Make(Over(sql::TimeAttribute::kProctime)); });
  EXPECT_THAT(run.At(0, 1, 5), ElementsAre("+I[1,5,1]"));
  EXPECT_THAT(run.At(99, 1, 5), ElementsAre("+I[1,5,2]"));
  run->Snapshot();
  run->Restore();
  EXPECT_THAT(run.At(198, 1, 5), ElementsAre("+I[1,5,3]"));
  EXPECT_THAT(run.At(298, 1, 5), ElementsAre("+I[1,5,1]"));
}

TEST(StateTtl, AnOverWindowInEventTimeIsKeptOneAndAHalfTtls) {
  TimedRun run([] { return OverAggregateOperator::Make(Over(sql::TimeAttribute::kRowtime)); });
  auto at = [&](int64_t now_ms, int64_t time) {
    EXPECT_THAT(run.At(now_ms, 1, time), IsEmpty());
    run->Watermark(time);
    return std::exchange(run->output.changes, {});
  };
  EXPECT_THAT(at(0, 1), ElementsAre("+I[1,1,1]"));
  EXPECT_THAT(at(50, 2), ElementsAre("+I[1,2,2]"));  // kept until 150 as before
  run->Snapshot();
  run->Restore();
  EXPECT_THAT(at(51, 3), ElementsAre("+I[1,3,3]"));  // until 201
  EXPECT_THAT(at(200, 4), ElementsAre("+I[1,4,4]"));
  EXPECT_THAT(at(350, 5), ElementsAre("+I[1,5,1]"));
}

TEST(StateTtl, RowsThatWaitForTheWatermarkStay) {
  TimedRun run([] { return OverAggregateOperator::Make(Over(sql::TimeAttribute::kRowtime)); });
  run.At(0, 1, 10);
  run->Tick(1000);
  run->Watermark(10);
  EXPECT_THAT(run->output.changes, ElementsAre("+I[1,10,1]"));
}

TEST(StateTtl, AnOverWindowByAnotherColumnGoesAsAWhole) {
  TimedRun run([] { return SortedOverOperator::Make(Over(sql::TimeAttribute::kNone)); });
  EXPECT_THAT(run.At(0, 1, 5), ElementsAre("+I[1,5,1]"));
  EXPECT_THAT(run.At(99, 1, 6), ElementsAre("+I[1,6,2]"));
  run->Snapshot();
  run->Restore();
  EXPECT_THAT(run.At(198, 1, 7), ElementsAre("+I[1,7,3]"));
  EXPECT_THAT(run.At(298, 1, 8), ElementsAre("+I[1,8,1]"));
}

TEST(StateTtl, ALimitBeginsAnewWhenNoRowHasPassed) {
  sql::LimitNode node;
  node.inputs = {InputNode(kFields)};
  node.output = kFields;
  node.fetch = 2;
  node.state_ttl_ms = {kTtl};
  TimedRun run([&] { return LimitOperator::Make(node); });
  EXPECT_THAT(run.At(0, 1, 5), ElementsAre("+I[1,5]"));
  EXPECT_THAT(run.At(10, 1, 6), ElementsAre("+I[1,6]"));
  EXPECT_THAT(run.At(109, 1, 7), IsEmpty());
  run->Snapshot();
  run->Restore();
  EXPECT_THAT(run.At(110, 1, 8), ElementsAre("+I[1,8]"));
}

TEST(StateTtl, ASinkKeyIsForgotten) {
  g_now_ms = 0;
  UpsertMaterializer materializer(kTypes, {0}, StateTtl{kTtl}, [] { return g_now_ms; });
  auto at = [&](int64_t now_ms, int64_t v, ChangeType change) {
    g_now_ms = now_ms;
    TestRow row{{1, v}, change};
    model::Batch out = materializer.Process(MakeBatch(kTypes, std::span(&row, 1)));
    std::vector<std::string> texts;
    for (int i = 0; i < out.num_rows; ++i) {
      texts.push_back(std::string(model::ChangeTypeText(out.change(i))) + RowText(out, i));
    }
    return texts;
  };
  EXPECT_THAT(at(0, 5, ChangeType::kInsert), ElementsAre("+I1,5"));
  EXPECT_THAT(at(99, 6, ChangeType::kInsert), ElementsAre("+U1,6"));
  EXPECT_THAT(at(199, 5, ChangeType::kDelete), IsEmpty());
  EXPECT_THAT(at(200, 7, ChangeType::kInsert), ElementsAre("+I1,7"));
}

}  // namespace
}  // namespace forebay::compute
