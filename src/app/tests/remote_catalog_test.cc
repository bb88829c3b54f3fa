#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "app/node.h"
#include "base/clock.h"
#include "client/key_scans.h"
#include "model/value_text.h"
#include "serve/fluss/fluss_server.h"
#include "serve/session/session.h"

namespace forebay::app {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

using Lines = std::vector<std::string>;

/// Statements at one node about the tables of another, which a Fluss server serves.
class RemoteCatalogTest : public testing::Test {
 protected:
  void SetUp() override {
    char pattern[] = "/tmp/forebay-catalog-test-XXXXXX";
    ASSERT_NE(mkdtemp(pattern), nullptr);
    directory_ = pattern;
    far_ = OpenNode("far");
    ServeFar();
    OpenNear();
    Run(
        fmt::format("CREATE CATALOG far WITH ('type' = 'fluss', 'bootstrap.servers' = "
                    "'127.0.0.1:{}', 'default-database' = 'default_database')",
                    port_));
  }
  void TearDown() override {
    session_.reset();
    near_.reset();
    server_.reset();
    far_.reset();
    std::filesystem::remove_all(directory_);
  }

  std::unique_ptr<Node> OpenNode(const std::string& name) {
    NodeOptions options;
    options.data_dir = directory_ + "/" + name;
    return std::move(Node::Open(options).value());
  }
  void OpenNear() {
    session_.reset();
    near_.reset();
    near_ = OpenNode("near");
    session_ = std::make_unique<serve::Session>(near_->engine());
    Run("SET 'table.dml-sync' = 'true'; SET 'execution.checkpointing.interval' = '50 ms'");
  }
  /// On the same ports as before.
  void ServeFar() {
    serve::FlussServerOptions options;
    options.coordinator_port = port_;
    options.tablet_port = tablet_port_;
    server_ = std::move(
        serve::FlussServer::Start(options, far_->connection().admin(), far_->gateway()).value());
    port_ = server_->coordinator_port();
    tablet_port_ = server_->tablet_port();
  }

  void Run(const std::string& script) {
    for (const sql::StatementText& text : sql::SplitStatements(script)) {
      auto result = session_->Execute(text);
      ASSERT_TRUE(result.ok()) << text.text << ": " << result.status().ToString();
    }
  }
  std::string ErrorOf(const std::string& statement) {
    auto result = session_->Execute({statement, {1, 1}});
    return result.ok() ? "no error" : result.status().ToString();
  }
  static Lines RowsOf(serve::Session& session, const std::string& query) {
    auto result = session.Execute({query, {1, 1}});
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
    std::sort(lines.begin(), lines.end());
    return lines;
  }
  Lines Rows(const std::string& query) { return RowsOf(*session_, query); }
  /// What the other node says itself.
  Lines FarRows(const std::string& query) {
    serve::Session session(far_->engine());
    EXPECT_TRUE(session.Execute({"SET 'execution.runtime-mode' = 'batch'", {1, 1}}).ok());
    return RowsOf(session, query);
  }

  std::string directory_;
  uint16_t port_ = 0;
  uint16_t tablet_port_ = 0;
  std::unique_ptr<Node> far_;
  std::unique_ptr<serve::FlussServer> server_;
  std::unique_ptr<Node> near_;
  std::unique_ptr<serve::Session> session_;
};

TEST_F(RemoteCatalogTest, TablesAreMadeFilledReadAndDropped) {
  Run("CREATE DATABASE far.shop; USE far.shop;"
      "CREATE TABLE log (id BIGINT, name STRING, price DECIMAL(10, 2), tags ARRAY<STRING>, ts "
      "TIMESTAMP(3))"
      "  WITH ('bucket.num' = '3', 'bucket.key' = 'id', 'table.log.arrow.compression.type' = "
      "'ZSTD');"
      "CREATE TABLE pk (id BIGINT, name STRING, PRIMARY KEY (id) NOT ENFORCED) WITH ('bucket.num' "
      "= '2');"
      "SET 'execution.runtime-mode' = 'batch';"
      "INSERT INTO log VALUES (1, 'a', 1.50, ARRAY['x', 'y'], TIMESTAMP '2024-01-02 03:04:05.678'),"
      "  (2, CAST(NULL AS STRING), 2.00, ARRAY['z'], TIMESTAMP '2024-01-02 03:04:06');"
      "INSERT INTO pk VALUES (1, 'one'), (2, 'two'); INSERT INTO pk VALUES (2, 'zwei')");
  const Lines log = {"1, a, 1.50, [x, y], 2024-01-02 03:04:05.678",
                     "2, NULL, 2.00, [z], 2024-01-02 03:04:06.000"};
  EXPECT_EQ(Rows("SELECT * FROM log"), log);
  EXPECT_EQ(FarRows("SELECT * FROM shop.log"), log);
  EXPECT_EQ(Rows("SELECT name FROM far.shop.pk"), (Lines{"one", "zwei"}));
  EXPECT_EQ(FarRows("SELECT * FROM shop.pk"), (Lines{"1, one", "2, zwei"}));
  EXPECT_EQ(Rows("SELECT COUNT(*) FROM shop.log WHERE id = 2"), (Lines{"1"}));
  EXPECT_EQ(Rows("SHOW TABLES"), (Lines{"log", "pk"}));
  EXPECT_EQ(Rows("SHOW CURRENT CATALOG"), (Lines{"far"}));
  EXPECT_EQ(Rows("SHOW CURRENT DATABASE"), (Lines{"shop"}));
  Run("ALTER TABLE log ADD (extra INT); INSERT INTO log SELECT 3, 'c', 3, ARRAY['w'], TIMESTAMP "
      "'2024-01-02 03:04:07', 7");
  EXPECT_EQ(Rows("SELECT id, extra FROM log"), (Lines{"1, NULL", "2, NULL", "3, 7"}));
  EXPECT_THAT(ErrorOf("CREATE VIEW v AS SELECT * FROM log"), HasSubstr("in catalog far"));
  Run("DROP TABLE log; USE CATALOG default_catalog; DROP DATABASE far.shop CASCADE");
  EXPECT_THAT(ErrorOf("SELECT * FROM far.shop.pk"), HasSubstr("unknown database 'far.shop'"));
}

TEST_F(RemoteCatalogTest, JobsReadAndWriteBothSides) {
  Run("CREATE TABLE far.default_database.orders (id BIGINT, k INT, asked AS PROCTIME());"
      "CREATE TABLE far.default_database.names (k INT, name STRING, PRIMARY KEY (k) NOT ENFORCED);"
      "CREATE TABLE far.default_database.counts (name STRING, n BIGINT NOT NULL, PRIMARY KEY "
      "(name) NOT ENFORCED)"
      "  WITH ('bucket.num' = '2');"
      "INSERT INTO far.default_database.names VALUES (0, 'even'), (1, 'odd');"
      "INSERT INTO far.default_database.orders VALUES (1, 1), (2, 0), (3, 1);"
      "INSERT INTO far.default_database.counts SELECT n.name, COUNT(*)"
      "  FROM far.default_database.orders /*+ OPTIONS('scan.bounded.mode' = 'latest-offset') */ AS "
      "o"
      "  JOIN far.default_database.names FOR SYSTEM_TIME AS OF o.asked AS n ON o.k = n.k GROUP BY "
      "n.name");
  EXPECT_EQ(FarRows("SELECT name, n FROM counts"), (Lines{"even, 1", "odd, 2"}));
  EXPECT_EQ(Rows("SELECT _change_type, name, n FROM far.default_database.counts$changelog"
                 " /*+ OPTIONS('scan.bounded.mode' = 'latest-offset') */"),
            (Lines{"insert, even, 1", "insert, odd, 2"}));
}

/// Over the wire and in this process.
TEST_F(RemoteCatalogTest, RowsAreLookedUpByAPartOfTheirKey) {
  Run("CREATE TABLE asked (id BIGINT, customer INT, shop STRING, asked_at AS PROCTIME());"
      "SET 'execution.runtime-mode' = 'batch';"
      "INSERT INTO asked VALUES (1, 7, 'a'), (2, 8, 'b'), (3, 9, 'a'),"
      "  (4, CAST(NULL AS INT), 'a'), (5, 7, 'none')");
  for (const std::string database : {"far.default_database", "default_catalog.default_database"}) {
    Run(fmt::format(
        "CREATE TABLE {0}.flat (customer INT, item INT, amount INT, PRIMARY KEY (customer, item)"
        "  NOT ENFORCED) WITH ('bucket.num' = '3', 'bucket.key' = 'customer');"
        "CREATE TABLE {0}.split (customer INT, item INT, shop STRING, amount INT,"
        "  PRIMARY KEY (shop, customer, item) NOT ENFORCED) PARTITIONED BY (shop)"
        "  WITH ('bucket.num' = '2', 'bucket.key' = 'customer');"
        "SET 'execution.runtime-mode' = 'batch';"
        "INSERT INTO {0}.flat VALUES (7, 1, 71), (7, 2, 72), (8, 1, 81), (10, 1, 101);"
        "INSERT INTO {0}.split VALUES (7, 1, 'a', 71), (7, 2, 'a', 72), (7, 3, 'b', 73),"
        "  (8, 1, 'b', 81), (9, 1, 'b', 91)",
        database));
    for (const char* mode : {"batch", "streaming"}) {
      Run(fmt::format("SET 'execution.runtime-mode' = '{}'", mode));
      std::string from = fmt::format(
          " FROM asked {} AS a {{}} JOIN {}.{{}} FOR SYSTEM_TIME AS OF a.asked_at AS f ON {{}}",
          "/*+ OPTIONS('scan.bounded.mode' = 'latest-offset') */", database);
      auto query = [&](const char* kind, const char* table, const char* condition) {
        return Rows("SELECT a.id, f.item, f.amount" +
                    fmt::format(fmt::runtime(from), kind, table, condition));
      };
      bool streams = std::string_view(mode) == "streaming";
      SCOPED_TRACE(database + " " + mode);
      EXPECT_EQ(query("", "flat", "f.customer = a.customer"),
                (Lines{"1, 1, 71", "1, 2, 72", "2, 1, 81", "5, 1, 71", "5, 2, 72"}));
      EXPECT_EQ(query("LEFT", "flat", "a.customer = f.customer AND f.amount > 71"),
                (Lines{"1, 2, 72", "2, 1, 81", "3, NULL, NULL", "4, NULL, NULL", "5, 2, 72"}));
      EXPECT_EQ(query("", "split", "f.customer = a.customer AND f.shop = a.shop"),
                (Lines{"1, 1, 71", "1, 2, 72", "2, 1, 81"}));
      EXPECT_EQ(query("", "split", "f.customer = a.customer AND f.shop = a.shop AND f.amount = 71"),
                (Lines{"1, 1, 71"}));
      if (!streams) continue;
      EXPECT_THAT(
          ErrorOf("SELECT a.id" + fmt::format(fmt::runtime(from), "", "flat", "f.item = a.id")),
          HasSubstr("an equality on every primary-key column"));
    }
  }
}

TEST_F(RemoteCatalogTest, LimitsReadNoMoreThanTheyNeed) {
  Run("CREATE TABLE far.default_database.t (id INT, name STRING, PRIMARY KEY (id) NOT ENFORCED)"
      "  WITH ('bucket.num' = '2');"
      "SET 'execution.runtime-mode' = 'batch';"
      "INSERT INTO far.default_database.t VALUES (1, 'a'), (2, 'b'), (3, 'c'), (4, 'd'), (5, 'e')");
  const std::string table = "far.default_database.t";
  EXPECT_EQ(Rows("SELECT * FROM " + table + " LIMIT 3").size(), 3u);
  EXPECT_EQ(Rows("SELECT name FROM " + table + " LIMIT 2 OFFSET 1").size(), 2u);
  EXPECT_EQ(Rows("SELECT name, id FROM " + table + " LIMIT 100"),
            (Lines{"a, 1", "b, 2", "c, 3", "d, 4", "e, 5"}));
  EXPECT_EQ(Rows("SELECT id FROM " + table + " WHERE id > 4 LIMIT 1"), (Lines{"5"}));
  EXPECT_EQ(Rows("SELECT id FROM " + table + " ORDER BY id DESC LIMIT 1"), (Lines{"5"}));
  auto* scans = dynamic_cast<client::KeyScans*>(near_->engine().connection);
  ASSERT_NE(scans, nullptr);
  int rows = 0;
  for (int bucket : {0, 1}) {
    auto some = scans->LimitScan({"far.default_database", "t"}, bucket, std::vector{1}, 1);
    ASSERT_TRUE(some.ok()) << some.message();
    ASSERT_TRUE(some->has_value());
    EXPECT_EQ((*some)->columns.size(), 1u);
    rows += (*some)->num_rows;
  }
  EXPECT_EQ(rows, 2);
}

TEST_F(RemoteCatalogTest, CatalogsLastAndAreDescribedWithoutPasswords) {
  Run("CREATE CATALOG IF NOT EXISTS far WITH ('type' = 'fluss', 'bootstrap.servers' = 'x:1');"
      "CREATE CATALOG safe COMMENT 'mine' WITH ('type' = 'fluss', 'bootstrap.servers' = 'x:1, y:2',"
      "  'client.security.protocol' = 'sasl', 'client.security.sasl.username' = 'anna',"
      "  'client.security.sasl.password' = 'hunter2')");
  OpenNear();
  EXPECT_EQ(Rows("SHOW CATALOGS"), (Lines{"default_catalog", "far", "safe"}));
  Lines text = Rows("SHOW CREATE CATALOG safe");
  ASSERT_EQ(text.size(), 1u);
  EXPECT_THAT(text[0], HasSubstr("'client.security.sasl.username' = 'anna'"));
  EXPECT_THAT(text[0], Not(HasSubstr("hunter2")));
  EXPECT_EQ(Rows("DESCRIBE CATALOG safe"), (Lines{"comment, mine", "name, safe", "type, fluss"}));
  EXPECT_EQ(Rows("DESCRIBE CATALOG EXTENDED safe").size(), 7u);
  Run("USE CATALOG far");
  EXPECT_THAT(ErrorOf("DROP CATALOG far"), HasSubstr("current catalog"));
  Run("USE CATALOG default_catalog; DROP CATALOG far; DROP CATALOG IF EXISTS far");
  EXPECT_THAT(ErrorOf("USE CATALOG far"), HasSubstr("far does not exist"));
  EXPECT_THAT(ErrorOf("SELECT * FROM far.d.t"), HasSubstr("unknown catalog 'far'"));
}

TEST_F(RemoteCatalogTest, WhatCannotBeSaysWhy) {
  struct Case {
    const char* options;
    const char* text;
  };
  for (const Case& one : {
           Case{"'type' = 'hive'", "catalogs of type 'hive'"},
           Case{"'bootstrap.servers' = 'x:1'", "option 'type' is missing"},
           Case{"'type' = 'fluss'", "'bootstrap.servers' is missing"},
           Case{"'type' = 'fluss', 'bootstrap.servers' = 'x'", "no server's address"},
           Case{"'type' = 'fluss', 'bootstrap.servers' = ' , '", "names no server"},
           Case{"'type' = 'fluss', 'bootstrap.servers' = 'x:1', 'colour' = 'red'", "'colour'"},
           Case{
               "'type' = 'fluss', 'bootstrap.servers' = 'x:1', 'client.security.protocol' = 'sasl'",
               "client.security.sasl.username"},
           Case{"'type' = 'fluss', 'bootstrap.servers' = 'x:1', 'client.security.protocol' = 'ftp'",
                "PLAINTEXT, SASL, SSL or SASL_SSL"},
           Case{"'type' = 'fluss', 'bootstrap.servers' = 'x:1',"
                "'client.security.ssl.truststore.location' = '/ca.pem'",
                "is for 'client.security.protocol' = 'SSL'"},
           Case{
               "'type' = 'fluss', 'bootstrap.servers' = 'x:1', 'client.security.protocol' = 'SASL',"
               "'client.security.sasl.mechanism' = 'SCRAM-SHA-1'",
               "PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512"},
       }) {
    EXPECT_THAT(ErrorOf(fmt::format("CREATE CATALOG c WITH ({})", one.options)),
                HasSubstr(one.text));
  }
  EXPECT_THAT(ErrorOf("CREATE CATALOG `a.b` WITH ('type' = 'fluss', 'bootstrap.servers' = 'x:1')"),
              HasSubstr("letters, digits"));
  EXPECT_THAT(ErrorOf("CREATE CATALOG default_catalog WITH ('type' = 'fluss', "
                      "'bootstrap.servers' = 'x:1')"),
              HasSubstr("exists already"));
  EXPECT_THAT(ErrorOf("DROP CATALOG default_catalog"), HasSubstr("default_catalog"));
}

TEST_F(RemoteCatalogTest, AServerThatIsGoneIsNamedAtOnceAndFoundAgain) {
  Run("CREATE TABLE far.default_database.t (id BIGINT); SET 'execution.runtime-mode' = 'batch';"
      "INSERT INTO far.default_database.t VALUES (1)");
  server_.reset();
  int64_t began = MonotonicMs();
  std::string error = ErrorOf("SELECT * FROM far.default_database.t");
  EXPECT_THAT(error, HasSubstr("catalog far: cannot reach 127.0.0.1:"));
  EXPECT_LT(MonotonicMs() - began, 5000);
  ServeFar();
  while (ErrorOf("SELECT * FROM far.default_database.t") != "no error" &&
         MonotonicMs() - began < 30000) {
  }
  EXPECT_EQ(Rows("SELECT * FROM far.default_database.t"), (Lines{"1"}));
}

}  // namespace
}  // namespace forebay::app
