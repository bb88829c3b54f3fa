#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>

#include "compute/checkpoint/state_map.h"
#include "compute/sink/file_insert.h"
#include "compute/sink/filesystem_sink.h"
#include "compute/sink/partition_commit.h"
#include "compute/tests/runtime_fixture.h"

namespace forebay::compute {
namespace {

using model::DataType;

TEST(PartitionTimeTest, TakesWhatFlinksDefaultExtractorTakes) {
  EXPECT_EQ(ParsePartitionTime("2024-03-01 07:00:00"), 1709276400000);
  EXPECT_EQ(ParsePartitionTime("2024-3-1 7:0:0.25"), 1709276400250);
  EXPECT_EQ(ParsePartitionTime("2024-03-01"), 1709251200000);
  // Fields carry over.
  EXPECT_EQ(ParsePartitionTime("2024-02-30"), 1709251200000);
  EXPECT_EQ(ParsePartitionTime("2023-15-01"), 1709251200000);
  EXPECT_EQ(ParsePartitionTime("1969-12-31 23:59:59"), -1000);
  for (const char* text : {"", "x", "2024-03", "2024-03-01 07", "2024-03-01 07:00:00.",
                           "2024-03-01x", "9999999999-01-01", "-9999999999-01-01"}) {
    EXPECT_EQ(ParsePartitionTime(text), std::nullopt) << text;
  }
}

sql::TableRef PartitionedTable(std::map<std::string, std::string> options) {
  sql::TableRef table;
  table.options = {options.begin(), options.end()};
  table.info.descriptor.schema.columns = {
      {"id", DataType::Bigint()}, {"dt", DataType::String()}, {"hr", DataType::String()}};
  table.info.descriptor.partition_keys = {"dt", "hr"};
  return table;
}

constexpr const char* kPolicy = "sink.partition-commit.policy.kind";
constexpr const char* kTrigger = "sink.partition-commit.trigger";

TEST(PartitionCommitRuleTest, PartitionTimeWaitsForTheWatermarkInItsZone) {
  auto rule = PartitionCommitRule::Of(
      PartitionedTable({{kPolicy, "success-file"},
                        {kTrigger, "partition-time"},
                        {"sink.partition-commit.delay", "1 h"},
                        {"sink.partition-commit.watermark-time-zone", "Asia/Shanghai"},
                        {"partition.time-extractor.timestamp-pattern", "$dt $hr:00:00"}}));
  ASSERT_TRUE(rule.ok()) << rule.message();
  // 15:00 in Shanghai is 07:00 UTC; an hour later it is done.
  constexpr Watermark kDue = 1709276400000 + 3'600'000;
  EXPECT_FALSE(rule->IsDone("dt=2024-03-01/hr=15/", 0, 0, kDue).value());
  EXPECT_TRUE(rule->IsDone("dt=2024-03-01/hr=15/", 0, 0, kDue + 1).value());
  EXPECT_FALSE(rule->IsDone("dt=2024-03-01/hr=x/", 0, 0, kDue).ok());
}

TEST(PartitionCommitRuleTest, ProcessTimeWaitsForTheDelay) {
  auto at_once = PartitionCommitRule::Of(PartitionedTable({{kPolicy, "success-file"}})).value();
  EXPECT_TRUE(at_once.IsDone("dt=a/hr=b/", 1000, 1000, kMinWatermark).value());
  auto later = PartitionCommitRule::Of(PartitionedTable({{kPolicy, "success-file"},
                                                         {"sink.partition-commit.delay", "5 s"}}))
                   .value();
  EXPECT_FALSE(later.IsDone("dt=a/hr=b/", 1000, 6000, kMaxWatermark).value());
  EXPECT_TRUE(later.IsDone("dt=a/hr=b/", 1000, 6001, kMinWatermark).value());
}

TEST(PartitionCommitRuleTest, RefusesPoliciesThatNeedOthers) {
  EXPECT_EQ(PartitionCommitRule::Of(PartitionedTable({})).value().success_file(), "");
  for (const char* policy : {"metastore", "custom", "metastore,success-file", "", "success"}) {
    EXPECT_FALSE(PartitionCommitRule::Of(PartitionedTable({{kPolicy, policy}})).ok()) << policy;
  }
  EXPECT_FALSE(
      PartitionCommitRule::Of(PartitionedTable({{kPolicy, "success-file"}, {kTrigger, "x"}})).ok());
}

/// Keeps objects, which batch INSERTs write their plans into.
class ObjectsConnection : public MemoryConnection {
 public:
  Status PutObject(const std::string&, const std::string& name, const std::string& text,
                   bool) override {
    objects[name] = text;
    return Status::Ok();
  }
  Status DropObject(const std::string&, const std::string& name) override {
    objects.erase(name);
    return Status::Ok();
  }
  Result<std::string> GetObject(const std::string&, const std::string& name) override {
    return objects.at(name);
  }
  Result<std::vector<std::string>> ListObjects(const std::string&) override {
    std::vector<std::string> names;
    for (const auto& [name, text] : objects) names.push_back(name);
    return names;
  }
  std::map<std::string, std::string> objects;
};

class FileInsertTest : public ::testing::Test {
 protected:
  FileInsertTest() : fs_(io::MakePosixFileSystem()) {
    environment_.file_system = fs_.get();
    environment_.connection = &connection_;
    context_.environment = &environment_;
    context_.settings["execution.runtime-mode"] = "batch";
    node_.table =
        PartitionedTable({{"path", Root()}, {"format", "csv"}, {kPolicy, "success-file"}});
  }

  std::string Root() const { return directory_.path() + "/table"; }
  void Write(const std::string& name, const std::string& text) {
    std::filesystem::create_directories(std::filesystem::path(Root() + "/" + name).parent_path());
    std::ofstream(Root() + "/" + name) << text;
  }
  /// "dt=a/hr=1/part:text" of all files.
  std::multiset<std::string> Files() const {
    std::multiset<std::string> files;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(Root())) {
      if (entry.is_directory()) continue;
      std::ifstream stream(entry.path());
      std::string text((std::istreambuf_iterator<char>(stream)), {});
      files.insert(std::filesystem::relative(entry.path(), Root()).string() + ":" + text);
    }
    return files;
  }
  FilesystemTarget Target() { return FilesystemTarget::Of(node_, context_).value(); }
  void Stage(const FilesystemTarget& target, const std::string& name, const std::string& text) {
    std::filesystem::create_directories(target.staging);
    std::ofstream(target.StagedPath(name)) << text;
  }

  TempDirectory directory_;
  std::unique_ptr<io::FileSystem> fs_;
  ObjectsConnection connection_;
  ComputeEnvironment environment_;
  JobContext context_;
  sql::SinkNode node_;
};

TEST_F(FileInsertTest, ShowsFilesAndLeavesNothingElse) {
  FilesystemTarget target = Target();
  auto insert = FileInsert::Begin(target, connection_).value();
  EXPECT_EQ(connection_.objects.size(), 1);
  Stage(target, "dt=a/hr=1/part-0", "x");
  EXPECT_TRUE(insert->Commit({"dt=a/hr=1/part-0"}).ok());
  EXPECT_EQ(Files(), (std::multiset<std::string>{"dt=a/hr=1/part-0:x", "dt=a/hr=1/_SUCCESS:"}));
  EXPECT_TRUE(connection_.objects.empty());
  EXPECT_FALSE(std::filesystem::exists(target.staging));
}

TEST_F(FileInsertTest, OverwritesThePartitionsItWrites) {
  Write("dt=a/hr=1/old", "1");
  Write("dt=a/hr=1/.hidden", "2");
  Write("dt=b/hr=1/old", "3");
  node_.overwrite = true;
  FilesystemTarget target = Target();
  auto insert = FileInsert::Begin(target, connection_).value();
  Stage(target, "dt=a/hr=1/part-0", "x");
  EXPECT_TRUE(insert->Commit({"dt=a/hr=1/part-0"}).ok());
  EXPECT_EQ(Files(), (std::multiset<std::string>{"dt=a/hr=1/part-0:x", "dt=a/hr=1/_SUCCESS:",
                                                 "dt=a/hr=1/.hidden:2", "dt=b/hr=1/old:3"}));
}

TEST_F(FileInsertTest, AFailureLeavesEverythingAsItWas) {
  Write("dt=a/hr=1/old", "1");
  Write("dt=b", "a file where a partition would be");
  node_.overwrite = true;
  std::multiset<std::string> before = Files();
  {
    FilesystemTarget target = Target();
    auto insert = FileInsert::Begin(target, connection_).value();
    Stage(target, "dt=a/hr=1/part-0", "x");
    Stage(target, "dt=b/hr=1/part-1", "y");
    EXPECT_FALSE(insert->Commit({"dt=a/hr=1/part-0", "dt=b/hr=1/part-1"}).ok());
  }
  EXPECT_EQ(Files(), before);
  EXPECT_TRUE(connection_.objects.empty());
}

TEST_F(FileInsertTest, RefusesNamesThatItCannotWriteDown) {
  Write("dt=a/hr=1/old\xff", "1");
  node_.overwrite = true;
  std::multiset<std::string> before = Files();
  {
    FilesystemTarget target = Target();
    auto insert = FileInsert::Begin(target, connection_).value();
    Stage(target, "dt=a/hr=1/part-0", "x");
    EXPECT_EQ(insert->Commit({"dt=a/hr=1/part-0"}).kind(), ErrorKind::kNotSupported);
  }
  EXPECT_EQ(Files(), before);
  EXPECT_TRUE(connection_.objects.empty());
}

TEST_F(FileInsertTest, WhatWasNotCommittedGoes) {
  {
    FilesystemTarget target = Target();
    auto insert = FileInsert::Begin(target, connection_).value();
    Stage(target, "dt=a/hr=1/part-0", "x");
  }
  EXPECT_TRUE(connection_.objects.empty());
  EXPECT_TRUE(Files().empty());
}

/// The record outlives the process: before the plan is in it, nothing comes of it.
TEST_F(FileInsertTest, AStartUndoesWhatHadNoPlan) {
  FilesystemTarget target = Target();
  FileInsertPlan plan{.directory = target.directory, .staging = target.staging};
  connection_.objects["x"] = plan.ToText().value();
  Stage(target, "dt=a/hr=1/part-0", "x");
  EXPECT_TRUE(FinishFileInserts(connection_, *fs_).ok());
  EXPECT_TRUE(Files().empty());
  EXPECT_TRUE(connection_.objects.empty());
}

TEST_F(FileInsertTest, AStartCarriesThePlanOut) {
  FilesystemTarget target = Target();
  Write("dt=a/hr=1/part-0", "moved already");
  Write("dt=a/hr=1/old", "1");
  Stage(target, "dt=a/hr=2/part-1", "y");
  FileInsertPlan plan{.directory = target.directory,
                      .staging = target.staging,
                      .files = {"dt=a/hr=1/part-0", "dt=a/hr=2/part-1"},
                      .replaced = {"dt=a/hr=1/old"},
                      .created = {"dt=a/hr=1/", "dt=a/hr=2/"},
                      .success_files = {"dt=a/hr=2/_SUCCESS"}};
  connection_.objects["x"] = plan.ToText().value();
  EXPECT_TRUE(FinishFileInserts(connection_, *fs_).ok());
  EXPECT_EQ(Files(), (std::multiset<std::string>{"dt=a/hr=1/part-0:moved already",
                                                 "dt=a/hr=2/part-1:y", "dt=a/hr=2/_SUCCESS:"}));
  EXPECT_TRUE(connection_.objects.empty());
}

/// What a streaming job does with a sink, epoch by epoch.
class FilesystemSinkTest : public FileInsertTest, public SinkControl {
 protected:
  FilesystemSinkTest() {
    context_.settings.erase("execution.runtime-mode");
    context_.job_id = "job";
    node_.table.options[kTrigger] = "partition-time";
    node_.table.options["partition.time-extractor.timestamp-pattern"] = "$dt $hr:00:00";
    OpenSink();
  }
  void HoldSources() override {}
  void ReleaseSources() override {}
  void RequestCheckpoint() override {}
  bool IsFallback() const override { return false; }

  void OpenSink() {
    writer_.reset();
    committer_.reset();
    sink_ = MakeFilesystemSink(node_, context_).value();
    committer_ = sink_->MakeCommitter().value();
    writer_ = sink_->MakeWriter(0, 1, *this).value();
    EXPECT_TRUE(writer_->Open({}).ok());
  }
  void Insert(int64_t id, const std::string& dt, const std::string& hr) {
    model::BatchBuilder rows({DataType::Bigint(), DataType::String(), DataType::String()});
    rows.column(0).Append(id);
    rows.column(1).AppendString(dt);
    rows.column(2).AppendString(hr);
    rows.FinishRow();
    EXPECT_TRUE(writer_->Process(0, rows.Finish()).ok());
  }
  /// A checkpoint: what is committed, and the writer's state in `state_`.
  void Checkpoint() {
    CheckpointEntries commits, state;
    auto work = writer_->EndEpoch();
    ASSERT_TRUE(work.ok());
    EXPECT_TRUE(writer_->Snapshot(state).ok());
    if (*work) {
      EXPECT_TRUE((*work)(commits, state).ok());
    }
    EXPECT_TRUE(state_.ApplyAll(state).ok());
    StateMap epoch;
    EXPECT_TRUE(epoch.ApplyAll(commits).ok());
    std::atomic<bool> cancelled = false;
    Status committed = committer_->Commit(*epoch.ReaderOf(0, 0, 1), cancelled);
    EXPECT_TRUE(committed.ok()) << committed.message();
  }
  bool IsDone(const std::string& partition) const {
    return std::filesystem::exists(Root() + "/" + partition + "/_SUCCESS");
  }

  std::unique_ptr<Sink> sink_;
  std::unique_ptr<Committer> committer_;
  std::unique_ptr<SinkWriter> writer_;
  StateMap state_;
};

constexpr Watermark kSeven = 1709276400000;  // 2024-03-01 07:00 UTC

TEST_F(FilesystemSinkTest, PartitionsAreDoneWhenTheWatermarkHasPassedThem) {
  Insert(1, "2024-03-01", "7");
  Insert(2, "2024-03-01", "8");
  Checkpoint();
  EXPECT_EQ(Files().size(), 2);
  EXPECT_TRUE(writer_->ProcessWatermark(kSeven).ok());
  Checkpoint();
  EXPECT_FALSE(IsDone("dt=2024-03-01/hr=7"));
  EXPECT_TRUE(writer_->ProcessWatermark(kSeven + 1).ok());
  Checkpoint();
  EXPECT_TRUE(IsDone("dt=2024-03-01/hr=7"));
  EXPECT_FALSE(IsDone("dt=2024-03-01/hr=8"));
}

TEST_F(FilesystemSinkTest, PendingPartitionsOutliveARestart) {
  Insert(1, "2024-03-01", "7");
  Checkpoint();
  OpenSink();
  EXPECT_TRUE(writer_->Restore(*state_.ReaderOf(0, 0, 1)).ok());
  EXPECT_TRUE(writer_->ProcessWatermark(kMaxWatermark).ok());
  Checkpoint();
  EXPECT_TRUE(IsDone("dt=2024-03-01/hr=7"));
}

TEST_F(FilesystemSinkTest, ARestartSweepsWhatNoCheckpointHas) {
  Insert(1, "2024-03-01", "7");
  auto work = writer_->EndEpoch().value();
  CheckpointEntries commits, state;
  EXPECT_TRUE(work(commits, state).ok());
  EXPECT_EQ(Files().size(), 1);  // staged
  OpenSink();
  EXPECT_TRUE(Files().empty());
}

TEST_F(FilesystemSinkTest, LargeFilesAreWrittenBeforeTheirEnd) {
  auto insert = [&] {
    model::BatchBuilder rows({DataType::Bigint(), DataType::String(), DataType::String()});
    for (int64_t id = 100'000; id < 200'000; ++id) {
      rows.column(0).Append(id);
      rows.column(1).AppendString("2024-03-01");
      rows.column(2).AppendString(id % 10 < 5 ? "1" : "2");
      rows.FinishRow();
    }
    EXPECT_TRUE(writer_->Process(0, rows.Finish()).ok());
  };
  insert();
  EXPECT_TRUE(Files().empty());
  for (int i = 0; i < 3; ++i) insert();
  EXPECT_EQ(Files().size(), 2);  // of 1 MiB each so far
  writer_.reset();
  EXPECT_TRUE(Files().empty());
  OpenSink();
  for (int i = 0; i < 4; ++i) insert();
  Checkpoint();
  std::string rows;
  for (int64_t id = 100'000; id < 200'000; ++id) {
    if (id % 10 < 5) rows += std::to_string(id) + "\n";
  }
  std::multiset<std::string> files = Files();
  ASSERT_EQ(files.size(), 2);
  EXPECT_TRUE(files.begin()->starts_with("dt=2024-03-01/hr=1/part-0-"));
  EXPECT_TRUE(files.begin()->ends_with(".csv:" + rows + rows + rows + rows));
}

TEST_F(FilesystemSinkTest, AnEpochIsCommittedOnceHoweverOften) {
  Insert(1, "2024-03-01", "7");
  auto work = writer_->EndEpoch().value();
  CheckpointEntries commits, state;
  EXPECT_TRUE(work(commits, state).ok());
  StateMap epoch;
  EXPECT_TRUE(epoch.ApplyAll(commits).ok());
  std::atomic<bool> cancelled = false;
  for (int i = 0; i < 2; ++i) {
    EXPECT_TRUE(committer_->Commit(*epoch.ReaderOf(0, 0, 1), cancelled).ok());
  }
  EXPECT_EQ(Files().size(), 1);
}

}  // namespace
}  // namespace forebay::compute
