// State with a TTL that is restored by other numbers of shards: every key answers as if it had
// stayed where it was. The expected changes are worked out by hand.

#include <gmock/gmock.h>

#include "compute/aggregate/group_aggregate.h"
#include "compute/checkpoint/state_map.h"
#include "compute/join/join.h"
#include "compute/operator/deduplicate.h"
#include "compute/operator/rank.h"
#include "compute/state/hash_batch.h"
#include "compute/tests/operator_fixture.h"
#include "compute/window/session_table.h"

namespace forebay::compute {
namespace {

using model::DataType;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr int64_t kTtl = 100;
constexpr int64_t kKeys = 64;
const std::vector<sql::Field> kFields = {{"k", DataType::Bigint()}, {"v", DataType::Bigint()}};
const std::vector<DataType> kTypes = {DataType::Bigint(), DataType::Bigint()};

/// The instances of one operator, each with its own key groups of rows and of state.
class ShardedRun {
 public:
  ShardedRun(OperatorRun::Maker maker, int num_shards, std::vector<DataType> types = kTypes)
      : maker_(std::move(maker)), types_(std::move(types)) {
    g_now_ms = 0;
    Start(num_shards);
  }

  /// What a row at a time leads to, wherever its key lies.
  std::vector<std::string> At(int64_t now_ms, int64_t k, int64_t v, int input = 0) {
    g_now_ms = now_ms;
    TestRow row{{k, v}};
    model::Batch batch = MakeBatch(types_, std::span(&row, 1));
    std::vector<uint64_t> hashes;
    HashRows(batch, std::vector<int>{0}, hashes);
    auto shard =
        static_cast<size_t>(ShardOf(KeyGroupOf(hashes[0]), static_cast<int>(instances_.size())));
    Status status = instances_[shard]->Process(input, std::move(batch));
    EXPECT_TRUE(status.ok()) << status.ToString();
    return std::exchange(outputs_[shard].changes, {});
  }
  /// What a watermark leads to, shard by shard.
  std::vector<std::string> Watermark(int64_t watermark) {
    std::vector<std::string> changes;
    for (size_t shard = 0; shard < instances_.size(); ++shard) {
      Status status = instances_[shard]->ProcessWatermark(watermark);
      EXPECT_TRUE(status.ok()) << status.ToString();
      for (std::string& change : std::exchange(outputs_[shard].changes, {})) {
        changes.push_back(std::move(change));
      }
    }
    return changes;
  }
  /// Goes on from a checkpoint with other instances.
  void Rescale(int64_t now_ms, int num_shards) {
    for (auto& instance : instances_) {
      CheckpointEntries entries;
      ASSERT_TRUE(instance->Snapshot(entries).ok());
      ASSERT_TRUE(state_.ApplyAll(entries).ok());
    }
    g_now_ms = now_ms;
    Start(num_shards);
    for (int shard = 0; shard < num_shards; ++shard) {
      Status status =
          instances_[static_cast<size_t>(shard)]->Restore(*state_.ReaderOf(0, shard, num_shards));
      ASSERT_TRUE(status.ok()) << status.ToString();
    }
  }

 private:
  void Start(int num_shards) {
    instances_.clear();
    outputs_ = std::vector<Collector>(static_cast<size_t>(num_shards));
    for (int shard = 0; shard < num_shards; ++shard) {
      auto made = maker_();
      ASSERT_TRUE(made.ok()) << made.status().ToString();
      OperatorContext context;
      context.output = &outputs_[static_cast<size_t>(shard)];
      context.shard = shard;
      context.num_shards = num_shards;
      context.now_ms = [] { return g_now_ms; };
      ASSERT_TRUE((*made)->Open(context).ok());
      instances_.push_back(std::move(made).value());
    }
  }

  const OperatorRun::Maker maker_;
  const std::vector<DataType> types_;
  std::vector<Collector> outputs_;
  std::vector<std::unique_ptr<Operator>> instances_;
  StateMap state_;
};

std::string Text(std::string_view change, std::initializer_list<int64_t> cells) {
  std::string text;
  for (int64_t cell : cells) text += (text.empty() ? "" : ",") + std::to_string(cell);
  return std::string(change) + "[" + text + "]";
}

/// Whether the row that key `k` had at the time `k` has gone at 130.
bool IsGoneAt130(int64_t k) { return k + kTtl <= 130; }

TEST(Rescale, Groups) {
  sql::AggregateNode node;
  node.inputs = {InputNode(kFields, false)};
  node.changelog = sql::ChangelogMode::All();
  node.output = {kFields[0], {"n", DataType::Bigint()}};
  node.keys = {0};
  node.calls = {{"COUNT", {}, -1, false, DataType::Bigint(), "n"}};
  node.state_ttl_ms = {kTtl};
  ShardedRun run([&] { return GroupAggregateOperator::Make(node); }, 2);
  for (int64_t k = 0; k < kKeys; ++k) run.At(k, k, 0);
  run.Rescale(120, 5);
  for (int64_t k = 0; k < kKeys; ++k) {
    if (IsGoneAt130(k)) {
      EXPECT_THAT(run.At(130, k, 0), ElementsAre(Text("+I", {k, 1})));
    } else {
      EXPECT_THAT(run.At(130, k, 0), ElementsAre(Text("-U", {k, 1}), Text("+U", {k, 2})));
    }
  }
  run.Rescale(140, 1);
  for (int64_t k = 0; k < kKeys; ++k) {
    int64_t n = IsGoneAt130(k) ? 1 : 2;
    EXPECT_THAT(run.At(229, k, 0), ElementsAre(Text("-U", {k, n}), Text("+U", {k, n + 1})));
  }
}

TEST(Rescale, JoinedRows) {
  sql::JoinNode node;
  node.join = sql::JoinKind::kInner;
  node.inputs = {InputNode(kFields, false), InputNode(kFields, false)};
  node.left_keys = {0};
  node.right_keys = {0};
  node.output = kFields;
  node.output.insert(node.output.end(), kFields.begin(), kFields.end());
  node.state_ttl_ms = {kTtl, kTtl};
  ShardedRun run([&] { return JoinOperator::Make(node, nullptr); }, 2);
  for (int64_t k = 0; k < kKeys; ++k) run.At(k, k, 10 + k);
  run.Rescale(120, 5);
  for (int64_t k = 0; k < kKeys; ++k) {
    if (IsGoneAt130(k)) {
      EXPECT_THAT(run.At(130, k, 7, 1), IsEmpty());
    } else {
      EXPECT_THAT(run.At(130, k, 7, 1), ElementsAre(Text("+I", {k, 10 + k, k, 7})));
    }
  }
  run.Rescale(140, 1);
  for (int64_t k = 0; k < kKeys; ++k) {
    EXPECT_THAT(run.At(229, k, 99), ElementsAre(Text("+I", {k, 99, k, 7})));
    EXPECT_THAT(run.At(230, k, 98), IsEmpty());
  }
}

TEST(Rescale, RankedRows) {
  sql::RankNode node;
  node.inputs = {InputNode(kFields)};
  node.keys = {0};
  node.order = {{1, false, true}};
  node.rank_end = 2;
  node.output_rank_number = true;
  node.changelog = sql::ChangelogMode::All();
  node.output = {kFields[0], kFields[1], {"rn", DataType::Bigint()}};
  node.state_ttl_ms = {kTtl};
  ShardedRun run([&] { return RankOperator::Make(node); }, 2);
  for (int64_t k = 0; k < kKeys; ++k) run.At(k, k, 5);
  run.Rescale(120, 5);
  for (int64_t k = 0; k < kKeys; ++k) {
    int64_t rank = IsGoneAt130(k) ? 1 : 2;
    EXPECT_THAT(run.At(130, k, 7), ElementsAre(Text("+I", {k, 7, rank})));
  }
  run.Rescale(200, 1);
  for (int64_t k = 0; k < kKeys; ++k) {
    EXPECT_THAT(run.At(229, k, 9), ElementsAre(Text("+I", {k, 9, 2})));
  }
}

TEST(Rescale, LastRows) {
  sql::DeduplicateNode node;
  node.inputs = {InputNode(kFields)};
  node.keys = {0};
  node.time_column = 1;
  node.keep_last = true;
  node.is_rowtime = false;
  node.output = kFields;
  node.changelog = sql::ChangelogMode::All();
  node.state_ttl_ms = {kTtl};
  ShardedRun run([&] { return DeduplicateOperator::Make(node); }, 2);
  for (int64_t k = 0; k < kKeys; ++k) run.At(k, k, 5);
  run.Rescale(120, 5);
  for (int64_t k = 0; k < kKeys; ++k) {
    if (IsGoneAt130(k)) {
      EXPECT_THAT(run.At(130, k, 6), ElementsAre(Text("+I", {k, 6})));
    } else {
      EXPECT_THAT(run.At(130, k, 6), ElementsAre(Text("-U", {k, 5}), Text("+U", {k, 6})));
    }
  }
  run.Rescale(140, 1);
  for (int64_t k = 0; k < kKeys; ++k) {
    EXPECT_THAT(run.At(229, k, 7), ElementsAre(Text("-U", {k, 6}), Text("+U", {k, 7})));
  }
}

TEST(Rescale, RowsOfSessions) {
  sql::WindowTableNode node;
  node.output = {kFields[0], {"ts", DataType::Timestamp(3), sql::TimeAttribute::kRowtime}};
  node.inputs = {InputNode(node.output)};
  for (const char* name : {"window_start", "window_end", "window_time"}) {
    node.output.push_back({name, DataType::Timestamp(3)});
  }
  node.window.kind = sql::WindowKind::kSession;
  node.window.size_ms = 10;
  node.window.time_column = 1;
  node.window.partition_keys = {0};
  ShardedRun run([&] { return SessionTableOperator::Make(node, {}); }, 2,
                 node.inputs[0]->OutputTypes());
  for (int64_t k = 0; k < kKeys; ++k) EXPECT_THAT(run.At(0, k, 105 + k), IsEmpty());
  run.Rescale(0, 5);
  for (int64_t k = 0; k < kKeys; ++k) EXPECT_THAT(run.At(0, k, 100 + k), IsEmpty());
  run.Rescale(0, 1);
  for (int64_t k = 0; k < kKeys; ++k) {
    int64_t end = 115 + k;
    EXPECT_THAT(run.Watermark(end - 1),
                ElementsAre(Text("+I", {k, 105 + k, 100 + k, end, end - 1}),
                            Text("+I", {k, 100 + k, 100 + k, end, end - 1})));
  }
}

}  // namespace
}  // namespace forebay::compute
