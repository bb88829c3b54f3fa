#include <gmock/gmock.h>
#include <sys/wait.h>

#include <map>
#include <random>

#include "base/failpoint.h"
#include "client/tests/local_fixture.h"
#include "lake/scan/lake_scan.h"
#include "lake/tiering/tiering_service.h"

namespace forebay::lake {
namespace {

using model::ChangeType;
using testing::ElementsAre;
using testing::UnorderedElementsAreArray;

/// Tables of a real storage core, tiered into a directory.
class LakeTieringTest : public client::LocalFixture {
 protected:
  const model::TablePath path_{"db", "t"};

  void CreateTable(bool primary_key, int buckets) {
    model::TableDescriptor table = Table(primary_key, buckets);
    table.properties["table.datalake.enabled"] = "true";
    auto created = connection_->admin().CreateTable(path_, table);
    ASSERT_TRUE(created.ok()) << created.status().ToString();
  }
  void Write(const model::Batch& batch) {
    auto writer = connection_->OpenWriter(path_);
    ASSERT_TRUE(writer.ok());
    auto acks = (*writer)->Write(batch);
    ASSERT_TRUE(acks.ok()) << acks.status().ToString();
  }
  std::string warehouse() const { return directory_ + "/lake"; }

  /// Through a service of its own, as after a restart.
  Status Tier() {
    TieringService service(*connection_, *fs_, Clock::System(), warehouse());
    return service.TierNow(path_);
  }
  std::unique_ptr<IcebergTable> Iceberg() {
    TieringService service(*connection_, *fs_, Clock::System(), warehouse());
    auto info = connection_->admin().GetTable(path_);
    EXPECT_TRUE(info.ok());
    auto table = IcebergTable::Open(*fs_, service.DirectoryOf(*info), Clock::System());
    EXPECT_TRUE(table.ok()) << table.status().ToString();
    return table.ok() ? std::move(*table) : nullptr;
  }
  /// The rows of the current snapshot as "id name", in reading order.
  std::vector<std::string> LakeRows() {
    auto table = Iceberg();
    auto info = connection_->admin().GetTable(path_);
    std::vector<std::string> rows;
    const Snapshot* snapshot = table->metadata().current_snapshot();
    if (snapshot == nullptr) return rows;
    auto files = PlanLakeFiles(*table, *snapshot, {});
    EXPECT_TRUE(files.ok()) << files.status().ToString();
    LakeReader reader(info->descriptor.schema, {1, 0}, *files);
    while (true) {
      auto batch = reader.Next();
      EXPECT_TRUE(batch.ok()) << batch.status().ToString();
      if (!batch.ok() || batch->num_rows == 0) return rows;
      for (int row = 0; row < batch->num_rows; ++row) {
        rows.push_back(fmt::format("{} {}", batch->columns[1].Get<int64_t>(row),
                                   batch->columns[0].GetString(row)));
      }
    }
  }
  /// Tiers in a process of its own that ends at `failpoint`; storage is closed here meanwhile.
  void CrashWhileTiering(const std::string& failpoint) {
    Shut();
    pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      Open();
      bool armed = ArmFailpoints(failpoint).ok();
      bool tiered = armed && Tier().ok();
      _exit(tiered ? 0 : 1);
    }
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFEXITED(status));
    ASSERT_EQ(WEXITSTATUS(status), kFailpointExitStatus) << failpoint;
    Open();
  }
};

TEST_F(LakeTieringTest, LogTableOverSeveralRounds) {
  CreateTable(false, 1);
  Write(Rows({{1, "a"}, {2, "b"}}));
  ASSERT_TRUE(Tier().ok());
  EXPECT_THAT(LakeRows(), ElementsAre("1 a", "2 b"));
  Write(Rows({{3, "a name that is longer than twelve bytes"}}));
  Write(Rows({{4, "d"}}));
  ASSERT_TRUE(Tier().ok());
  EXPECT_THAT(LakeRows(),
              ElementsAre("1 a", "2 b", "3 a name that is longer than twelve bytes", "4 d"));
  ASSERT_TRUE(Tier().ok());  // nothing new: no snapshot
  auto table = Iceberg();
  ASSERT_EQ(table->metadata().snapshots().size(), 2u);
  EXPECT_THAT(table->metadata().current_snapshot()->LogOffsets(), ElementsAre(4));
}

TEST_F(LakeTieringTest, NewPartitionsAreKnownBeforeTheirRows) {
  model::TableDescriptor table = Table(false, 2);
  table.partition_keys = {"name"};
  table.properties["table.datalake.enabled"] = "true";
  table.properties["table.datalake.freshness"] = "1 h";
  ASSERT_TRUE(connection_->admin().CreateTable(path_, table).ok());
  Write(Rows({{1, "mon"}}));
  TieringService service(*connection_, *fs_, Clock::System(), warehouse());
  ASSERT_TRUE(service.TierNow(path_).ok());
  Write(Rows({{2, "tue"}}));
  model::TableInfo info = connection_->admin().GetTable(path_).value();
  service.AnnouncePartitions(info);
  auto snapshot = service.SnapshotOf(info, std::nullopt);
  ASSERT_TRUE(snapshot.ok()) << snapshot.status().ToString();
  auto parts = snapshot->LogOffsetsByPartition();
  ASSERT_EQ(parts.size(), 2u);
  EXPECT_EQ(parts[1].partition.Name(), "tue");
  EXPECT_THAT(parts[1].offsets, ElementsAre(0, 0));
  EXPECT_THAT(LakeRows(), ElementsAre("1 mon"));
  service.AnnouncePartitions(info);  // nothing new: no snapshot
  EXPECT_EQ(service.SnapshotOf(info, std::nullopt)->id, snapshot->id);
  ASSERT_TRUE(service.TierNow(path_).ok());
  EXPECT_THAT(LakeRows(), ElementsAre("1 mon", "2 tue"));
}

TEST_F(LakeTieringTest, PrimaryKeyTableKeepsTheLastRowOfEachKey) {
  CreateTable(true, 1);
  Write(Rows({{1, "a"}, {2, "b"}, {3, "c"}}));
  Write(Rows({{2, "b2"}}));
  ASSERT_TRUE(Tier().ok());
  EXPECT_THAT(LakeRows(), UnorderedElementsAreArray({"1 a", "2 b2", "3 c"}));
  Write(Rows({{1, "a2"}}));
  Write(Rows({{3, ""}}, ChangeType::kDelete));
  ASSERT_TRUE(Tier().ok());
  EXPECT_THAT(LakeRows(), UnorderedElementsAreArray({"1 a2", "2 b2"}));
  Write(Rows({{3, "again"}}));
  ASSERT_TRUE(Tier().ok());
  EXPECT_THAT(LakeRows(), UnorderedElementsAreArray({"1 a2", "2 b2", "3 again"}));
}

TEST_F(LakeTieringTest, RandomChangesOfSeveralBucketsWithRestarts) {
  CreateTable(true, 3);
  std::mt19937_64 random(20240601);
  std::map<int64_t, std::string> model;
  auto service = std::make_unique<TieringService>(*connection_, *fs_, Clock::System(), warehouse());
  for (int round = 0; round < 12; ++round) {
    for (int change = 0; change < 40; ++change) {
      int64_t id = static_cast<int64_t>(random() % 60);
      if (random() % 4 == 0) {
        Write(Rows({{id, ""}}, ChangeType::kDelete));
        model.erase(id);
      } else {
        std::string name = fmt::format("name {} of round {}", random() % 1000, round);
        Write(Rows({{id, name}}));
        model[id] = name;
      }
    }
    ASSERT_TRUE(service->TierNow(path_).ok());
    if (round % 4 == 3) {
      service.reset();
      Reopen();
      service = std::make_unique<TieringService>(*connection_, *fs_, Clock::System(), warehouse());
    }
    std::vector<std::string> expected;
    for (const auto& [id, name] : model) expected.push_back(fmt::format("{} {}", id, name));
    ASSERT_THAT(LakeRows(), UnorderedElementsAreArray(expected)) << "round " << round;
  }
}

/// A crash at any moment of a round loses nothing and doubles nothing.
class LakeTieringCrashTest : public LakeTieringTest,
                             public testing::WithParamInterface<std::string> {};

TEST_P(LakeTieringCrashTest, LogTable) {
  CreateTable(false, 1);
  Write(Rows({{1, "a"}}));
  ASSERT_TRUE(Tier().ok());
  Write(Rows({{2, "b"}}));
  CrashWhileTiering(GetParam());
  ASSERT_TRUE(Tier().ok());
  EXPECT_THAT(LakeRows(), ElementsAre("1 a", "2 b"));
}

TEST_P(LakeTieringCrashTest, PrimaryKeyTable) {
  CreateTable(true, 1);
  Write(Rows({{1, "a"}, {2, "b"}}));
  ASSERT_TRUE(Tier().ok());
  Write(Rows({{1, "a2"}}));
  CrashWhileTiering(GetParam());
  Write(Rows({{2, ""}}, ChangeType::kDelete));
  ASSERT_TRUE(Tier().ok());
  EXPECT_THAT(LakeRows(), ElementsAre("1 a2"));
}

INSTANTIATE_TEST_SUITE_P(Failpoints, LakeTieringCrashTest,
                         testing::Values("lake.tier.before_file_sync", "lake.tier.before_commit",
                                         "lake.commit.after_manifests",
                                         "lake.commit.before_metadata",
                                         "lake.commit.after_metadata", "lake.tier.after_commit"));

TEST_F(LakeTieringTest, WhatIsInTheLakeMayExpireFromTheLog) {
  options_.log.segment_bytes = 4096;
  Reopen();
  model::TableDescriptor table = Table(false, 1);
  table.properties = {{"table.datalake.enabled", "true"}, {"table.log.ttl", "1ms"}};
  ASSERT_TRUE(connection_->admin().CreateTable(path_, table).ok());
  for (int64_t id = 0; id < 100; ++id) Write(Rows({{id, std::string(500, 'x')}}));
  usleep(20'000);
  ASSERT_TRUE(storage_->ExpireNow().ok());
  auto earliest = connection_->admin().ListOffsets(path_, model::kEarliestOffset);
  EXPECT_THAT(*earliest, ElementsAre(0));  // nothing is in the lake
  ASSERT_TRUE(Tier().ok());
  Write(Rows({{100, "hot"}}));
  ASSERT_TRUE(storage_->ExpireNow().ok());
  earliest = connection_->admin().ListOffsets(path_, model::kEarliestOffset);
  EXPECT_GT((*earliest)[0], 50);
  EXPECT_EQ(LakeRows().size(), 100u);
  EXPECT_THAT(ReadAll(path_, 0, 100), ElementsAre("+I 100 hot"));
}

TEST_F(LakeTieringTest, TablesWithoutALakeAreRefused) {
  ASSERT_TRUE(connection_->admin().CreateTable(path_, Table(false)).ok());
  Status status = Tier();
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.kind(), ErrorKind::kInvalidArgument);
}

}  // namespace
}  // namespace forebay::lake
