#include "storage/coordinator/auto_partition.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

#include "base/clock.h"
#include "base/tests/manual_clock.h"
#include "io/temporary_directory.h"
#include "storage/storage_server.h"

namespace forebay::storage {
namespace {

using model::DataType;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Unit = AutoPartition::Unit;

/// 2024-11-11 11:00:00 UTC, a Monday.
constexpr int64_t kNow = 1'731'322'800'000;
constexpr int64_t kDay = 86'400'000;

AutoPartition Every(Unit unit, const std::string& format = "", const std::string& zone = "UTC") {
  AutoPartition options;
  options.enabled = true;
  options.unit = unit;
  options.format = format;
  options.time_zone = zone;
  return options;
}

// By hand, as Java's DateTimeFormatter writes them.
TEST(AutoPartitionTest, ValuesOfEachUnit) {
  EXPECT_EQ(Every(Unit::kYear).ValueAt(kNow, 0), "2024");
  EXPECT_EQ(Every(Unit::kYear).ValueAt(kNow, -1), "2023");
  EXPECT_EQ(Every(Unit::kQuarter).ValueAt(kNow, 0), "20244");
  EXPECT_EQ(Every(Unit::kQuarter).ValueAt(kNow, 1), "20251");
  EXPECT_EQ(Every(Unit::kMonth).ValueAt(kNow, 2), "202501");
  EXPECT_EQ(Every(Unit::kMonth).ValueAt(kNow, -11), "202312");
  EXPECT_EQ(Every(Unit::kDay).ValueAt(kNow, 0), "20241111");
  EXPECT_EQ(Every(Unit::kDay).ValueAt(kNow, 20), "20241201");
  EXPECT_EQ(Every(Unit::kHour).ValueAt(kNow, 0), "2024111111");
  EXPECT_EQ(Every(Unit::kHour).ValueAt(kNow, 13), "2024111200");
  EXPECT_EQ(Every(Unit::kDay, "yyyy-MM-dd").ValueAt(kNow, 0), "2024-11-11");
  EXPECT_EQ(Every(Unit::kHour, "'d'yyyyMMdd'h'HH").ValueAt(kNow, 0), "d20241111h11");
}

TEST(AutoPartitionTest, TheTimeZoneDecides) {
  EXPECT_EQ(Every(Unit::kHour, "", "Asia/Shanghai").ValueAt(kNow, 0), "2024111119");
  EXPECT_EQ(Every(Unit::kDay, "", "Asia/Shanghai").ValueAt(kNow + 6 * 3'600'000, 0), "20241112");
  EXPECT_EQ(Every(Unit::kHour, "", "America/New_York").ValueAt(kNow, 0), "2024111106");
}

TEST(AutoPartitionTest, OnlyTimesInTheFormatMatch) {
  EXPECT_TRUE(Every(Unit::kDay).Matches("20241111"));
  EXPECT_FALSE(Every(Unit::kDay).Matches("2024-11-11"));
  EXPECT_FALSE(Every(Unit::kDay).Matches("20241311"));
  EXPECT_FALSE(Every(Unit::kDay).Matches("2024111"));
  EXPECT_FALSE(Every(Unit::kDay).Matches("202411111"));
  EXPECT_FALSE(Every(Unit::kDay).Matches(""));
  EXPECT_TRUE(Every(Unit::kQuarter).Matches("20244"));
  EXPECT_FALSE(Every(Unit::kQuarter).Matches("20245"));
}

class AutoPartitionServerTest : public testing::Test {
 protected:
  void SetUp() override {
    Open();
    ASSERT_TRUE(server_->CreateDatabase("db", false).ok());
  }
  void Open() {
    server_.reset();
    StorageOptions options;
    options.data_dir = directory_.path();
    options.clock = &clock_;
    // The test says when.
    options.expiry_interval_ms = 3'600'000;
    server_ = *StorageServer::Open(options, *fs_);
  }
  static model::TableDescriptor Table(std::map<std::string, std::string> options,
                                      std::vector<std::string> keys = {"day"}) {
    model::TableDescriptor table;
    table.schema.columns = {
        {"id", DataType::Int()}, {"day", DataType::String()}, {"region", DataType::String()}};
    table.partition_keys = std::move(keys);
    for (const auto& [key, value] : options)
      table.properties["table.auto-partition." + key] = value;
    return table;
  }
  std::vector<std::string> Names() {
    std::vector<std::string> names;
    auto partitions = server_->ListPartitions(kPath);
    for (const auto& partition : *partitions) names.push_back(partition.Name());
    return names;
  }
  std::string Refused(const model::TableDescriptor& table) {
    auto created = server_->CreateTable({"db", "bad"}, table);
    return created.ok() ? "" : created.status().message();
  }

  const model::TablePath kPath{"db", "t"};
  io::TemporaryDirectory directory_ = *io::TemporaryDirectory::Make("forebay-auto-partition");
  ManualClock clock_{kNow};
  std::unique_ptr<io::FileSystem> fs_ = io::MakePosixFileSystem();
  std::unique_ptr<StorageServer> server_;
};

TEST_F(AutoPartitionServerTest, PartitionsAreMadeAheadAndRemovedWhenOld) {
  ASSERT_TRUE(server_
                  ->CreateTable(kPath, Table({{"enabled", "true"},
                                              {"time-unit", "DAY"},
                                              {"num-precreate", "3"},
                                              {"num-retention", "2"}}))
                  .ok());
  EXPECT_THAT(Names(), ElementsAre("20241111", "20241112", "20241113"));
  clock_.now_ms += kDay;
  server_->AutoPartitionNow();
  EXPECT_THAT(Names(), ElementsAre("20241111", "20241112", "20241113", "20241114"));
  Open();
  clock_.now_ms += 2 * kDay;
  server_->AutoPartitionNow();
  EXPECT_THAT(Names(), ElementsAre("20241112", "20241113", "20241114", "20241115", "20241116"));
  // One that was made by hand goes likewise; too old or strange ones are refused.
  EXPECT_EQ(server_->CreatePartition(kPath, {{"day", "20241101"}}, false).kind(),
            ErrorKind::kInvalidArgument);
  EXPECT_EQ(server_->CreatePartition(kPath, {{"day", "today"}}, false).kind(),
            ErrorKind::kInvalidArgument);
  ASSERT_TRUE(server_->CreatePartition(kPath, {{"day", "20241201"}}, false).ok());
  clock_.now_ms += 30 * kDay;
  server_->AutoPartitionNow();
  EXPECT_THAT(Names(), ElementsAre("20241214", "20241215", "20241216"));
}

TEST_F(AutoPartitionServerTest, OfSeveralKeysOneIsTheTime) {
  std::map<std::string, std::string> options = {{"enabled", "true"},
                                                {"key", "day"},
                                                {"time-unit", "DAY"},
                                                {"num-precreate", "0"},
                                                {"num-retention", "1"}};
  ASSERT_TRUE(server_->CreateTable(kPath, Table(options, {"region", "day"})).ok());
  EXPECT_THAT(Names(), IsEmpty());
  for (const char* region : {"eu", "us"}) {
    for (const char* day : {"20241110", "20241111"}) {
      ASSERT_TRUE(server_->CreatePartition(kPath, {{"region", region}, {"day", day}}, false).ok());
    }
  }
  clock_.now_ms += kDay;
  server_->AutoPartitionNow();
  EXPECT_THAT(Names(), ElementsAre("eu$20241111", "us$20241111"));
}

TEST_F(AutoPartitionServerTest, WithoutRetentionNothingIsRemoved) {
  ASSERT_TRUE(
      server_->CreateTable(kPath, Table({{"enabled", "true"}, {"num-retention", "-1"}})).ok());
  EXPECT_THAT(Names(), ElementsAre("20241111", "20241112"));
  clock_.now_ms += 400 * kDay;
  server_->AutoPartitionNow();
  EXPECT_THAT(Names(), ElementsAre("20241111", "20241112", "20251216", "20251217"));
}

TEST_F(AutoPartitionServerTest, OptionsThatDoNotFitAreRefused) {
  EXPECT_THAT(Refused(Table({{"enabled", "true"}}, {})), HasSubstr("partitioned tables only"));
  EXPECT_THAT(Refused(Table({{"enabled", "true"}, {"key", "id"}})), HasSubstr("no partition key"));
  EXPECT_THAT(Refused(Table({{"enabled", "true"}}, {"day", "region"})), HasSubstr("needs"));
  EXPECT_THAT(Refused(Table({{"enabled", "true"}, {"key", "day"}}, {"day", "region"})),
              HasSubstr("must be 0, not 2"));
  EXPECT_THAT(Refused(Table({{"time-unit", "WEEK"}})), HasSubstr("none of YEAR"));
  EXPECT_THAT(Refused(Table({{"time-zone", "Mars/Base"}})), HasSubstr("time zone"));
  EXPECT_THAT(Refused(Table({{"time-format", "yyyy/MM/dd"}})), HasSubstr("invalid"));
  EXPECT_THAT(Refused(Table({{"time-format", "ddMMyyyy"}})), HasSubstr("in that order"));
  EXPECT_THAT(Refused(Table({{"time-format", "yyyyMd"}})), HasSubstr("must have 2 letters"));
  EXPECT_THAT(Refused(Table({{"time-format", "yyyy[MM]dd"}})), HasSubstr("optional"));
  EXPECT_THAT(Refused(Table({{"num-precreate", "many"}})), HasSubstr("no number"));
}

}  // namespace
}  // namespace forebay::storage
