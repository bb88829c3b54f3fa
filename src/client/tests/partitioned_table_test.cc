#include <gmock/gmock.h>
#include <sys/wait.h>

#include <future>
#include <map>

#include "base/failpoint.h"
#include "client/tablet_gateway.h"
#include "client/tests/local_fixture.h"

namespace forebay::client {
namespace {

using model::BucketId;
using model::ChangeType;
using model::DataType;
using model::PartitionId;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

const model::TablePath kPath{"db", "visits"};

/// Rows of (id BIGINT, day STRING, name STRING).
struct Row {
  int64_t id;
  std::string day;
  std::string name;
};

class PartitionedTableTest : public DoorFixture {
 protected:
  static model::TableDescriptor Visits(bool primary_key, int buckets = 1) {
    model::TableDescriptor table;
    table.schema.columns = {{"id", DataType::Bigint().NotNull()},
                            {"day", DataType::String().NotNull()},
                            {"name", DataType::String()}};
    if (primary_key) table.schema.primary_key = {"day", "id"};
    table.partition_keys = {"day"};
    table.bucket_count = buckets;
    return table;
  }
  void Create(bool primary_key, int buckets = 1) {
    auto created = admin().CreateTable(kPath, Visits(primary_key, buckets));
    ASSERT_TRUE(created.ok()) << created.status().ToString();
    table_ = created->id;
  }
  Admin& admin() { return connection_->admin(); }
  Result<model::PartitionInfo> Add(const std::string& day, bool ignore_if_exists = false) {
    return admin().CreatePartition(kPath, {{"day", day}}, ignore_if_exists);
  }
  static model::Batch Batch(const std::vector<Row>& rows, ChangeType change = ChangeType::kInsert) {
    model::BatchBuilder builder(
        {DataType::Bigint().NotNull(), DataType::String().NotNull(), DataType::String()});
    for (const Row& row : rows) {
      builder.column(0).Append(row.id);
      builder.column(1).AppendString(row.day);
      builder.column(2).AppendString(row.name);
      builder.FinishRow(change);
    }
    return builder.Finish();
  }
  Status Write(const std::vector<Row>& rows, ChangeType change = ChangeType::kInsert) {
    auto writer = connection_->OpenWriter(kPath);
    return internal::ToStatus((*writer)->Write(Batch(rows, change)));
  }
  std::vector<std::string> Names() {
    std::vector<std::string> names;
    auto partitions = admin().ListPartitions(kPath);
    EXPECT_TRUE(partitions.ok()) << partitions.status().ToString();
    for (const auto& partition : *partitions) names.push_back(partition.Name());
    return names;
  }
  std::map<std::string, PartitionId> Ids() {
    std::map<std::string, PartitionId> ids;
    auto partitions = admin().ListPartitions(kPath);
    for (const auto& partition : *partitions) ids[partition.Name()] = partition.id;
    return ids;
  }
  /// "day/bucket id name" of all rows there are.
  std::vector<std::string> ReadPartition(const std::string& day, int buckets = 1) {
    auto scanner = *connection_->OpenLogScanner(kPath, std::nullopt);
    PartitionId id = Ids().at(day);
    for (int bucket = 0; bucket < buckets; ++bucket) {
      EXPECT_TRUE(scanner->Subscribe({id, bucket}, 0).ok());
    }
    std::vector<std::string> texts;
    while (true) {
      auto records = scanner->Poll(0, 1 << 20);
      EXPECT_TRUE(records.ok()) << records.status().ToString();
      if (!records.ok() || records->empty()) return texts;
      for (const ScanRecords& part : *records) {
        EXPECT_EQ(part.bucket.partition_id, id);
        for (int row = 0; row < part.batch.num_rows; ++row) {
          EXPECT_EQ(part.batch.columns[1].GetString(row), day);
          texts.push_back(fmt::format("{} {}", part.batch.columns[0].Get<int64_t>(row),
                                      part.batch.columns[2].GetString(row)));
        }
      }
    }
  }
  /// By (day, id).
  std::vector<std::string> Lookup(const std::vector<Row>& keys) {
    model::BatchBuilder builder({DataType::String().NotNull(), DataType::Bigint().NotNull()});
    for (const Row& key : keys) {
      builder.column(0).AppendString(key.day);
      builder.column(1).Append(key.id);
      builder.FinishRow();
    }
    auto lookuper = *connection_->OpenLookuper(kPath, std::nullopt);
    auto found = lookuper->Lookup(builder.Finish());
    EXPECT_TRUE(found.ok()) << found.status().ToString();
    std::vector<std::string> texts;
    for (int row : found->row_of_key) {
      texts.push_back(row < 0 ? "-" : std::string(found->rows.columns[2].GetString(row)));
    }
    return texts;
  }
  std::string DirectoryOf(PartitionId id) {
    return storage_->data_dir().PartitionPath(kPath, table_, id);
  }

  model::TableId table_;
};

TEST_F(PartitionedTableTest, PartitionsAreCreatedListedAndDropped) {
  Create(false);
  EXPECT_THAT(Names(), IsEmpty());
  auto first = Add("2024-01-01");
  ASSERT_TRUE(first.ok()) << first.status().ToString();
  auto second = Add("2024-01-02");
  EXPECT_GT(second->id, first->id);
  EXPECT_THAT(Names(), ElementsAre("2024-01-01", "2024-01-02"));
  EXPECT_EQ(Add("2024-01-01").kind(), ErrorKind::kAlreadyExists);
  EXPECT_EQ(Add("2024-01-01", true)->id, first->id);
  EXPECT_TRUE(std::filesystem::exists(DirectoryOf(first->id) + "/0/log"));
  ASSERT_TRUE(admin().DropPartition(kPath, {{"day", "2024-01-01"}}, false).ok());
  EXPECT_FALSE(std::filesystem::exists(DirectoryOf(first->id)));
  EXPECT_EQ(admin().DropPartition(kPath, {{"day", "2024-01-01"}}, false).kind(),
            ErrorKind::kNotFound);
  EXPECT_TRUE(admin().DropPartition(kPath, {{"day", "2024-01-01"}}, true).ok());
  // Made anew it is another one.
  EXPECT_GT(Add("2024-01-01")->id, second->id);
}

TEST_F(PartitionedTableTest, PartitionsAndTheirRowsLastAndIdsAreNeverGivenAgain) {
  Create(false);
  ASSERT_TRUE(Write({{1, "a", "x"}, {2, "b", "y"}}).ok());
  auto last = Add("c");
  ASSERT_TRUE(admin().DropPartition(kPath, {{"day", "c"}}, false).ok());
  Reopen();
  EXPECT_THAT(Names(), ElementsAre("a", "b"));
  EXPECT_THAT(ReadPartition("a"), ElementsAre("1 x"));
  EXPECT_THAT(ReadPartition("b"), ElementsAre("2 y"));
  EXPECT_GT(Add("d")->id, last->id);
  ASSERT_TRUE(admin().DropTable(kPath).ok());
  EXPECT_FALSE(std::filesystem::exists(
      fmt::format("{}/data/meta/partitions/{}", directory_, table_.value())));
  Reopen();
  EXPECT_EQ(admin().ListPartitions(kPath).kind(), ErrorKind::kNotFound);
}

TEST_F(PartitionedTableTest, WhatCannotBeAPartitionIsRefused) {
  Create(false);
  for (const char* day : {"", "a b", "a/b", "a$b", "ä", ".."}) {
    EXPECT_EQ(Add(day).kind(), ErrorKind::kInvalidArgument) << day;
  }
  EXPECT_EQ(Add("__mine").kind(), ErrorKind::kInvalidArgument);
  EXPECT_EQ(Add(std::string(201, 'x')).kind(), ErrorKind::kInvalidArgument);
  EXPECT_TRUE(Add(std::string(200, 'x')).ok());
  EXPECT_EQ(admin().CreatePartition(kPath, {}, false).kind(), ErrorKind::kInvalidArgument);
  EXPECT_EQ(admin().CreatePartition(kPath, {{"id", "1"}}, false).kind(),
            ErrorKind::kInvalidArgument);
  EXPECT_EQ(admin().CreatePartition(kPath, {{"day", "1"}, {"id", "1"}}, false).kind(),
            ErrorKind::kInvalidArgument);
  ASSERT_TRUE(admin().CreateTable({"db", "plain"}, Table(false)).ok());
  EXPECT_EQ(admin().ListPartitions({"db", "plain"}).kind(), ErrorKind::kInvalidArgument);
  EXPECT_EQ(admin().CreatePartition({"db", "plain"}, {{"name", "a"}}, false).kind(),
            ErrorKind::kInvalidArgument);
  EXPECT_EQ(admin().ListPartitions({"db", "nope"}).kind(), ErrorKind::kNotFound);
}

TEST_F(PartitionedTableTest, KeysThatDoNotGoTogetherAreRefused) {
  auto refused = [&](auto spoil) {
    model::TableDescriptor table = Visits(true);
    spoil(table);
    auto created = admin().CreateTable({"db", "bad"}, table);
    EXPECT_EQ(created.kind(), ErrorKind::kInvalidArgument);
    return created.ok() ? "" : created.status().ToString();
  };
  EXPECT_THAT(refused([](auto& t) { t.schema.primary_key = {"id"}; }),
              HasSubstr("'day' is not in the primary key"));
  EXPECT_THAT(refused([](auto& t) { t.schema.primary_key = {"day"}; }),
              HasSubstr("no column besides"));
  EXPECT_THAT(refused([](auto& t) { t.bucket_keys = {"day"}; }), HasSubstr("bucket key column"));
  EXPECT_THAT(refused([](auto& t) { t.partition_keys = {"day", "day"}; }), HasSubstr("twice"));
  EXPECT_THAT(
      refused([](auto& t) { t.schema.columns[1].type = DataType::Decimal(10, 2).NotNull(); }),
      HasSubstr("cannot be in a partition key"));
}

TEST_F(PartitionedTableTest, ATableHasOnlySoManyPartitions) {
  Shut();
  options_.partitions_max = 3;
  Open();
  Create(false);
  ASSERT_TRUE(Write({{1, "a", ""}, {2, "b", ""}, {3, "c", ""}}).ok());
  EXPECT_EQ(Add("d").kind(), ErrorKind::kOutOfRange);
  EXPECT_TRUE(Add("c", true).ok());
  EXPECT_EQ(Write({{4, "d", ""}}).kind(), ErrorKind::kOutOfRange);
  ASSERT_TRUE(admin().DropPartition(kPath, {{"day", "a"}}, false).ok());
  EXPECT_TRUE(Write({{4, "d", ""}}).ok());
}

TEST_F(PartitionedTableTest, RowsOfAPrimaryKeyTableLiveInTheirPartition) {
  Create(true, 2);
  ASSERT_TRUE(Write({{1, "a", "x"}, {1, "b", "y"}, {2, "a", "z"}}).ok());
  ASSERT_TRUE(Write({{1, "a", "w"}}).ok());
  std::vector<Row> keys = {{1, "b", ""}, {1, "a", ""}, {9, "a", ""}, {1, "c", ""}, {2, "a", ""}};
  EXPECT_THAT(Lookup(keys), ElementsAre("y", "w", "-", "-", "z"));
  EXPECT_THAT(ReadPartition("a", 2), UnorderedElementsAre("1 x", "2 z", "1 x", "1 w"));
  ASSERT_TRUE(Write({{1, "a", ""}}, ChangeType::kDelete).ok());
  EXPECT_THAT(Lookup(keys), ElementsAre("y", "-", "-", "-", "z"));
  Reopen();
  EXPECT_THAT(Lookup(keys), ElementsAre("y", "-", "-", "-", "z"));
  EXPECT_THAT(Names(), ElementsAre("a", "b"));
  auto snapshot = connection_->OpenSnapshotScanner(kPath, {Ids().at("b"), 0}, std::nullopt);
  EXPECT_TRUE(snapshot.ok()) << snapshot.status().ToString();
  EXPECT_EQ(connection_->OpenSnapshotScanner(kPath, 0, std::nullopt).kind(),
            ErrorKind::kInvalidArgument);
}

TEST_F(PartitionedTableTest, AScannerIsToldOfADroppedPartition) {
  Create(false);
  ASSERT_TRUE(Write({{1, "a", "x"}, {2, "b", "y"}}).ok());
  auto ids = Ids();
  auto scanner = *connection_->OpenLogScanner(kPath, std::nullopt);
  ASSERT_TRUE(scanner->Subscribe({ids["a"], 0}, 0).ok());
  ASSERT_TRUE(scanner->Subscribe({ids["b"], 0}, 0).ok());
  ASSERT_EQ(scanner->Poll(1000, 1 << 20)->size(), 2u);
  auto writer = *connection_->OpenWriter(kPath);
  ASSERT_TRUE(admin().DropPartition(kPath, {{"day", "a"}}, false).ok());
  auto records = scanner->Poll(10'000, 1 << 20);
  ASSERT_TRUE(records.ok()) << records.status().ToString();
  ASSERT_EQ(records->size(), 1u);
  EXPECT_TRUE((*records)[0].dropped);
  EXPECT_EQ((*records)[0].bucket.partition_id, ids["a"]);
  EXPECT_EQ(scanner->Subscribe({ids["a"], 0}, 0).kind(), ErrorKind::kNotFound);
  std::promise<Status> gone;
  writer->WriteBucket({ids["a"], 0}, Batch({{3, "a", ""}}), {},
                      [&](Result<WriteAck> ack) { gone.set_value(ack.status()); });
  EXPECT_EQ(gone.get_future().get().kind(), ErrorKind::kNotFound);
  ASSERT_TRUE(Write({{4, "b", "z"}}).ok());
  EXPECT_EQ(scanner->Poll(10'000, 1 << 20)->size(), 1u);
}

TEST_F(PartitionedTableTest, AWriterOutlivesTheServerAndTheTable) {
  if (is_remote()) GTEST_SKIP() << "a remote writer waits for its server to come back";
  Create(false);
  auto writer = *connection_->OpenWriter(kPath);
  ASSERT_TRUE(admin().DropTable(kPath).ok());
  EXPECT_EQ(writer->Write(Batch({{1, "a", ""}})).kind(), ErrorKind::kUnavailable);
  Create(false);
  EXPECT_EQ(writer->Write(Batch({{1, "a", ""}})).kind(), ErrorKind::kUnavailable);
  EXPECT_THAT(Names(), IsEmpty());
  writer = *connection_->OpenWriter(kPath);
  Shut();
  EXPECT_EQ(writer->Write(Batch({{1, "a", ""}})).kind(), ErrorKind::kUnavailable);
}

TEST_F(PartitionedTableTest, ADamagedPartitionFileTakesOnlyThatPartitionOutOfService) {
  if (is_remote()) GTEST_SKIP() << "storage's own";
  Create(false);
  ASSERT_TRUE(Write({{1, "a", "x"}, {2, "b", "y"}}).ok());
  auto ids = Ids();
  std::string directory = DirectoryOf(ids["a"]);
  Shut();
  std::string file = fmt::format("{}/data/meta/partitions/{}/{}-a.json", directory_, table_.value(),
                                 ids["a"].value());
  {
    std::FILE* stream = std::fopen(file.c_str(), "r+");
    ASSERT_NE(stream, nullptr) << file;
    std::fseek(stream, 20, SEEK_SET);
    std::fputc('~', stream);
    std::fclose(stream);
  }
  Open();
  EXPECT_THAT(Names(), ElementsAre("b"));
  EXPECT_THAT(ReadPartition("b"), ElementsAre("2 y"));
  EXPECT_EQ(Add("a").kind(), ErrorKind::kCorruption);
  EXPECT_TRUE(std::filesystem::exists(directory));
  ASSERT_TRUE(admin().DropPartition(kPath, {{"day", "a"}}, false).ok());
  ASSERT_TRUE(Add("a").ok());
  Reopen();
  EXPECT_FALSE(std::filesystem::exists(directory));
  EXPECT_THAT(Names(), UnorderedElementsAre("a", "b"));
}

TEST_F(PartitionedTableTest, TheGatewayOpensPartitions) {
  Create(true);
  ASSERT_TRUE(Write({{1, "a", "x"}}).ok());
  auto gateway = TabletGateway::Open(*storage_);
  PartitionId id = Ids()["a"];
  auto partition = gateway->OpenTable(table_, id);
  ASSERT_TRUE(partition.ok()) << partition.status().ToString();
  EXPECT_EQ((*partition)->LogEnd(0), 1);
  EXPECT_EQ((*partition)->partition()->Name(), "a");
  EXPECT_EQ(gateway->OpenTable(table_).kind(), ErrorKind::kInvalidArgument);
  EXPECT_EQ(gateway->OpenTable(table_, PartitionId(999)).kind(), ErrorKind::kNotFound);
  EXPECT_EQ(gateway->FindPartition(id)->table.id, table_);
  EXPECT_EQ(gateway->FindPartition(PartitionId(999)).kind(), ErrorKind::kNotFound);
}

/// kill -9 at each place of creating and dropping: what was answered holds, and nothing is half
/// there.
TEST_F(PartitionedTableTest, CreationAndRemovalSurviveACrashAnywhere) {
  if (is_remote()) GTEST_SKIP() << "a forked process has no threads";
  Create(true, 2);
  const char* places[] = {"partition.before_commit", "file.before_rename", "file.after_rename",
                          "partition.after_drop",    "meta.before_remove", "meta.after_remove"};
  for (int cycle = 0; cycle < 12; ++cycle) {
    Shut();
    std::string place = fmt::format("{}={}", places[cycle % 6], 1 + cycle / 6 * 4);
    int pipes[2];
    ASSERT_EQ(pipe(pipes), 0);
    pid_t child = fork();
    if (child == 0) {
      Open();
      static_cast<void>(ArmFailpoints(place));
      for (char i = 0; i < 40; ++i) {
        bool drops = i % 2 == 1;
        std::string day = fmt::format("{}-{}", cycle, i / 2);
        bool done = drops ? admin().DropPartition(kPath, {{"day", day}}, false).ok()
                          : Write({{i, day, "x"}, {i + 1, day, "y"}}).ok();
        if (!done) _exit(1);
        if (::write(pipes[1], &i, 1) != 1) _exit(2);
      }
      _exit(0);
    }
    close(pipes[1]);
    char acked = -1;
    while (read(pipes[0], &acked, 1) == 1) {
    }
    close(pipes[0]);
    int status = 0;
    waitpid(child, &status, 0);
    ASSERT_EQ(WEXITSTATUS(status), kFailpointExitStatus) << place;
    Open();
    auto ids = Ids();
    std::string last = fmt::format("{}-{}", cycle, acked / 2);
    std::string next = fmt::format("{}-{}", cycle, (acked + 1) / 2);
    if (acked >= 0 && acked % 2 == 0 && ids.contains(last)) {
      EXPECT_THAT(ReadPartition(last, 2), UnorderedElementsAre(HasSubstr(" x"), HasSubstr(" y")));
    }
    for (const auto& [name, id] : ids) EXPECT_TRUE(name == last || name == next) << name;
    EXPECT_FALSE(acked % 2 == 1 && ids.contains(last)) << place;
    std::set<std::string> kept;
    for (const auto& entry :
         std::filesystem::directory_iterator(storage_->data_dir().TablePath(kPath, table_))) {
      kept.insert(entry.path().filename());
    }
    EXPECT_EQ(kept.size(), ids.size()) << place;
    for (const auto& [name, id] : ids) {
      EXPECT_TRUE(kept.contains(fmt::format("p{}", id.value())));
      EXPECT_TRUE(admin().DropPartition(kPath, {{"day", name}}, false).ok());
    }
  }
}

}  // namespace
}  // namespace forebay::client
