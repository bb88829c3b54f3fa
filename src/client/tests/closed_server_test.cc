#include <gmock/gmock.h>

#include <atomic>
#include <thread>

#include "client/tests/local_fixture.h"

namespace forebay::client {
namespace {

const model::TablePath kLog{"db", "log"};
const model::TablePath kKeyed{"db", "keyed"};

/// What is opened on a server must stay safe to call, whatever becomes of the server.
class ClosedServerTest : public LocalFixture {
 protected:
  void SetUp() override {
    LocalFixture::SetUp();
    ASSERT_TRUE(connection_->admin().CreateTable(kLog, Table(false)).ok());
    ASSERT_TRUE(connection_->admin().CreateTable(kKeyed, Table(true, 2)).ok());
    log_writer_ = std::move(*connection_->OpenWriter(kLog));
    row_writer_ = std::move(*connection_->OpenWriter(kKeyed));
    scanner_ = std::move(*connection_->OpenLogScanner(kLog, std::nullopt));
    lookuper_ = std::move(*connection_->OpenLookuper(kKeyed, std::nullopt));
    std::vector<std::pair<int64_t, std::string>> rows;
    for (int64_t id = 0; id < 4096; ++id) rows.emplace_back(id, std::string(100, 'x'));
    ASSERT_TRUE(row_writer_->Write(Rows(rows)).ok());
    ASSERT_TRUE(log_writer_->Write(Rows({{1, "a"}})).ok());
    ASSERT_TRUE(scanner_->Subscribe(0, 0).ok());
    snapshot_ = std::move(*connection_->OpenSnapshotScanner(kKeyed, 0, std::nullopt));
  }
  static model::Batch Key(int64_t id) {
    model::BatchBuilder builder({model::DataType::Bigint().NotNull()});
    builder.column(0).Append(id);
    builder.FinishRow(model::ChangeType::kInsert);
    return builder.Finish();
  }
  void ExpectAllUnavailable() {
    EXPECT_EQ(log_writer_->Write(Rows({{1, "b"}})).kind(), ErrorKind::kUnavailable);
    EXPECT_EQ(row_writer_->Write(Rows({{1, "b"}})).kind(), ErrorKind::kUnavailable);
    EXPECT_EQ(lookuper_->Lookup(Key(1)).kind(), ErrorKind::kUnavailable);
    EXPECT_EQ(scanner_->Poll(60000, 1000).kind(), ErrorKind::kUnavailable);
    ErrorKind last = ErrorKind::kInternal;
    for (int i = 0; i < 3; ++i) {  // some rows may have been read ahead
      auto rows = snapshot_->Next();
      if (!rows.ok()) last = rows.kind();
    }
    EXPECT_EQ(last, ErrorKind::kUnavailable);
  }

  std::unique_ptr<TableWriter> log_writer_;
  std::unique_ptr<TableWriter> row_writer_;
  std::unique_ptr<LogScanner> scanner_;
  std::unique_ptr<Lookuper> lookuper_;
  std::unique_ptr<SnapshotScanner> snapshot_;
};

TEST_F(ClosedServerTest, WhatWasOpenedSaysThatItIsUnavailable) {
  ASSERT_TRUE(storage_->Close().ok());
  ExpectAllUnavailable();
}

TEST_F(ClosedServerTest, TheFilesAreFreeForTheNextServerThoughTheOldOnesTablesAreHeld) {
  Reopen();
  ExpectAllUnavailable();
  auto lookuper = std::move(*connection_->OpenLookuper(kKeyed, std::nullopt));
  EXPECT_EQ(lookuper->Lookup(Key(7))->rows.columns[1].GetString(0), std::string(100, 'x'));
  EXPECT_THAT(ReadAll(kLog, 0, 0), testing::ElementsAre("+I 1 a"));
}

TEST_F(ClosedServerTest, ADroppedTableIsUnavailableToThoseWhoHoldIt) {
  ASSERT_TRUE(connection_->admin().DropTable(kKeyed).ok());
  EXPECT_EQ(row_writer_->Write(Rows({{1, "b"}})).kind(), ErrorKind::kUnavailable);
  EXPECT_EQ(lookuper_->Lookup(Key(1)).kind(), ErrorKind::kUnavailable);
}

TEST_F(ClosedServerTest, AWaitingPollEndsWhenTheServerCloses) {
  ASSERT_TRUE(scanner_->Subscribe(0, model::kLatestOffset).ok());
  ErrorKind kind = ErrorKind::kInternal;
  std::thread polls([&] { kind = scanner_->Poll(600000, 1000).kind(); });
  Shut();
  polls.join();
  EXPECT_EQ(kind, ErrorKind::kUnavailable);
}

TEST_F(ClosedServerTest, WorkUnderWayEndsWithAnAnswer) {
  std::atomic<int> rounds = 0;
  auto until_closed = [&rounds](auto call) {
    return std::thread([&rounds, call] {
      while (call().ok()) ++rounds;
    });
  };
  std::vector<std::thread> threads;
  threads.push_back(until_closed([&] { return log_writer_->Write(Rows({{1, "b"}})); }));
  threads.push_back(until_closed([&] { return row_writer_->Write(Rows({{1, "b"}, {2, "c"}})); }));
  threads.push_back(until_closed([&] { return lookuper_->Lookup(Key(rounds % 4096)); }));
  threads.push_back(until_closed([&] { return scanner_->Poll(1000, 1 << 16); }));
  std::thread scans([&] {
    while (true) {
      auto rows = connection_->OpenSnapshotScanner(kKeyed, 1, std::nullopt);
      if (!rows.ok()) return;
      auto batch = (*rows)->Next();
      while (batch.ok() && batch->num_rows > 0) batch = (*rows)->Next();
    }
  });
  while (rounds < 2000) std::this_thread::yield();
  EXPECT_TRUE(storage_->Close().ok());
  for (std::thread& thread : threads) thread.join();
  scans.join();
}

}  // namespace
}  // namespace forebay::client
