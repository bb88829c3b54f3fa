#include <gmock/gmock.h>

#include <fstream>

#include "client/tests/local_fixture.h"

namespace forebay::client {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class AdminTest : public DoorFixture {
 protected:
  Admin& admin() { return connection_->admin(); }
  /// Without the one that every server of Fluss's protocol has.
  std::vector<std::string> Databases() {
    std::vector<std::string> names = *admin().ListDatabases();
    std::erase(names, "fluss");
    return names;
  }
};

TEST_F(AdminTest, DatabasesAndTablesSurviveARestart) {
  ASSERT_TRUE(admin().CreateDatabase("shop", false).ok());
  EXPECT_EQ(admin().CreateDatabase("shop", false).kind(), ErrorKind::kAlreadyExists);
  EXPECT_TRUE(admin().CreateDatabase("shop", true).ok());
  model::TableDescriptor table = Table(false, 3);
  table.comment = "orders";
  table.properties = {{"table.log.ttl", "3d"}};
  table.custom_properties = {{"connector", "forebay"}};
  auto created = admin().CreateTable({"shop", "orders"}, table);
  ASSERT_TRUE(created.ok()) << created.status().ToString();
  EXPECT_EQ(admin().CreateTable({"shop", "orders"}, table).kind(), ErrorKind::kAlreadyExists);
  EXPECT_EQ(admin().CreateTable({"none", "orders"}, table).kind(), ErrorKind::kNotFound);
  Reopen();
  EXPECT_THAT(Databases(), ElementsAre("db", "shop"));
  EXPECT_THAT(*admin().ListTables("shop"), ElementsAre("orders"));
  auto info = admin().GetTable({"shop", "orders"});
  ASSERT_TRUE(info.ok());
  EXPECT_EQ(info->id, created->id);
  EXPECT_EQ(info->descriptor, created->descriptor);
  EXPECT_EQ(info->descriptor.comment, "orders");
}

TEST_F(AdminTest, DroppedTablesAreGoneWithTheirFilesAndIdsAreNotReused) {
  auto first = admin().CreateTable({"db", "t"}, Table(false));
  std::string files = storage_->data_dir().TablePath({"db", "t"}, first->id);
  EXPECT_TRUE(std::filesystem::exists(files));
  EXPECT_EQ(admin().DropDatabase("db", false, false).kind(), ErrorKind::kConflict);
  ASSERT_TRUE(admin().DropTable({"db", "t"}).ok());
  EXPECT_FALSE(std::filesystem::exists(files));
  EXPECT_EQ(admin().DropTable({"db", "t"}).kind(), ErrorKind::kNotFound);
  EXPECT_EQ(connection_->OpenWriter({"db", "t"}).kind(), ErrorKind::kNotFound);
  Reopen();
  auto second = admin().CreateTable({"db", "t"}, Table(false));
  EXPECT_GT(second->id, first->id);
  ASSERT_TRUE(admin().DropDatabase("db", false, true).ok());
  EXPECT_THAT(Databases(), ElementsAre());
  EXPECT_TRUE(admin().DropDatabase("db", true, false).ok());
}

TEST_F(AdminTest, BadTablesAreRefusedWithReasons) {
  struct Case {
    std::function<void(model::TableDescriptor&)> spoil;
    ErrorKind kind;
    std::string text;
  };
  std::vector<Case> cases = {
      {[](auto& t) { t.properties["table.log.tll"] = "1d"; }, ErrorKind::kInvalidArgument,
       "did you mean 'table.log.ttl'?"},
      {[](auto& t) { t.properties["table.log.ttl"] = "soon"; }, ErrorKind::kInvalidArgument,
       "'soon' is not a duration"},
      {[](auto& t) { t.properties["table.merge-engine"] = "aggregation"; },
       ErrorKind::kInvalidArgument, "needs a primary key"},
      {[](auto& t) { t.schema.columns.clear(); }, ErrorKind::kInvalidArgument, "one column"},
      {[](auto& t) { t.schema.columns[1].name = "id"; }, ErrorKind::kInvalidArgument,
       "two columns with the name 'id'"},
      {[](auto& t) { t.schema.primary_key = {"nope"}; }, ErrorKind::kInvalidArgument, "'nope'"},
      {[](auto& t) { t.schema.primary_key = {"name"}; }, ErrorKind::kInvalidArgument, "NOT NULL"},
      {[](auto& t) { t.bucket_count = 0; }, ErrorKind::kInvalidArgument,
       is_remote() ? "out of range: 0" : "buckets, not 0"},
      {[](auto& t) { t.partition_keys = {"nope"}; }, ErrorKind::kInvalidArgument,
       "the partition key names the unknown column 'nope'"},
      {[](auto& t) { t.schema.columns[1].type = model::DataType::IntervalDayTime(); },
       ErrorKind::kNotSupported, is_remote() ? "cannot store" : "cannot be stored"},
  };
  for (const Case& one : cases) {
    model::TableDescriptor table = Table(false);
    one.spoil(table);
    auto refused = admin().CreateTable({"db", "bad"}, table);
    if (is_remote()) {
      EXPECT_FALSE(refused.ok());  // the protocol has codes of its own
    } else {
      EXPECT_EQ(refused.kind(), one.kind) << one.text;
    }
    EXPECT_THAT(refused.status().ToString(), HasSubstr(one.text));
  }
  EXPECT_EQ(admin().CreateTable({"db", "no/slash"}, Table(false)).kind(),
            ErrorKind::kInvalidArgument);
  EXPECT_THAT(*admin().ListTables("db"), ElementsAre());
}

TEST_F(AdminTest, ObjectsKeepTheirTextsUnderAnyName) {
  if (is_remote()) GTEST_SKIP() << "objects are no part of the protocol";
  std::string name = "db./weird ..ünïcode\"%2F";
  ASSERT_TRUE(admin().PutObject("view", name, "SELECT 1", false).ok());
  EXPECT_EQ(admin().PutObject("view", name, "x", false).kind(), ErrorKind::kAlreadyExists);
  ASSERT_TRUE(admin().PutObject("view", name, "SELECT 2", true).ok());
  Reopen();
  EXPECT_EQ(*admin().GetObject("view", name), "SELECT 2");
  EXPECT_THAT(*admin().ListObjects("view"), ElementsAre(name));
  EXPECT_THAT(*admin().ListObjects("job"), ElementsAre());
  ASSERT_TRUE(admin().DropObject("view", name).ok());
  EXPECT_EQ(admin().DropObject("view", name).kind(), ErrorKind::kNotFound);
  EXPECT_EQ(admin().GetObject("view", name).kind(), ErrorKind::kNotFound);
}

TEST_F(AdminTest, OffsetsByPlaceAndByTime) {
  ASSERT_TRUE(admin().CreateTable({"db", "t"}, Table(false)).ok());
  auto writer = connection_->OpenWriter({"db", "t"});
  ASSERT_TRUE((*writer)->Write(Rows({{1, "a"}, {2, "b"}})).ok());
  EXPECT_THAT(*admin().ListOffsets({"db", "t"}, model::kEarliestOffset), ElementsAre(0));
  EXPECT_THAT(*admin().ListOffsets({"db", "t"}, model::kLatestOffset), ElementsAre(2));
  EXPECT_THAT(*admin().ListOffsetsAt({"db", "t"}, 0), ElementsAre(0));
  EXPECT_THAT(*admin().ListOffsetsAt({"db", "t"}, Clock::System().NowMs() + 60000), ElementsAre(2));
}

TEST_F(AdminTest, ADamagedTableFileTakesOnlyThatTableOutOfService) {
  if (is_remote()) GTEST_SKIP() << "the error names a file of the server";
  ASSERT_TRUE(admin().CreateTable({"db", "good"}, Table(false)).ok());
  auto bad = admin().CreateTable({"db", "bad"}, Table(false));
  std::string file = directory_ + "/data/meta/tables/db/bad.json";
  std::string files = storage_->data_dir().TablePath({"db", "bad"}, bad->id);
  Shut();
  {
    std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
    stream.seekp(30);
    stream.put('~');
  }
  Open();
  auto refused = connection_->OpenWriter({"db", "bad"});
  EXPECT_EQ(refused.kind(), ErrorKind::kCorruption);
  EXPECT_THAT(refused.message(), HasSubstr(file));
  EXPECT_TRUE(std::filesystem::exists(files));
  EXPECT_TRUE(connection_->OpenWriter({"db", "good"}).ok());
}

TEST_F(AdminTest, TheDirectoryIsHeldByOneAndMustBeOfAKnownVersion) {
  auto second = storage::StorageServer::Open(options_, *fs_);
  EXPECT_EQ(second.kind(), ErrorKind::kUnavailable);
  EXPECT_THAT(second.message(), HasSubstr(fmt::format("in use by process {}", getpid())));
  Shut();
  std::ofstream(options_.data_dir + "/VERSION") << R"({"format_version": 2})";
  auto newer = storage::StorageServer::Open(options_, *fs_);
  EXPECT_EQ(newer.kind(), ErrorKind::kNotSupported);
  EXPECT_THAT(newer.message(), HasSubstr("newer version"));
}

}  // namespace
}  // namespace forebay::client
