#include <gmock/gmock.h>
#include <sys/wait.h>

#include "client/tests/local_fixture.h"

namespace forebay::client {
namespace {

using testing::HasSubstr;

const model::TablePath kLog{"db", "clicks"};
const model::TablePath kKeyed{"db", "users"};
constexpr int kRows = 100;

/// Tables that a killed process wrote, and whose logs somebody cut afterwards.
class LostLogTest : public LocalFixture {
 protected:
  void SetUp() override {
    LocalFixture::SetUp();
    ASSERT_TRUE(connection_->admin().CreateTable(kLog, Table(false)).ok());
    ASSERT_TRUE(connection_->admin().CreateTable(kKeyed, Table(true)).ok());
  }
  std::string LogFile(const model::TablePath& path) {
    return storage_->data_dir().LogPath(path, connection_->admin().GetTable(path)->id, 0) + "/" +
           storage::LogSegment::FileStem(0) + ".log";
  }
  /// Another process writes and dies, so that neither checkpoints nor RocksDB's files have the
  /// rows.
  void WriteAndDie() {
    Shut();
    pid_t child = fork();
    if (child == 0) {
      Open();
      std::vector<std::pair<int64_t, std::string>> rows;
      for (int64_t id = 0; id < kRows; ++id) rows.emplace_back(id, "x");
      bool ok = true;
      for (const auto& path : {kLog, kKeyed}) {
        ok &= (*connection_->OpenWriter(path))->Write(Rows(rows)).ok();
      }
      _exit(ok ? 0 : 1);
    }
    int status = 0;
    waitpid(child, &status, 0);
    ASSERT_EQ(status, 0);
  }
  static model::Batch Key(int64_t id) {
    model::BatchBuilder builder({model::DataType::Bigint().NotNull()});
    builder.column(0).Append(id);
    builder.FinishRow(model::ChangeType::kInsert);
    return builder.Finish();
  }
};

TEST_F(LostLogTest, AnEmptiedChangelogPutsItsBucketOutOfServiceByName) {
  std::string file = LogFile(kKeyed);
  WriteAndDie();
  std::filesystem::resize_file(file, 0);
  Open();
  auto found = (*connection_->OpenLookuper(kKeyed, std::nullopt))->Lookup(Key(1));
  ASSERT_FALSE(found.ok());
  EXPECT_EQ(found.kind(), ErrorKind::kCorruption);
  EXPECT_THAT(found.message(), HasSubstr("bucket 0 of table 'db.users' is out of service"));
  EXPECT_THAT(found.message(), HasSubstr(fmt::format("offsets 0 to {}", kRows - 1)));
  EXPECT_FALSE(connection_->OpenSnapshotScanner(kKeyed, 0, std::nullopt).ok());
  EXPECT_FALSE((*connection_->OpenWriter(kKeyed))->Write(Rows({{1, "y"}})).ok());
  EXPECT_EQ(storage_->metrics().damaged_tablets, 1);
  EXPECT_EQ(ReadAll(kLog, 0, 0).size(), size_t{kRows});
}

TEST_F(LostLogTest, AnEmptiedLogIsNotReadAsAnEmptyTable) {
  std::string file = LogFile(kLog);
  WriteAndDie();
  std::filesystem::resize_file(file, 0);
  Open();
  auto scanner = connection_->OpenLogScanner(kLog, std::nullopt);
  ASSERT_TRUE((*scanner)->Subscribe(0, model::kEarliestOffset).ok());
  auto records = (*scanner)->Poll(0, 1 << 20);
  ASSERT_FALSE(records.ok());
  EXPECT_EQ(records.kind(), ErrorKind::kCorruption);
  EXPECT_THAT(records.status().ToString(), HasSubstr(file));
  EXPECT_EQ(storage_->metrics().damaged_tablets, 1);
  auto acks = (*connection_->OpenWriter(kLog))->Write(Rows({{1, "y"}}));
  ASSERT_TRUE(acks.ok());
  EXPECT_EQ((*acks)[0].base_offset, kRows);
}

}  // namespace
}  // namespace forebay::client
