#include <gmock/gmock.h>

#include <future>
#include <thread>

#include "client/tests/local_fixture.h"

namespace forebay::client {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const model::TablePath kPath{"db", "clicks"};

class LogTableTest : public DoorFixture {
 protected:
  void SetUp() override {
    DoorFixture::SetUp();
    ASSERT_TRUE(connection_->admin().CreateTable(kPath, Table(false)).ok());
  }
  Result<WriteAck> WriteIdentified(const model::Batch& batch, WriterIdentity identity) {
    auto writer = connection_->OpenWriter(kPath);
    std::promise<Result<WriteAck>> promise;
    (*writer)->WriteBucket(0, batch, identity,
                           [&](Result<WriteAck> ack) { promise.set_value(std::move(ack)); });
    return promise.get_future().get();
  }
};

TEST_F(LogTableTest, RowsAreReadInTheOrderOfTheirOffsetsAndAfterARestart) {
  auto writer = connection_->OpenWriter(kPath);
  ASSERT_TRUE(writer.ok());
  auto first = (*writer)->Write(Rows({{1, "a"}, {2, "a string that is not inlined"}}));
  ASSERT_TRUE(first.ok()) << first.status().ToString();
  EXPECT_EQ((*first)[0].base_offset, 0);
  EXPECT_EQ((*first)[0].next_offset, 2);
  auto second = (*writer)->Write(Rows({{3, "c"}}));
  EXPECT_EQ((*second)[0].base_offset, 2);
  auto all = ElementsAre("+I 1 a", "+I 2 a string that is not inlined", "+I 3 c");
  EXPECT_THAT(ReadAll(kPath, 0, 0), all);
  Reopen();
  EXPECT_THAT(ReadAll(kPath, 0, model::kEarliestOffset), all);
  EXPECT_THAT(ReadAll(kPath, 0, 1), ElementsAre("+I 2 a string that is not inlined", "+I 3 c"));
  EXPECT_THAT(ReadAll(kPath, 0, model::kLatestOffset), ElementsAre());
}

TEST_F(LogTableTest, ProjectionGivesOnlyTheWantedColumns) {
  auto writer = connection_->OpenWriter(kPath);
  ASSERT_TRUE((*writer)->Write(Rows({{1, "a"}})).ok());
  auto scanner = connection_->OpenLogScanner(kPath, std::vector<int>{1});
  ASSERT_TRUE((*scanner)->Subscribe(0, 0).ok());
  auto records = (*scanner)->Poll(0, 1000);
  ASSERT_EQ((*records)[0].batch.columns.size(), 1u);
  EXPECT_EQ((*records)[0].batch.columns[0].GetString(0), "a");
  EXPECT_FALSE(connection_->OpenLogScanner(kPath, std::vector<int>{1, 0}).ok());
  EXPECT_FALSE(connection_->OpenLogScanner(kPath, std::vector<int>{2}).ok());
}

TEST_F(LogTableTest, AWaitingPollIsWokenByAWrite) {
  auto scanner = connection_->OpenLogScanner(kPath, std::nullopt);
  ASSERT_TRUE((*scanner)->Subscribe(0, 0).ok());
  std::thread writes([&] {
    auto writer = connection_->OpenWriter(kPath);
    EXPECT_TRUE((*writer)->Write(Rows({{7, "x"}})).ok());
  });
  auto records = (*scanner)->Poll(60000, 1000);
  writes.join();
  EXPECT_THAT(Texts(*records), ElementsAre("+I 7 x"));
}

TEST_F(LogTableTest, WakeupEndsPolls) {
  auto scanner = connection_->OpenLogScanner(kPath, std::nullopt);
  ASSERT_TRUE((*scanner)->Subscribe(0, 0).ok());
  std::thread wakes([&] { (*scanner)->Wakeup(); });
  EXPECT_TRUE((*scanner)->Poll(60000, 1000)->empty());
  wakes.join();
  EXPECT_TRUE((*scanner)->Poll(60000, 1000)->empty());
}

TEST_F(LogTableTest, ARepeatedSequenceIsAcknowledgedWithTheOriginalOffsetsAlsoAfterARestart) {
  auto id = connection_->admin().AllocateWriterId();
  ASSERT_TRUE(id.ok());
  EXPECT_EQ(WriteIdentified(Rows({{1, "a"}}), {*id, 0})->base_offset, 0);
  EXPECT_EQ(WriteIdentified(Rows({{2, "b"}}), {*id, 1})->base_offset, 1);
  for (bool restarted : {false, true}) {
    if (restarted) Reopen();
    auto again = WriteIdentified(Rows({{2, "b"}}), {*id, 1});
    ASSERT_TRUE(again.ok());
    // The protocol does not tell.
    EXPECT_EQ(again->duplicate, !is_remote());
    EXPECT_EQ(again->base_offset, 1);
    EXPECT_EQ(again->next_offset, 2);
  }
  auto gap = WriteIdentified(Rows({{4, "d"}}), {*id, 3});
  EXPECT_EQ(gap.kind(), is_remote() ? ErrorKind::kConflict : ErrorKind::kInvalidArgument);
  EXPECT_THAT(gap.message(), HasSubstr("due is 2"));
  EXPECT_THAT(ReadAll(kPath, 0, 0), ElementsAre("+I 1 a", "+I 2 b"));
  EXPECT_NE(*connection_->admin().AllocateWriterId(), *id);
}

TEST_F(LogTableTest, ConcurrentWritersLoseNothing) {
  constexpr int kWriters = 8, kBatches = 50;
  std::vector<std::thread> threads;
  for (int w = 0; w < kWriters; ++w) {
    threads.emplace_back([&, w] {
      auto writer = connection_->OpenWriter(kPath);
      for (int i = 0; i < kBatches; ++i) {
        EXPECT_TRUE((*writer)->Write(Rows({{w * kBatches + i, "x"}})).ok());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  Reopen();
  std::set<std::string> seen;
  for (const std::string& text : ReadAll(kPath, 0, 0)) EXPECT_TRUE(seen.insert(text).second);
  EXPECT_EQ(seen.size(), size_t{kWriters * kBatches});
}

TEST_F(LogTableTest, WrongBatchesAreRefused) {
  auto writer = connection_->OpenWriter(kPath);
  model::Batch one_column = Rows({{1, "a"}}).Project(std::vector<int>{0});
  EXPECT_EQ((*writer)->Write(one_column).kind(), ErrorKind::kInvalidArgument);
  model::Batch swapped = Rows({{1, "a"}}).Project(std::vector<int>{1, 0});
  auto refused = (*writer)->Write(swapped);
  EXPECT_EQ(refused.kind(), ErrorKind::kInvalidArgument);
  EXPECT_THAT(refused.message(), HasSubstr("column 'id' of table 'db.clicks' is BIGINT NOT NULL"));
  EXPECT_FALSE(WriteIdentified(Rows({{1, "a"}}, model::ChangeType::kDelete), {}).ok());
  EXPECT_TRUE(ReadAll(kPath, 0, 0).empty());
}

TEST_F(LogTableTest, WritersOfATableTakeTurnsAmongItsBuckets) {
  model::TablePath path{"db", "turns"};
  ASSERT_TRUE(connection_->admin().CreateTable(path, Table(false, 3)).ok());
  std::set<int> buckets;
  for (int i = 0; i < 3; ++i) {
    auto acks = (*connection_->OpenWriter(path))->Write(Rows({{i, "x"}}));
    ASSERT_EQ(acks->size(), 1u);
    buckets.insert((*acks)[0].bucket.bucket);
  }
  EXPECT_EQ(buckets, (std::set<int>{0, 1, 2}));
}

TEST_F(LogTableTest, BucketKeysChooseTheBucket) {
  model::TablePath path{"db", "keyed"};
  model::TableDescriptor table = Table(false, 4);
  table.bucket_keys = {"id"};
  ASSERT_TRUE(connection_->admin().CreateTable(path, table).ok());
  auto writer = connection_->OpenWriter(path);
  std::vector<std::pair<int64_t, std::string>> rows;
  for (int i = 0; i < 100; ++i) rows.push_back({i, std::to_string(i)});
  model::Batch batch = Rows(rows);
  auto buckets = (*writer)->BucketsOf(batch);
  ASSERT_TRUE((*writer)->Write(batch).ok());
  for (int bucket = 0; bucket < 4; ++bucket) {
    std::vector<std::string> due;
    for (int i = 0; i < 100; ++i) {
      if ((*buckets)[i] == bucket) due.push_back(fmt::format("+I {} {}", i, i));
    }
    EXPECT_FALSE(due.empty());
    EXPECT_EQ(ReadAll(path, bucket, 0), due);
  }
}

}  // namespace
}  // namespace forebay::client
