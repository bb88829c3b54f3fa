#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <thread>

#include "app/node.h"
#include "model/value_text.h"
#include "serve/session/session.h"

namespace forebay::app {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

using Lines = std::vector<std::string>;

/// Statements against a data directory of its own.
class SqlSessionTest : public testing::Test {
 protected:
  void SetUp() override {
    char pattern[] = "/tmp/forebay-sql-test-XXXXXX";
    ASSERT_NE(mkdtemp(pattern), nullptr);
    options_.data_dir = pattern;
    node_ = std::move(Node::Open(options_).value());
    session_ = std::make_unique<serve::Session>(node_->engine());
    Run("SET 'table.dml-sync' = 'true'; SET 'execution.checkpointing.interval' = '50 ms'");
  }
  void TearDown() override {
    session_.reset();
    node_.reset();
    std::filesystem::remove_all(options_.data_dir);
  }

  Result<serve::StatementResult> Execute(const std::string& statement) {
    return session_->Execute({statement, {1, 1}});
  }
  /// Runs statements that must succeed.
  void Run(const std::string& script) {
    for (const sql::StatementText& text : sql::SplitStatements(script)) {
      auto result = session_->Execute(text);
      ASSERT_TRUE(result.ok()) << text.text << ": " << result.status().ToString();
    }
  }
  /// The error a statement must end with, and its hint.
  std::string ErrorOf(const std::string& statement) {
    auto result = Execute(statement);
    if (result.ok()) return "no error";
    return result.status().message() + " | " + result.status().error().hint;
  }
  /// The rows of a bounded query, as "a, b".
  Lines Rows(const std::string& query) {
    auto result = Execute(query);
    EXPECT_TRUE(result.ok()) << result.status().ToString();
    Lines lines;
    while (result.ok()) {
      auto batch = result->rows->Next(10000);
      EXPECT_TRUE(batch.ok()) << batch.status().ToString();
      if (!batch.ok() || !*batch) break;
      for (int row = 0; row < (*batch)->num_rows; ++row) {
        std::string line;
        for (const model::Column& column : (*batch)->columns) {
          if (!line.empty()) line += ", ";
          model::AppendText(line, column, row);
        }
        lines.push_back(line);
      }
    }
    return lines;
  }

  NodeOptions options_;
  std::unique_ptr<Node> node_;
  std::unique_ptr<serve::Session> session_;
};

constexpr const char* kBounded = " /*+ OPTIONS('scan.bounded.mode' = 'latest-offset') */";

TEST_F(SqlSessionTest, ChangelogOfPrimaryKeyTable) {
  Run("CREATE TABLE t (k INT NOT NULL, v STRING, PRIMARY KEY (k) NOT ENFORCED);"
      "INSERT INTO t VALUES (1, 'a'), (2, 'b'); INSERT INTO t VALUES (1, 'c')");
  const Lines changes = {"insert, 0, 1, a", "insert, 1, 2, b", "update_before, 2, 1, a",
                         "update_after, 3, 1, c"};
  EXPECT_EQ(Rows(std::string("SELECT _change_type, _log_offset, k, v FROM t$changelog") + kBounded),
            changes);
  Run("SET 'execution.runtime-mode' = 'batch'");
  EXPECT_EQ(Rows("SELECT _change_type, _log_offset, k, v FROM t$changelog"), changes);
  EXPECT_THAT(Rows("SELECT v, _log_offset FROM t$changelog WHERE _change_type = 'update_after'"),
              ElementsAre("c, 3"));
  EXPECT_THAT(Rows("SELECT COUNT(*) FROM t$changelog"), ElementsAre("4"));
  EXPECT_THAT(Rows("SELECT COUNT(*) FROM t$changelog WHERE _commit_timestamp < "
                   "TO_TIMESTAMP_LTZ(946684800, 0)"),
              ElementsAre("0"));
}

TEST_F(SqlSessionTest, ChangelogOfLogTable) {
  Run("CREATE TABLE t (a INT, v STRING); INSERT INTO t VALUES (1, 'a'), (2, 'b')");
  const Lines changes = {"insert, 0, 1, a", "insert, 1, 2, b"};
  EXPECT_EQ(Rows(std::string("SELECT _change_type, _log_offset, a, v FROM t$changelog") + kBounded),
            changes);
  Run("SET 'execution.runtime-mode' = 'batch'");
  EXPECT_EQ(Rows("SELECT _change_type, _log_offset, a, v FROM t$changelog"), changes);
}

TEST_F(SqlSessionTest, OptionsThatAreNoneAreErrors) {
  EXPECT_THAT(ErrorOf("CREATE TABLE t (a INT) WITH ('bucket.nun' = '2')"),
              HasSubstr("did you mean 'bucket.num'?"));
  EXPECT_THAT(ErrorOf("CREATE TABLE t (a INT) WITH ('table.log.tll' = '2d')"),
              HasSubstr("did you mean 'table.log.ttl'?"));
  // As in Flink, another connector's options are looked at when the table is used.
  Run("CREATE TABLE p (a INT) WITH ('connector' = 'print', 'print-identifer' = 'x');"
      "CREATE TABLE g (n INT) WITH ('connector' = 'datagen', 'fields.n.knd' = 'sequence');"
      "CREATE TABLE k (n INT) WITH ('connector' = 'kafkaa')");
  std::string error = ErrorOf("INSERT INTO p VALUES (1)");
  EXPECT_THAT(error, HasSubstr("unsupported option 'print-identifer'"));
  EXPECT_THAT(error, HasSubstr("Supported options: connector"));
  EXPECT_THAT(error, HasSubstr("did you mean 'print-identifier'?"));
  EXPECT_THAT(ErrorOf("SELECT * FROM g"), HasSubstr("did you mean 'fields.n.kind'?"));
  EXPECT_THAT(ErrorOf("SELECT * FROM k"), HasSubstr("connector 'kafkaa'"));
  Run("CREATE TABLE t (a INT) WITH ('connector' = 'forebay')");
  EXPECT_THAT(ErrorOf("SELECT * FROM t /*+ OPTIONS('scan.startup.mod' = 'latest') */"),
              HasSubstr("did you mean 'scan.startup.mode'?"));
}

TEST_F(SqlSessionTest, SettingsAreChecked) {
  for (const char* wrong :
       {"SET 'table.dml-sync' = 'maybe'", "SET 'parallelism.default' = '2x'",
        "SET 'parallelism.default' = '129'", "SET 'execution.runtime-mode' = 'bach'",
        "SET 'execution.checkpointing.interval' = '1 parsec'",
        "SET 'table.local-time-zone' = 'Mars/Olympus'",
        "SET 'table.exec.sink.not-null-enforcer' = 'MAYBE'", "SET 'batch.memory-limit' = 'much'"}) {
    EXPECT_THAT(ErrorOf(wrong), HasSubstr("' is ")) << wrong;
  }
  Run("SET 'execution.runtime-mode' = 'BATCH'; SET 'batch.memory-limit' = '1536 MB'");
  EXPECT_EQ(session_->settings().at("execution.runtime-mode"), "batch");
  auto unknown = Execute("SET 'table.dml-sink' = 'true'");
  ASSERT_TRUE(unknown.ok());
  EXPECT_THAT(unknown->message, HasSubstr("did you mean 'table.dml-sync'?"));
  EXPECT_EQ(session_->settings().at("table.dml-sink"), "true");
}

TEST_F(SqlSessionTest, NotNullColumns) {
  Run("CREATE TABLE source (a INT, b INT); INSERT INTO source VALUES (1, 5), (2, NULL);"
      "CREATE TABLE t (a INT, b INT NOT NULL)");
  std::string insert = std::string("INSERT INTO t SELECT a, b FROM source") + kBounded;
  for (const char* mode : {"streaming", "batch"}) {
    Run(std::string("SET 'execution.runtime-mode' = '") + mode +
        "'; "
        "SET 'table.exec.sink.not-null-enforcer' = 'ERROR'");
    EXPECT_THAT(ErrorOf(insert), HasSubstr("column 'b' is NOT NULL")) << mode;
    Run("SET 'table.exec.sink.not-null-enforcer' = 'DROP'");
    Run(insert);
  }
  EXPECT_THAT(Rows("SELECT * FROM t"), ElementsAre("1, 5", "1, 5"));
}

TEST_F(SqlSessionTest, ShowCreateTableIsReadable) {
  Run("CREATE TABLE t (k INT NOT NULL, v STRING, PRIMARY KEY (k) NOT ENFORCED) "
      "WITH ('bucket.num' = '3', 'bucket.key' = 'k', 'table.log.ttl' = '1d')");
  std::string text = Rows("SHOW CREATE TABLE t")[0];
  EXPECT_THAT(text, HasSubstr("DISTRIBUTED BY HASH(`k`) INTO 3 BUCKETS"));
  EXPECT_THAT(text, testing::Not(HasSubstr("bucket.")));
  Run("DROP TABLE t");
  Run(text);
  EXPECT_EQ(Rows("SHOW CREATE TABLE t")[0], text);
}

TEST_F(SqlSessionTest, JobsThatNeverCommitAreRefused) {
  Run("CREATE TABLE a (n INT); CREATE TABLE b (n INT); INSERT INTO a VALUES (1);"
      "SET 'execution.checkpointing.interval' = '0'");
  EXPECT_THAT(ErrorOf("INSERT INTO b SELECT n FROM a"), HasSubstr("never become visible"));
  Run(std::string("INSERT INTO b SELECT n FROM a") + kBounded);
  Run("SET 'execution.runtime-mode' = 'batch'");
  EXPECT_THAT(Rows("SELECT * FROM b"), ElementsAre("1"));
}

TEST_F(SqlSessionTest, StoppedJobStartsAgainWhereItWas) {
  Run("CREATE TABLE a (n INT); CREATE TABLE b (n INT); SET 'table.dml-sync' = 'false'");
  auto insert = Execute("INSERT INTO b SELECT n FROM a");
  ASSERT_TRUE(insert.ok());
  Run("STOP JOB '" + insert->job_id +
      "'; SET 'table.dml-sync' = 'true';"
      "INSERT INTO a VALUES (1)");
  EXPECT_THAT(ErrorOf("START JOB 'none'"), HasSubstr("none"));
  Run("START JOB '" + insert->job_id + "'; SET 'execution.runtime-mode' = 'batch'");
  EXPECT_THAT(ErrorOf("START JOB '" + insert->job_id + "'"), HasSubstr("is running"));
  for (int i = 0; i < 500 && Rows("SELECT * FROM b").empty(); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  EXPECT_THAT(Rows("SELECT * FROM b"), ElementsAre("1"));
  Run("STOP JOB '" + insert->job_id + "'");
}

TEST_F(SqlSessionTest, ListaggWithSeparatorInBatch) {
  Run("SET 'execution.runtime-mode' = 'batch'");
  EXPECT_THAT(Rows("SELECT LISTAGG(v, '; ') FROM (VALUES ('a'), ('b'), (CAST(NULL AS STRING))) "
                   "AS t(v)"),
              ElementsAre("a; b"));
}

}  // namespace
}  // namespace forebay::app
