#include <gmock/gmock.h>
#include <sys/wait.h>

#include <filesystem>
#include <map>
#include <random>
#include <thread>

#include "base/failpoint.h"
#include "client/tests/local_fixture.h"

namespace forebay::client {
namespace {

using model::ChangeType;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

const model::TablePath kPath{"db", "users"};

class PrimaryKeyTableTest : public DoorFixture {
 protected:
  void Create(int buckets = 1, const std::map<std::string, std::string>& properties = {}) {
    model::TableDescriptor table = Table(true, buckets);
    table.properties = properties;
    auto created = connection_->admin().CreateTable(kPath, table);
    ASSERT_TRUE(created.ok()) << created.status().ToString();
    writer_ = *connection_->OpenWriter(kPath);
  }
  void Put(const std::vector<std::pair<int64_t, std::string>>& rows,
           ChangeType change = ChangeType::kInsert) {
    auto acks = writer_->Write(Rows(rows, change));
    ASSERT_TRUE(acks.ok()) << acks.status().ToString();
  }
  void Delete(int64_t id) { Put({{id, ""}}, ChangeType::kDelete); }
  static model::Batch Keys(const std::vector<int64_t>& ids) {
    model::BatchBuilder builder({model::DataType::Bigint().NotNull()});
    for (int64_t id : ids) {
      builder.column(0).Append(id);
      builder.FinishRow();
    }
    return builder.Finish();
  }
  std::vector<std::string> Lookup(const std::vector<int64_t>& ids) {
    auto lookuper = connection_->OpenLookuper(kPath, std::nullopt);
    auto found = (*lookuper)->Lookup(Keys(ids));
    EXPECT_TRUE(found.ok()) << found.status().ToString();
    std::vector<std::string> texts;
    for (int row : found->row_of_key) {
      texts.push_back(row < 0 ? "-" : std::string(found->rows.columns[1].GetString(row)));
    }
    return texts;
  }
  std::map<int64_t, std::string> Scan(int bucket) {
    auto scanner = connection_->OpenSnapshotScanner(kPath, bucket, std::nullopt);
    EXPECT_TRUE(scanner.ok()) << scanner.status().ToString();
    std::map<int64_t, std::string> rows;
    while (true) {
      auto batch = (*scanner)->Next();
      EXPECT_TRUE(batch.ok()) << batch.status().ToString();
      if (!batch.ok() || batch->num_rows == 0) return rows;
      for (int row = 0; row < batch->num_rows; ++row) {
        rows[batch->columns[0].Get<int64_t>(row)] = batch->columns[1].GetString(row);
      }
    }
  }
  void ReopenTable() {
    writer_.reset();
    Reopen();
    writer_ = *connection_->OpenWriter(kPath);
  }
  void TearDown() override {
    writer_.reset();
    DoorFixture::TearDown();
  }

  std::unique_ptr<TableWriter> writer_;
};

TEST_F(PrimaryKeyTableTest, UpsertsAndDeletesGiveAChangelogWithFullImages) {
  Create();
  Put({{1, "a"}, {2, "two, not inlined at all"}});
  Put({{1, "b"}, {2, "two, not inlined at all"}, {3, "c"}});
  Delete(2);
  Delete(9);
  auto changelog = ElementsAre("+I 1 a", "+I 2 two, not inlined at all", "-U 1 a", "+U 1 b",
                               "+I 3 c", "-D 2 two, not inlined at all");
  EXPECT_THAT(ReadAll(kPath, 0, 0), changelog);
  EXPECT_THAT(Lookup({3, 2, 1, 9}), ElementsAre("c", "-", "b", "-"));
  ReopenTable();
  EXPECT_THAT(ReadAll(kPath, 0, 0), changelog);
  EXPECT_THAT(Lookup({3, 2, 1, 9}), ElementsAre("c", "-", "b", "-"));
}

TEST_F(PrimaryKeyTableTest, RowsOfOneBatchApplyInOrderAndOneThatChangesNothingTakesAnOffset) {
  Create();
  Put({{1, "a"}, {1, "b"}, {1, "b"}});
  EXPECT_THAT(ReadAll(kPath, 0, 0), ElementsAre("+I 1 a", "-U 1 a", "+U 1 b"));
  auto acks = writer_->Write(Rows({{1, "b"}}));
  EXPECT_EQ((*acks)[0].base_offset, is_remote() ? -1 : 3);
  EXPECT_EQ((*acks)[0].next_offset, 4);
  Put({{1, "ignored"}}, ChangeType::kUpdateBefore);
  EXPECT_THAT(Lookup({1}), ElementsAre("b"));
}

TEST_F(PrimaryKeyTableTest, SnapshotAndChangelogFromItsOffsetGiveTheWhole) {
  Create();
  Put({{1, "a"}, {2, "b"}});
  auto scanner = connection_->OpenSnapshotScanner(kPath, 0, std::nullopt);
  ASSERT_TRUE(scanner.ok());
  Put({{1, "later"}, {3, "c"}});
  EXPECT_EQ((*scanner)->log_offset(), 2);
  auto batch = (*scanner)->Next();
  ASSERT_EQ(batch->num_rows, 2);
  EXPECT_EQ(batch->columns[1].GetString(0), "a");
  EXPECT_EQ((*scanner)->Next()->num_rows, 0);
  EXPECT_THAT(ReadAll(kPath, 0, (*scanner)->log_offset()),
              ElementsAre("-U 1 a", "+U 1 later", "+I 3 c"));
}

TEST_F(PrimaryKeyTableTest, DeleteBehaviours) {
  Create(1, {{"table.delete.behavior", "ignore"}});
  Put({{1, "a"}});
  Delete(1);
  EXPECT_THAT(Lookup({1}), ElementsAre("a"));
  ASSERT_TRUE(connection_->admin().DropTable(kPath).ok());
  Create(1, {{"table.delete.behavior", "disable"}});
  Put({{1, "a"}});
  auto refused = writer_->Write(Rows({{1, ""}}, ChangeType::kDelete));
  EXPECT_THAT(refused.message(), HasSubstr("deletes are disabled"));
  EXPECT_THAT(Lookup({1}), ElementsAre("a"));
}

TEST_F(PrimaryKeyTableTest, NullKeysAreRefusedAndLookupsSayWhatIsWrong) {
  Create();
  auto lookuper = connection_->OpenLookuper(kPath, std::nullopt);
  EXPECT_EQ((*lookuper)->Lookup(Rows({{1, "a"}})).kind(), ErrorKind::kInvalidArgument);
  model::Batch null_key(1, {model::Column::AllNull(model::DataType::Bigint(), 1),
                            model::Column::AllNull(model::DataType::String(), 1)});
  EXPECT_FALSE(writer_->Write(null_key).ok());
  ASSERT_TRUE(connection_->admin().CreateTable({"db", "log"}, Table(false)).ok());
  EXPECT_FALSE(connection_->OpenLookuper({"db", "log"}, std::nullopt).ok());
  EXPECT_FALSE(connection_->OpenSnapshotScanner({"db", "log"}, 0, std::nullopt).ok());
}

TEST_F(PrimaryKeyTableTest, AnIdempotentUpsertAppliesOnce) {
  Create();
  for (const char* value : {"a", "not stored"}) {
    Result<WriteAck> result = Internal("not called");
    auto called = std::make_shared<Signal>();  // Raise may still run when the wait has ended
    writer_->WriteBucket(0, Rows({{1, value}}), {77, 0}, [&result, called](Result<WriteAck> ack) {
      result = std::move(ack);
      called->Raise();
    });
    ASSERT_TRUE(called->WaitFor(std::chrono::seconds(60)));
    ASSERT_TRUE(result.ok());
    EXPECT_EQ(result->base_offset, is_remote() ? -1 : 0);
  }
  EXPECT_THAT(Lookup({1}), ElementsAre("a"));
}

/// Random writes against a std::map, with a small cache so that rows are evicted and read back.
TEST_F(PrimaryKeyTableTest, RandomWorkEqualsAMap) {
  Shut();
  options_.row_cache_bytes = 20000;
  Open();
  Create(3);
  std::mt19937 random(7);
  std::map<int64_t, std::string> model;
  for (int round = 0; round < 300; ++round) {
    bool deletes = random() % 4 == 0;
    std::vector<std::pair<int64_t, std::string>> rows;
    for (int i = random() % 20; i >= 0; --i) {
      int64_t id = random() % 500;
      rows.push_back({id, deletes ? "" : std::string(random() % 40, 'a' + round % 26)});
      if (deletes) {
        model.erase(id);
      } else {
        model[id] = rows.back().second;
      }
    }
    Put(rows, deletes ? ChangeType::kDelete : ChangeType::kInsert);
    if (round % 60 == 59) ReopenTable();
    int64_t id = random() % 500;
    std::string due = model.contains(id) ? model[id] : "-";
    ASSERT_THAT(Lookup({id}), ElementsAre(due)) << "round " << round;
  }
  std::map<int64_t, std::string> scanned;
  for (int bucket = 0; bucket < 3; ++bucket) scanned.merge(Scan(bucket));
  EXPECT_EQ(scanned, model);
}

/// Whether there is a file of that kind in some directory of rows.
bool HasRowFile(const std::string& data, const std::string& extension) {
  for (const auto& entry : std::filesystem::recursive_directory_iterator(data)) {
    if (entry.path().extension() == extension) return true;
  }
  return false;
}

TEST_F(PrimaryKeyTableTest, RowsThatCouldNotBeMovedAreMovedLater) {
  Shut();
  options_.expiry_interval_ms = 20;
  Open();
  Create();
  std::filesystem::path kv;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(options_.data_dir)) {
    if (entry.path().filename() == "kv") kv = entry.path();
  }
  ASSERT_FALSE(kv.empty());
  // A directory that is not empty stands where the file of rows would be made.
  std::filesystem::create_directories(kv / "added-rows" / "in the way");
  for (int64_t id = 0; id < 40; ++id) Put({{id, std::string(1 << 20, 'a')}});
  EXPECT_FALSE(HasRowFile(kv, ".sst"));
  std::filesystem::remove_all(kv / "added-rows");
  // No write comes that could begin the next move.
  while (!HasRowFile(kv, ".sst")) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  EXPECT_EQ(Lookup({39})[0].size(), size_t{1} << 20);
}

/// A process is killed at a random place while it upserts; the parent knows what was acknowledged.
class CrashTest : public PrimaryKeyTableTest {
 protected:
  /// Writes i = first, first + 1, ... as key i % 100 with value i; tells each acknowledged i
  /// through the pipe.
  [[noreturn]] void RunChild(int pipe, int64_t first, const std::string& failpoint) {
    Open();
    auto writer = *connection_->OpenWriter(kPath);
    static_cast<void>(ArmFailpoints(failpoint));
    for (int64_t i = first; i < first + 3000; ++i) {
      if (i % 40 == 39) static_cast<void>(Scan(0));
      auto acks = writer->Write(Rows({{i % 100, std::to_string(i)}}));
      if (!acks.ok()) _exit(1);
      if (::write(pipe, &i, sizeof(i)) != sizeof(i)) _exit(2);
    }
    _exit(0);
  }
};

TEST_F(CrashTest, NoAcknowledgedRowIsLostAndRowsEqualTheChangelog) {
  if (is_remote()) GTEST_SKIP() << "a forked process has no threads";
  Create();
  writer_.reset();
  int64_t next = 0;
  std::mt19937 random(3);
  const char* places[] = {"log.before_write", "log.before_fsync", "log.after_fsync",
                          "kv.before_move", "kv.after_move"};
  for (int cycle = 0; cycle < 15; ++cycle) {
    Shut();
    const char* place = places[cycle % 5];
    int hits = 1 + random() % (cycle % 5 < 3 ? 150 : 5);
    int pipes[2];
    ASSERT_EQ(pipe(pipes), 0);
    pid_t child = fork();
    if (child == 0) RunChild(pipes[1], next, fmt::format("{}={}", place, hits));
    close(pipes[1]);
    int64_t acked = next - 1;
    while (read(pipes[0], &acked, sizeof(acked)) == sizeof(acked)) {
    }
    close(pipes[0]);
    int status = 0;
    waitpid(child, &status, 0);
    ASSERT_EQ(WEXITSTATUS(status), kFailpointExitStatus) << place;
    Open();
    // The state after some prefix of the writes that has at least the acknowledged ones: one more
    // may have been stored.
    std::map<int64_t, std::string> rows = Scan(0);
    int64_t last = -1;
    for (const auto& [id, text] : rows) last = std::max<int64_t>(last, std::stoll(text));
    ASSERT_TRUE(last == acked || last == acked + 1) << last << " " << acked << " " << place;
    std::map<int64_t, std::string> due;
    for (int64_t i = std::max<int64_t>(0, last - 99); i <= last; ++i) {
      due[i % 100] = std::to_string(i);
    }
    ASSERT_EQ(rows, due) << place;
    std::map<int64_t, std::string> replayed;
    for (const std::string& text : ReadAll(kPath, 0, 0)) {
      if (!text.starts_with("+")) continue;
      size_t space = text.find(' ', 3);
      replayed[std::stoll(text.substr(3, space - 3))] = text.substr(space + 1);
    }
    ASSERT_EQ(replayed, due) << place;
    next = last + 1;
  }
}

}  // namespace
}  // namespace forebay::client
