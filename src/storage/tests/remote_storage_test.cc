#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rocksdb/db.h>

#include <filesystem>
#include <fstream>
#include <future>
#include <map>
#include <set>
#include <thread>

#include "base/failpoint.h"
#include "base/tests/manual_clock.h"
#include "format/row/compacted_row.h"
#include "io/faulty_file_system.h"
#include "io/file_system.h"
#include "io/temporary_directory.h"
#include "storage/kv/kv_tablet.h"
#include "storage/storage_server.h"
#include "storage/tests/remote_work.h"

namespace forebay::storage {
namespace {

using model::LogOffset;
using model::TablePath;
namespace fs = std::filesystem;

const TablePath kPath{"db", "rows"};

/// A storage core whose remote work the test does by itself.
class RemoteStorageTest : public testing::Test {
 protected:
  void SetUp() override {
    options_.data_dir = root_ + "/data";
    options_.clock = &clock_;
    options_.expiry_interval_ms = 3'600'000;
    // The background thread finds nothing to do; a bucket is due at once for RunOnce.
    options_.remote.kv_snapshot_interval_ms = 1;
    Open();
    ASSERT_TRUE(storage_->CreateDatabase("db", false).ok());
  }
  void Open() {
    auto opened = StorageServer::Open(options_, faulty_);
    ASSERT_TRUE(opened.ok()) << opened.status().ToString();
    storage_ = std::move(*opened);
    storage_->remote().Stop();
  }
  void Reopen() {
    storage_.reset();
    Open();
  }

  static model::TableDescriptor Table(bool primary_key) {
    model::TableDescriptor table;
    table.schema.columns = {{"id", model::DataType::Bigint().NotNull()},
                            {"name", model::DataType::String()}};
    if (primary_key) table.schema.primary_key = {"id"};
    return table;
  }
  void Create(bool primary_key) {
    ASSERT_TRUE(storage_->CreateTable(kPath, Table(primary_key)).ok());
  }
  const HostedTable::Bucket& Bucket() {
    table_ = *storage_->GetTable(kPath);
    return table_->buckets[0];
  }
  KvSnapshotStore& Snapshots() { return *Bucket().remote->snapshots(); }

  LogOffset Upsert(const std::map<int64_t, std::string>& rows) {
    model::BatchBuilder builder({model::DataType::Bigint().NotNull(), model::DataType::String()});
    for (const auto& [id, name] : rows) {
      builder.column(0).Append(id);
      builder.column(1).AppendString(name);
      builder.FinishRow(model::ChangeType::kInsert);
    }
    std::promise<Result<AppendResult>> done;
    Status taken = Bucket().kv->Write(builder.Finish(), {}, [&](Result<AppendResult> result) {
      done.set_value(std::move(result));
    });
    EXPECT_TRUE(taken.ok()) << taken.ToString();
    auto result = done.get_future().get();
    EXPECT_TRUE(result.ok()) << result.status().ToString();
    return result->next_offset;
  }
  /// What is due now, as if the interval had passed.
  void RunRemote() {
    std::this_thread::sleep_for(std::chrono::milliseconds(3));
    // A stopped RemoteStorage runs nothing, so the bucket is asked itself.
    Bucket().remote->Run(MonotonicMs() + 10, storage_->remote().leases());
  }
  /// Brings the snapshot's files together, as a client does, and reads them with RocksDB alone.
  std::map<int64_t, std::string> RowsOf(const KvSnapshotInfo& snapshot) {
    std::string directory = root_ + "/copy";
    fs::remove_all(directory);
    fs::create_directories(directory);
    for (const auto* part : {&snapshot.shared, &snapshot.exclusive}) {
      for (const KvSnapshotFile& file : *part) {
        EXPECT_EQ(fs::file_size(file.path), file.size_bytes);
        fs::copy_file(file.path, directory + "/" + file.local_name);
      }
    }
    rocksdb::DB* opened = nullptr;
    rocksdb::Status status = rocksdb::DB::OpenForReadOnly({}, directory, &opened);
    EXPECT_TRUE(status.ok()) << status.ToString();
    std::unique_ptr<rocksdb::DB> db(opened);
    std::map<int64_t, std::string> rows;
    std::unique_ptr<rocksdb::Iterator> iterator(db->NewIterator({}));
    std::vector<model::DataType> types = {model::DataType::Bigint().NotNull(),
                                          model::DataType::String()};
    format::CompactedRowReader reader(types);
    for (iterator->SeekToFirst(); iterator->Valid(); iterator->Next()) {
      std::string_view value(iterator->value().data(), iterator->value().size());
      EXPECT_EQ(value.substr(0, 2), std::string_view("\1\0", 2));  // the schema's number
      model::BatchBuilder builder(types);
      EXPECT_TRUE(reader.Read(value.substr(2), builder).ok());
      builder.FinishRow();
      model::Batch row = builder.Finish();
      rows[row.columns[0].Get<int64_t>(0)] = std::string(row.columns[1].GetString(0));
    }
    return rows;
  }
  size_t FilesUnder(const std::string& directory) {
    size_t count = 0;
    if (!fs::exists(directory)) return 0;
    for (const auto& entry : fs::recursive_directory_iterator(directory)) {
      count += entry.is_regular_file() ? 1 : 0;
    }
    return count;
  }
  std::string RemoteKv() {
    return fmt::format("{}/data/remote/kv/db/rows-{}/0", root_,
                       Bucket().remote->name().bucket.table_id.value());
  }

  io::TemporaryDirectory temporary_ = *io::TemporaryDirectory::Make("forebay-remote-test");
  const std::string root_ = temporary_.path();
  ManualClock clock_;
  StorageOptions options_;
  std::unique_ptr<io::FileSystem> fs_ = io::MakePosixFileSystem();
  io::FaultyFileSystem faulty_{*fs_};
  std::unique_ptr<StorageServer> storage_;
  std::shared_ptr<const HostedTable> table_;
};

TEST_F(RemoteStorageTest, ASnapshotHasTheRowsAndWhereTheChangelogGoesOn) {
  Create(true);
  EXPECT_FALSE(Snapshots().Latest().has_value());
  Upsert({{1, "a"}, {2, "b"}});
  LogOffset end = Upsert({{2, "c"}, {3, "d"}});
  RunRemote();
  auto snapshot = Snapshots().Latest();
  ASSERT_TRUE(snapshot.has_value());
  EXPECT_EQ(snapshot->log_offset, end);
  std::map<int64_t, std::string> expected = {{1, "a"}, {2, "c"}, {3, "d"}};
  EXPECT_EQ(RowsOf(*snapshot), expected);
  // The metadata file says the same.
  auto text = io::ReadFile(*fs_, snapshot->location + "/_METADATA");
  ASSERT_TRUE(text.ok());
  auto read = KvSnapshotFromJson(*text);
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->log_offset, end);
  EXPECT_EQ(read->shared.size(), snapshot->shared.size());
}

TEST_F(RemoteStorageTest, RowsAreCountedAlsoAcrossARestartAndAKill) {
  Create(true);
  EXPECT_EQ(Bucket().kv->RowCount(), 0);
  Upsert({{1, "a"}, {2, "b"}, {3, "c"}});
  Upsert({{3, "d"}, {4, "e"}});
  EXPECT_EQ(Bucket().kv->RowCount(), 4);
  RunRemote();
  EXPECT_EQ(Snapshots().Latest()->row_count, 4);
  Reopen();
  EXPECT_EQ(Bucket().kv->RowCount(), 4);
  Upsert({{4, "f"}, {5, "g"}});
  EXPECT_EQ(Bucket().kv->RowCount(), 5);
  // The rows in memory are lost, and come again from the changelog.
  Bucket().kv->Abandon();
  Bucket().log->Abandon();
  Reopen();
  EXPECT_EQ(Bucket().kv->RowCount(), 5);
}

TEST_F(RemoteStorageTest, NothingNewIsNoNewSnapshot) {
  Create(true);
  RunRemote();
  EXPECT_FALSE(Snapshots().Latest().has_value());
  Upsert({{1, "a"}});
  RunRemote();
  int64_t id = Snapshots().Latest()->id;
  RunRemote();
  EXPECT_EQ(Snapshots().Latest()->id, id);
}

TEST_F(RemoteStorageTest, SnapshotsShareFilesAndTheOldestGo) {
  Create(true);
  Upsert({{1, "a"}});
  RunRemote();
  auto first = *Snapshots().Latest();
  Upsert({{2, "b"}});
  RunRemote();
  auto second = *Snapshots().Latest();
  ASSERT_FALSE(first.shared.empty());
  size_t common = 0;
  for (const auto& file : second.shared) {
    for (const auto& old : first.shared) common += file.path == old.path ? 1 : 0;
  }
  EXPECT_GT(common, 0u);
  Upsert({{3, "c"}});
  RunRemote();
  EXPECT_FALSE(Snapshots().Get(first.id).ok());
  EXPECT_TRUE(Snapshots().Get(second.id).ok());
  EXPECT_FALSE(fs::exists(first.location));
  std::map<int64_t, std::string> two = {{1, "a"}, {2, "b"}};
  EXPECT_EQ(RowsOf(second), two);
}

TEST_F(RemoteStorageTest, ALeaseKeepsASnapshotAlsoAcrossARestartUntilItEnds) {
  Create(true);
  Upsert({{1, "a"}});
  RunRemote();
  auto first = *Snapshots().Latest();
  model::TableBucket bucket = Bucket().remote->name().bucket;
  ASSERT_TRUE(storage_->remote().leases().Acquire("reader", 1000, {{bucket, first.id}}).ok());
  for (int64_t i = 2; i < 6; ++i) {
    Upsert({{i, "x"}});
    RunRemote();
  }
  EXPECT_EQ(Snapshots().All().size(), 3u);
  Reopen();
  Upsert({{6, "x"}});
  RunRemote();
  ASSERT_TRUE(Snapshots().Get(first.id).ok());
  std::map<int64_t, std::string> one = {{1, "a"}};
  EXPECT_EQ(RowsOf(*Snapshots().Get(first.id)), one);
  EXPECT_EQ(Snapshots().NeededOffset(), first.log_offset);
  clock_.now_ms += 1001;
  ASSERT_TRUE(storage_->remote().leases().Expire().ok());
  RunRemote();
  EXPECT_FALSE(Snapshots().Get(first.id).ok());
  EXPECT_EQ(Snapshots().All().size(), 2u);
}

TEST_F(RemoteStorageTest, ALeaseEndsByReleaseOrDrop) {
  Create(true);
  model::TableBucket bucket = Bucket().remote->name().bucket;
  KvSnapshotLeases& leases = storage_->remote().leases();
  ASSERT_TRUE(leases.Acquire("a", 1000, {{bucket, 7}}).ok());
  ASSERT_TRUE(leases.Acquire("b", 1000, {{bucket, 7}}).ok());
  ASSERT_TRUE(leases.Release("a", {bucket}).ok());
  EXPECT_TRUE(leases.IsLeased(bucket, 7));
  ASSERT_TRUE(leases.Drop("b").ok());
  EXPECT_FALSE(leases.IsLeased(bucket, 7));
  // Without snapshots a lease is extended.
  ASSERT_TRUE(leases.Acquire("c", 1000, {{bucket, 8}}).ok());
  clock_.now_ms += 900;
  ASSERT_TRUE(leases.Acquire("c", 1000, {}).ok());
  clock_.now_ms += 900;
  ASSERT_TRUE(leases.Expire().ok());
  EXPECT_TRUE(leases.IsLeased(bucket, 8));
}

TEST_F(RemoteStorageTest, AFullDiskAndFailingSyncsLeaveTheSnapshotsAsTheyWere) {
  Create(true);
  Upsert({{1, "a"}});
  RunRemote();
  int64_t id = Snapshots().Latest()->id;
  size_t files = FilesUnder(RemoteKv());
  Upsert({{2, "b"}});
  for (int64_t space : {0, 10, 500}) {
    faulty_.FailWritesAfter(space);
    RunRemote();
    faulty_.FailWritesAfter(-1);
    EXPECT_EQ(Snapshots().Latest()->id, id) << space;
  }
  faulty_.FailSyncs(true);
  RunRemote();
  faulty_.FailSyncs(false);
  EXPECT_EQ(Snapshots().Latest()->id, id);
  std::map<int64_t, std::string> one = {{1, "a"}}, two = {{1, "a"}, {2, "b"}};
  EXPECT_EQ(RowsOf(*Snapshots().Latest()), one);
  RunRemote();
  EXPECT_EQ(RowsOf(*Snapshots().Latest()), two);
  EXPECT_EQ(Snapshots().All().size(), 2u);
  EXPECT_GT(FilesUnder(RemoteKv()), files);
}

TEST_F(RemoteStorageTest, LeftoversOfACrashAreRemoved) {
  Create(true);
  Upsert({{1, "a"}});
  RunRemote();
  size_t before = FilesUnder(RemoteKv());
  fs::create_directories(RemoteKv() + "/snap-99");
  std::ofstream(RemoteKv() + "/snap-99/half") << "x";
  std::ofstream(RemoteKv() + "/shared/nobody") << "x";
  Reopen();
  RunRemote();
  EXPECT_EQ(FilesUnder(RemoteKv()), before);
  std::map<int64_t, std::string> one = {{1, "a"}};
  EXPECT_EQ(RowsOf(*Snapshots().Latest()), one);
}

TEST_F(RemoteStorageTest, WhereverItIsKilledASnapshotIsWholeOrNotThere) {
  Create(true);
  std::map<int64_t, std::string> rows;
  for (const char* failpoint : {"kv_snapshot.before_metadata", "kv_snapshot.before_commit",
                                "kv_snapshot.after_commit", "kv_snapshot.before_removal"}) {
    for (int round = 0; round < 2; ++round) {
      rows[std::ssize(rows)] = failpoint;
      Upsert(rows);
      RunRemote();
    }
    rows[std::ssize(rows)] = "last";
    Upsert(rows);
    table_.reset();
    storage_.reset();
    EXPECT_EQ(RemoteWorkInOtherProcess(options_, failpoint), kFailpointExitStatus) << failpoint;
    Open();
    for (const auto& snapshot : Snapshots().All()) EXPECT_FALSE(RowsOf(snapshot).empty());
    RunRemote();
    EXPECT_EQ(RowsOf(*Snapshots().Latest()), rows) << failpoint;
    EXPECT_EQ(Snapshots().All().size(), 2u);
    // Nothing is there but what the two snapshots have.
    std::set<std::string> files;
    for (const auto& snapshot : Snapshots().All()) {
      files.insert(snapshot.location + "/_METADATA");
      for (const auto& file : snapshot.shared) files.insert(file.path);
      for (const auto& file : snapshot.exclusive) files.insert(file.path);
    }
    EXPECT_EQ(FilesUnder(RemoteKv()), files.size()) << failpoint;
  }
}

TEST_F(RemoteStorageTest, ADamagedRecordOfSnapshotsIsMadeAnew) {
  Create(true);
  Upsert({{1, "a"}});
  RunRemote();
  std::string record;
  for (const auto& entry : fs::recursive_directory_iterator(options_.data_dir)) {
    if (entry.path().filename() == "kv-snapshots.json") record = entry.path();
  }
  ASSERT_FALSE(record.empty());
  std::ofstream(record) << "garbage";
  Reopen();
  EXPECT_FALSE(Snapshots().Latest().has_value());
  RunRemote();
  ASSERT_TRUE(Snapshots().Latest().has_value());
  std::map<int64_t, std::string> one = {{1, "a"}};
  EXPECT_EQ(RowsOf(*Snapshots().Latest()), one);
}

TEST_F(RemoteStorageTest, ADroppedTablesFilesGo) {
  Create(true);
  Upsert({{1, "a"}});
  RunRemote();
  std::string directory = RemoteKv();
  EXPECT_GT(FilesUnder(directory), 0u);
  table_.reset();
  ASSERT_TRUE(storage_->DropTable(kPath).ok());
  EXPECT_FALSE(fs::exists(directory));
  EXPECT_TRUE(storage_->metadata().ListObjects("remote_removal").empty());
}

TEST_F(RemoteStorageTest, AnInterruptedRemovalIsFinishedByTheNextStart) {
  Create(true);
  Upsert({{1, "a"}});
  RunRemote();
  std::string directory = RemoteKv();
  RemoteBucketName name = Bucket().remote->name();
  ASSERT_TRUE(storage_->remote().PlanRemoval(name).ok());
  table_.reset();
  // The table is still there: nothing may go.
  Reopen();
  EXPECT_GT(FilesUnder(directory), 0u);
  EXPECT_TRUE(storage_->metadata().ListObjects("remote_removal").empty());
  ASSERT_TRUE(storage_->remote().PlanRemoval(name).ok());
  ASSERT_TRUE(storage_->metadata().RemoveTable(kPath).ok());
  Reopen();
  EXPECT_EQ(FilesUnder(directory), 0u);
}

TEST_F(RemoteStorageTest, TheChangelogKeepsWhatASnapshotsReadersNeed) {
  options_.log.segment_bytes = 1024;
  options_.log.ttl_ms = 1000;
  Reopen();
  Create(true);
  for (int64_t i = 0; i < 40; ++i) Upsert({{i, std::string(100, 'x')}});
  clock_.now_ms += 10'000;
  ASSERT_TRUE(storage_->ExpireNow().ok());
  // Without a snapshot readers begin at the start.
  EXPECT_EQ(Bucket().log->log_start(), 0);
  RunRemote();
  LogOffset offset = Snapshots().Latest()->log_offset;
  ASSERT_TRUE(storage_->ExpireNow().ok());
  EXPECT_GT(Bucket().log->log_start(), 0);
  EXPECT_LE(Bucket().log->log_start(), offset);
}

}  // namespace
}  // namespace forebay::storage
