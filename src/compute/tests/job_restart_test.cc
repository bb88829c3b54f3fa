#include "compute/job/job.h"
#include "compute/tests/runtime_fixture.h"

namespace forebay::compute {
namespace {

class JobTest : public RuntimeTest {
 protected:
  std::unique_ptr<Job> Open(const sql::PlanPtr& root) {
    JobRecord record;
    record.id = "job";
    record.plan_json = "plan";
    record.settings = {{"parallelism.default", "2"}, {"execution.checkpointing.interval", "5 ms"}};
    return std::make_unique<Job>(environment_, directory_.path() + "/job", record,
                                 std::vector<sql::PlanPtr>{root}, false);
  }
  JobRecord Stored() {
    std::string text = io::ReadFile(*file_system_, directory_.path() + "/job/job.json").value();
    return JobRecord::FromText(text).value();
  }
  void WaitForRows(const std::string& table, size_t rows) {
    for (int i = 0; i < 2000 && RowsOf(table).size() < rows; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    EXPECT_EQ(RowsOf(table).size(), rows);
  }
};

TEST_F(JobTest, SuspendedJobStaysRunningOnDiskAndGoesOn) {
  model::TableInfo in = connection_.Create("in", TwoColumns(false), 2);
  model::TableInfo out = connection_.Create("out", TwoColumns(false), 2);
  sql::PlanPtr root = SinkInto(out, Scan(in, false));
  for (int run = 1; run <= 3; ++run) {
    connection_.Append("in", 0, Rows(run * 1000, run * 1000 + 300, 1 << 20));
    auto job = Open(root);
    ASSERT_TRUE(job->Start().ok());
    WaitForRows("out", run * 300);
    job->Suspend();
    EXPECT_TRUE(job->Wait().ok());
    EXPECT_EQ(Stored().state, JobState::kRunning);
  }
}

TEST_F(JobTest, PassingFailureRestartsTheJob) {
  model::TableInfo in = connection_.Create("in", TwoColumns(false), 1);
  model::TableInfo out = connection_.Create("out", TwoColumns(false), 1);
  connection_.Append("in", 0, Rows(0, 100, 1 << 20));
  connection_.FailWrites(0, ErrorKind::kIoError);
  auto job = Open(SinkInto(out, Scan(in, true)));
  ASSERT_TRUE(job->Start().ok());
  for (int i = 0; i < 1000 && job->Record().state != JobState::kRestarting; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  EXPECT_EQ(job->Record().state, JobState::kRestarting);
  connection_.FailWrites(-1, ErrorKind::kIoError);
  Status status = job->Wait();
  ASSERT_TRUE(status.ok()) << status.ToString();
  EXPECT_EQ(RowsOf("out").size(), 100u);
  EXPECT_EQ(Stored().state, JobState::kFinished);
}

TEST_F(JobTest, LastingFailureFailsTheJobWithItsReason) {
  model::TableInfo in = connection_.Create("in", TwoColumns(false), 1);
  model::TableInfo out = connection_.Create("out", TwoColumns(false), 1);
  connection_.Append("in", 0, Rows(0, 100, 1 << 20));
  connection_.FailWrites(0, ErrorKind::kInvalidArgument);
  auto job = Open(SinkInto(out, Scan(in, true)));
  ASSERT_TRUE(job->Start().ok());
  EXPECT_EQ(job->Wait().kind(), ErrorKind::kInvalidArgument);
  EXPECT_EQ(Stored().state, JobState::kFailed);
  EXPECT_NE(Stored().failure.find("injected"), std::string::npos);
}

TEST_F(JobTest, StopThenStartLosesAndRepeatsNothing) {
  model::TableInfo in = connection_.Create("in", TwoColumns(false), 1);
  model::TableInfo out = connection_.Create("out", TwoColumns(false), 1);
  auto job = Open(SinkInto(out, Scan(in, false)));
  for (int run = 1; run <= 4; ++run) {
    connection_.Append("in", 0, Rows(run * 1000, run * 1000 + 100, 1 << 20));
    ASSERT_TRUE(job->Start().ok());
    // Stopped or cancelled at any moment, in turn.
    job->Stop(run % 2 == 0 ? StopMode::kGraceful : StopMode::kCancel);
    (void)job->Wait();
    EXPECT_EQ(Stored().state, run % 2 == 0 ? JobState::kStopped : JobState::kCanceled);
  }
  ASSERT_TRUE(job->Start().ok());
  WaitForRows("out", 400);
  job->Stop(StopMode::kCancel);
  EXPECT_EQ(job->Wait().kind(), ErrorKind::kCancelled);
}

TEST(JobRecordTest, TextComesBackAndDamageIsSeen) {
  JobRecord record;
  record.id = "a";
  record.sql = "INSERT INTO \"x\"\nSELECT 1";
  record.settings = {{"k", "v"}};
  record.state = JobState::kFailed;
  std::string text = record.ToText();
  JobRecord again = JobRecord::FromText(text).value();
  EXPECT_EQ(again.sql, record.sql);
  EXPECT_EQ(again.settings, record.settings);
  EXPECT_EQ(again.state, JobState::kFailed);
  for (size_t i = 0; i < text.size(); ++i) {
    std::string damaged = text;
    damaged[i] ^= 1;
    EXPECT_FALSE(JobRecord::FromText(damaged).ok()) << i;
  }
}

}  // namespace
}  // namespace forebay::compute
